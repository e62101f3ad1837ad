/* SPDX-License-Identifier: Apache-2.0 */
/* A host in C with threads, and managers in Python. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>

#include <cmocka.h>

#include <sheaf/sheaf.h>

enum { THREADS = 4, TURNS = 40, REFS = 60 };

static sheaf_library *library;

static int set_up(void **state) {
  sheaf_error error;
  const char *path = SHEAF_TEST_PLUGIN_DIR;
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.plugin_paths = &path;
  options.plugin_path_count = 1;
  library = sheaf_library_new(&options, &error);
  return library ? 0 : -1;
}

static int tear_down(void **state) { return sheaf_library_free(library) == SHEAF_OK ? 0 : -1; }

static sheaf_setting setting(const char *name, const char *text) {
  return (sheaf_setting){sheaf_cstr(name), sheaf_string(sheaf_cstr(text))};
}

static sheaf_manager *open_with(const char *module, const char *manager_settings,
                                sheaf_error *error) {
  const sheaf_setting settings[] = {setting("module", module),
                                    setting("manager_settings", manager_settings),
                                    setting("path", SHEAF_SOURCE_DIR "/tests/managers_in_python")};
  return sheaf_manager_open(library, "python", settings, 3, error);
}

static sheaf_manager *open_manager(const char *module, const char *manager_settings) {
  sheaf_error error = {0};
  sheaf_manager *manager = open_with(module, manager_settings, &error);
  if (!manager) fail_msg("%s", error.message);
  return manager;
}

/* References "ref-0", ... */
typedef struct references {
  sheaf_str refs[REFS];
  char text[REFS][16];
} references;

static sheaf_request request_for(references *them) {
  for (int i = 0; i < REFS; i++) {
    int size = snprintf(them->text[i], sizeof them->text[i], "ref-%d", i);
    them->refs[i] = sheaf_strn(them->text[i], (size_t)size);
  }
  return sheaf_request_for(them->refs, REFS);
}

static void ask_echo(sheaf_manager *manager) {
  references them;
  sheaf_request request = request_for(&them);
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  for (uint32_t i = 0; i < REFS; i++) {
    const sheaf_value *ref = sheaf_batch_value(batch, i, "echo", "ref");
    const sheaf_value *size = sheaf_batch_value(batch, i, "echo", "size");
    assert_non_null(ref);
    assert_true(sheaf_str_equal(sheaf_value_str(ref), them.refs[i]));
    assert_int_equal(size->u.integer, them.refs[i].size);
    assert_int_equal(sheaf_batch_at(batch, i)->property_count, 3);
  }
  sheaf_batch_free(batch);
}

static void run_threads(void *(*work)(void *), void *argument) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, work, argument), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* --------------------------------------------------------------------------------------- the tests */

static void *ask_turns(void *manager) {
  for (int turn = 0; turn < TURNS; turn++) ask_echo(manager);
  return NULL;
}

static void threads_share_a_manager(void **state) {
  const char *const modules[] = {"managers:Echo", "managers:Alone"};
  const char *const ways[] = {"{\"way\": \"list\"}", "{\"way\": \"yields\"}"};
  for (int i = 0; i < 4; i++) {
    sheaf_manager *manager = open_manager(modules[i / 2], ways[i % 2]);
    run_threads(ask_turns, manager);
    assert_int_equal(sheaf_manager_close(manager), SHEAF_OK);
  }
}

static void *open_ask_close(void *unused) {
  for (int turn = 0; turn < TURNS / 4; turn++) {
    sheaf_manager *manager = open_manager("managers:Echo", "");
    ask_echo(manager);
    assert_int_equal(sheaf_manager_close(manager), SHEAF_OK);
  }
  return NULL;
}

static void threads_open_managers(void **state) { run_threads(open_ask_close, NULL); }

