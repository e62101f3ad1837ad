/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrow's text is UTF-8, and importers rely on it without looking; managers are asked for it and
 * cannot be relied on. Mostly one look at all bytes of a column at once will do.
 */
#include <stdlib.h>

#include <sheaf/utf8.h>

#include "core/columns_node.h"

static sheaf_str row_text(const sheaf_column_node *n, uint64_t row) {
  uint64_t begin = sheaf_column_offset(n, row), end = sheaf_column_offset(n, row + 1);
  return sheaf_strn((const char *)n->values + begin, end - begin);
}

/* A character, or what stands for what is none; moves *at behind it. */
static sheaf_str next_piece(const char **at, const char *end) {
  const char *begin = *at;
  if (sheaf_utf8_next(at, end) == SHEAF_UTF8_BAD)
    return sheaf_strn(SHEAF_UTF8_REPLACEMENT, sizeof SHEAF_UTF8_REPLACEMENT - 1);
  return sheaf_strn(begin, (size_t)(*at - begin));
}

static uint64_t repaired_size(sheaf_str text) {
  uint64_t size = 0;
  for (const char *at = text.data, *end = at + text.size; at != end;)
    size += next_piece(&at, end).size;
  return size;
}

static char *put_repaired(char *out, sheaf_str text) {
  for (const char *at = text.data, *end = at + text.size; at != end;) {
    sheaf_str piece = next_piece(&at, end);
    memcpy(out, piece.data, piece.size);
    out += piece.size;
  }
  return out;
}

/* Writes all rows anew. */
static bool rewrite(sheaf_column_node *n) {
  uint64_t size = 0;
  for (uint64_t row = 0; row < n->view.length; row++) size += repaired_size(row_text(n, row));
  if (size > n->small_limit && !n->large && !sheaf_column_enlarge(n)) return false;
  char *values = sheaf_column_alloc(size), *out = values;
  if (!values) return false;
  uint64_t begin = 0;
  for (uint64_t row = 0; row < n->view.length; row++) {
    uint64_t end = sheaf_column_offset(n, row + 1);
    out = put_repaired(out, sheaf_strn((const char *)n->values + begin, end - begin));
    begin = end;
    if (n->large) ((int64_t *)n->offsets)[row + 1] = out - values;
    else ((int32_t *)n->offsets)[row + 1] = (int32_t)(out - values);
  }
  free(n->values);
  n->values = values;
  n->used = n->values_room = size;
  n->view.flags |= SHEAF_COLUMN_REPAIRED;
  return true;
}

bool sheaf_column_repair(sheaf_column_node *n) {
  if (sheaf_utf8_ascii_run(n->values, n->used) == n->used) return true;
  for (uint64_t row = 0; row < n->view.length; row++)
    if (!sheaf_utf8_valid(row_text(n, row))) return rewrite(n);
  return true;
}
