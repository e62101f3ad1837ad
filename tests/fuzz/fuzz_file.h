/* SPDX-License-Identifier: Apache-2.0 */
/* For targets that read files: a folder of the process's own, and the input as a file in it. */
#ifndef SHEAF_FUZZ_FILE_H
#define SHEAF_FUZZ_FILE_H

#include <unistd.h>

#include "fuzz.h"

static char fuzz_folder[64], fuzz_path[128], fuzz_library_path[128];

static inline void fuzz_remove_folder(void) {
  unlink(fuzz_path);
  unlink(fuzz_library_path);
  rmdir(fuzz_folder);
}

static inline void fuzz_write(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  ALWAYS(file);
  ALWAYS(fwrite(data, 1, size, file) == size);
  ALWAYS(fclose(file) == 0);
}

/* Writes the input to `name` in the folder, which also has a file `x.so`. */
static inline const char *fuzz_file(const char *name, const void *data, size_t size) {
  if (!fuzz_folder[0]) {
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(fuzz_folder, sizeof fuzz_folder, "%s/sheaf-fuzz-XXXXXX", root);
    ALWAYS(mkdtemp(fuzz_folder));
    snprintf(fuzz_path, sizeof fuzz_path, "%s/%s", fuzz_folder, name);
    snprintf(fuzz_library_path, sizeof fuzz_library_path, "%s/x.so", fuzz_folder);
    fuzz_write(fuzz_library_path, "", 0);
    atexit(fuzz_remove_folder);
  }
  fuzz_write(fuzz_path, data, size);
  return fuzz_path;
}

#endif /* SHEAF_FUZZ_FILE_H */
