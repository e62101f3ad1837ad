/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a fuzz target the files that it is given, or those of folders: replay PATH... */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static unsigned replayed;

/* In a block of its very size, so that ASan sees who reads on. */
static uint8_t *read_file(FILE *file, size_t *size) {
  uint8_t *data = NULL;
  if (fseek(file, 0, SEEK_END) == 0 && ftell(file) >= 0) {
    *size = (size_t)ftell(file);
    rewind(file);
    data = malloc(*size ? *size : 1);
  }
  if (data && fread(data, 1, *size, file) == *size) return data;
  free(data);
  return NULL;
}

static void replay_file(const char *path) {
  size_t size = 0;
  FILE *file = fopen(path, "rb");
  uint8_t *data = file ? read_file(file, &size) : NULL;
  if (file) fclose(file);
  if (!data) {
    perror(path);
    exit(1);
  }
  fprintf(stderr, "%s\n", path); /* the last one is the one that crashed */
  (void)LLVMFuzzerTestOneInput(data, size);
  free(data);
  replayed++;
}

static void replay(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) {
    replay_file(path);
    return;
  }
  for (struct dirent *entry; (entry = readdir(folder));) {
    char name[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    replay_file(name);
  }
  closedir(folder);
}

int main(int argc, char **argv) {
  (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) replay(argv[i]);
  printf("%u inputs\n", replayed);
  if (replayed == 0) fprintf(stderr, "replay: no input: name files, or folders that have some\n");
  return replayed > 0 ? 0 : 1;
}
