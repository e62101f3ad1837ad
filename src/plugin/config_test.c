/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "plugin/config_read.h"

#include "plugin/testing.h"

static sheaf_config *load(const scene *s, const char *text) {
  sheaf_error error = {0};
  sheaf_config *config = sheaf_config_load(scene_write(s, "c.json", text), &error);
  if (!config) fail_msg("%s: %s", text, error.message);
  return config;
}

static void assert_refused(const scene *s, const char *text, const char *message) {
  sheaf_error error = {0};
  const char *path = scene_write(s, "c.json", text);
  assert_null(sheaf_config_load(path, &error));
  assert_int_equal(error.status, SHEAF_INVALID_CONFIG);
  assert_has(error.message, message);
  assert_true(strncmp(error.message, path, strlen(path)) == 0);
  assert_null(sheaf_config_load(path, NULL));
}

static void a_whole_one(void **state) {
  scene *s = *state;
  uint32_t count = 0;
  sheaf_config *c =
      load(s, "{\"manager\": \"bal\",\n"
              "\"settings\": {\"library_path\": \"${config_dir}/library.json\", \"n\": -7,"
              " \"r\": 1.5, \"yes\": true, \"no\": false, \"none\": null, \"e\": \"\"},\n"
              "\"plugin_paths\": [\"/abs\", \"rel/x\", \"${config_dir}/y\"]}");
  assert_string_equal(sheaf_config_path(c), scene_path(s, "c.json"));
  assert_string_equal(sheaf_config_manager(c), "bal");
  const sheaf_setting *settings = sheaf_config_settings(c, &count);
  assert_int_equal(count, 6);
  assert_true(sheaf_str_equal(settings[0].name, sheaf_cstr("library_path")));
  assert_true(sheaf_str_equal(sheaf_value_str(&settings[0].value),
                              sheaf_cstr(scene_path(s, "library.json"))));
  assert_int_equal(settings[1].value.kind, SHEAF_KIND_INT64);
  assert_int_equal(settings[1].value.u.integer, -7);
  assert_true(settings[2].value.u.real == 1.5);
  assert_int_equal(settings[3].value.kind, SHEAF_KIND_BOOL);
  assert_int_equal(settings[3].value.u.integer, 1);
  assert_int_equal(settings[4].value.u.integer, 0);
  assert_int_equal(settings[5].value.kind, SHEAF_KIND_STRING);
  assert_int_equal(settings[5].value.length, 0);
  const char *const *paths = sheaf_config_plugin_paths(c, &count);
  assert_int_equal(count, 3);
  assert_string_equal(paths[0], "/abs");
  assert_string_equal(paths[1], scene_path(s, "rel/x"));
  assert_string_equal(paths[2], scene_path(s, "y"));
  sheaf_config_free(c);
}

static void an_empty_one(void **state) {
  uint32_t count = 9;
  sheaf_config *c = load(*state, "{}");
  assert_null(sheaf_config_manager(c));
  sheaf_config_settings(c, &count);
  assert_int_equal(count, 0);
  count = 9;
  sheaf_config_plugin_paths(c, &count);
  assert_int_equal(count, 0);
  sheaf_config_free(c);
  sheaf_config_free(load(*state, "{\"settings\": {}, \"plugin_paths\": []}"));
  assert_null(sheaf_config_settings(NULL, NULL));
  sheaf_config_free(NULL);
}

static void assert_expands(const scene *s, const char *text, const char *expected) {
  char json[512];
  snprintf(json, sizeof json, "{\"settings\": {\"a\": \"%s\"}}", text);
  sheaf_config *c = load(s, json);
  const sheaf_setting *settings = sheaf_config_settings(c, NULL);
  sheaf_str got = sheaf_value_str(&settings[0].value);
  if (!sheaf_str_equal(got, sheaf_cstr(expected)))
    fail_msg("%s: %.*s instead of %s", text, (int)got.size, got.data, expected);
  sheaf_config_free(c);
}

