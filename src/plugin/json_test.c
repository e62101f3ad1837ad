/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "plugin/json.h"

#include "plugin/testing.h"

static const sheaf_json_rules rules = {4096, 16, SHEAF_INVALID_MANIFEST, "a thing"};

static void assert_right(const char *text) {
  sheaf_error error = {0};
  if (sheaf_json_scan(text, strlen(text), &rules, &error)) fail_msg("%s: %s", text, error.message);
}

static void assert_wrong(const char *text, const char *message) {
  sheaf_error error = {0};
  assert_int_equal(sheaf_json_scan(text, strlen(text), &rules, &error), SHEAF_INVALID_MANIFEST);
  assert_int_equal(error.status, SHEAF_INVALID_MANIFEST);
  if (!strstr(error.message, message)) fail_msg("%s: %s", text, error.message);
}

static void right_json_passes(void **state) {
  (void)state;
  assert_right("{}");
  assert_right(" \n\t\r{ \"a\" : [ 1 , -0, 0.5e+3, 1E-2, true, false, null, \"\", {} , [] ] } ");
  assert_right("\xef\xbb\xbf{}");
  assert_right(
      "{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\uDE00\": \"\xc3\xa4\xf0\x9f\x98\x80\"}");
  assert_right("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
}

static void wrong_json_is_placed(void **state) {
  (void)state;
  assert_wrong("", "1:1: the file is empty");
  assert_wrong(" \n ", "2:2: the file is empty");
  assert_wrong("{\n  \"a\": 1\n  \"b\": 2}", "3:3: ',' or '}' is missing");
  assert_wrong("{\"\xc3\xa4\": x}", "1:7: a value is missing");
  assert_wrong("{\"a\" 1}", "1:6: ':' is missing");
  assert_wrong("{\"a\": 1,}", "1:9: a member's name is missing");
  assert_wrong("{a: 1}", "1:2: a member's name is missing");
  assert_wrong("[1 2]", "1:4: ',' or ']' is missing");
  assert_wrong("[1,]", "1:4: a value is missing");
  assert_wrong("{} {}", "1:4: something follows");
  assert_wrong("[01]", "1:2: a number has no leading zero");
  assert_wrong("[1.]", "1:4: a digit is missing");
  assert_wrong("[-]", "1:3: a digit is missing");
  assert_wrong("[1e]", "1:4: a digit is missing");
  assert_wrong("[+1]", "1:2: a value is missing");
  assert_wrong("[NaN]", "1:2: a value is missing");
  assert_wrong("[truth]", "1:2: a value is missing");
  assert_wrong("[\"a\nb\"]", "1:4: a control character");
  assert_wrong("[\"\\x\"]", "1:3: no such escape");
  assert_wrong("[\"\\u12g4\"]", "1:7: \\u takes four");
  assert_wrong("[\"\\u0000\"]", "1:3: \\u0000");
  assert_wrong("[\"\\ud800\"]", "1:3: half of a surrogate pair");
  assert_wrong("[\"\\ud800\\n\"]", "1:3: half of a surrogate pair");
  assert_wrong("[\"\\ud800\\u0041\"]", "1:3: half of a surrogate pair");
  assert_wrong("[\"\\udc00\"]", "1:3: half of a surrogate pair");
  assert_wrong("[\"\xff\"]", "1:3: not UTF-8");
  assert_wrong("[\"\xed\xa0\x80\"]", "1:3: not UTF-8");
  assert_wrong("[\"\xc0\x80\"]", "1:3: not UTF-8");
  assert_wrong("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "1:17: nested too deep: at most 16 levels");
  assert_wrong("[1234567890123456789012345678901234567890123456789012345678901234567890]",
               "1:2: a number of more than 62 characters");
}

static void bytes_of_nul_are_no_end(void **state) {
  (void)state;
  sheaf_error error;
  assert_int_equal(sheaf_json_scan("{}\0{}", 5, &rules, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "1:3: something follows");
  assert_int_equal(sheaf_json_scan("[\"a\0b\"]", 7, &rules, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "1:4: a control character");
  assert_int_equal(sheaf_json_scan("[tru\0]", 6, &rules, &error), SHEAF_INVALID_MANIFEST);
}

/* Cut anywhere, it is an error that says so; from exact memory, for ASan to watch its end. */
static void every_truncation_is_told(void **state) {
  static const char text[] =
      "{\"a\":[true,-1.5e3,\"\\u00e4\\ud83d\\ude00\xc3\xa4\",null],\"b\":{}}";
  (void)state;
  for (size_t size = 0; size < sizeof text - 1; size++) {
    sheaf_error error = {0};
    char *cut = malloc(size + 1);
    memcpy(cut, text, size);
    char *exact = realloc(cut, size ? size : 1);
    assert_int_equal(sheaf_json_scan(exact, size, &rules, &error), SHEAF_INVALID_MANIFEST);
    assert_true(strncmp(error.message, "1:", 2) == 0);
    if (!strstr(error.message, "the file ends") && !strstr(error.message, "is empty") &&
        !strstr(error.message, "not UTF-8"))
      fail_msg("%.*s: %s", (int)size, text, error.message);
    free(exact);
  }
}

static void files_that_cannot_be_read(void **state) {
  scene *s = *state;
  sheaf_error error;
  cJSON *tree;
  assert_int_equal(sheaf_json_read(scene_path(s, "none"), &rules, &tree, &error), SHEAF_IO_ERROR);
  assert_has(error.message, "cannot be read: No such file");
  assert_int_equal(sheaf_json_read(s->root, &rules, &tree, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "not a regular file: a thing must be one");
  const char *pipe = scene_path(s, "pipe");
  assert_int_equal(mkfifo(pipe, 0600), 0);
  assert_int_equal(sheaf_json_read(pipe, &rules, &tree, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "not a regular file");
  const char *list = scene_write(s, "list", "[1]");
  assert_int_equal(sheaf_json_read(list, &rules, &tree, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "must be an object, {...}, and this is an array");
  assert_null(tree);
}

static void the_size_is_capped(void **state) {
  scene *s = *state;
  sheaf_error error;
  cJSON *tree;
  char text[4097];
  memset(text, ' ', sizeof text);
  memcpy(text, "{}", 2);
  const char *most = scene_write_bytes(s, "most", text, 4096);
  assert_int_equal(sheaf_json_read(most, &rules, &tree, &error), SHEAF_OK);
  cJSON_Delete(tree);
  const char *more = scene_write_bytes(s, "more", text, 4097);
  assert_int_equal(sheaf_json_read(more, &rules, &tree, &error), SHEAF_INVALID_MANIFEST);
  assert_has(error.message, "too large: a thing has at most 4096 bytes");
}

static void a_mark_at_the_beginning_is_fine(void **state) {
  scene *s = *state;
  cJSON *tree;
  const char *marked = scene_write(s, "marked", "\xef\xbb\xbf{}");
  assert_int_equal(sheaf_json_read(marked, &rules, &tree, NULL), SHEAF_OK);
  cJSON_Delete(tree);
}

static void duplicates_are_found(void **state) {
  bool failed = false;
  (void)state;
  cJSON *tree = cJSON_Parse("{\"a\":1,\"c\":2,\"b\":3,\"c\":4}");
  assert_string_equal(sheaf_json_duplicate(tree, &failed), "c");
  cJSON_Delete(tree);
  tree = cJSON_Parse("{\"a\":1,\"A\":2}");
  assert_null(sheaf_json_duplicate(tree, &failed));
  cJSON_Delete(tree);
  assert_false(failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(right_json_passes),         cmocka_unit_test(wrong_json_is_placed),
      cmocka_unit_test(bytes_of_nul_are_no_end),   cmocka_unit_test(every_truncation_is_told),
      SCENE_TEST(files_that_cannot_be_read),       SCENE_TEST(the_size_is_capped),
      SCENE_TEST(a_mark_at_the_beginning_is_fine), cmocka_unit_test(duplicates_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
