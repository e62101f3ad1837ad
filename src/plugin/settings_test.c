/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "plugin/settings.h"

#include <locale.h>
#include <math.h>

#include "plugin/testing.h"

enum { FLAG, COUNT, RATIO, PATH, TOKEN, PLAIN };

static const sheaf_setting_info infos[] = {
    {"flag", "true", NULL, SHEAF_KIND_BOOL, 0},
    {"count", "-5", NULL, SHEAF_KIND_INT64, 0},
    {"ratio", "0.25", NULL, SHEAF_KIND_DOUBLE, 0},
    {"path", NULL, "Where it lies.", SHEAF_KIND_STRING, SHEAF_SETTING_REQUIRED},
    {"token", NULL, NULL, SHEAF_KIND_INT64, SHEAF_SETTING_SECRET},
    {"plain", NULL, NULL, SHEAF_KIND_STRING, 0},
};
static const sheaf_factory factory = {.struct_size = sizeof factory,
                                      .id = "m",
                                      .settings = infos,
                                      .setting_count = 6,
                                      .create = small_create};

static sheaf_setting setting(const char *name, sheaf_value value) {
  return (sheaf_setting){sheaf_cstr(name), value};
}

static sheaf_value text(const char *t) { return sheaf_string(sheaf_cstr(t)); }

/* The value that the setting gets when it, and what is required, is given. */
static sheaf_value take(uint32_t i, sheaf_value given) {
  sheaf_setting all[] = {setting(infos[i].name, given), setting("path", text("p"))};
  sheaf_value *values = NULL, value;
  sheaf_error error = {0};
  if (sheaf_settings_resolve("manager", &factory, all, i == PATH ? 1 : 2, &values, &error))
    fail_msg("%s", error.message);
  value = values[i];
  free(values);
  return value;
}

static void assert_refused(const sheaf_setting *all, uint32_t count, const char *message) {
  sheaf_value *values = NULL;
  sheaf_error error = {0};
  assert_int_equal(sheaf_settings_resolve("manager", &factory, all, count, &values, &error),
                   SHEAF_INVALID_ARGUMENT);
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  assert_has(error.message, message);
  assert_null(values);
  assert_int_equal(sheaf_settings_resolve("manager", &factory, all, count, &values, NULL),
                   SHEAF_INVALID_ARGUMENT);
}

static void assert_one_refused(const char *name, sheaf_value value, const char *message) {
  sheaf_setting all[] = {setting("path", text("p")), setting(name, value)};
  assert_refused(all, 2, message);
}

static void defaults(void **state) {
  sheaf_setting path = setting("path", text("p"));
  sheaf_value *v = NULL;
  (void)state;
  assert_int_equal(sheaf_settings_resolve("manager", &factory, &path, 1, &v, NULL), SHEAF_OK);
  assert_int_equal(v[FLAG].kind, SHEAF_KIND_BOOL);
  assert_int_equal(v[FLAG].u.integer, 1);
  assert_int_equal(v[COUNT].u.integer, -5);
  assert_true(v[RATIO].u.real == 0.25);
  assert_true(sheaf_str_equal(sheaf_value_str(&v[PATH]), sheaf_cstr("p")));
  assert_int_equal(v[TOKEN].kind, SHEAF_KIND_NONE);
  assert_int_equal(v[PLAIN].kind, SHEAF_KIND_NONE);
  free(v);
}

static void bools(void **state) {
  (void)state;
  assert_int_equal(take(FLAG, text("true")).u.integer, 1);
  assert_int_equal(take(FLAG, text("1")).u.integer, 1);
  assert_int_equal(take(FLAG, text("false")).u.integer, 0);
  assert_int_equal(take(FLAG, text("0")).u.integer, 0);
  assert_int_equal(take(FLAG, sheaf_bool(false)).u.integer, 0);
  static const char *const wrong[] = {"", "yes", "True", " true", "2"};
  for (size_t i = 0; i < 5; i++)
    assert_one_refused("flag", text(wrong[i]), "write true, false, 1 or 0");
  assert_one_refused("flag", sheaf_int64(1), "is a bool, and it was given a value of kind int64");
}

