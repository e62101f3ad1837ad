/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf/utf8.h. */
#include <sheaf/utf8.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

static size_t encode(uint32_t code, char *out) {
  unsigned char *p = (unsigned char *)out;
  if (code < 0x80) {
    p[0] = (unsigned char)code;
    return 1;
  }
  size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; i--, code >>= 6) p[i] = (unsigned char)(0x80 | (code & 0x3f));
  p[0] = (unsigned char)((0xf00u >> size & 0xffu) | code);
  return size;
}

static void test_every_code_point(void **state) {
  char text[4];
  (void)state;
  for (uint32_t code = 0; code < 0x120000; code++) {
    size_t size = encode(code, text);
    bool good = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    const char *at = text;
    assert_int_equal(sheaf_utf8_next(&at, text + size), good ? code : SHEAF_UTF8_BAD);
    if (good) assert_ptr_equal(at, text + size);
    assert_int_equal(sheaf_utf8_valid(sheaf_strn(text, size)), good);
  }
}

/* Every sequence of two bytes, and every of three and four with an unusual one in it: nothing is
 * read behind the end (the sanitizer sees that), and something is always taken. */
static void test_all_short_sequences(void **state) {
  static const unsigned char some[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
                                       0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
  enum { SOME = sizeof some };
  (void)state;
  for (int i = 0; i < SOME * SOME * SOME * SOME; i++) {
    size_t size = 1 + (size_t)i % 4;
    char *text = malloc(size);
    for (size_t k = 0, rest = (size_t)i; k < size; k++, rest /= SOME)
      text[k] = (char)some[rest % SOME];
    const char *at = text, *end = text + size;
    bool good = true;
    while (at < end) {
      const char *before = at;
      good &= sheaf_utf8_next(&at, end) != SHEAF_UTF8_BAD;
      assert_true(at > before && at <= end);
    }
    assert_int_equal(sheaf_utf8_valid(sheaf_strn(text, size)), good);
    free(text);
  }
}

static void test_bad_bytes_one_by_one(void **state) {
  /* Table 3-8 of the Unicode standard: the start of a character that is cut off is one error. */
  static const char text[] = "a\xf1\x80\x80\xe1\x80\xc2"
                             "b\x80"
                             "c\x80\xbf"
                             "d";
  static const uint32_t expected[] = {'a',
                                      SHEAF_UTF8_BAD,
                                      SHEAF_UTF8_BAD,
                                      SHEAF_UTF8_BAD,
                                      'b',
                                      SHEAF_UTF8_BAD,
                                      'c',
                                      SHEAF_UTF8_BAD,
                                      SHEAF_UTF8_BAD,
                                      'd'};
  const char *at = text, *end = text + sizeof text - 1;
  (void)state;
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
    assert_int_equal(sheaf_utf8_next(&at, end), expected[i]);
  assert_ptr_equal(at, end);
}

/* A bad byte is found wherever it stands, whatever stands round it. */
static void test_valid_size(void **state) {
  char text[80];
  (void)state;
  assert_true(sheaf_utf8_valid(sheaf_strn(NULL, 0)));
  for (size_t size = 1; size < sizeof text; size++)
    for (size_t bad = 0; bad < size; bad++) {
      memset(text, 'x', size);
      assert_true(sheaf_utf8_valid(sheaf_strn(text, size)));
      text[bad] = '\xff';
      assert_int_equal(sheaf_utf8_valid_size(sheaf_strn(text, size)), bad);
      text[bad] = '\xc3'; /* cut off, or followed by what cannot follow */
      assert_int_equal(sheaf_utf8_valid_size(sheaf_strn(text, size)), bad);
      if (bad + 1 == size) continue;
      text[bad + 1] = '\xa9';
      assert_true(sheaf_utf8_valid(sheaf_strn(text, size)));
    }
}

static void test_cut(void **state) {
  const sheaf_str text = SHEAF_STR("a\xc3\xa9\xf0\x9f\x98\x80z");
  static const size_t expected[] = {0, 1, 1, 3, 3, 3, 3, 7, 8, 8};
  (void)state;
  for (size_t max = 0; max < 10; max++)
    assert_int_equal(sheaf_utf8_cut(text, max).size, expected[max]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_code_point),
                                     cmocka_unit_test(test_all_short_sequences),
                                     cmocka_unit_test(test_bad_bytes_one_by_one),
                                     cmocka_unit_test(test_valid_size), cmocka_unit_test(test_cut)};
  return cmocka_run_group_tests_name("sheaf/utf8.h", tests, NULL, NULL);
}
