/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(sheaf_error *error, const char *path, const char *what, int number) {
  char reason[128] = "";
  /* The XSI form, which fills the buffer: plain POSIX is asked for. */
  if (number && strerror_r(number, reason, sizeof reason) != 0) reason[0] = '\0';
  (void)sheaf_error_set(error, SHEAF_IO_ERROR,
                        "%s: %s%s%s; set library_path to a JSON file that can be read", path, what,
                        reason[0] ? ": " : "", reason);
  return false;
}

/* Reads to the end; a byte more than is allowed tells a file that is too large. */
static bool read_all(bal_buffer *text, int file, const char *path, sheaf_error *error) {
  for (;;) {
    if (text->size > BAL_MAX_TEXT) return fail(error, path, "more than 1 GiB", 0);
    if (!bal_buffer_reserve(text, text->capacity - text->size > 1 ? 2 : 1 << 16))
      return fail(error, path, "cannot read it", ENOMEM);
    ssize_t got = read(file, text->data + text->size, text->capacity - text->size - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error, path, "cannot read it", errno);
    if (got == 0) break;
    text->size += (size_t)got;
  }
  text->data[text->size] = '\0';
  return true;
}

bool bal_source_read(bal_buffer *text, const char *path, sheaf_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(error, path, "cannot open it", errno);
  struct stat about;
  bool ok = fstat(file, &about) == 0 || fail(error, path, "cannot read it", errno);
  if (ok && S_ISDIR(about.st_mode)) ok = fail(error, path, "it is a folder", 0);
  if (ok && S_ISREG(about.st_mode) && about.st_size > 0 && about.st_size <= (off_t)BAL_MAX_TEXT)
    (void)bal_buffer_reserve(text, (size_t)about.st_size + 2);
  ok = ok && read_all(text, file, path, error);
  (void)close(file);
  return ok;
}