static void variables(void **state) {
  scene *s = *state;
  char twice[2 * PATH_MAX + 2];
  snprintf(twice, sizeof twice, "%s:%s", s->root, s->root);
  assert_expands(s, "${config_dir}:${config_dir}", twice);
  assert_expands(s, "a$$b", "a$b");
  assert_expands(s, "$$", "$");
  assert_expands(s, "$${config_dir}", "${config_dir}");
  assert_refused(
      s, "{\"settings\": {\"a\": \"x${HOME}y\"}}",
      "the setting \"a\" has an unknown variable, \"${HOME}\": ${config_dir} is the only");
  assert_refused(s, "{\"settings\": {\"a\": \"${config_dir\"}}", "has a \"${\" without its \"}\"");
  assert_refused(s, "{\"settings\": {\"a\": \"${}\"}}", "unknown variable, \"${}\"");
  assert_refused(s, "{\"settings\": {\"a\": \"$HOME\"}}", "a dollar sign by itself");
  assert_refused(s, "{\"settings\": {\"a\": \"5$\"}}", "a dollar sign by itself");
  assert_refused(s, "{\"manager\": \"${x}\"}", "\"manager\" has an unknown variable");
  assert_refused(s, "{\"plugin_paths\": [\"a\", \"${x}\"]}", "\"plugin_paths\"[1] has an unknown");
}

static void numbers(void **state) {
  scene *s = *state;
  sheaf_config *c = load(s, "{\"settings\": {\"a\": 9007199254740991, \"b\": -9007199254740991, "
                            "\"c\": 1e3, \"d\": 2.0, \"e\": 1e-3}}");
  const sheaf_setting *settings = sheaf_config_settings(c, NULL);
  assert_true(settings[0].value.u.integer == 9007199254740991);
  assert_true(settings[1].value.u.integer == -9007199254740991);
  assert_int_equal(settings[2].value.u.integer, 1000);
  assert_int_equal(settings[3].value.kind, SHEAF_KIND_INT64);
  assert_int_equal(settings[4].value.kind, SHEAF_KIND_DOUBLE);
  sheaf_config_free(c);
  static const char *const large[] = {"9007199254740992", "9007199254740993", "-9007199254740993",
                                      "9223372036854775807", "1e300"};
  for (size_t i = 0; i < 5; i++) {
    char text[128];
    snprintf(text, sizeof text, "{\"settings\": {\"a\": %s}}", large[i]);
    assert_refused(s, text,
                   "the setting \"a\" is a number of 2^53 or more, which would lose digits: "
                   "write it as a string");
  }
  assert_refused(s, "{\"settings\": {\"a\": 1e999}}", "too large for a double");
}

static void wrong_members(void **state) {
  scene *s = *state;
  assert_refused(s, "{\"mananger\": \"x\"}",
                 "unknown member \"mananger\" (did you mean \"manager\"?); a configuration has");
  assert_refused(s, "{\"colour\": 1}",
                 "unknown member \"colour\"; a configuration has \"manager\", "
                 "\"settings\", \"stages\" and \"plugin_paths\"");
  assert_refused(s, "{\"manager\": 1}", "\"manager\" must be a string, and this is a number");
  assert_refused(s, "{\"manager\": null}", "\"manager\" must be a string, and this is null");
  assert_refused(s, "{\"manager\": \"\"}", "\"manager\" is empty");
  assert_refused(s, "{\"manager\": \"a\", \"manager\": \"a\"}", "\"manager\" is there twice");
  assert_refused(s, "{\"settings\": []}", "\"settings\" must be an object, and this is an array");
  assert_refused(s, "{\"settings\": {\"a\": 1, \"a\": 2}}", "\"a\" of \"settings\" is there twice");
  assert_refused(s, "{\"settings\": {\"a\": []}}",
                 "must be a string, a number, true or false, and "
                 "this is an array");
  assert_refused(s, "{\"settings\": {\"a\": {}}}", "this is an object");
  assert_refused(s, "{\"plugin_paths\": \"x\"}", "\"plugin_paths\" must be an array of strings");
  assert_refused(s, "{\"plugin_paths\": [1]}", "\"plugin_paths\"[0] must be a string");
  assert_refused(s, "{\"plugin_paths\": [\"\"]}", "\"plugin_paths\"[0] is empty");
  assert_refused(s, "[]", "a configuration must be an object");
  assert_refused(s, "{\n \"manager\": \"a\\u0000\"}", "c.json:2:15: \\u0000");
}

