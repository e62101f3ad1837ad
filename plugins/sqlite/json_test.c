/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "json.h"

#include <math.h>

static locale_t c_locale;

/* The text is given room of its very size, so that reading beyond it is found. */
static bool read_array(const char *text, sheaf_value *values, uint32_t count, char **kept) {
  size_t size = strlen(text);
  *kept = malloc(size + 1);
  memcpy(*kept, text, size + 1);
  return sq_json_read(*kept, size, c_locale, values, count);
}

static void test_kinds(void **state) {
  sheaf_value v[8];
  char *text;
  (void)state;
  assert_true(read_array(" [ \"a\" , true,false,null,0,-7 ,1.0,\"\"] ", v, 8, &text));
  assert_true(sheaf_str_equal(sheaf_value_str(&v[0]), sheaf_cstr("a")));
  assert_true(v[1].kind == SHEAF_KIND_BOOL && v[1].u.integer == 1);
  assert_true(v[2].kind == SHEAF_KIND_BOOL && v[2].u.integer == 0);
  assert_int_equal(v[3].kind, SHEAF_KIND_NONE);
  assert_true(v[4].kind == SHEAF_KIND_INT64 && v[4].u.integer == 0);
  assert_true(v[5].kind == SHEAF_KIND_INT64 && v[5].u.integer == -7);
  assert_true(v[6].kind == SHEAF_KIND_DOUBLE && v[6].u.real == 1.0);
  assert_true(v[7].kind == SHEAF_KIND_STRING && v[7].length == 0);
  free(text);
}

static void test_numbers(void **state) {
  sheaf_value v[8];
  char *text;
  (void)state;
  assert_true(read_array("[9223372036854775807,-9223372036854775808,-0,-0.0,1e3,9e999,2.5E-1,"
                         "0.1000000000000000055]",
                         v, 8, &text));
  assert_true(v[0].u.integer == INT64_MAX && v[1].u.integer == INT64_MIN);
  assert_true(v[2].kind == SHEAF_KIND_INT64 && v[2].u.integer == 0);
  assert_true(v[3].kind == SHEAF_KIND_DOUBLE && signbit(v[3].u.real));
  assert_true(v[4].kind == SHEAF_KIND_DOUBLE && v[4].u.real == 1000);
  assert_true(isinf(v[5].u.real));
  assert_true(v[6].u.real == 0.25 && v[7].u.real == 0.1);
  free(text);
}

static void test_escapes(void **state) {
  sheaf_value v[2];
  char *text;
  (void)state;
  assert_true(read_array("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\\u0041\\u00e9\\u20AC\\ud83d\\ude00\","
                         "\"a\\u0000b\"]",
                         v, 2, &text));
  assert_true(sheaf_str_equal(sheaf_value_str(&v[0]),
                              sheaf_cstr("\"\\/\b\f\n\r\t|A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
  assert_true(sheaf_str_equal(sheaf_value_str(&v[1]), sheaf_strn("a\0b", 3)));
  free(text);
}

static void test_refusals(void **state) {
  static const char *const wrong[] = {"",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,2]",
                                      "[]",
                                      "1",
                                      "[1]x",
                                      "[1]]",
                                      "[,1]",
                                      "[01]",
                                      "[-]",
                                      "[1.]",
                                      "[.5]",
                                      "[1e]",
                                      "[1e+]",
                                      "[+1]",
                                      "[9223372036854775808]",
                                      "[-9223372036854775809]",
                                      "[99999999999999999999999]",
                                      "[tru]",
                                      "[truex]",
                                      "[nul]",
                                      "[\"a]",
                                      "[\"\\x\"]",
                                      "[\"\\",
                                      "[\"\\u12\"]",
                                      "[\"\\ud800\"]",
                                      "[\"\\udc00\"]",
                                      "[\"\\ud800\\u0041\"]",
                                      "[\"\n\"]",
                                      "[{}]",
                                      "[[1]]",
                                      "[NaN]",
                                      "[0x10]",
                                      "[1 2]",
                                      "{\"a\":1}"};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sheaf_value v[1];
    char *text;
    if (read_array(wrong[i], v, 1, &text)) fail_msg("%s was taken", wrong[i]);
    free(text);
  }
}

static void test_empty(void **state) {
  char *text;
  (void)state;
  assert_true(read_array("[]", NULL, 0, &text));
  free(text);
  assert_false(read_array("[1]", NULL, 0, &text));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds), cmocka_unit_test(test_numbers),
                                     cmocka_unit_test(test_escapes),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_empty)};
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  freelocale(c_locale);
  return failed;
}