static void failures_are_whole(void **state) {
  references them;
  sheaf_request request = request_for(&them);
  sheaf_manager *manager = open_manager("managers:Echo", "{\"way\": \"fails\"}");
  for (int turn = 0; turn < TURNS; turn++) {
    sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
    const sheaf_result *first = sheaf_batch_at(batch, 0), *last = sheaf_batch_at(batch, REFS - 1);
    assert_int_equal(first->status, SHEAF_AUTH_ERROR);
    assert_int_equal(
        sheaf_result_find(first, SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS)->u.integer, 1500);
    assert_int_equal(last->status, SHEAF_MANAGER_FAILURE);
    assert_true(sheaf_str_equal(last->message, sheaf_cstr("resolve: KeyError: 'ref-0'")));
    sheaf_batch_free(batch);
  }
  sheaf_error error = {0};
  assert_null(open_with("managers:Absent", "", &error));
  assert_int_equal(error.status, SHEAF_PLUGIN_ERROR);
  assert_null(open_with("managers:Echo", "{\"way\": 3}", &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
}

/* A host's lock, taken round its own calls and in its callbacks: were the sink called with the GIL
 * held, one thread would have the GIL and wait for the lock, and another the other way round. */
static pthread_mutex_t hosts_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t take_lock(void *counter, uint32_t index, const sheaf_result *record) {
  pthread_mutex_lock(&hosts_lock);
  (*(uint32_t *)counter)++;
  pthread_mutex_unlock(&hosts_lock);
  return SHEAF_CONTINUE;
}

static void *ask_and_lock_in_callbacks(void *manager) {
  references them;
  sheaf_request request = request_for(&them);
  uint32_t heard = 0;
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.ctx = &heard;
  callbacks.success = take_lock;
  for (int turn = 0; turn < TURNS; turn++) {
    assert_int_equal(sheaf_resolve(manager, &request, &callbacks, NULL, NULL), SHEAF_OK);
    pthread_mutex_lock(&hosts_lock);
    ask_echo(manager);
    pthread_mutex_unlock(&hosts_lock);
  }
  assert_int_equal(heard, TURNS * REFS);
  return NULL;
}

static void the_gil_is_not_held_in_callbacks(void **state) {
  const char *const ways[] = {"{\"way\": \"list\"}", "{\"way\": \"yields\"}"};
  for (int i = 0; i < 2; i++)
    run_threads(ask_and_lock_in_callbacks, open_manager("managers:Echo", ways[i]));
}

/* A callback of the one manager's asks the other, and so on. */
typedef struct pair {
  sheaf_manager *managers[2];
  int depth;
} pair;

static uint32_t ask_other(void *argument, uint32_t index, const sheaf_result *record) {
  const pair *this = argument;
  pair next = {{this->managers[1], this->managers[0]}, this->depth - 1};
  if (index > 0 || this->depth == 0) return SHEAF_CONTINUE;
  references them;
  sheaf_request request = request_for(&them);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.ctx = &next;
  callbacks.success = ask_other;
  assert_int_equal(sheaf_resolve(next.managers[0], &request, &callbacks, NULL, NULL), SHEAF_OK);
  return SHEAF_CONTINUE;
}

static void *ask_in_turn(void *argument) {
  const pair *both = argument;
  for (int turn = 0; turn < TURNS; turn++) {
    pair mine = {{both->managers[turn % 2], both->managers[1 - turn % 2]}, 4};
    (void)ask_other(&mine, 0, NULL);
  }
  return NULL;
}

static void managers_ask_each_other(void **state) {
  pair both = {{open_manager("managers:Echo", ""), open_manager("managers:Echo", "")}, 0};
  run_threads(ask_in_turn, &both);
}

static int64_t local_number(sheaf_manager *manager, const char *key) {
  sheaf_error error;
  sheaf_batch *batch = sheaf_resolve_one(manager, sheaf_cstr("x"), &error);
  assert_non_null(batch);
  int64_t number = sheaf_batch_value(batch, 0, "local", key)->u.integer;
  sheaf_batch_free(batch);
  return number;
}

static void *be_there(void *manager) {
  for (int64_t turn = 1; turn <= 3; turn++) assert_int_equal(local_number(manager, "turns"), turn);
  return NULL;
}

/* What Python has for a thread lasts as long as the thread, and no longer. */
static void threads_come_and_go(void **state) {
  sheaf_manager *manager = open_manager("managers:Local", "");
  for (int i = 0; i < 10; i++) run_threads(be_there, manager);
  int64_t alive = local_number(manager, "alive");
  if (alive != 1) fail_msg("Python has something for %d threads, and one is there", (int)alive);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(threads_open_managers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(threads_share_a_manager, set_up, tear_down),
      cmocka_unit_test_setup_teardown(failures_are_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_gil_is_not_held_in_callbacks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(managers_ask_each_other, set_up, tear_down),
      cmocka_unit_test_setup_teardown(threads_come_and_go, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
