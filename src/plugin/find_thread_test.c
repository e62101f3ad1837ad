/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads look for, load, list, register and open through one library at once. */
#define _GNU_SOURCE
#include <pthread.h>

#include "plugin/testing.h"

enum { THREADS = 8, ROUNDS = 20 };

typedef struct worker {
  pthread_t thread;
  sheaf_library *library;
  char id[16];
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin;
  const sheaf_factory *loaded, *own;
  unsigned opened, listed;
} worker;

static void *work(void *arg) {
  worker *w = arg;
  sheaf_error error;
  (void)sheaf_register(w->library, &w->plugin, &error);
  for (int i = 0; i < ROUNDS; i++) {
    w->loaded = sheaf_find_factory(
        w->library, i % 2 ? "none" : SHEAF_TEST_BUILD_DIR "/tests/faulty/none/none.so", &error);
    w->own = sheaf_find_factory(w->library, w->id, &error);
    (void)sheaf_find_factory(w->library, "gone", &error);
    w->opened += sheaf_manager_open(w->library, "none", NULL, 0, &error) != NULL;
    sheaf_plugin_list *list = sheaf_plugin_list_new(w->library, &error);
    w->listed += sheaf_plugin_list_count(list) > 1;
    sheaf_plugin_list_free(list);
  }
  return NULL;
}

static void quiet(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level, (void)source, (void)message;
}

static void all_at_once(void **state) {
  static worker workers[THREADS];
  (void)state;
  const char *path = SHEAF_TEST_BUILD_DIR "/tests/faulty/none";
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.log = quiet;
  options.plugin_paths = &path;
  options.plugin_path_count = 1;
  sheaf_library *library = sheaf_library_new(&options, NULL);
  for (unsigned i = 0; i < THREADS; i++) {
    worker *w = &workers[i];
    w->library = library;
    snprintf(w->id, sizeof w->id, "own%u", i % 16);
    w->factory =
        (sheaf_factory){.struct_size = sizeof w->factory, .id = w->id, .create = small_create};
    w->factories[0] = &w->factory;
    w->plugin = (sheaf_plugin){sizeof w->plugin, 0, 0, 0, w->factories, 1, 0};
    assert_int_equal(pthread_create(&w->thread, NULL, work, w), 0);
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    assert_non_null(workers[i].loaded);
    assert_ptr_equal(workers[i].loaded, workers[0].loaded);
    assert_string_equal(workers[i].own->id, workers[i].id);
    assert_int_equal(workers[i].opened, ROUNDS);
    assert_int_equal(workers[i].listed, ROUNDS);
  }
  assert_int_equal(sheaf_library_free(library), SHEAF_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {SCENE_TEST(all_at_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
