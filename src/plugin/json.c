/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/words.h"

/* Opens a file for reading. Not blocking: a named pipe must not hold the search up. */
static int open_regular(const char *path, const sheaf_json_rules *rules, sheaf_error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    sheaf_error_set(error, SHEAF_IO_ERROR, "cannot be read: %s", strerror(errno));
  } else if (!S_ISREG(st.st_mode)) {
    sheaf_error_set(error, rules->invalid, "not a regular file: %s must be one", rules->what);
  } else {
    return fd;
  }
  if (fd >= 0) close(fd);
  return -1;
}

/* Up to `room` bytes, until the end; -1: failed. The size that fstat tells may be out of date. */
static ssize_t read_up_to(int fd, char *text, size_t room) {
  size_t size = 0;
  while (size < room) {
    ssize_t got = read(fd, text + size, room - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    size += (size_t)got;
  }
  return (ssize_t)size;
}

static sheaf_status read_text(const char *path, const sheaf_json_rules *rules, char **text,
                              size_t *size, sheaf_error *error) {
  int fd = open_regular(path, rules, error);
  if (fd < 0) return error->status;
  char *buffer = malloc(rules->max_bytes + 1);
  ssize_t got = buffer ? read_up_to(fd, buffer, rules->max_bytes + 1) : 0;
  int saved = errno;
  close(fd);
  sheaf_status status = SHEAF_OK;
  if (!buffer) {
    status = sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  } else if (got < 0) {
    status = sheaf_error_set(error, SHEAF_IO_ERROR, "cannot be read: %s", strerror(saved));
  } else if ((size_t)got > rules->max_bytes) {
    status = sheaf_error_set(error, rules->invalid, "too large: %s has at most %zu bytes",
                             rules->what, rules->max_bytes);
  }
  if (status) free(buffer);
  else *text = buffer;
  *size = status ? 0 : (size_t)got;
  return status;
}

static sheaf_status parse(const char *text, size_t size, const sheaf_json_rules *rules,
                          cJSON **tree, sheaf_error *error) {
  sheaf_status status = sheaf_json_scan(text, size, rules, error);
  if (status) return status;
  /* What the scan lets pass cJSON can parse: it fails for want of memory only. */
  size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  *tree = cJSON_ParseWithLength(text + mark, size - mark);
  if (!*tree) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (cJSON_IsObject(*tree)) return SHEAF_OK;
  status = sheaf_error_set(error, rules->invalid, "%s must be an object, {...}, and this is %s",
                           rules->what, sheaf_json_kind(*tree));
  cJSON_Delete(*tree);
  *tree = NULL;
  return status;
}

sheaf_status sheaf_json_read(const char *path, const sheaf_json_rules *rules, cJSON **tree,
                             sheaf_error *error) {
  sheaf_error unused;
  char *text = NULL;
  size_t size = 0;
  *tree = NULL;
  if (!error) error = &unused;
  sheaf_status status = read_text(path, rules, &text, &size, error);
  if (status) return status;
  status = parse(text, size, rules, tree, error);
  free(text);
  return status;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, for an object may have a hundred thousand members. */
const char *sheaf_json_duplicate(const cJSON *object, bool *failed) {
  size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
  if (count < 2) return NULL;
  const char **names = malloc(count * sizeof *names);
  if (!names) {
    *failed = true;
    return NULL;
  }
  const cJSON *member;
  cJSON_ArrayForEach(member, object) names[i++] = member->string;
  qsort(names, count, sizeof *names, by_name);
  const char *duplicate = NULL;
  for (i = 1; i < count && !duplicate; i++) {
    if (strcmp(names[i - 1], names[i]) == 0) duplicate = names[i];
  }
  free(names);
  return duplicate;
}

const char *sheaf_json_kind(const cJSON *node) {
  if (cJSON_IsString(node)) return "a string";
  if (cJSON_IsNumber(node)) return "a number";
  if (cJSON_IsBool(node)) return "true or false";
  if (cJSON_IsNull(node)) return "null";
  if (cJSON_IsObject(node)) return "an object";
  return "an array";
}
