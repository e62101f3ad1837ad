/* SPDX-License-Identifier: Apache-2.0 */
/* The search: places, order, shadowing, refusals. Nothing is loaded. */
#define _GNU_SOURCE
#include "plugin/list.h"

#include "plugin/testing.h"

/* What a search for plugins gives; the last row with the id. */
static const sheaf_plugin_info *row_of(const sheaf_plugin_list *list, const char *manifest) {
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (info->manifest && strcmp(info->manifest, manifest) == 0) return info;
  }
  fail_msg("no row for %s", manifest);
  return NULL;
}

static const sheaf_search_place *place_of(const sheaf_plugin_list *list, const char *path) {
  for (uint32_t i = 0; i < sheaf_plugin_list_place_count(list); i++) {
    const sheaf_search_place *place = sheaf_plugin_list_place_at(list, i);
    if (strcmp(place->path, path) == 0) return place;
  }
  fail_msg("no place %s", path);
  return NULL;
}

static sheaf_plugin_list *search(sheaf_library *library) {
  sheaf_error error;
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, &error);
  assert_non_null(list);
  return list;
}

static void all_places_in_order(void **state) {
  scene *s = *state;
  static const uint32_t origins[] = {
      SHEAF_ORIGIN_API,  SHEAF_ORIGIN_ENVIRONMENT, SHEAF_ORIGIN_PACKAGE, SHEAF_ORIGIN_CONFIG,
      SHEAF_ORIGIN_USER, SHEAF_ORIGIN_SYSTEM,      SHEAF_ORIGIN_SYSTEM,  SHEAF_ORIGIN_BESIDE};
  sheaf_error error = {0};
  const char *api = scene_folder(s, "api");
  const char *package = scene_folder(s, "package");
  setenv("SHEAF_PLUGIN_PATH", scene_folder(s, "env"), 1);
  const char *file = scene_write(s, "sheaf.json", "{\"plugin_paths\": [\"conf\"]}");
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.plugin_paths = &api;
  options.plugin_path_count = 1;
  options.package_paths = &package;
  options.package_path_count = 1;
  sheaf_config *config = sheaf_config_load(file, &error);
  options.config = config;
  sheaf_library *library = sheaf_library_new(&options, &error);
  sheaf_plugin_list *list = search(library);
  for (uint32_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
    assert_int_equal(sheaf_plugin_list_place_at(list, i)->origin, origins[i]);
  assert_string_equal(sheaf_plugin_list_place_at(list, 0)->path, api);
  assert_null(sheaf_plugin_list_place_at(list, 0)->reason);
  assert_string_equal(sheaf_plugin_list_place_at(list, 3)->path, scene_path(s, "conf"));
  assert_string_equal(sheaf_plugin_list_place_at(list, 3)->reason, "no such folder");
  assert_string_equal(sheaf_plugin_list_place_at(list, 4)->path,
                      scene_path(s, ".local/share/sheaf/plugins"));
  assert_string_equal(sheaf_plugin_list_place_at(list, 5)->path, "/usr/local/lib/sheaf/plugins");
  assert_has(sheaf_plugin_list_place_at(list, 7)->path, "/sheaf/plugins");
  assert_int_equal(sheaf_plugin_list_place_at(list, 0)->struct_size, sizeof(sheaf_search_place));
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
  sheaf_config_free(config);
}

static void sorted_and_shadowed(void **state) {
  scene *s = *state;
  const char *paths[] = {scene_folder(s, "one"), scene_folder(s, "two")};
  scene_plugin(s, "two", "aaa", "bal");
  scene_plugin(s, "one", "c", "c");
  scene_plugin(s, "one", "a", "bal");
  scene_plugin(s, "one", "b", "bal");
  scene_write(s, "one/notes.txt", "");
  scene_write(s, "one/.#a.sheaf.json", "an editor's");
  sheaf_library *library = scene_library(s, paths, 2);
  sheaf_plugin_list *list = search(library);
  static const char *const order[] = {"one/a", "one/b", "one/c", "two/aaa"};
  for (uint32_t i = 0; i < 4; i++) {
    char manifest[64];
    snprintf(manifest, sizeof manifest, "%s.sheaf.json", order[i]);
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    assert_string_equal(info->manifest, scene_path(s, manifest));
    bool shadowed = i == 1 || i == 3;
    assert_int_equal(info->state, shadowed ? SHEAF_PLUGIN_SHADOWED : SHEAF_PLUGIN_AVAILABLE);
    if (shadowed) {
      assert_has(info->reason, "shadowed by ");
      assert_has(info->reason, "one/a.sheaf.json, which was found first");
    }
  }
  const sheaf_plugin_info *first = sheaf_plugin_list_at(list, 0);
  assert_string_equal(first->id, "bal");
  assert_string_equal(first->name, "The bal");
  assert_string_equal(first->version, "1.2");
  assert_string_equal(first->library, scene_path(s, "one/a.so"));
  assert_null(first->reason);
  assert_int_equal(first->origin, SHEAF_ORIGIN_API);
  assert_int_equal(sheaf_plugin_list_place_at(list, 0)->plugin_count, 3);
  assert_int_equal(sheaf_plugin_list_place_at(list, 1)->plugin_count, 1);
  assert_null(sheaf_plugin_list_at(list, sheaf_plugin_list_count(list)));
  assert_null(sheaf_plugin_list_place_at(list, 1000));
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void a_bad_one_ends_nothing(void **state) {
  scene *s = *state;
  const char *paths[] = {scene_path(s, "none"), scene_folder(s, "one"), scene_folder(s, "two")};
  scene_write(s, "one/bal.sheaf.json", "{\"sheaf");
  scene_plugin(s, "two", "bal", "bal");
  sheaf_library *library = scene_library(s, paths, 3);
  sheaf_plugin_list *list = search(library);
  const sheaf_plugin_info *bad = row_of(list, scene_path(s, "one/bal.sheaf.json"));
  assert_int_equal(bad->state, SHEAF_PLUGIN_REFUSED);
  assert_has(bad->reason, "1:8: the file ends");
  assert_null(bad->id);
  /* The refused one does not shadow. */
  const sheaf_plugin_info *good = row_of(list, scene_path(s, "two/bal.sheaf.json"));
  assert_int_equal(good->state, SHEAF_PLUGIN_AVAILABLE);
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void places_that_cannot_be(void **state) {
  scene *s = *state;
  scene_link(s, "round", "round");
  const char *paths[] = {scene_path(s, "round"), scene_write(s, "file", ""),
                         scene_folder(s, "closed"), "/proc/self/mem/x"};
  chmod(paths[2], 0);
  sheaf_library *library = scene_library(s, paths, 4);
  sheaf_plugin_list *list = search(library);
  assert_has(place_of(list, paths[0])->reason, "Too many levels of symbolic links");
  assert_has(place_of(list, paths[1])->reason, "not a folder, nor a manifest (NAME.sheaf.json)");
  if (geteuid() != 0)
    assert_has(place_of(list, paths[2])->reason, "cannot be read: Permission denied");
  assert_has(place_of(list, paths[3])->reason, "Not a directory");
  chmod(paths[2], 0755);
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void the_environment_is_split(void **state) {
  scene *s = *state;
  char variable[3 * PATH_MAX];
  scene_folder(s, "a");
  scene_folder(s, "b");
  scene_plugin(s, "b", "x", "x");
  snprintf(variable, sizeof variable, "::%s/a/:./relative::%s/b:plugins:", s->root, s->root);
  setenv("SHEAF_PLUGIN_PATH", variable, 1);
  /* What is relative would be found, were it looked for. */
  assert_int_equal(chdir(s->root), 0);
  scene_folder(s, "plugins");
  scene_plugin(s, "plugins", "y", "y");
  sheaf_library *library = scene_library(s, NULL, 0);
  sheaf_plugin_list *list = search(library);
  assert_string_equal(sheaf_plugin_list_place_at(list, 0)->path, scene_path(s, "a/"));
  assert_string_equal(sheaf_plugin_list_place_at(list, 1)->path, "./relative");
  assert_has(sheaf_plugin_list_place_at(list, 1)->reason, "the working folder is never searched");
  assert_null(sheaf_plugin_list_place_at(list, 2)->reason);
  assert_string_equal(sheaf_plugin_list_place_at(list, 3)->path, "plugins");
  assert_has(sheaf_plugin_list_place_at(list, 3)->reason, "a relative path");
  assert_int_equal(sheaf_plugin_list_place_at(list, 4)->origin, SHEAF_ORIGIN_USER);
  assert_string_equal(sheaf_plugin_list_at(list, 0)->id, "x");
  assert_int_equal(sheaf_plugin_list_at(list, 0)->origin, SHEAF_ORIGIN_ENVIRONMENT);
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++)
    assert_string_not_equal(sheaf_plugin_list_at(list, i)->id, "y");
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void the_user_has_a_folder(void **state) {
  scene *s = *state;
  sheaf_library *library = scene_library(s, NULL, 0);
  setenv("XDG_DATA_HOME", scene_path(s, "data"), 1);
  sheaf_plugin_list *list = search(library);
  assert_string_equal(sheaf_plugin_list_place_at(list, 0)->path,
                      scene_path(s, "data/sheaf/plugins"));
  sheaf_plugin_list_free(list);
  setenv("XDG_DATA_HOME", "data", 1); /* relative: as if it were not set */
  list = search(library);
  assert_string_equal(sheaf_plugin_list_place_at(list, 0)->path,
                      scene_path(s, ".local/share/sheaf/plugins"));
  sheaf_plugin_list_free(list);
  unsetenv("XDG_DATA_HOME");
  unsetenv("HOME");
  list = search(library);
  assert_int_equal(sheaf_plugin_list_place_at(list, 0)->origin, SHEAF_ORIGIN_SYSTEM);
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void a_folder_is_searched_once(void **state) {
  scene *s = *state;
  const char *paths[] = {scene_folder(s, "a"), scene_path(s, "link"), scene_path(s, "a/../a/")};
  scene_link(s, "a", "link");
  scene_plugin(s, "a", "x", "x");
  sheaf_library *library = scene_library(s, paths, 3);
  sheaf_plugin_list *list = search(library);
  assert_has(sheaf_plugin_list_place_at(list, 1)->reason, "searched already, as ");
  assert_has(sheaf_plugin_list_place_at(list, 2)->reason, "searched already, as ");
  assert_int_equal(sheaf_plugin_list_place_at(list, 1)->plugin_count, 0);
  for (uint32_t i = 1; i < sheaf_plugin_list_count(list); i++)
    assert_string_not_equal(sheaf_plugin_list_at(list, i)->id, "x");
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void a_manifest_may_be_named(void **state) {
  scene *s = *state;
  scene_folder(s, "a");
  scene_plugin(s, "a", "x", "x");
  const char *path = scene_plugin(s, "a", "y", "y");
  sheaf_library *library = scene_library(s, &path, 1);
  sheaf_plugin_list *list = search(library);
  assert_null(sheaf_plugin_list_place_at(list, 0)->reason);
  assert_int_equal(sheaf_plugin_list_place_at(list, 0)->plugin_count, 1);
  assert_string_equal(sheaf_plugin_list_at(list, 0)->id, "y");
  assert_string_equal(sheaf_plugin_list_at(list, 0)->manifest, path);
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

/* The host's own word is taken; from then on the path is absolute. */
static void the_host_may_be_relative(void **state) {
  scene *s = *state;
  const char *path = "a";
  scene_folder(s, "a");
  scene_plugin(s, "a", "x", "x");
  assert_int_equal(chdir(s->root), 0);
  sheaf_library *library = scene_library(s, &path, 1);
  sheaf_plugin_list *list = search(library);
  assert_string_equal(sheaf_plugin_list_place_at(list, 0)->path, scene_path(s, "a"));
  assert_string_equal(sheaf_plugin_list_at(list, 0)->manifest, scene_path(s, "a/x.sheaf.json"));
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void what_is_passed_over_is_logged(void **state) {
  scene *s = *state;
  const char *path = scene_folder(s, "a");
  scene_plugin(s, "a", "x", "x");
  scene_plugin(s, "a", "y", "x");
  scene_write(s, "a/z.sheaf.json", "[");
  setenv("SHEAF_LOG", "info", 1);
  sheaf_library *library = scene_library(s, &path, 1);
  sheaf_plugin_list_free(search(library));
  assert_has(s->log, "a/y.sheaf.json: shadowed by ");
  assert_has(s->log, "a/z.sheaf.json:1:2: the file ends");
  sheaf_library_free(library);
}

static void no_list_is_an_empty_one(void **state) {
  (void)state;
  assert_int_equal(sheaf_plugin_list_count(NULL), 0);
  assert_null(sheaf_plugin_list_at(NULL, 0));
  assert_int_equal(sheaf_plugin_list_place_count(NULL), 0);
  assert_null(sheaf_plugin_list_place_at(NULL, 0));
  sheaf_plugin_list_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SCENE_TEST(all_places_in_order),           SCENE_TEST(sorted_and_shadowed),
      SCENE_TEST(a_bad_one_ends_nothing),        SCENE_TEST(places_that_cannot_be),
      SCENE_TEST(the_environment_is_split),      SCENE_TEST(the_user_has_a_folder),
      SCENE_TEST(a_folder_is_searched_once),     SCENE_TEST(a_manifest_may_be_named),
      SCENE_TEST(the_host_may_be_relative),      SCENE_TEST(what_is_passed_over_is_logged),
      cmocka_unit_test(no_list_is_an_empty_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
