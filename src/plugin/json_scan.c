/* SPDX-License-Identifier: Apache-2.0 */
/* The strict scan of sheaf_json_scan. It recurses, but only as deep as the rules allow. */
#include <sheaf/utf8.h>

#include "plugin/json.h"

/* cJSON copies a number into 64 bytes and ignores what is beyond. */
#define MAX_NUMBER 62

typedef struct scanner {
  const char *text;
  size_t size, at;
  unsigned depth;
  const sheaf_json_rules *rules;
  sheaf_error *error;
} scanner;

static bool scan_value(scanner *s);

/* Fails with the place of `at`. */
static bool fail_at(scanner *s, size_t at, const char *message) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < at && i < s->size; i++) {
    if (s->text[i] == '\n') {
      line++;
      column = 1;
    } else if (((unsigned char)s->text[i] & 0xc0) != 0x80) {
      column++;
    }
  }
  sheaf_error_set(s->error, s->rules->invalid, "%zu:%zu: %s", line, column, message);
  return false;
}

static bool at_end(const scanner *s) { return s->at >= s->size; }

/* Fails for want of something at the present place; a file that ends there is told apart. */
static bool fail(scanner *s, const char *message) {
  if (at_end(s)) message = "the file ends in the middle of a value: is it complete?";
  return fail_at(s, s->at, message);
}

static bool next_is(const scanner *s, char c) { return !at_end(s) && s->text[s->at] == c; }

static bool take(scanner *s, char c) {
  if (!next_is(s, c)) return false;
  s->at++;
  return true;
}

static void skip_blanks(scanner *s) {
  while (next_is(s, ' ') || next_is(s, '\t') || next_is(s, '\n') || next_is(s, '\r')) s->at++;
}

/* Four hexadecimal digits; -1 and a failure if they are not there. */
static long scan_hex(scanner *s) {
  long code = 0;
  for (int i = 0; i < 4; i++, s->at++) {
    const char *digits = "0123456789abcdefABCDEF";
    const char *d = at_end(s) || !s->text[s->at] ? NULL : strchr(digits, s->text[s->at]);
    if (!d) {
      fail(s, "\\u takes four hexadecimal digits");
      return -1;
    }
    long value = d - digits;
    code = code * 16 + (value < 16 ? value : value - 6);
  }
  return code;
}

/* The rest of \uXXXX, and of the second half of a pair. */
static bool scan_unicode(scanner *s, size_t start) {
  long code = scan_hex(s);
  if (code < 0) return false;
  if (code == 0) return fail_at(s, start, "\\u0000 cannot stand in a string here: leave it out");
  if (code < 0xd800 || code > 0xdfff) return true;
  const char *message = "half of a surrogate pair: write both, or the character itself";
  if (code > 0xdbff) return fail_at(s, start, message);
  if (!take(s, '\\') || !take(s, 'u')) {
    if (at_end(s)) return fail(s, "");
    return fail_at(s, start, message);
  }
  long low = scan_hex(s);
  if (low < 0) return false;
  if (low < 0xdc00 || low > 0xdfff) return fail_at(s, start, message);
  return true;
}

static bool scan_escape(scanner *s) {
  size_t start = s->at++;
  if (take(s, 'u')) return scan_unicode(s, start);
  if (at_end(s)) return fail(s, "");
  if (!s->text[s->at] || !strchr("\"\\/bfnrt", s->text[s->at]))
    return fail_at(s, start, "no such escape: a backslash is written \\\\");
  s->at++;
  return true;
}

/* After the opening quote. */
static bool scan_string(scanner *s) {
  for (;;) {
    if (at_end(s)) return fail(s, "");
    if (take(s, '"')) return true;
    if ((unsigned char)s->text[s->at] < 0x20)
      return fail(s,
                  "a control character in a string: close the string, or write \\n, \\t, \\u00XX");
    if (next_is(s, '\\')) {
      if (!scan_escape(s)) return false;
      continue;
    }
    const char *next = s->text + s->at;
    if (sheaf_utf8_next(&next, s->text + s->size) == SHEAF_UTF8_BAD)
      return fail_at(s, s->at, "not UTF-8: save the file as UTF-8");
    s->at = (size_t)(next - s->text);
  }
}

