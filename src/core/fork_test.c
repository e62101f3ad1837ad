/* SPDX-License-Identifier: Apache-2.0 */
/* A child makes and uses a library of its own, whatever the parent's threads were about. */
#include "core/testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* The sanitizers' allocators do not live through a fork while another thread allocates. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FORKS = 10, THREADS = 1, THREADS_THAT_ASK = 0 };
#else
enum { FORKS = 300, THREADS = 3, THREADS_THAT_ASK = THREADS };
#endif

static atomic_bool stopped;

static sheaf_status answer(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < request->count; i++) sheaf_emit_success(sink, i, NULL, 0, 0);
  return SHEAF_OK;
}

static void *ask_once(void *manager) {
  sheaf_batch_free(sheaf_resolve_one(manager, sheaf_cstr("x"), NULL));
  return NULL;
}

/* Threads come and go: each takes flights from the pool, and gives them back when it ends. */
static void *ask_by_new_threads(void *manager) {
  while (!atomic_load(&stopped)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, ask_once, manager) == 0) pthread_join(thread, NULL);
  }
  return NULL;
}

static void in_child(void) {
  fake own = {.batch = answer};
  alarm(20); /* ends it if it waits for a thread that is not there */
  fake_open(&own);
  sheaf_batch *batch = sheaf_resolve_one(own.manager, sheaf_cstr("x"), NULL);
  bool good = batch && sheaf_batch_status(batch) == SHEAF_OK;
  sheaf_batch_free(batch);
  _exit(good && sheaf_library_free(own.library) == SHEAF_OK ? 0 : 1);
}

static void fork_and_ask(void) {
  for (int i = 0; i < FORKS; i++) {
    pid_t child = fork();
    int status = -1;
    if (child == 0) in_child();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

static void test_forks_while_threads_ask(void **state) {
  fake parents = {.batch = answer};
  pthread_t threads[THREADS];
  (void)state;
  fake_open(&parents);
  for (int i = 0; i < THREADS_THAT_ASK; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_by_new_threads, parents.manager), 0);
  fork_and_ask();
  atomic_store(&stopped, true);
  for (int i = 0; i < THREADS_THAT_ASK; i++) pthread_join(threads[i], NULL);
  assert_int_equal(sheaf_library_free(parents.library), SHEAF_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forks_while_threads_ask)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
