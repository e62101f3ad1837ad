/* SPDX-License-Identifier: Apache-2.0 */
/* Text to values. By hand, for strtol and strtod take blanks, half a text, and a locale's comma. */
#define _GNU_SOURCE /* strtod_l */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "plugin/settings.h"

#define MAX_DOUBLE_TEXT 400 /* the longest sensible double is 1.8e308 written out */

const char *sheaf_setting_kind_words(uint32_t kind) {
  switch (kind) {
  case SHEAF_KIND_BOOL:
    return "a bool";
  case SHEAF_KIND_INT64:
    return "an integer";
  case SHEAF_KIND_DOUBLE:
    return "a number";
  case SHEAF_KIND_STRING:
    return "a string";
  default:
    return NULL;
  }
}

static const char *parse_bool(sheaf_str text, sheaf_value *out) {
  bool yes = sheaf_str_equal(text, sheaf_cstr("true")) || sheaf_str_equal(text, sheaf_cstr("1"));
  bool no = sheaf_str_equal(text, sheaf_cstr("false")) || sheaf_str_equal(text, sheaf_cstr("0"));
  if (!yes && !no) return "write true, false, 1 or 0";
  *out = sheaf_bool(yes);
  return NULL;
}

static size_t count_digits(sheaf_str text, size_t from) {
  size_t at = from;
  while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') at++;
  return at - from;
}

static size_t count_sign(sheaf_str text, size_t at) {
  return at < text.size && (text.data[at] == '-' || text.data[at] == '+');
}

static const char *parse_int64(sheaf_str text, sheaf_value *out) {
  const char *problem = "write a whole number in decimal digits, from -9223372036854775808 to "
                        "9223372036854775807";
  size_t at = count_sign(text, 0);
  bool negative = at && text.data[0] == '-';
  if (at == text.size || at + count_digits(text, at) != text.size) return problem;
  /* Below zero all the way: the negative numbers reach one further. */
  int64_t n = 0;
  for (; at < text.size; at++) {
    int digit = text.data[at] - '0';
    if (n < (INT64_MIN + digit) / 10) return problem;
    n = n * 10 - digit;
  }
  if (!negative && n == INT64_MIN) return problem;
  *out = sheaf_int64(negative ? n : -n);
  return NULL;
}

/* Whether the text is [sign] digits [. digits] [e [sign] digits]. */
static bool is_decimal(sheaf_str text) {
  size_t at = count_sign(text, 0);
  size_t digits = count_digits(text, at);
  at += digits;
  if (digits == 0) return false;
  if (at < text.size && text.data[at] == '.') {
    digits = count_digits(text, ++at);
    at += digits;
    if (digits == 0) return false;
  }
  if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E')) {
    at++;
    at += count_sign(text, at);
    digits = count_digits(text, at);
    at += digits;
    if (digits == 0) return false;
  }
  return at == text.size;
}

static const char *parse_double(sheaf_str text, sheaf_value *out) {
  const char *problem = "write a decimal number such as 0.5 or 1e-3, of at most 400 characters and "
                        "below 1.8e308";
  char copy[MAX_DOUBLE_TEXT + 1];
  if (text.size > MAX_DOUBLE_TEXT || !is_decimal(text)) return problem;
  memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c) return "out of memory";
  double number = strtod_l(copy, NULL, c);
  freelocale(c);
  if (!isfinite(number)) return problem;
  *out = sheaf_double(number);
  return NULL;
}

const char *sheaf_setting_parse(uint32_t kind, sheaf_str text, sheaf_value *out) {
  switch (kind) {
  case SHEAF_KIND_BOOL:
    return parse_bool(text, out);
  case SHEAF_KIND_INT64:
    return parse_int64(text, out);
  case SHEAF_KIND_DOUBLE:
    return parse_double(text, out);
  case SHEAF_KIND_STRING:
    if (text.size > SHEAF_MAX_VALUE_BYTES) return "a string has at most 1 GiB";
    if (text.size && memchr(text.data, 0, text.size)) return "a string has no NUL in it";
    *out = sheaf_string(text);
    return NULL;
  default:
    return "no setting is of that kind";
  }
}