static void cut_at_every_byte(void **state) {
  scene *s = *state;
  static const char text[] =
      "{\"manager\": \"bal\",\n \"settings\": {\"a\": true, \"b\": -1.5e3},\n"
      " \"plugin_paths\": [\"${config_dir}\"]}";
  for (size_t size = 0; size < sizeof text - 1; size++) {
    sheaf_error error = {0};
    const char *path = scene_write_bytes(s, "c.json", text, size);
    assert_null(sheaf_config_load(path, &error));
    assert_int_equal(error.status, SHEAF_INVALID_CONFIG);
    int line = 0, column = 0;
    assert_int_equal(sscanf(error.message + strlen(path), ":%d:%d:", &line, &column), 2);
    assert_true(line >= 1 && line <= 3 && column >= 1);
  }
}

static void caps(void **state) {
  scene *s = *state;
  char deep[64] = "{\"settings\": ";
  for (int i = 0; i < 16; i++) strcat(deep, "[");
  assert_refused(s, deep, "nested too deep");
  char *text = malloc(SHEAF_CONFIG_MAX_BYTES + 2);
  memset(text, ' ', SHEAF_CONFIG_MAX_BYTES + 1);
  memcpy(text, "{}", 2);
  text[SHEAF_CONFIG_MAX_BYTES + 1] = '\0';
  assert_refused(s, text, "too large: a configuration has at most 1048576 bytes");
  free(text);
}

static void where_it_is_found(void **state) {
  scene *s = *state;
  sheaf_error error = {0};
  assert_int_equal(chdir(s->root), 0);
  sheaf_config *c = sheaf_config_load(NULL, &error);
  assert_non_null(c); /* none: that is fine */
  assert_null(sheaf_config_path(c));
  sheaf_config_free(c);
  scene_write(s, "sheaf.json", "{\"manager\": \"here\"}");
  c = sheaf_config_load(NULL, &error);
  assert_string_equal(sheaf_config_manager(c), "here");
  assert_string_equal(sheaf_config_path(c), scene_path(s, "sheaf.json"));
  sheaf_config_free(c);
  setenv("SHEAF_CONFIG", scene_write(s, "other.json", "{\"manager\": \"there\"}"), 1);
  c = sheaf_config_load(NULL, &error);
  assert_string_equal(sheaf_config_manager(c), "there");
  sheaf_config_free(c);
  setenv("SHEAF_CONFIG", scene_path(s, "gone.json"), 1);
  assert_null(sheaf_config_load(NULL, &error));
  assert_int_equal(error.status, SHEAF_IO_ERROR);
  assert_has(error.message, "gone.json: cannot be read: No such file or directory ($SHEAF_CONFIG "
                            "names it): correct the path");
  setenv("SHEAF_CONFIG", scene_path(s, "no/such/gone.json"), 1);
  assert_null(sheaf_config_load(NULL, &error));
  assert_int_equal(error.status, SHEAF_IO_ERROR);
  setenv("SHEAF_CONFIG", "", 1);
  c = sheaf_config_load(NULL, &error);
  assert_string_equal(sheaf_config_manager(c), "here");
  sheaf_config_free(c);
  assert_null(sheaf_config_load("", &error));
  assert_null(sheaf_config_load(s->root, &error));
  assert_int_equal(error.status, SHEAF_INVALID_CONFIG);
  assert_has(error.message, "not a regular file");
}

/* What a linked file names is relative to where it is seen; the folders on the way are resolved. */
static void links(void **state) {
  scene *s = *state;
  scene_folder(s, "real");
  scene_write(s, "real/c.json", "{\"plugin_paths\": [\"p\"], \"manager\": \"m/x.so\"}");
  scene_link(s, "real/c.json", "seen.json");
  scene_link(s, "real", "folder");
  sheaf_config *c = sheaf_config_load(scene_path(s, "seen.json"), NULL);
  assert_string_equal(sheaf_config_plugin_paths(c, NULL)[0], scene_path(s, "p"));
  assert_string_equal(sheaf_config_manager(c), scene_path(s, "m/x.so"));
  sheaf_config_free(c);
  c = sheaf_config_load(scene_path(s, "folder/c.json"), NULL);
  assert_string_equal(sheaf_config_path(c), scene_path(s, "real/c.json"));
  sheaf_config_free(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SCENE_TEST(a_whole_one), SCENE_TEST(an_empty_one),      SCENE_TEST(variables),
      SCENE_TEST(numbers),     SCENE_TEST(wrong_members),     SCENE_TEST(cut_at_every_byte),
      SCENE_TEST(caps),        SCENE_TEST(where_it_is_found), SCENE_TEST(links),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
