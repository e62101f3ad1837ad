/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "mapping.h"

typedef struct expected {
  const char *column, *trait, *key;
  uint32_t kind;
} expected;

static void assert_parses(const char *text, const expected *wanted, uint32_t count) {
  sq_mapping mapping;
  sheaf_error error;
  if (!sq_mapping_parse(&mapping, text, &error)) fail_msg("%s", error.message);
  assert_int_equal(mapping.count, count);
  for (uint32_t i = 0; i < count; i++) {
    assert_string_equal(mapping.columns[i].column, wanted[i].column);
    assert_string_equal(mapping.columns[i].trait, wanted[i].trait);
    assert_string_equal(mapping.columns[i].key, wanted[i].key);
    assert_int_equal(mapping.columns[i].kind, wanted[i].kind);
  }
  sq_mapping_free(&mapping);
}

#define PARSES(text, ...)                                                                          \
  do {                                                                                             \
    const expected list[] = {__VA_ARGS__};                                                         \
    assert_parses(text, list, (uint32_t)(sizeof list / sizeof *list));                             \
  } while (0)

static void test_forms(void **state) {
  (void)state;
  PARSES("name=named/name", {"name", "named", "name", 0});
  PARSES(" a = t/k as bool ,\n b=u/k", {"a", "t", "k", SHEAF_KIND_BOOL}, {"b", "u", "k", 0});
  PARSES("a=x:y.z/w/key", {"a", "x:y.z/w", "key", 0});
  PARSES("\"a, =\"\"b\"=\"t/1\"/\"k as\" as int64", {"a, =\"b", "t/1", "k as", SHEAF_KIND_INT64});
  PARSES("a=t/k as double,b=t/l as string,c=t/m as bytes", {"a", "t", "k", SHEAF_KIND_DOUBLE},
         {"b", "t", "l", SHEAF_KIND_STRING}, {"c", "t", "m", SHEAF_KIND_BYTES});
}

/* Those of one trait come side by side; the order is otherwise that given. */
static void test_traits_together(void **state) {
  (void)state;
  PARSES("a=t/1,b=u/1,c=t/2,d=u/2,e=t/3", {"a", "t", "1", 0}, {"c", "t", "2", 0},
         {"e", "t", "3", 0}, {"b", "u", "1", 0}, {"d", "u", "2", 0});
}

static void test_refusals(void **state) {
  static const char *const wrong[][2] = {
      {"", "empty name at character 1"},
      {"name", "without '='"},
      {"name=named", "without '/'"},
      {"=t/k", "empty name at character 1"},
      {"a=/k", "empty name at character 3"},
      {"a=t/", "empty name at character 5"},
      {"a=t/k,", "empty name at character 7"},
      {"a=t/k,,b=t/l", "empty name"},
      {"a=t/k b=t/l", "does not belong"},
      {"a=t/k as number", "none of bool"},
      {"a=t/k as", "does not belong"},
      {"a=t/k as ", "empty name"},
      {"\"a=t/k", "not closed"},
      {"a=t/k,b=t/k", "another column is already at character 7"},
      {"a b=t/k", "without '='"},
      {"a=t u/k", "without '/'"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sq_mapping mapping;
    sheaf_error error;
    if (sq_mapping_parse(&mapping, wrong[i][0], &error)) fail_msg("'%s' was taken", wrong[i][0]);
    assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(error.message, wrong[i][1])) fail_msg("'%s': %s", wrong[i][0], error.message);
    assert_non_null(strstr(error.message, "COLUMN=TRAIT/KEY"));
    sq_mapping_free(&mapping);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms),
                                     cmocka_unit_test(test_traits_together),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
