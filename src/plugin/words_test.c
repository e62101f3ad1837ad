/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "plugin/words.h"

#include "plugin/testing.h"

static void foreign_text_is_made_fit(void **state) {
  char longer[200];
  (void)state;
  assert_string_equal(sheaf_quote(sheaf_cstr("a b")).text, "\"a b\"");
  assert_string_equal(sheaf_quote(sheaf_strn(NULL, 0)).text, "\"\"");
  assert_string_equal(sheaf_quote(sheaf_strn("a\0\x1b\xff"
                                             "b",
                                             5))
                          .text,
                      "\"a???b\"");
  assert_string_equal(sheaf_quote(sheaf_cstr("\xc3\xa4")).text, "\"\xc3\xa4\"");
  memset(longer, 'x', sizeof longer);
  sheaf_quoted q = sheaf_quote(sheaf_strn(longer, sizeof longer));
  assert_has(q.text, "xxx\"...");
  assert_true(strlen(q.text) < 90);
  for (size_t i = 0; i + 1 < sizeof longer; i += 2) memcpy(longer + i, "\xc3\xa4", 2);
  q = sheaf_quote(sheaf_strn(longer, sizeof longer));
  assert_has(q.text, "\xc3\xa4\"...");
}

static void the_nearest_name(void **state) {
  static const char *const names[] = {"library_path", "library_json", "x"};
  (void)state;
  static const char *const wanted[][2] = {{"libary_path", " (did you mean \"library_path\"?)"},
                                          {"LIBRARY_JSON", " (did you mean \"library_json\"?)"},
                                          {"colour", ""},
                                          {"y", ""},
                                          {"", ""}};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
    assert_string_equal(sheaf_did_you_mean(sheaf_cstr(wanted[i][0]), names, 3).text, wanted[i][1]);
  assert_string_equal(sheaf_did_you_mean(sheaf_cstr("a"), names, 0).text, "");
}

static void files_come_first(void **state) {
  sheaf_error error;
  char path[3000];
  (void)state;
  sheaf_error_set(&error, SHEAF_IO_ERROR, "is gone");
  sheaf_error_in_file(&error, "/a");
  assert_string_equal(error.message, "/a: is gone");
  sheaf_error_set(&error, SHEAF_IO_ERROR, "3:14: no");
  sheaf_error_in_file(&error, "/a");
  assert_string_equal(error.message, "/a:3:14: no");
  assert_int_equal(error.status, SHEAF_IO_ERROR);
  memset(path, 'x', sizeof path);
  memcpy(path + sizeof path - 5, "/end", 5);
  sheaf_error_set(&error, SHEAF_IO_ERROR, "is gone: look for it");
  sheaf_error_in_file(&error, path);
  assert_has(error.message, "/end: is gone: look for it");
  sheaf_error_set(&error, SHEAF_IO_ERROR, "\xc3\xa4 is gone");
  sheaf_error_in_file(&error, "/\xff\xe2\x82_\xc3\xa4");
  assert_string_equal(error.message, "/???_\xc3\xa4: \xc3\xa4 is gone");
  memset(path, 'x', sizeof path);
  memcpy(path + sizeof path - 1002, "\xc3\xa4", 3); /* the cut falls between the two bytes */
  path[sizeof path - 1000] = 'x', path[sizeof path - 1] = '\0';
  sheaf_error_in_file(&error, path);
  assert_has(error.message, "...?xxx");
  sheaf_error_in_file(NULL, "/a");
}

static void ids(void **state) {
  char longest[66];
  (void)state;
  assert_true(sheaf_is_id("bal"));
  assert_true(sheaf_is_id("a.b-c_9"));
  assert_false(sheaf_is_id(""));
  assert_false(sheaf_is_id("Bal"));
  assert_false(sheaf_is_id("a/b"));
  assert_false(sheaf_is_id("\xc3\xa4"));
  memset(longest, 'a', sizeof longest);
  longest[64] = '\0';
  assert_true(sheaf_is_id(longest));
  longest[64] = 'a';
  longest[65] = '\0';
  assert_false(sheaf_is_id(longest));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(foreign_text_is_made_fit),
      cmocka_unit_test(the_nearest_name),
      cmocka_unit_test(files_come_first),
      cmocka_unit_test(ids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