static void integers(void **state) {
  (void)state;
  assert_int_equal(take(COUNT, text("0")).u.integer, 0);
  assert_int_equal(take(COUNT, text("+42")).u.integer, 42);
  assert_int_equal(take(COUNT, text("-042")).u.integer, -42);
  assert_true(take(COUNT, text("9223372036854775807")).u.integer == INT64_MAX);
  assert_true(take(COUNT, text("-9223372036854775808")).u.integer == INT64_MIN);
  assert_true(take(COUNT, sheaf_int64(INT64_MIN)).u.integer == INT64_MIN);
  static const char *const wrong[] = {"",
                                      "-",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x10",
                                      "1e3",
                                      "12x",
                                      "--1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_one_refused("count", text(wrong[i]), "write a whole number in decimal digits, from -92");
  assert_one_refused("count", text("12x"), "is an integer, and \"12x\" is not one");
  assert_one_refused("count", sheaf_double(1.0), "given a value of kind double");
}

static void doubles(void **state) {
  char longest[402];
  (void)state;
  assert_true(take(RATIO, text("0.5")).u.real == 0.5);
  assert_true(take(RATIO, text("-1e-3")).u.real == -1e-3);
  assert_true(take(RATIO, text("+7")).u.real == 7.0);
  assert_true(take(RATIO, text("1.5E+2")).u.real == 150.0);
  assert_true(take(RATIO, text("1e-999")).u.real == 0.0);
  assert_true(take(RATIO, sheaf_double(2.5)).u.real == 2.5);
  sheaf_value converted = take(RATIO, sheaf_int64(3));
  assert_int_equal(converted.kind, SHEAF_KIND_DOUBLE);
  assert_true(converted.u.real == 3.0);
  static const char *const wrong[] = {"",    ".5", "5.", "1e",     "e1", "nan",  "inf", "0x1p3",
                                      "1,5", " 1", "1 ", "1e9999", "-",  "1.e3", "1f"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_one_refused("ratio", text(wrong[i]), "write a decimal number such as 0.5");
  memset(longest, '1', sizeof longest);
  longest[401] = '\0';
  assert_one_refused("ratio", text(longest), "at most 400 characters");
  assert_one_refused("ratio", sheaf_bool(true), "given a value of kind bool");
}

/* A host may have set a locale whose numbers have a comma. */
static void the_locale_is_no_matter(void **state) {
  (void)state;
  if (!setlocale(LC_ALL, "de_DE.UTF-8")) skip();
  assert_true(take(RATIO, text("0.5")).u.real == 0.5);
  setlocale(LC_ALL, "C");
}

static void strings(void **state) {
  (void)state;
  sheaf_value v = take(PLAIN, text(" a b "));
  assert_true(sheaf_str_equal(sheaf_value_str(&v), sheaf_cstr(" a b ")));
  v = take(PLAIN, text(""));
  assert_int_equal(v.kind, SHEAF_KIND_STRING);
  assert_one_refused("plain", sheaf_string(sheaf_strn("a\0b", 3)), "a string has no NUL in it");
  assert_one_refused("plain", sheaf_string(sheaf_strn(NULL, 3)), "3 bytes at NULL");
  assert_one_refused("plain", sheaf_int64(3),
                     "is a string, and it was given a value of kind int64");
  assert_one_refused("plain", sheaf_bytes("x", 1), "kind bytes");
  assert_one_refused("plain", sheaf_list(NULL, 0), "kind list");
  sheaf_value young = {77, 0, 0, {0}};
  assert_one_refused("plain", young, "kind unknown");
}

static void wrong_names(void **state) {
  (void)state;
  assert_one_refused(
      "cuont", sheaf_int64(1),
      "manager \"m\" has no setting \"cuont\" (did you mean \"count\"?); it takes flag, "
      "count, ratio, path, token and plain");
  assert_one_refused("colour", sheaf_int64(1), "has no setting \"colour\"; it takes flag");
  assert_one_refused("", sheaf_int64(1), "has no setting \"\"; it takes");
  sheaf_setting twice[] = {setting("count", text("1")), setting("count", text("1"))};
  assert_refused(twice, 2, "setting \"count\" of manager \"m\" is given twice");
  assert_refused(NULL, 0,
                 "manager \"m\" needs the setting \"path\", which is not given; it is a "
                 "string: Where it lies.");
  assert_refused(NULL, 3, "3 settings at NULL");
}

static void none_is_as_if_not_given(void **state) {
  (void)state;
  assert_int_equal(take(COUNT, sheaf_none()).u.integer, -5);
  sheaf_setting path = setting("path", sheaf_none());
  assert_refused(&path, 1, "needs the setting \"path\"");
}

static void a_secret_is_not_shown(void **state) {
  sheaf_setting all[] = {setting("path", text("p")), setting("token", text("hunter2"))};
  sheaf_value *values;
  sheaf_error error;
  (void)state;
  assert_int_equal(sheaf_settings_resolve("manager", &factory, all, 2, &values, &error),
                   SHEAF_INVALID_ARGUMENT);
  assert_has(error.message, "setting \"token\"");
  assert_has_not(error.message, "hunter2");
}

static void a_factory_without_settings(void **state) {
  sheaf_factory bare = {.struct_size = sizeof bare, .id = "bare", .create = small_create};
  sheaf_setting one = setting("x", text("y"));
  sheaf_value *values = NULL;
  sheaf_error error;
  (void)state;
  assert_int_equal(sheaf_settings_resolve("manager", &bare, NULL, 0, &values, NULL), SHEAF_OK);
  free(values);
  assert_int_equal(sheaf_settings_resolve("manager", &bare, &one, 1, &values, &error),
                   SHEAF_INVALID_ARGUMENT);
  assert_has(error.message, "has no setting \"x\": it takes none");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(bools),
      cmocka_unit_test(integers),
      cmocka_unit_test(doubles),
      cmocka_unit_test(the_locale_is_no_matter),
      cmocka_unit_test(strings),
      cmocka_unit_test(wrong_names),
      cmocka_unit_test(none_is_as_if_not_given),
      cmocka_unit_test(a_secret_is_not_shown),
      cmocka_unit_test(a_factory_without_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
