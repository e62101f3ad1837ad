/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once, alone and with all that follow: no crash, no leak (ASan watches), a
 * status that says why, and whoever asks again is served. Linked with --wrap, see CMakeLists.txt.
 */
#define _GNU_SOURCE
#include <cjson/cJSON.h>
#include <errno.h>

#include "plugin/testing.h"

static long countdown = -1; /* allocations until one fails; negative: none does */
static bool all_after;      /* and all that follow */
static bool has_failed;

static bool fails(void) {
  if (countdown < 0) return false;
  if (countdown > 0) {
    countdown--;
    return false;
  }
  if (!all_after) countdown = -1;
  has_failed = true;
  errno = ENOMEM;
  return true;
}

#define WRAP(result, name, parameters, arguments)                                                  \
  result __real_##name parameters;                                                                 \
  result __wrap_##name parameters;                                                                 \
  result __wrap_##name parameters { return fails() ? NULL : __real_##name arguments; }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, realpath, (const char *path, char *out), (path, out))

static const sheaf_setting_info infos[] = {{"ratio", "0.5", NULL, SHEAF_KIND_DOUBLE, 0}};
static const sheaf_factory factory = {.struct_size = sizeof factory,
                                      .id = "here",
                                      .settings = infos,
                                      .setting_count = 1,
                                      .create = small_create};
static const sheaf_factory *const factories[] = {&factory};
static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 1, 0};

/* What a host does from beginning to end. False: something failed, by want of memory alone. */
static bool run_library(scene *s, const sheaf_config *config) {
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  sheaf_error error = {0};
  options.log = scene_log;
  options.log_ctx = s;
  options.config = config;
  sheaf_library *library = sheaf_library_new(&options, &error);
  if (!library) {
    assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
    return false;
  }
  bool served = true;
  sheaf_status status = sheaf_register(library, &plugin, &error);
  if (status) assert_int_equal(status, SHEAF_OUT_OF_MEMORY);
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, &error);
  if (!list) assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
  served = !status && list;
  sheaf_plugin_list_free(list);
  const char *ids[] = {"here", "none", SHEAF_TEST_BUILD_DIR "/tests/faulty/none/none.sheaf.json"};
  for (size_t i = 0; i < 3; i++) {
    if (i == 0 && status) continue; /* not registered: not found, and rightly so */
    sheaf_manager *manager = sheaf_manager_open(library, ids[i], NULL, 0, &error);
    if (!manager && error.status != SHEAF_OUT_OF_MEMORY)
      fail_msg("%s: %u: %s", ids[i], error.status, error.message);
    served = served && manager;
  }
  sheaf_manager *manager = sheaf_manager_open(library, "gone", NULL, 0, &error);
  assert_null(manager);
  if (error.status != SHEAF_NOT_FOUND) assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
  assert_int_equal(sheaf_library_free(library), SHEAF_OK);
  return served;
}

static bool run(scene *s, const char *file) {
  sheaf_error error = {0};
  s->log[0] = '\0';
  sheaf_config *config = sheaf_config_load(file, &error);
  if (!config) {
    assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
    return false;
  }
  bool served = run_library(s, config);
  sheaf_config_free(config);
  return served;
}

static void each_allocation_fails(scene *s, bool all) {
  const char *file =
      scene_write(s, "c.json",
                  "{\"settings\": {\"a\": \"$$x\", \"b\": 2},"
                  "\"plugin_paths\": [\"p\", \"" SHEAF_TEST_BUILD_DIR "/tests/faulty/none\"]}");
  scene_folder(s, "p");
  scene_plugin(s, "p", "x", "x");
  scene_write(s, "p/y.sheaf.json", "{");
  assert_true(run(s, file));
  all_after = all;
  for (long n = 0;; n++) {
    countdown = n;
    has_failed = false;
    bool served = run(s, file);
    countdown = -1;
    if (!has_failed) {
      assert_true(served);
      assert_true(n > 30);
      break;
    }
    if (n % 16 == 0) assert_true(run(s, file));
  }
}

static void one_fails(void **state) { each_allocation_fails(*state, false); }
static void all_fail_from_then_on(void **state) { each_allocation_fails(*state, true); }

static void *hook_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }

int main(void) {
  cJSON_Hooks hooks = {hook_malloc, free};
  const struct CMUnitTest tests[] = {SCENE_TEST(one_fails), SCENE_TEST(all_fail_from_then_on)};
  cJSON_InitHooks(&hooks);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
