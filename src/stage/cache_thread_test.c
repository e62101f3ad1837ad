/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that miss the same key at once: one asks, the others get what it got. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <sheaf/cache.h>
#include <sheaf/iterator.h>

#include "core/cancel.h"
#include "stage/testing.h"

#define THREADS 8
#define MS 1000000

static fake F;
static sheaf_manager *top;
static _Atomic uint32_t asked, inside;
static _Atomic bool may_go;

/* Answers once it may. */
static sheaf_status slow(void *self, const sheaf_request *request, sheaf_sink *sink) {
  atomic_fetch_add(&asked, request->count);
  atomic_fetch_add(&inside, 1);
  while (!atomic_load(&may_go) && !request->call->poll(request->call)) sched_yield();
  atomic_fetch_sub(&inside, 1);
  return staged_numbers(self, request, sink);
}

/* A cache, over a timeout if there is one. */
static void begin_over(const sheaf_setting *timeout) {
  memset(&F, 0, sizeof F);
  F.batch = slow;
  atomic_store(&asked, 0);
  atomic_store(&may_go, false);
  fake_open(&F);
  top = timeout ? sheaf_stage_over(F.manager, "timeout", timeout, 1, NULL) : F.manager;
  top = sheaf_stage_over(top, "cache", NULL, 0, NULL);
  assert_non_null(top);
}

static void begin(void) { begin_over(NULL); }

typedef struct asker {
  pthread_t thread;
  const char *refs[3];
  sheaf_call call;
  sheaf_status status; /* of the batch */
  int64_t values[3];   /* -1: an error */
  sheaf_status errors[3];
} asker;

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  asker *a = ctx;
  a->errors[index] = r->status;
  a->values[index] = r->status ? -1 : r->properties[0].value.u.integer;
  return SHEAF_CONTINUE;
}

static void *ask(void *asker_) {
  asker *a = asker_;
  sheaf_str refs[3];
  uint32_t count = 0;
  for (; count < 3 && a->refs[count]; count++) refs[count] = sheaf_cstr(a->refs[count]);
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, a, hear, hear};
  if (a->call.struct_size) request.call = &a->call;
  a->status = sheaf_resolve(top, &request, &callbacks, NULL, NULL);
  return NULL;
}

static void start(asker *a) { assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0); }

static void finish(asker *a) { pthread_join(a->thread, NULL); }

static void until_inside(uint32_t count) {
  while (atomic_load(&inside) < count) sched_yield();
}

/* Long enough for a thread that could go on to have done so; nothing depends on it but the zeal of the
 * test. */
static void a_while(void) {
  struct timespec t = {0, 20 * MS};
  nanosleep(&t, NULL);
}

static uint64_t shared(void) { return staged_counter(top, "shared"); }

static void one_asks_for_all(void **state) {
  asker a[THREADS] = {0};
  (void)state;
  begin();
  for (int i = 0; i < THREADS; i++) {
    a[i].refs[0] = "7";
    start(&a[i]);
  }
  until_inside(1);
  a_while();
  atomic_store(&may_go, true);
  for (int i = 0; i < THREADS; i++) {
    finish(&a[i]);
    assert_int_equal(a[i].status, SHEAF_OK);
    assert_int_equal(a[i].values[0], 7);
  }
  assert_int_equal(asked, 1);
  assert_int_equal(staged_counter(top, "hits") + shared(), THREADS - 1);
  fake_close(&F);
}

/* Each has asked for what the other waits for. */
static void two_that_wait_for_each_other(void **state) {
  (void)state;
  for (int round = 0; round < 30; round++) {
    asker a = {.refs = {"1", "2", "3"}}, b = {.refs = {"3", "1", "4"}};
    begin();
    start(&a);
    start(&b);
    until_inside(1);
    if (round % 2) sched_yield();
    atomic_store(&may_go, true);
    finish(&a);
    finish(&b);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(a.values[i], i + 1);
      assert_int_equal(b.values[i], b.refs[i][0] - '0');
    }
    assert_int_equal(asked, 4);
    fake_close(&F);
  }
}

static void one_who_asks_and_is_cancelled(void **state) {
  asker first = {.refs = {"1"}, .call = SHEAF_CALL_INIT}, second = {.refs = {"1", "2"}};
  (void)state;
  begin();
  first.call.cancel = sheaf_cancel_new();
  start(&first);
  until_inside(1);
  start(&second); /* asks for 2, follows for 1 */
  until_inside(2);
  sheaf_cancel_set(first.call.cancel);
  finish(&first);
  assert_int_equal(first.status, SHEAF_CANCELLED);
  assert_int_equal(first.errors[0], SHEAF_CANCELLED);
  atomic_store(&may_go, true);
  finish(&second); /* and asks for 1 by itself */
  assert_int_equal(second.status, SHEAF_OK);
  assert_int_equal(second.values[0], 1);
  assert_int_equal(second.values[1], 2);
  assert_int_equal(asked, 3);
  sheaf_cancel_free(first.call.cancel);
  fake_close(&F);
}

