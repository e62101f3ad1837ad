/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* realpath */
#include "plugin/strict.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

bool sheaf_strict_is_due(void) { return getauxval(AT_SECURE) != 0; }

/* Why one file or folder is not to be trusted; NULL: it is. */
static const char *fault_of(const struct stat *st) {
  if (st->st_uid != 0 && st->st_uid != geteuid()) return "belongs to another user";
  if (!(st->st_mode & (S_IWGRP | S_IWOTH))) return NULL;
  if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0) return NULL;
  return "can be written by others";
}

static sheaf_status check_one(const char *real, sheaf_error *error) {
  struct stat st;
  if (lstat(real, &st) != 0)
    return sheaf_error_set(error, SHEAF_PLUGIN_ERROR, "%s cannot be looked at: %s", real,
                           strerror(errno));
  const char *fault = fault_of(&st);
  if (!fault) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_PLUGIN_ERROR,
                         "refused in strict mode: %.1500s %s (owner %u, mode %04o): it must belong "
                         "to root or to the user who runs this, and nobody else may write to it "
                         "(chown, chmod go-w)",
                         real, fault, (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777));
}

sheaf_status sheaf_strict_check(const char *path, sheaf_error *error) {
  char *real = realpath(path, NULL);
  if (!real)
    return sheaf_error_set(error, errno == ENOMEM ? SHEAF_OUT_OF_MEMORY : SHEAF_PLUGIN_ERROR,
                           "cannot be looked at: %s", strerror(errno));
  sheaf_status status = check_one(real, error);
  /* Upwards, a component at a time, to the root. */
  for (char *slash = strrchr(real, '/'); slash && !status; slash = strrchr(real, '/')) {
    slash[slash == real ? 1 : 0] = '\0';
    status = check_one(real, error);
    if (slash == real) break;
  }
  free(real);
  return status;
}
