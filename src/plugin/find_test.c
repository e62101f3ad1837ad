/* SPDX-License-Identifier: Apache-2.0 */
/* From an id to a factory, and what is said when there is none: message and log. */
#define _GNU_SOURCE
#include "plugin/registry.h"

#include <cjson/cJSON.h>
#include <dlfcn.h>

#include "plugin/testing.h"

/* A plugin of tests/faulty: "none" has no fault. */
#define FAULTY(fault) SHEAF_TEST_BUILD_DIR "/tests/faulty/" fault "/" fault

static const sheaf_factory alpha = {
    .struct_size = sizeof alpha, .id = "alpha", .display_name = "Alpha", .create = small_create};
static const sheaf_factory beta = {
    .struct_size = sizeof beta, .id = "beta", .create = small_create};
static const sheaf_factory *const both[] = {&alpha, &beta};
static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, both, 2, 0};

static void assert_not_found(sheaf_library *library, const char *id, sheaf_status status,
                             sheaf_error *error) {
  memset(error, 0, sizeof *error);
  assert_null(sheaf_find_factory(library, id, error));
  if (error->status != status) fail_msg("%u: %s", error->status, error->message);
}

static void registered_ones_are_found(void **state) {
  scene *s = *state;
  sheaf_error error = {0};
  const char *path = scene_folder(s, "a");
  scene_plugin(s, "a", "alpha", "alpha");
  sheaf_library *library = scene_library(s, &path, 1);
  assert_int_equal(sheaf_register(library, &plugin, &error), SHEAF_OK);
  const sheaf_offer *offer = sheaf_registry_find(library, "beta", &error);
  assert_ptr_equal(offer->original, &beta);
  const sheaf_factory *factory = sheaf_find_factory(library, "alpha", &error);
  assert_string_equal(factory->id, "alpha");
  assert_ptr_not_equal(factory, &alpha);
  assert_ptr_equal(factory, sheaf_find_factory(library, "alpha", NULL));
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, &error);
  assert_int_equal(sheaf_plugin_list_at(list, 0)->origin, SHEAF_ORIGIN_REGISTERED);
  assert_string_equal(sheaf_plugin_list_at(list, 0)->id, "alpha");
  assert_string_equal(sheaf_plugin_list_at(list, 0)->name, "Alpha");
  assert_null(sheaf_plugin_list_at(list, 0)->manifest);
  assert_string_equal(sheaf_plugin_list_at(list, 1)->id, "beta");
  assert_int_equal(sheaf_plugin_list_at(list, 2)->state, SHEAF_PLUGIN_SHADOWED);
  assert_has(sheaf_plugin_list_at(list, 2)->reason, "a plugin that the host registered");
  sheaf_plugin_list_free(list);
  sheaf_library_free(library);
}

static void registering_twice_is_refused(void **state) {
  sheaf_error error = {0};
  sheaf_library *library = scene_library(*state, NULL, 0);
  static const sheaf_factory *const one[] = {&beta};
  static const sheaf_plugin again = {sizeof again, 0, 0, 0, one, 1, 0};
  assert_int_equal(sheaf_register(library, &plugin, &error), SHEAF_OK);
  assert_int_equal(sheaf_register(library, &again, &error), SHEAF_BUSY);
  assert_has(error.message, "\"beta\" is registered already");
  assert_int_equal(sheaf_register(library, NULL, &error), SHEAF_INVALID_PLUGIN);
  assert_int_equal(sheaf_register(NULL, &plugin, &error), SHEAF_INVALID_ARGUMENT);
  sheaf_library_free(library);
}

static void nothing_is_found(void **state) {
  scene *s = *state;
  sheaf_error error;
  const char *paths[] = {scene_folder(s, "a"), scene_path(s, "gone")};
  scene_plugin(s, "a", "bal", "bal");
  scene_write(s, "a/torn.sheaf.json", "{");
  sheaf_library *library = scene_library(s, paths, 2);
  assert_not_found(library, "bsl", SHEAF_NOT_FOUND, &error);
  static const char *const parts[] = {
      "no manager \"bsl\" was found (did you mean \"bal\"?); available: bal",
      "/a/torn.sheaf.json:1:2: the file ends",
      "not searched: ",
      "/gone: no such folder",
      "/a: 2 manifests",
      "/usr/lib/sheaf/plugins"};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    assert_has(error.message, parts[i]);
    assert_has(s->log, parts[i]);
  }
  assert_int_equal(strtol(s->log, NULL, 10), SHEAF_LOG_WARNING);
  assert_not_found(library, "bal.so", SHEAF_NOT_FOUND, &error);
  assert_has(error.message, "a file is named with a slash");
  assert_not_found(library, "Bad \x01id", SHEAF_NOT_FOUND, &error);
  assert_not_found(library, "", SHEAF_INVALID_ARGUMENT, &error);
  assert_not_found(library, NULL, SHEAF_INVALID_ARGUMENT, &error);
  assert_not_found(NULL, "bal", SHEAF_INVALID_ARGUMENT, &error);
  assert_null(sheaf_find_factory(library, "bsl", NULL));
  sheaf_library_free(library);
}