static void one_who_waits_and_is_cancelled(void **state) {
  asker first = {.refs = {"1"}}, second = {.refs = {"1"}, .call = SHEAF_CALL_INIT},
        third = {.refs = {"1"}, .call = SHEAF_CALL_INIT};
  (void)state;
  begin();
  second.call.cancel = sheaf_cancel_new();
  third.call.deadline_ns = sheaf_deadline_in(5 * MS);
  start(&first);
  until_inside(1);
  start(&second);
  start(&third);
  a_while();
  sheaf_cancel_set(second.call.cancel);
  finish(&second);
  finish(&third);
  assert_int_equal(second.errors[0], SHEAF_CANCELLED);
  assert_int_equal(third.errors[0], SHEAF_DEADLINE);
  atomic_store(&may_go, true);
  finish(&first);
  assert_int_equal(first.values[0], 1);
  assert_int_equal(asked, 1);
  sheaf_cancel_free(second.call.cancel);
  fake_close(&F);
}

static sheaf_status gone(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)slow(self, &(sheaf_request){.call = request->call}, sink);
  atomic_fetch_add(&asked, request->count);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), 0);
}

static void a_failure_is_shared_and_not_kept(void **state) {
  asker a[2] = {{.refs = {"1"}}, {.refs = {"1"}}}, later = {.refs = {"1"}};
  (void)state;
  begin();
  F.batch = gone;
  start(&a[0]);
  until_inside(1);
  start(&a[1]);
  a_while();
  atomic_store(&may_go, true);
  for (int i = 0; i < 2; i++) {
    finish(&a[i]);
    assert_int_equal(a[i].errors[0], SHEAF_UNAVAILABLE);
  }
  uint32_t before = asked;
  assert_true(before <= 2); /* 1, unless the second came late */
  F.batch = slow;
  ask(&later);
  assert_int_equal(later.values[0], 1);
  assert_int_equal(asked, before + 1);
  fake_close(&F);
}

/* The calls themselves go on: nobody need wait for what is timed out in turn, nor a batch for each repeat. */
static void what_a_stage_below_has_ended_is_shared(void **state) {
  const sheaf_setting ms = staged_text("ms", "100");
  asker a[THREADS] = {0};
  (void)state;
  begin_over(&ms);
  for (int i = 0; i < THREADS; i++) {
    a[i].refs[0] = a[i].refs[1] = a[i].refs[2] = "1";
    start(&a[i]);
  }
  for (int i = 0; i < THREADS; i++) {
    finish(&a[i]);
    for (int k = 0; k < 3; k++) assert_int_equal(a[i].errors[k], SHEAF_DEADLINE);
  }
  assert_true(asked < THREADS); /* 1, unless some came late */
  fake_close(&F);
}

static sheaf_status iterate_over_the_top(void *self, const sheaf_request *request,
                                         sheaf_sink *sink) {
  static _Thread_local bool is_inside;
  sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
  options.flags = SHEAF_ITERATOR_PREFETCH;
  options.chunk_size = 1;
  if (!is_inside) {
    is_inside = true;
    sheaf_iterator *it = sheaf_resolve_iterator(top, request, &options, NULL);
    const sheaf_result *r;
    for (uint32_t i = 0; i < request->count; i++) {
      assert_int_equal(sheaf_iterator_next(it, &r, NULL), SHEAF_OK);
      assert_int_equal(r->properties[0].value.u.integer, staged_number(request->refs[i]));
    }
    sheaf_iterator_free(it);
    is_inside = false;
  }
  return staged_numbers(self, request, sink);
}

/* The iterator's thread would follow what this one is asking for. */
static void a_manager_that_iterates_over_the_cache_above_it(void **state) {
  asker a = {.refs = {"1", "2", "3"}};
  (void)state;
  begin();
  F.batch = iterate_over_the_top;
  ask(&a);
  for (int i = 0; i < 3; i++) assert_int_equal(a.values[i], i + 1);
  fake_close(&F);
}

