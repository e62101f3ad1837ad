/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <math.h>
#include <sheaf/utf8.h>
#include <stdio.h>
#include <stdlib.h>

/* Where the text has \u0000, which no name and no text may hold; NULL if nowhere. Outside of strings
 * no backslash is allowed, so all of them may be looked at. */
static const char *zero_escape(sheaf_str text) {
  const char *at = text.data, *end = text.data + text.size;
  while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL && end - at >= 6) {
    if (memcmp(at, "\\u0000", 6) == 0) return at;
    at += 2;
  }
  return NULL;
}

static yyjson_doc *fail(bal_fault *fault, size_t offset, const char *what) {
  fault->offset = offset;
  (void)snprintf(fault->what, sizeof fault->what, "%s", what);
  return NULL;
}

static yyjson_doc *not_json(bal_fault *fault, sheaf_str text, const yyjson_read_err *error) {
  const char *at = text.data + error->pos, *from = at;
  if (error->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) return fail(fault, 0, "");
  (void)fail(fault, error->pos, error->msg);
  if (error->pos >= text.size || (unsigned char)*at < 0x20 ||
      sheaf_utf8_next(&at, text.data + text.size) == SHEAF_UTF8_BAD)
    return NULL;
  (void)snprintf(fault->what, sizeof fault->what, "%s, at '%.*s'", error->msg, (int)(at - from),
                 from);
  return NULL;
}

/* An integer of more digits than the original takes. Raw ones are those that fit nowhere. */
static bool is_long(yyjson_val *value) {
  enum { MOST_DIGITS = 4300 };
  if (!yyjson_is_raw(value)) return false;
  const char *text = yyjson_get_raw(value);
  size_t size = yyjson_get_len(value);
  return size > MOST_DIGITS + (*text == '-') && strcspn(text, ".eE") == size;
}

/* What is wrong with a document that is JSON; NULL if nothing is. Its values lie in one array, in the
 * order of the text, each container before what is in it. */
static const char *excess(yyjson_doc *document) {
  const yyjson_val *ends[BAL_MAX_DEPTH];
  size_t depth = 0, count = yyjson_doc_get_val_count(document);
  yyjson_val *value = yyjson_doc_get_root(document);
  for (; count > 0; count--, value++) {
    while (depth > 0 && value >= ends[depth - 1]) depth--;
    if (is_long(value)) return "an integer of more than 4,300 digits";
    if (!yyjson_is_ctn(value)) continue;
    if (depth == BAL_MAX_DEPTH) return "nested deeper than 1,000 levels";
    ends[depth++] = unsafe_yyjson_get_next(value);
  }
  return NULL;
}

yyjson_doc *bal_json_read(sheaf_str text, bal_fault *fault) {
  static const sheaf_str mark = SHEAF_STR("\xef\xbb\xbf");
  if (text.size == 0) return fail(fault, 0, "empty");
  if (text.size > BAL_MAX_TEXT) return fail(fault, 0, "more than 1 GiB");
  if (sheaf_str_starts_with(text, mark))
    return fail(fault, 0, "a byte order mark: save it as UTF-8 without one");
  yyjson_read_err error;
  /* yyjson leaves the text alone unless it is told otherwise. */
  yyjson_doc *document = yyjson_read_opts((char *)(uintptr_t)text.data, text.size,
                                          YYJSON_READ_BIGNUM_AS_RAW, NULL, &error);
  if (!document) return not_json(fault, text, &error);
  const char *zero = zero_escape(text);
  const char *what = excess(document);
  if (!zero && !what) return document;
  yyjson_doc_free(document);
  if (what) return fail(fault, 0, what);
  return fail(fault, (size_t)(zero - text.data),
              "\\u0000: names and texts with a zero character are not supported");
}

void bal_json_where(sheaf_str text, size_t offset, size_t *line, size_t *column) {
  *line = *column = 1;
  for (size_t i = 0; i < offset && i < text.size; i++) {
    if (text.data[i] == '\n') {
      ++*line;
      *column = 1;
    } else if (((unsigned char)text.data[i] & 0xc0u) != 0x80u) {
      ++*column;
    }
  }
}

bool bal_json_number(yyjson_val *item, sheaf_value *value, bool *inexact) {
  *inexact = false;
  if (yyjson_is_real(item)) {
    *value = sheaf_double(yyjson_get_real(item));
  } else if (yyjson_is_sint(item)) {
    *value = sheaf_int64(yyjson_get_sint(item));
  } else if (yyjson_is_uint(item)) {
    uint64_t number = yyjson_get_uint(item);
    *inexact = number > INT64_MAX;
    *value = *inexact ? sheaf_double((double)number) : sheaf_int64((int64_t)number);
  } else if (yyjson_is_raw(item)) { /* too large for any of these; a NUL is behind it */
    const char *text = yyjson_get_raw(item);
    *inexact = text[strcspn(text, ".eE")] == '\0';
    /* strtod knows digits in every locale, but not the point. */
    *value = sheaf_double(*inexact ? strtod(text, NULL) : *text == '-' ? -HUGE_VAL : HUGE_VAL);
  } else {
    return false;
  }
  return true;
}
