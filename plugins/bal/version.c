/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The original turns the version into a number with Python's int(), which takes more than one would
 * think: space round it, a sign, underscores between digits, and the decimal digits of all scripts.
 */
#include "version.h"

#include "query.h"
#include "reference.h"

/* The zeros of Unicode's decimal digits (general category Nd; Unicode 14). The nine code points
 * behind each are the other digits. */
static const uint32_t zeros[] = {
    0x30,    0x660,   0x6f0,   0x7c0,   0x966,   0x9e6,   0xa66,   0xae6,   0xb66,   0xbe6,
    0xc66,   0xce6,   0xd66,   0xde6,   0xe50,   0xed0,   0xf20,   0x1040,  0x1090,  0x17e0,
    0x1810,  0x1946,  0x19d0,  0x1a80,  0x1a90,  0x1b50,  0x1bb0,  0x1c40,  0x1c50,  0xa620,
    0xa8d0,  0xa900,  0xa9d0,  0xa9f0,  0xaa50,  0xabf0,  0xff10,  0x104a0, 0x10d30, 0x11066,
    0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0};

static int digit_value(int64_t code) {
  if (code < 0x80) return code >= '0' && code <= '9' ? (int)code - '0' : -1;
  for (size_t i = 1; i < sizeof zeros / sizeof zeros[0]; i++)
    if (code >= zeros[i] && code <= zeros[i] + 9) return (int)(code - zeros[i]);
  return -1;
}

static bool is_space(int64_t code) {
  return code == ' ' || (code >= 0x09 && code <= 0x0d) || code == 0x85 || code == 0xa0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
         code == 0x202f || code == 0x205f || code == 0x3000;
}

/* A number as it is read digit by digit. */
typedef struct number {
  uint64_t value; /* saturates */
  uint32_t count; /* of digits, leading zeros included */
  char *digits;   /* NULL: not wanted */
  size_t kept;    /* without leading zeros */
} number;

static bool add_digit(number *n, int digit) {
  if (++n->count > BAL_MOST_DIGITS) return false;
  uint64_t value =
      n->value > (UINT64_MAX - (uint64_t)digit) / 10 ? UINT64_MAX : n->value * 10 + (uint64_t)digit;
  if (n->digits && (n->kept || digit)) n->digits[n->kept++] = (char)('0' + digit);
  n->value = value;
  return true;
}

/* Reads digits with single underscores between them; `code` is the first character, and receives
 * the one behind them. */
static bool read_digits(bal_query_text *text, int64_t *code, number *n) {
  for (;;) {
    int digit = digit_value(*code);
    if (digit < 0 || !add_digit(n, digit)) return false;
    *code = bal_query_character(text);
    if (*code == '_') *code = bal_query_character(text);
    else if (digit_value(*code) < 0) return true;
  }
}

static uint32_t read_number(bal_query_text text, number *n) {
  int64_t code = bal_query_character(&text);
  bool negative = false;
  while (is_space(code)) code = bal_query_character(&text);
  if (code == '-' || code == '+') {
    negative = code == '-';
    code = bal_query_character(&text);
  }
  if (!read_digits(&text, &code, n)) return BAL_VERSION_NOT_A_NUMBER;
  while (is_space(code)) code = bal_query_character(&text);
  if (code != -1) return BAL_VERSION_NOT_A_NUMBER;
  return negative || n->value == 0 ? BAL_VERSION_BELOW_ONE : BAL_VERSION_FINE;
}

uint32_t bal_version_parse(sheaf_str query, uint64_t *version, char *digits, size_t *digit_count) {
  bal_query_text value;
  *version = 0;
  if (!bal_query_last(query, "v", &value) || bal_query_text_is(value, "latest"))
    return BAL_VERSION_FINE;
  number n = {0, 0, digits, 0};
  uint32_t result = read_number(value, &n);
  *version = n.value;
  if (digit_count) *digit_count = n.kept;
  return result;
}
