/* SPDX-License-Identifier: Apache-2.0 */
#include "core/names.h"

#include "core/testing.h"

static sheaf_id intern(sheaf_names *names, const char *text) {
  sheaf_str s = sheaf_cstr(text);
  sheaf_id id = 0;
  assert_int_equal(sheaf_names_intern(names, &s, 1, &id, NULL), SHEAF_OK);
  return id;
}

static void well_known_names_are_there(void **state) {
  sheaf_names names;
  (void)state;
  assert_true(sheaf_names_init(&names, 0, 0));
#define CHECK(upper, number, text)                                                                 \
  assert_int_equal(sheaf_names_lookup(&names, sheaf_cstr(text)), number);                          \
  assert_true(sheaf_str_equal(sheaf_names_text(&names, number), sheaf_cstr(text)));
  SHEAF_NAME_MAP(CHECK)
#undef CHECK
  assert_int_equal(intern(&names, "exists"), SHEAF_KEY_EXISTS);
  assert_int_equal(sheaf_names_text(&names, 0).size, 0);
  assert_int_equal(sheaf_names_text(&names, 100).size, 0);
  assert_int_equal(sheaf_names_text(&names, UINT32_MAX).size, 0);
  sheaf_names_destroy(&names);
}

static void same_text_same_id(void **state) {
  sheaf_names names;
  (void)state;
  assert_true(sheaf_names_init(&names, 0, 0));
  sheaf_id a = intern(&names, "named"), b = intern(&names, "animal");
  assert_int_equal(a, SHEAF_FIRST_FREE_ID);
  assert_int_not_equal(a, b);
  assert_int_equal(intern(&names, "named"), a);
  assert_int_equal(sheaf_names_lookup(&names, sheaf_cstr("animal")), b);
  assert_int_equal(sheaf_names_lookup(&names, sheaf_cstr("nobody")), 0);
  assert_true(sheaf_str_equal(sheaf_names_text(&names, b), sheaf_cstr("animal")));
  sheaf_names_destroy(&names);
}

static void names_beyond_a_page_stay_readable(void **state) {
  sheaf_names names;
  char text[16];
  (void)state;
  assert_true(sheaf_names_init(&names, 5000, 0));
  for (int i = 0; i < 5000; i++) {
    snprintf(text, sizeof text, "name%d", i);
    assert_int_equal(intern(&names, text), SHEAF_FIRST_FREE_ID + i);
  }
  assert_true(sheaf_str_equal(sheaf_names_text(&names, SHEAF_FIRST_FREE_ID + 4321),
                              sheaf_cstr("name4321")));
  sheaf_names_destroy(&names);
}

static void bad_names_are_refused(void **state) {
  static const char nul[] = "a\0b";
  char longest[SHEAF_MAX_NAME_BYTES + 1];
  memset(longest, 'x', sizeof longest);
  const struct {
    sheaf_str text;
    const char *word;
  } cases[] = {{{NULL, 0}, "empty"},
               {{NULL, 3}, "no data"},
               {{nul, 3}, "NUL"},
               {{"\xff\xfe", 2}, "UTF-8"},
               {{longest, sizeof longest}, "longer"}};
  sheaf_names names;
  (void)state;
  assert_true(sheaf_names_init(&names, 0, 0));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sheaf_str two[] = {SHEAF_STR("fine"), cases[i].text};
    sheaf_id ids[] = {7, 7};
    sheaf_error error = {0};
    assert_int_equal(sheaf_names_intern(&names, two, 2, ids, &error), SHEAF_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, cases[i].word));
    assert_non_null(strstr(error.message, "name 1 "));
    assert_int_equal(ids[0] + ids[1], 0);
  }
  sheaf_str longest_allowed = {longest, SHEAF_MAX_NAME_BYTES};
  sheaf_id id = 0;
  assert_int_equal(sheaf_names_intern(&names, &longest_allowed, 1, &id, NULL), SHEAF_OK);
  assert_int_equal(sheaf_names_intern(&names, NULL, 1, &id, NULL), SHEAF_INVALID_ARGUMENT);
  sheaf_names_destroy(&names);
}

static void limits_name_the_offender(void **state) {
  sheaf_names names;
  sheaf_error error = {0};
  sheaf_id id = 9;
  (void)state;
  assert_true(sheaf_names_init(&names, 2, 8));
  intern(&names, "aaaa");
  sheaf_str five = SHEAF_STR("bbbbb"), four = SHEAF_STR("cccc"), last = SHEAF_STR("straw");
  assert_int_equal(sheaf_names_intern(&names, &five, 1, &id, &error), SHEAF_LIMIT);
  assert_non_null(strstr(error.message, "'bbbbb'"));
  assert_int_equal(id, 0);
  assert_int_equal(sheaf_names_intern(&names, &four, 1, &id, &error), SHEAF_OK);
  assert_int_equal(sheaf_names_intern(&names, &last, 1, &id, &error), SHEAF_LIMIT);
  assert_non_null(strstr(error.message, "'straw'"));
  assert_non_null(strstr(error.message, "max_names"));
  intern(&names, "cccc"); /* what is there already needs no room */
  sheaf_names_destroy(&names);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(well_known_names_are_there), cmocka_unit_test(same_text_same_id),
      cmocka_unit_test(names_beyond_a_page_stay_readable), cmocka_unit_test(bad_names_are_refused),
      cmocka_unit_test(limits_name_the_offender)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
