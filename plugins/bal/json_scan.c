/* SPDX-License-Identifier: Apache-2.0 */
#include "json_scan.h"

#include <cjson/cJSON.h>
#include <sheaf/utf8.h>
#include <stdlib.h>

/* cJSON copies a number into a buffer of this size and leaves the rest of a longer one lying. */
enum { LONGEST_NUMBER = 63 };

typedef struct scan {
  const char *text, *at, *end;
  bal_numbers *numbers;
  bal_fault *fault;
  size_t depth;
} scan;

static bool fail(scan *s, const char *at, const char *what) {
  s->fault->offset = (size_t)(at - s->text);
  s->fault->what = what;
  return false;
}

static bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits behind \u at `p`; -1 if they are not. */
static int32_t unit(const char *p, const char *end) {
  int32_t code = 0;
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u') return -1;
  for (int i = 2; i < 6; i++) {
    int digit = hex_digit(p[i]);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

static bool scan_unicode_escape(scan *s) {
  int32_t code = unit(s->at, s->end);
  if (code < 0) return fail(s, s->at, "\\u without four hexadecimal digits");
  if (code == 0)
    return fail(s, s->at, "\\u0000: names and texts with a zero character are not supported");
  if (code >= 0xdc00 && code <= 0xdfff)
    return fail(s, s->at, "the second half of a surrogate pair alone");
  if (code >= 0xd800 && code <= 0xdbff) {
    int32_t low = unit(s->at + 6, s->end);
    if (low < 0xdc00 || low > 0xdfff)
      return fail(s, s->at, "the first half of a surrogate pair alone");
    s->at += 6;
  }
  s->at += 6;
  return true;
}

/* The first quote, backslash or control character from `at`; eight bytes at a time while there are
 * eight. A byte of `found` has its top bit set if it is one, and so may bytes behind it (a borrow),
 * never one before it. */
static const char *plain_end(const char *at, const char *end) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  for (uint64_t word; end - at >= 8; at += 8) {
    memcpy(&word, at, 8);
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    uint64_t found = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
                     ((word - ones * 0x20) & ~word);
    if ((found & tops) == 0) continue;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return at + __builtin_ctzll(found & tops) / 8;
#else
    break;
#endif
  }
  while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\') at++;
  return at;
}

static bool scan_string(scan *s) {
  const char *start = s->at++;
  for (;;) {
    s->at = plain_end(s->at, s->end);
    if (s->at == s->end) return fail(s, start, "a string that does not end");
    if (*s->at == '"') {
      s->at++;
      return true;
    }
    if (*s->at != '\\')
      return fail(s, s->at, "a control character in a string: write it as \\n, \\t or \\u00..");
    if (s->end - s->at < 2) return fail(s, start, "a string that does not end");
    if (s->at[1] == 'u') {
      if (!scan_unicode_escape(s)) return false;
    } else if (s->at[1] && strchr("\"\\/bfnrt", s->at[1])) {
      s->at += 2;
    } else {
      return fail(s, s->at, "a backslash before a character that needs none");
    }
  }
}

static bool note_number(scan *s) {
  bal_numbers *n = s->numbers;
  if (n->count == n->capacity) {
    uint32_t capacity = n->capacity ? n->capacity * 2 : 256;
    uint32_t *at = realloc(n->at, capacity * sizeof *at);
    if (!at) return fail(s, s->at, NULL);
    n->at = at;
    n->capacity = capacity;
  }
  n->at[n->count++] = (uint32_t)(s->at - s->text);
  return true;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool scan_number(scan *s) {
  const char *p = s->at, *start = p;
  if (!note_number(s)) return false;
  if (*p == '-') p++;
  if (!is_digit(p, s->end)) return fail(s, start, "a sign without a number");
  if (*p == '0') p++;
  else
    while (is_digit(p, s->end)) p++;
  if (is_digit(p, s->end)) return fail(s, start, "a number that begins with 0");
  if (p < s->end && *p == '.') {
    if (!is_digit(++p, s->end)) return fail(s, start, "a number that ends with its point");
    while (is_digit(p, s->end)) p++;
  }
  if (p < s->end && (*p == 'e' || *p == 'E')) {
    p++;
    if (p < s->end && (*p == '+' || *p == '-')) p++;
    if (!is_digit(p, s->end)) return fail(s, start, "a number with an empty exponent");
    while (is_digit(p, s->end)) p++;
  }
  if (p - start > LONGEST_NUMBER) return fail(s, start, "a number of more than 63 characters");
  s->at = p;
  return true;
}

/* What a character outside of strings begins. The rest is cJSON's to judge. */
enum { REST, CONTROL, STRING, NUMBER, OPENING, CLOSING, NOT_JSON };

static const unsigned char kinds[256] = {CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         REST,
                                         REST,
                                         CONTROL,
                                         CONTROL,
                                         REST,
                                         CONTROL,
                                         CONTROL, /* tab, LF, CR */
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         CONTROL,
                                         ['"'] = STRING,
                                         ['-'] = NUMBER,
                                         ['0'] = NUMBER,
                                         ['1'] = NUMBER,
                                         ['2'] = NUMBER,
                                         ['3'] = NUMBER,
                                         ['4'] = NUMBER,
                                         ['5'] = NUMBER,
                                         ['6'] = NUMBER,
                                         ['7'] = NUMBER,
                                         ['8'] = NUMBER,
                                         ['9'] = NUMBER,
                                         ['{'] = OPENING,
                                         ['['] = OPENING,
                                         ['}'] = CLOSING,
                                         [']'] = CLOSING,
                                         ['N'] = NOT_JSON,
                                         ['I'] = NOT_JSON};

static bool scan_tokens(scan *s) {
  while (s->at < s->end) {
    switch (kinds[(unsigned char)*s->at]) {
    case STRING:
      if (!scan_string(s)) return false;
      continue;
    case NUMBER:
      if (!scan_number(s)) return false;
      continue;
    case OPENING:
      if (++s->depth > CJSON_NESTING_LIMIT) return fail(s, s->at, "nested too deep");
      break;
    case CLOSING:
      s->depth -= s->depth > 0;
      break;
    case CONTROL:
      return fail(s, s->at, "a control character");
    case NOT_JSON:
      return fail(s, s->at, "NaN and Infinity are not JSON");
    default:
      break;
    }
    s->at++;
  }
  return true;
}

bool bal_json_scan(sheaf_str text, bal_numbers *numbers, bal_fault *fault) {
  static const sheaf_str mark = SHEAF_STR("\xef\xbb\xbf");
  if (text.size == 0) {
    *fault = (bal_fault){0, "empty"};
    return false;
  }
  scan s = {text.data, text.data, text.data + text.size, numbers, fault, 0};
  if (text.size > BAL_MAX_TEXT) return fail(&s, s.at, "more than 1 GiB");
  if (sheaf_str_starts_with(text, mark))
    return fail(&s, s.at, "a byte order mark: save it as UTF-8 without one");
  size_t valid = sheaf_utf8_valid_size(text);
  if (valid != text.size) return fail(&s, s.at + valid, "not UTF-8");
  return scan_tokens(&s);
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

sheaf_value bal_json_number(sheaf_str text, size_t at, double real, bool *inexact) {
  const char *p = text.data + at, *end = text.data + text.size;
  bool negative = *p == '-';
  const uint64_t limit = negative ? (uint64_t)1 << 63 : (uint64_t)INT64_MAX;
  uint64_t value = 0;
  bool fits = true;
  for (p += negative; is_digit(p, end); p++) {
    uint64_t digit = (uint64_t)(*p - '0');
    if (value > (limit - digit) / 10) fits = false;
    else value = value * 10 + digit;
  }
  if (p < end && (*p == '.' || *p == 'e' || *p == 'E')) return sheaf_double(real);
  if (!fits) {
    *inexact = true;
    return sheaf_double(real);
  }
  /* Negated without leaving int64, whose least value has no opposite. */
  return sheaf_int64(negative && value ? -(int64_t)(value - 1) - 1 : (int64_t)value);
}
