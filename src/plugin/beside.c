/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dladdr */
#include "plugin/beside.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* A place in this very library. */
static const char here;

static bool is_executable(const Dl_info *self) {
  Dl_info executable;
  const void *headers = (const void *)(uintptr_t)getauxval(AT_PHDR);
  return headers && dladdr(headers, &executable) && executable.dli_fbase == self->dli_fbase;
}

size_t sheaf_beside(sheaf_hold *hold, const char *paths[SHEAF_BESIDE_MAX]) {
  Dl_info self;
  if (!dladdr(&here, &self) || !self.dli_fname) return 0;
  /* Of the executable dladdr tells argv[0], which is whatever the caller of exec put there. */
  bool executable = is_executable(&self);
  const char *file = executable ? "/proc/self/exe" : self.dli_fname;
  if (file[0] != '/') return 0; /* relative to what the working folder was when it was loaded */
  char *real = realpath(file, NULL);
  if (!real && errno == ENOMEM) hold->failed = true;
  if (!real) return 0;
  int folder = (int)(strrchr(real, '/') - real);
  size_t count = 0;
  paths[count++] = sheaf_hold_printf(hold, "%.*s/sheaf/plugins", folder, real);
  if (executable) {
    while (folder > 0 && real[folder - 1] != '/') folder--;
    paths[count++] = sheaf_hold_printf(hold, "%.*slib/sheaf/plugins", folder, real);
  }
  free(real);
  while (count > 0 && !paths[count - 1]) count = 0; /* out of memory: the hold remembers */
  return count;
}