static bool scan_digits(scanner *s) {
  size_t start = s->at;
  while (!at_end(s) && s->text[s->at] >= '0' && s->text[s->at] <= '9') s->at++;
  return s->at > start || fail(s, "a digit is missing");
}

static bool scan_number(scanner *s) {
  size_t start = s->at;
  take(s, '-');
  bool zero = next_is(s, '0');
  size_t digits = s->at;
  if (!scan_digits(s)) return false;
  if (zero && s->at > digits + 1) return fail_at(s, digits, "a number has no leading zero");
  if (take(s, '.') && !scan_digits(s)) return false;
  if (take(s, 'e') || take(s, 'E')) {
    if (!take(s, '+')) take(s, '-');
    if (!scan_digits(s)) return false;
  }
  if (s->at - start > MAX_NUMBER)
    return fail_at(s, start, "a number of more than 62 characters: shorten it");
  return true;
}

static bool scan_word(scanner *s) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < 3; i++) {
    size_t length = strlen(words[i]);
    size_t left = s->size - s->at;
    size_t common = left < length ? left : length;
    if (common == 0 || memcmp(s->text + s->at, words[i], common) != 0) continue;
    s->at += common;
    return common == length || fail(s, "");
  }
  return fail(s, "a value is missing: a string in double quotes, a number, true, false, null, "
                 "{...} or [...]");
}

static bool scan_member(scanner *s) {
  skip_blanks(s);
  if (!take(s, '"'))
    return fail(s, "a member's name is missing: write it in double quotes, and no "
                   "comma after the last member");
  if (!scan_string(s)) return false;
  skip_blanks(s);
  if (!take(s, ':')) return fail(s, "':' is missing after the member's name");
  return scan_value(s);
}

/* What stands between the brackets, the closing one included. */
static bool scan_items(scanner *s, bool object) {
  char closing = object ? '}' : ']';
  skip_blanks(s);
  if (take(s, closing)) return true;
  do {
    if (!(object ? scan_member(s) : scan_value(s))) return false;
    skip_blanks(s);
  } while (take(s, ','));
  return take(s, closing) || fail(s, object ? "',' or '}' is missing" : "',' or ']' is missing");
}

static bool scan_container(scanner *s, bool object) {
  if (s->depth == s->rules->max_depth) {
    char message[64];
    snprintf(message, sizeof message, "nested too deep: at most %u levels", s->rules->max_depth);
    return fail_at(s, s->at, message);
  }
  s->at++;
  s->depth++;
  bool right = scan_items(s, object);
  s->depth--;
  return right;
}

static bool scan_value(scanner *s) {
  skip_blanks(s);
  if (next_is(s, '{')) return scan_container(s, true);
  if (next_is(s, '[')) return scan_container(s, false);
  if (take(s, '"')) return scan_string(s);
  if (!at_end(s) && (next_is(s, '-') || (s->text[s->at] >= '0' && s->text[s->at] <= '9')))
    return scan_number(s);
  return scan_word(s);
}

sheaf_status sheaf_json_scan(const char *text, size_t size, const sheaf_json_rules *rules,
                             sheaf_error *error) {
  scanner s = {text, size, 0, 0, rules, error};
  if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) s.at = 3; /* some editors' mark */
  skip_blanks(&s);
  if (at_end(&s)) {
    fail_at(&s, s.at, "the file is empty: it must hold a JSON object");
    return rules->invalid;
  }
  if (!scan_value(&s)) return rules->invalid;
  skip_blanks(&s);
  if (at_end(&s)) return SHEAF_OK;
  fail_at(&s, s.at, "something follows the end of the object: remove it");
  return rules->invalid;
}