/* Closing while calls are under way: they end undisturbed, and so does the manager below. */
static void closed_while_calls_are_in_flight(void **state) {
  asker a[3] = {{.refs = {"1", "2"}}, {.refs = {"2", "3"}}, {.refs = {"1", "3"}}},
        late = {.refs = {"1"}};
  (void)state;
  begin();
  for (int i = 0; i < 3; i++) start(&a[i]);
  until_inside(2);
  a_while();
  assert_int_equal(sheaf_manager_close(top), SHEAF_OK);
  ask(&late);
  assert_int_equal(late.status, SHEAF_CLOSED);
  assert_int_equal(F.destroyed, 0);
  atomic_store(&may_go, true);
  for (int i = 0; i < 3; i++) {
    finish(&a[i]);
    assert_int_equal(a[i].status, SHEAF_OK);
    assert_int_equal(a[i].values[1], a[i].refs[1][0] - '0');
  }
  assert_int_equal(F.destroyed, 1);
  fake_close(&F);
}

/* -------------------------------------------------------------------------------- all at once */

static void *hammer(void *seed) {
  uint32_t state = (uint32_t)(uintptr_t)seed;
  sheaf_interface found;
  assert_int_equal(sheaf_manager_get_extension(top, SHEAF_CACHE_EXTENSION, &found), SHEAF_OK);
  const sheaf_cache_functions *functions = found.table;
  for (int i = 0; i < 400; i++) {
    char text[3][8];
    asker a = {.refs = {text[0], text[1], text[2]}};
    for (int r = 0; r < 3; r++) {
      state = state * 1664525u + 1013904223u;
      snprintf(text[r], sizeof text[r], "%u", state >> 16 & 63);
    }
    ask(&a);
    for (int r = 0; r < 3; r++) assert_int_equal(a.values[r], atoi(text[r]));
    if (i % 37 == 0) functions->clear_ref(found.self, sheaf_cstr(text[0]));
    if (i % 97 == 0) functions->clear(found.self);
  }
  return NULL;
}

static void threads_that_ask_and_clear(void **state) {
  pthread_t threads[THREADS];
  (void)state;
  begin();
  atomic_store(&may_go, true);
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(staged_counter(top, "misses"), asked);
  assert_int_equal(staged_counter(top, "hits") + shared() + asked, THREADS * 400 * 3);
  fake_close(&F);
}

/* Long batches of which nobody knows what others have asked for meanwhile. */
enum { LONG = 700, NUMBERS = 1500 };

static uint32_t hear_long(void *ctx, uint32_t index, const sheaf_result *r) {
  int64_t *values = ctx;
  values[index] = r->status ? -1 : r->properties[0].value.u.integer;
  return SHEAF_CONTINUE;
}

static void *hammer_long(void *seed) {
  uint32_t state = (uint32_t)(uintptr_t)seed;
  sheaf_interface found;
  assert_int_equal(sheaf_manager_get_extension(top, SHEAF_CACHE_EXTENSION, &found), SHEAF_OK);
  const sheaf_cache_functions *functions = found.table;
  for (int i = 0; i < 20; i++) {
    char text[LONG][8];
    sheaf_str refs[LONG];
    int64_t values[LONG];
    for (int r = 0; r < LONG; r++) {
      state = state * 1664525u + 1013904223u;
      snprintf(text[r], sizeof text[r], "%u", (state >> 16) % NUMBERS);
      refs[r] = sheaf_cstr(text[r]);
      values[r] = -1;
    }
    sheaf_request request = sheaf_request_for(refs, LONG);
    sheaf_callbacks callbacks = {sizeof callbacks, 0, values, hear_long, hear_long};
    assert_int_equal(sheaf_resolve(top, &request, &callbacks, NULL, NULL), SHEAF_OK);
    for (int r = 0; r < LONG; r++) assert_int_equal(values[r], atoi(text[r]));
    if (i % 3 == 0) functions->clear(found.self);
  }
  return NULL;
}

static void threads_with_long_batches(void **state) {
  pthread_t threads[THREADS];
  (void)state;
  begin();
  atomic_store(&may_go, true);
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hammer_long, (void *)(i + 1)), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(staged_counter(top, "misses"), asked);
  assert_int_equal(staged_counter(top, "hits") + shared() + asked, THREADS * 20 * LONG);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_asks_for_all),
      cmocka_unit_test(two_that_wait_for_each_other),
      cmocka_unit_test(one_who_asks_and_is_cancelled),
      cmocka_unit_test(one_who_waits_and_is_cancelled),
      cmocka_unit_test(a_failure_is_shared_and_not_kept),
      cmocka_unit_test(what_a_stage_below_has_ended_is_shared),
      cmocka_unit_test(a_manager_that_iterates_over_the_cache_above_it),
      cmocka_unit_test(closed_while_calls_are_in_flight),
      cmocka_unit_test(threads_that_ask_and_clear),
      cmocka_unit_test(threads_with_long_batches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
