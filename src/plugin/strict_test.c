/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* nftw */
#include "plugin/strict.h"

#include "plugin/testing.h"

static void what_only_we_can_write_is_fine(void **state) {
  const scene *s = *state;
  sheaf_error error = {0};
  const char *file = scene_write(s, "mine", "x");
  assert_int_equal(sheaf_strict_check(file, &error), SHEAF_OK);
  assert_int_equal(sheaf_strict_check("/", &error), SHEAF_OK);
}

static void what_others_can_write_is_refused(void **state) {
  static const mode_t modes[] = {0664, 0646, 0666};
  const scene *s = *state;
  const char *file = scene_write(s, "open", "x");
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    sheaf_error error = {0};
    assert_int_equal(chmod(file, modes[i]), 0);
    assert_int_equal(sheaf_strict_check(file, &error), SHEAF_PLUGIN_ERROR);
    assert_non_null(strstr(error.message, "strict mode"));
    assert_non_null(strstr(error.message, file));
    assert_non_null(strstr(error.message, "chmod go-w"));
  }
}

static void the_folders_above_count_too(void **state) {
  const scene *s = *state;
  sheaf_error error = {0};
  const char *outer = scene_folder(s, "outer");
  scene_folder(s, "outer/inner");
  const char *file = scene_write(s, "outer/inner/file", "x");
  assert_int_equal(sheaf_strict_check(file, &error), SHEAF_OK);
  assert_int_equal(chmod(outer, 0777), 0);
  assert_int_equal(sheaf_strict_check(file, &error), SHEAF_PLUGIN_ERROR);
  assert_non_null(strstr(error.message, "outer can be written by others"));
  scene_link(s, "outer/inner/file", "link");
  assert_int_equal(sheaf_strict_check(scene_path(s, "link"), &error), SHEAF_PLUGIN_ERROR);
}

static void what_is_not_there_is_refused(void **state) {
  sheaf_error error = {0};
  assert_int_equal(sheaf_strict_check(scene_path(*state, "nothing"), &error), SHEAF_PLUGIN_ERROR);
  assert_non_null(strstr(error.message, "No such file"));
}

/* The state of the one plugin that a library in this mode finds. */
static uint32_t state_in(const scene *s, uint32_t flags, char *reason, size_t size) {
  const char *paths[] = {s->root};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.flags = flags;
  options.log_level = SHEAF_LOG_NONE;
  options.plugin_paths = paths;
  options.plugin_path_count = 1;
  sheaf_library *library = sheaf_library_new(&options, NULL);
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, NULL);
  const sheaf_plugin_info *info = sheaf_plugin_list_at(list, 0);
  assert_non_null(info);
  uint32_t state = info->state;
  snprintf(reason, size, "%s", info->reason ? info->reason : "");
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
  return state;
}

static void a_library_in_strict_mode_refuses(void **state) {
  const scene *s = *state;
  char reason[1024];
  const char *manifest = scene_plugin(s, ".", "one", "one");
  assert_int_equal(state_in(s, SHEAF_LIBRARY_STRICT, reason, sizeof reason),
                   SHEAF_PLUGIN_AVAILABLE);
  assert_int_equal(chmod(manifest, 0666), 0);
  assert_int_equal(state_in(s, 0, reason, sizeof reason), SHEAF_PLUGIN_AVAILABLE);
  assert_int_equal(state_in(s, SHEAF_LIBRARY_STRICT, reason, sizeof reason), SHEAF_PLUGIN_REFUSED);
  assert_non_null(strstr(reason, "can be written by others"));
  assert_int_equal(chmod(manifest, 0644), 0);
  assert_int_equal(chmod(s->root, 0777), 0);
  assert_int_equal(state_in(s, SHEAF_LIBRARY_STRICT, reason, sizeof reason), SHEAF_PLUGIN_REFUSED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SCENE_TEST(what_only_we_can_write_is_fine), SCENE_TEST(what_others_can_write_is_refused),
      SCENE_TEST(the_folders_above_count_too), SCENE_TEST(what_is_not_there_is_refused),
      SCENE_TEST(a_library_in_strict_mode_refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