/* The reasons come first in the message, and the status is that of the first. */
static void what_was_asked_for_is_refused(void **state) {
  scene *s = *state;
  sheaf_error error;
  const char *path = scene_folder(s, "a");
  scene_write(s, "a/torn.sheaf.json", "{");
  scene_write(s, "a/young.sheaf.json",
              "{\"sheaf_manifest\": 1, \"id\": \"new\", \"version\": \"1\", \"library\": \"x.so\","
              "\"abi\": {\"major\": 2, \"minor\": 0, \"min_minor\": 0}}");
  sheaf_library *library = scene_library(s, &path, 1);
  assert_not_found(library, "torn", SHEAF_INVALID_MANIFEST, &error);
  assert_has(error.message, "manager \"torn\" is not to be had:\n  /");
  assert_has(error.message, "torn.sheaf.json:1:2: the file ends");
  assert_has(error.message, "\n  refused too: ");
  assert_not_found(library, "new", SHEAF_VERSION_MISMATCH, &error);
  assert_has(error.message, "young.sheaf.json: the plugin was written for ABI 2.0");
  sheaf_library_free(library);
}

static void libraries_that_are_none(void **state) {
  scene *s = *state;
  sheaf_error error;
  const char *path = scene_folder(s, "a");
  scene_plugin(s, "a", "empty", "empty");
  scene_plugin(s, "a", "text", "text");
  scene_write(s, "a/text.so", "This is not an ELF file, by a long way it is not, and long enough.");
  sheaf_library *library = scene_library(s, &path, 1);
  assert_not_found(library, "empty", SHEAF_LOAD_FAILED, &error);
  assert_has(error.message, "/a/empty.so: file too short: this is not a shared object");
  assert_has(s->log, "/a/empty.so: file too short");
  assert_not_found(library, "text", SHEAF_LOAD_FAILED, &error);
  assert_has(error.message, "/a/text.so: invalid ELF header: this is not a shared object");
  sheaf_library_free(library);
}

static void paths_that_lead_nowhere(void **state) {
  scene *s = *state;
  sheaf_error error;
  sheaf_library *library = scene_library(s, NULL, 0);
  assert_not_found(library, scene_path(s, "none.so"), SHEAF_NOT_FOUND, &error);
  assert_has(error.message, "/none.so: No such file or directory: correct the path");
  assert_has(s->log, "/none.so: No such file");
  assert_not_found(library, s->root, SHEAF_NOT_FOUND, &error);
  assert_has(error.message, ": a folder: name a manifest or a shared object in it");
  assert_not_found(library, scene_write(s, "x.sheaf.json", "["), SHEAF_INVALID_MANIFEST, &error);
  assert_has(error.message, "x.sheaf.json:1:2: the file ends");
  assert_not_found(library, scene_write(s, "x.so", "no"), SHEAF_LOAD_FAILED, &error);
  const char *pipe = scene_path(s, "pipe.so");
  assert_int_equal(mkfifo(pipe, 0600), 0);
  assert_not_found(library, pipe, SHEAF_LOAD_FAILED, &error);
  assert_has(error.message, "not a regular file");
  /* A library that is one, and no plugin. */
  Dl_info info;
  assert_true(dladdr((void *)(uintptr_t)cJSON_Delete, &info) != 0);
  assert_not_found(library, info.dli_fname, SHEAF_LOAD_FAILED, &error);
  assert_has(error.message, "it has no entry sheaf_plugin_v1: this is not a Sheaf plugin");
  sheaf_library_free(library);
}

static void loaded_by_path(void **state) {
  sheaf_error error = {0};
  sheaf_library *library = scene_library(*state, NULL, 0);
  const sheaf_factory *factory = sheaf_find_factory(library, FAULTY("none") ".so", &error);
  if (!factory) fail_msg("%s", error.message);
  assert_string_equal(factory->id, "none");
  /* Once, however it is named. */
  assert_ptr_equal(factory, sheaf_find_factory(library, FAULTY("none") ".sheaf.json", &error));
  assert_ptr_equal(factory, sheaf_find_factory(library, FAULTY("none") ".so", &error));
  sheaf_manager *manager = sheaf_manager_open(library, FAULTY("none") ".so", NULL, 0, &error);
  assert_non_null(manager);
  assert_ptr_equal(sheaf_manager_factory(manager), factory);
  sheaf_library_free(library);
}

