/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

/* The NUL behind the text ends every loop: it is no part of any value. */
typedef struct reader {
  char *at;
  const char *end;
  locale_t c;
} reader;

static void skip_blanks(reader *r) {
  while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r') r->at++;
}

static bool take(reader *r, const char *word) {
  size_t size = strlen(word);
  if (strncmp(r->at, word, size) != 0) return false;
  r->at += size;
  return true;
}

/* --------------------------------------------------------------------------------------- strings */

/* Four hexadecimal digits; UINT32_MAX: they are none. */
static uint32_t hex4(reader *r) {
  uint32_t code = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    char c = *r->at;
    uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 16;
    if (digit > 15) return UINT32_MAX;
    code = code << 4 | digit;
  }
  return code;
}

static char *put_utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    *out++ = (char)code;
    return out;
  }
  if (code >= 0x10000) {
    *out++ = (char)(0xf0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 0x3f));
  } else if (code >= 0x800) {
    *out++ = (char)(0xe0 | code >> 12);
  }
  *out++ = (char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6);
  *out++ = (char)(0x80 | (code & 0x3f));
  return out;
}

/* What follows `\u`. What is written is shorter than what was read. */
static bool read_code(reader *r, char **out) {
  uint32_t code = hex4(r);
  if (code >= 0xd800 && code <= 0xdbff) {
    uint32_t low = take(r, "\\u") ? hex4(r) : 0;
    if (low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code == UINT32_MAX || (code >= 0xdc00 && code <= 0xdfff)) return false;
  *out = put_utf8(*out, code);
  return true;
}

/* What follows a backslash. */
static bool read_escape(reader *r, char **out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = *r->at++;
  if (c == 'u') return read_code(r, out);
  const char *found = c ? strchr(from, c) : NULL;
  if (!found) return false;
  *(*out)++ = to[found - from];
  return true;
}

static bool read_string(reader *r, sheaf_value *value) {
  char *start = ++r->at, *out = start;
  while (*r->at != '"') {
    if (*r->at == '\\') {
      r->at++;
      if (!read_escape(r, &out)) return false;
      continue;
    }
    if ((unsigned char)*r->at < 0x20) return false;
    *out++ = *r->at++;
  }
  r->at++;
  *value = sheaf_string(sheaf_strn(start, (size_t)(out - start)));
  return true;
}

/* --------------------------------------------------------------------------------------- numbers */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool read_double(reader *r, char *start, sheaf_value *value) {
  char *end;
  locale_t before = uselocale(r->c); /* the host's may have a comma */
  *value = sheaf_double(strtod(start, &end));
  (void)uselocale(before);
  return end == r->at;
}

/* Moves over digits; false if there are none. */
static bool skip_digits(reader *r) {
  if (!is_digit(*r->at)) return false;
  while (is_digit(*r->at)) r->at++;
  return true;
}

static bool read_number(reader *r, sheaf_value *value) {
  char *start = r->at;
  bool negative = *r->at == '-', fits = true;
  uint64_t number = 0;
  r->at += negative;
  const char *digits = r->at;
  for (; is_digit(*r->at); r->at++) {
    uint64_t digit = (uint64_t)(*r->at - '0');
    fits = fits && number <= (INT64_MAX + (uint64_t)negative - digit) / 10;
    if (fits) number = number * 10 + digit;
  }
  if (r->at == digits || (*digits == '0' && r->at - digits > 1)) return false;
  if (*r->at == '.' || *r->at == 'e' || *r->at == 'E') {
    if (*r->at == '.' && (r->at++, !skip_digits(r))) return false;
    if (*r->at == 'e' || *r->at == 'E') {
      r->at++;
      if (*r->at == '+' || *r->at == '-') r->at++;
      if (!skip_digits(r)) return false;
    }
    return read_double(r, start, value);
  }
  *value = sheaf_int64(negative ? (int64_t)(0 - number) : (int64_t)number);
  return fits;
}

/* ------------------------------------------------------------------------------------- the array */

static bool read_value(reader *r, sheaf_value *value) {
  switch (*r->at) {
  case '"':
    return read_string(r, value);
  case 't':
    *value = sheaf_bool(true);
    return take(r, "true");
  case 'f':
    *value = sheaf_bool(false);
    return take(r, "false");
  case 'n':
    *value = sheaf_none();
    return take(r, "null");
  default:
    return read_number(r, value);
  }
}

bool sq_json_read(char *text, size_t size, locale_t c, sheaf_value *values, uint32_t count) {
  reader r = {text, text + size, c};
  skip_blanks(&r);
  if (*r.at++ != '[') return false;
  skip_blanks(&r);
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0 && *r.at++ != ',') return false;
    skip_blanks(&r);
    if (!read_value(&r, &values[i])) return false;
    skip_blanks(&r);
  }
  if (*r.at++ != ']') return false;
  skip_blanks(&r);
  return r.at == r.end;
}
