/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static cli_buffer out = CLI_BUFFER_MEMORY;

/* What was written since the last time. */
static const char *written(void) {
  cli_put_char(&out, '\0');
  out.size = 0;
  return out.data;
}

static void doubles_as_people_write_them(void **state) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{0.0, "0.0"},
               {-0.0, "-0.0"},
               {12, "12.0"},
               {0.1, "0.1"},
               {-2.5, "-2.5"},
               {1e300, "1e+300"},
               {1e15, "1e+15"},
               {123456789, "123456789.0"},
               {1e-7, "1e-07"},
               {0.3, "0.3"},
               {5e-324, "4.94065645841247e-324"},
               {23.976, "23.976"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cli_json_double(&out, cases[i].value);
    assert_string_equal(written(), cases[i].text);
  }
}

static uint64_t next_random(uint64_t *seed) { /* splitmix64 */
  uint64_t z = *seed += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void doubles_read_back_the_same(void **state) {
  uint64_t seed = 1;
  (void)state;
  for (int i = 0; i < 100000; i++) {
    uint64_t bits = next_random(&seed);
    double d, back;
    memcpy(&d, &bits, sizeof d);
    cli_json_double(&out, d);
    const char *text = written();
    if (d - d != 0) {
      assert_string_equal(text, "null");
      continue;
    }
    back = strtod(text, NULL);
    assert_memory_equal(&back, &d, sizeof d);
    assert_non_null(strpbrk(text, ".e"));
  }
}

static void strings_are_escaped(void **state) {
  (void)state;
  cli_json_string(&out, sheaf_strn("a\"\\/\n\0\x1f\x7f\xc3\xa9\xff", 11));
  assert_string_equal(written(), "\"a\\\"\\\\/\\n\\u0000\\u001f\x7f\xc3\xa9\xef\xbf\xbd\"");
  cli_json_string(&out, sheaf_strn(NULL, 0));
  assert_string_equal(written(), "\"\"");
}

static void base64_pads(void **state) {
  static const char *const expected[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                         "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  (void)state;
  for (size_t size = 0; size <= 6; size++) {
    cli_put_base64(&out, sheaf_strn("foobar", size));
    assert_string_equal(written(), expected[size]);
  }
}

/* Static lists are not looked into by the core; a manager's may be as deep as it likes. */
static void lists_end_at_the_limit(void **state) {
  sheaf_value nested[40];
  (void)state;
  nested[39] = sheaf_int64(1);
  for (int i = 39; i-- > 0;) nested[i] = sheaf_list(&nested[i + 1], 1);
  cli_json_value(&out, &nested[0]);
  assert_string_equal(written(), "[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]");
  cli_json_value(&out, &nested[39 - SHEAF_MAX_LIST_DEPTH]);
  assert_string_equal(written(), "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_end_at_the_limit),
      cmocka_unit_test(doubles_as_people_write_them),
      cmocka_unit_test(doubles_read_back_the_same),
      cmocka_unit_test(strings_are_escaped),
      cmocka_unit_test(base64_pads),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  cli_buffer_free(&out);
  return failed;
}
