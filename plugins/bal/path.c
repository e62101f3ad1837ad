/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <errno.h>
#include <unistd.h>

static bool part_is(sheaf_str part, const char *text) {
  return sheaf_str_equal(part, sheaf_cstr(text));
}

/* Takes the last part off what stands behind `root` in `out`; false if there is none to take. */
static bool drop_last(bal_buffer *out, size_t root) {
  if (out->failed || out->size == root) return false;
  size_t slash = out->size;
  while (slash > root && out->data[slash - 1] != '/') slash--;
  if (part_is(sheaf_strn(out->data + slash, out->size - slash), "..")) return false;
  out->size = slash > root ? slash - 1 : root;
  return true;
}

void bal_path_normalise(bal_buffer *out, sheaf_str path) {
  size_t slashes = 0;
  while (slashes < path.size && path.data[slashes] == '/') slashes++;
  bool absolute = slashes > 0;
  bal_buffer_put(out, "//", slashes == 2 ? 2 : absolute ? 1 : 0);
  const size_t root = out->size;

  for (size_t i = slashes, next; i < path.size; i = next + 1) {
    const char *slash = memchr(path.data + i, '/', path.size - i);
    next = slash ? (size_t)(slash - path.data) : path.size;
    sheaf_str part = sheaf_strn(path.data + i, next - i);
    if (part.size == 0 || part_is(part, ".")) continue;
    if (part_is(part, "..") && (drop_last(out, root) || absolute)) continue;
    if (out->size > root) bal_buffer_put_char(out, '/');
    bal_buffer_put(out, part.data, part.size);
  }
  if (out->size == root && !absolute) bal_buffer_put_char(out, '.');
}

/* Appends the working folder. */
static bool put_working_folder(bal_buffer *out) {
  for (size_t room = 256; bal_buffer_reserve(out, room); room *= 2) {
    if (getcwd(out->data + out->size, room)) {
      out->size += strlen(out->data + out->size);
      return true;
    }
    if (errno != ERANGE) return false;
  }
  return false;
}

bool bal_path_absolute(bal_buffer *out, sheaf_str path) {
  bal_buffer whole = {0};
  bool known = true;
  if (path.size == 0 || path.data[0] != '/') {
    known = put_working_folder(&whole);
    bal_buffer_put_char(&whole, '/');
  }
  bal_buffer_put(&whole, path.data, path.size);
  if (whole.failed) out->failed = true;
  else bal_path_normalise(out, bal_buffer_str(&whole));
  bal_buffer_free(&whole);
  return known;
}

sheaf_str bal_path_folder(sheaf_str path) {
  size_t size = path.size, root = 0;
  while (root < path.size && path.data[root] == '/') root++;
  while (size > root && path.data[size - 1] != '/') size--;
  return sheaf_strn(path.data, size > root ? size - 1 : root);
}

void bal_path_url(bal_buffer *out, sheaf_str path) {
  static const char digits[] = "0123456789ABCDEF";
  bal_buffer_put(out, "file://", 7);
  for (size_t i = 0; i < path.size; i++) {
    unsigned char c = (unsigned char)path.data[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        (c && strchr("_.-~/", c))) {
      bal_buffer_put_char(out, (char)c);
    } else {
      char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
      bal_buffer_put(out, escaped, sizeof escaped);
    }
  }
}
