/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads at a limit: never more at once than allowed, all get their turn, first come first. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <sheaf/iterator.h>

#include "core/cancel.h"
#include "stage/testing.h"

enum { THREADS = 8, ROUNDS = 40, MOST = 2 };

static staged S;
static _Atomic int inside, most_inside, served, ended;

static sheaf_status slow(void *self, const sheaf_request *request, sheaf_sink *sink) {
  int now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);
  while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now)) continue;
  nanosleep(&(struct timespec){0, 50000}, NULL);
  sheaf_status status = staged_numbers(self, request, sink);
  atomic_fetch_sub(&inside, 1);
  return status;
}

static uint32_t count(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)ctx, (void)index;
  atomic_fetch_add(SHEAF_IS_OK(result->status) ? &served : &ended, 1);
  return SHEAF_CONTINUE;
}

static void *ask_often(void *number_) {
  const uintptr_t number = (uintptr_t)number_;
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, count, count};
  for (int i = 0; i < ROUNDS; i++) {
    sheaf_call call = SHEAF_CALL_INIT;
    sheaf_request request = sheaf_request_for(fake_refs(3), 3);
    /* Some do not have the patience. */
    if (number % 4 == 3) call.deadline_ns = sheaf_deadline_in(100000);
    request.call = &call;
    (void)sheaf_resolve(S.top, &request, &callbacks, NULL, NULL);
  }
  return NULL;
}

static void all_get_their_turn(void **state) {
  pthread_t threads[THREADS];
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, slow);
  staged_put(&S, "limit", "in_flight", "2", NULL);
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_often, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&served) + atomic_load(&ended), THREADS * ROUNDS * 3);
  assert_true(atomic_load(&served) >= THREADS / 4 * 3 * ROUNDS * 3);
  assert_true(atomic_load(&most_inside) <= MOST);
  assert_int_equal(atomic_load(&inside), 0);
  staged_close(&S);
}

static sheaf_status ask_the_top(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_error error;
  nanosleep(&(struct timespec){0, 50000}, NULL); /* for others to come to the gate */
  assert_null(sheaf_resolve_one(S.top, sheaf_cstr("a:///1"), &error));
  assert_int_equal(error.status, SHEAF_BUSY);
  return staged_numbers(self, request, sink);
}

static void *ask_either(void *number) {
  sheaf_manager *m = (uintptr_t)number % 2 ? S.below.manager : S.top;
  for (int i = 0; i < ROUNDS; i++) {
    sheaf_batch *batch = sheaf_resolve_one(m, sheaf_cstr("a:///1"), NULL);
    assert_non_null(batch);
    sheaf_batch_free(batch);
  }
  return NULL;
}

/* Who was asked past the limit holds what those who have a place wait for. */
static void a_serialized_manager_that_asks_it_from_inside(void **state) {
  pthread_t threads[THREADS];
  (void)state;
  memset(&S, 0, sizeof S);
  S.below.flags = SHEAF_MANAGER_SERIALIZED;
  staged_open(&S, ask_the_top);
  staged_put(&S, "meter", NULL);
  staged_put(&S, "limit", "in_flight", "1", NULL);
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask_either, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  staged_close(&S);
}

static uint32_t iterate(void *ctx, uint32_t index, const sheaf_result *result) {
  sheaf_request request = sheaf_request_for(fake_refs(3), 3);
  sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
  options.flags = SHEAF_ITERATOR_PREFETCH;
  options.chunk_size = 1;
  sheaf_iterator *it = sheaf_resolve_iterator(S.top, &request, &options, NULL);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sheaf_iterator_next(it, &result, NULL), SHEAF_OK);
    assert_int_equal(result->status, SHEAF_OK);
  }
  sheaf_iterator_free(it);
  ++*(int *)ctx;
  (void)index;
  return SHEAF_CONTINUE;
}

/* The iterator's thread would wait for the place that the callback's has. */
static void a_callback_that_iterates(void **state) {
  int heard = 0;
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &heard, iterate, iterate};
  sheaf_request request = sheaf_request_for(fake_refs(2), 2);
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, staged_numbers);
  staged_put(&S, "limit", "in_flight", "1", NULL);
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  assert_int_equal(heard, 2);
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_get_their_turn),
      cmocka_unit_test(a_serialized_manager_that_asks_it_from_inside),
      cmocka_unit_test(a_callback_that_iterates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