static void loaded_by_id(void **state) {
  scene *s = *state;
  sheaf_error error = {0};
  const char *path = SHEAF_TEST_BUILD_DIR "/tests/faulty/none";
  sheaf_library *library = scene_library(s, &path, 1);
  assert_non_null(sheaf_find_factory(library, "none", &error));
  assert_string_equal(s->log, "");
  sheaf_library_free(library);
  path = SHEAF_TEST_BUILD_DIR "/tests/faulty/other_id";
  library = scene_library(s, &path, 1);
  assert_not_found(library, "other_id", SHEAF_INVALID_PLUGIN, &error);
  assert_has(error.message, "other_id.so: it has no factory \"other_id\", which its manifest "
                            "promises; the first that it has is \"somebody\"");
  sheaf_library_free(library);
}

/* A library that does not load ends nothing: the next of that id serves, and the log says so. */
static void the_shadowed_one_serves(void **state) {
  scene *s = *state;
  sheaf_error error = {0};
  const char *paths[] = {scene_folder(s, "a"), SHEAF_TEST_BUILD_DIR "/tests/faulty/none"};
  scene_plugin(s, "a", "none", "none");
  sheaf_library *library = scene_library(s, paths, 2);
  assert_non_null(sheaf_find_factory(library, "none", &error));
  assert_has(s->log, "/a/none.so: file too short");
  /* A failed load is tried again. */
  scene_write(s, "a/none.so", "");
  s->log[0] = '\0';
  assert_non_null(sheaf_find_factory(library, "none", &error));
  assert_has(s->log, "/a/none.so: file too short");
  sheaf_library_free(library);
}

static void faults_are_told_apart(void **state) {
  static const struct {
    const char *path;
    sheaf_status status;
    const char *message;
  } table[] = {
      {FAULTY("no_entry") ".so", SHEAF_LOAD_FAILED, "it has no entry sheaf_plugin_v1"},
      {FAULTY("wrong_major") ".so", SHEAF_VERSION_MISMATCH, "it has the entry sheaf_plugin_v2"},
      {FAULTY("unresolved") ".so", SHEAF_LOAD_FAILED, "link the plugin with all that it uses"},
      {FAULTY("entry_null") ".so", SHEAF_INVALID_PLUGIN, "sheaf_plugin_v1 returned NULL"},
      {FAULTY("abi_too_new") ".so", SHEAF_VERSION_MISMATCH, "update libsheaf"},
      {FAULTY("short_factory") ".so", SHEAF_INVALID_PLUGIN, "struct_size is 24"},
  };
  sheaf_error error;
  sheaf_library *library = scene_library(*state, NULL, 0);
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_not_found(library, table[i].path, table[i].status, &error);
    assert_has(error.message, table[i].path);
    assert_has(error.message, table[i].message);
  }
  sheaf_library_free(library);
}

static void managers_are_opened(void **state) {
  sheaf_error error = {0};
  sheaf_library *library = scene_library(*state, NULL, 0);
  sheaf_setting colour = {sheaf_cstr("colour"), sheaf_bool(true)};
  assert_int_equal(sheaf_register(library, &plugin, &error), SHEAF_OK);
  sheaf_manager *manager = sheaf_manager_open(library, "alpha", NULL, 0, &error);
  if (!manager) fail_msg("%s", error.message);
  assert_string_equal(sheaf_manager_factory(manager)->id, "alpha");
  assert_null(sheaf_manager_open(library, "alpha", &colour, 1, &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  assert_null(sheaf_manager_open(library, "gamma", NULL, 0, &error));
  assert_int_equal(error.status, SHEAF_NOT_FOUND);
  sheaf_library_free(library);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      SCENE_TEST(registered_ones_are_found),
      SCENE_TEST(registering_twice_is_refused),
      SCENE_TEST(nothing_is_found),
      SCENE_TEST(what_was_asked_for_is_refused),
      SCENE_TEST(libraries_that_are_none),
      SCENE_TEST(paths_that_lead_nowhere),
      SCENE_TEST(loaded_by_path),
      SCENE_TEST(loaded_by_id),
      SCENE_TEST(the_shadowed_one_serves),
      SCENE_TEST(faults_are_told_apart),
      SCENE_TEST(managers_are_opened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
