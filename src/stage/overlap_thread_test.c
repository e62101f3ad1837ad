/* SPDX-License-Identifier: Apache-2.0 */
/* Several batches of one at once: the stages parallel, and batch with `overlap`. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "stage/testing.h"

#define MOST 5000

static fake F;
static sheaf_manager *top;
static _Atomic uint32_t inside, most_inside, batches;
static _Atomic bool together; /* a batch waits until another is inside */
static sheaf_str refs[MOST];
static char text[MOST][8];

static void enter(const sheaf_request *request) {
  uint32_t now = atomic_fetch_add(&inside, 1) + 1, most = atomic_load(&most_inside);
  while (most < now && !atomic_compare_exchange_weak(&most_inside, &most, now)) {
  }
  atomic_fetch_add(&batches, 1);
  while (atomic_load(&together) && atomic_load(&most_inside) < 2 &&
         !request->call->poll(request->call))
    sched_yield();
}

static sheaf_status numbers(void *self, const sheaf_request *request, sheaf_sink *sink) {
  enter(request);
  sheaf_status status = staged_numbers(self, request, sink);
  atomic_fetch_sub(&inside, 1);
  return status;
}

static void begin(const char *stage, const char *name, const char *value, const char *name2,
                  const char *value2) {
  const sheaf_setting settings[] = {staged_text(name, value), staged_text(name2, value2)};
  sheaf_error error;
  memset(&F, 0, sizeof F);
  F.batch = numbers;
  atomic_store(&most_inside, 0);
  atomic_store(&batches, 0);
  atomic_store(&together, false);
  for (uint32_t i = 0; i < MOST; i++) {
    snprintf(text[i], sizeof text[i], "%u", i);
    refs[i] = sheaf_cstr(text[i]);
  }
  fake_open(&F);
  top = sheaf_stage_over(F.manager, stage, settings, 2, &error);
  if (!top) fail_msg("%s", error.message);
}

typedef struct heard {
  _Atomic uint32_t times[MOST], calls;
  sheaf_status status[MOST];
  uint32_t stop_after;
  pthread_t thread;
  bool anywhere;
} heard;

static heard H;

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  heard *h = ctx;
  assert_true(h->anywhere || pthread_equal(h->thread, pthread_self()));
  atomic_fetch_add(&h->times[index], 1);
  h->status[index] = r->status;
  if (!r->status) assert_int_equal(r->properties[0].value.u.integer, index);
  return atomic_fetch_add(&h->calls, 1) + 1 == h->stop_after ? SHEAF_STOP : SHEAF_CONTINUE;
}

static sheaf_status ask(uint32_t count, uint32_t flags, uint32_t stop_after,
                        const sheaf_call *call) {
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_callbacks callbacks = {sizeof callbacks, flags, &H, hear, hear};
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  memset((void *)&H, 0, sizeof H);
  H.stop_after = stop_after;
  H.thread = pthread_self();
  H.anywhere = flags & SHEAF_PARALLEL_RESULTS;
  request.call = call;
  sheaf_status status = sheaf_resolve(top, &request, &callbacks, &summary, NULL);
  if (status != SHEAF_STOPPED)
    for (uint32_t i = 0; i < count; i++) assert_int_equal(H.times[i], 1);
  assert_int_equal(summary.succeeded + summary.failed, H.calls);
  assert_int_equal(inside, 0);
  return status;
}

static void a_large_batch_goes_in_pieces(void **state) {
  (void)state;
  begin("parallel", "threads", "3", "min_size", "100");
  atomic_store(&together, true);
  assert_int_equal(ask(MOST, 0, 0, NULL), SHEAF_OK);
  assert_int_equal(batches, 3);
  assert_true(most_inside >= 2);
  assert_int_equal(staged_counter(top, "split"), 1);
  assert_int_equal(ask(MOST, SHEAF_PARALLEL_RESULTS, 0, NULL), SHEAF_OK);
  atomic_store(&together, false);
  assert_int_equal(ask(250, 0, 0, NULL), SHEAF_OK); /* two */
  assert_int_equal(batches, 8);
  assert_int_equal(ask(199, 0, 0, NULL), SHEAF_OK); /* not worth it */
  assert_int_equal(batches, 9);
  assert_int_equal(staged_counter(top, "split"), 3);
  fake_close(&F);
}

static void batches_of_a_chain_overlap(void **state) {
  (void)state;
  begin("batch", "batchers", "size(10)", "overlap", "3");
  atomic_store(&together, true);
  assert_int_equal(ask(200, 0, 0, NULL), SHEAF_OK);
  assert_int_equal(batches, 20);
  assert_true(most_inside >= 2 && most_inside <= 3);
  fake_close(&F);
}

static void a_stop_ends_all_pieces(void **state) {
  (void)state;
  begin("batch", "batchers", "size(10)", "overlap", "4");
  for (uint32_t after = 1; after < 200; after += 13) {
    assert_int_equal(ask(200, 0, after, NULL), SHEAF_STOPPED);
    assert_int_equal(H.calls, after);
  }
  fake_close(&F);
}

static sheaf_status never(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_status why = SHEAF_OK;
  (void)self, (void)sink;
  atomic_fetch_add(&inside, 1);
  while (!(why = request->call->wait(request->call, -1))) {
  }
  atomic_fetch_sub(&inside, 1);
  return why;
}

static void *throw_it(void *cancel) {
  while (atomic_load(&inside) < 3) sched_yield();
  sheaf_cancel_set(cancel);
  return NULL;
}

static void cancel_and_deadline_end_all_pieces(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  pthread_t thread;
  (void)state;
  begin("parallel", "threads", "3", "min_size", "10");
  F.batch = never;
  call.cancel = sheaf_cancel_new();
  assert_int_equal(pthread_create(&thread, NULL, throw_it, call.cancel), 0);
  assert_int_equal(ask(100, 0, 0, &call), SHEAF_CANCELLED);
  pthread_join(thread, NULL);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(H.status[i], SHEAF_CANCELLED);
  sheaf_cancel_free(call.cancel);
  call.cancel = NULL;
  call.deadline_ns = sheaf_deadline_in(5000000);
  assert_int_equal(ask(100, 0, 0, &call), SHEAF_DEADLINE);
  fake_close(&F);
}

static sheaf_status second_half_is_gone(void *self, const sheaf_request *request,
                                        sheaf_sink *sink) {
  if (staged_number(request->refs[0]) < 50) return staged_numbers(self, request, sink);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), 0);
}

static void one_piece_that_fails_fails_alone(void **state) {
  (void)state;
  begin("parallel", "threads", "2", "min_size", "10");
  F.batch = second_half_is_gone;
  assert_int_equal(ask(100, 0, 0, NULL), SHEAF_UNAVAILABLE);
  for (uint32_t i = 0; i < 100; i++)
    assert_int_equal(H.status[i], i < 50 ? SHEAF_OK : SHEAF_UNAVAILABLE);
  fake_close(&F);
}

/* Every piece asks the stage itself for a batch that is cut again. */
static sheaf_status asks_from_inside(void *self, const sheaf_request *request, sheaf_sink *sink) {
  if (request->count > 10) {
    sheaf_request again = sheaf_request_for(refs, 20);
    sheaf_batch *batch = sheaf_resolve_batch(top, &again, NULL);
    assert_int_equal(sheaf_batch_failed(batch), 0);
    sheaf_batch_free(batch);
  }
  return staged_numbers(self, request, sink);
}

static void pieces_that_are_cut_again(void **state) {
  (void)state;
  begin("parallel", "threads", "4", "min_size", "10");
  F.batch = asks_from_inside;
  for (int i = 0; i < 20; i++) assert_int_equal(ask(80, 0, 0, NULL), SHEAF_OK);
  fake_close(&F);
}

static void bad_settings(void **state) {
  static const struct {
    const char *stage, *name, *value, *words;
  } cases[] = {
      {"parallel", "threads", "0", "setting \"threads\" is 0: give a whole number from 1 to 64"},
      {"parallel", "min_size", "-1", "setting \"min_size\" is -1"},
      {"parallel", "thread", "3", "(did you mean \"threads\"?); it takes threads and min_size"},
      {"batch", "overlap", "0", "setting \"overlap\" is 0: give a whole number from 1 to 64"}};
  (void)state;
  begin("parallel", "threads", "1", "min_size", "1");
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const sheaf_setting setting = staged_text(cases[c].name, cases[c].value);
    sheaf_error error;
    assert_null(sheaf_stage_over(top, cases[c].stage, &setting, 1, &error));
    if (!strstr(error.message, cases[c].words)) fail_msg("%s", error.message);
  }
  fake_close(&F);
}

static sheaf_status asks_though_serialized(void *self, const sheaf_request *request,
                                           sheaf_sink *sink) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_request nested = sheaf_request_for(refs, 64);
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  assert_int_equal(sheaf_resolve(top, &nested, &callbacks, &summary, NULL), SHEAF_BUSY);
  assert_int_equal(summary.failed, 64);
  return staged_numbers(self, request, sink);
}

/* Its pieces would wait, on other threads, for the one that waits for them. */
static void a_serialized_manager_that_asks_it_from_inside(void **state) {
  static const struct {
    const char *stage, *name, *value, *name2, *value2;
  } cases[] = {{"parallel", "threads", "8", "min_size", "1"},
               {"batch", "batchers", "size(2)", "overlap", "8"}};
  sheaf_error error;
  (void)state;
  for (int c = 0; c < 2; c++) {
    const sheaf_setting settings[] = {staged_text(cases[c].name, cases[c].value),
                                      staged_text(cases[c].name2, cases[c].value2)};
    memset(&F, 0, sizeof F);
    F.batch = asks_though_serialized;
    F.flags = SHEAF_MANAGER_SERIALIZED;
    fake_open(&F);
    top = sheaf_stage_over(F.manager, cases[c].stage, settings, 2, &error);
    assert_non_null(top);
    for (int i = 0; i < 50; i++) {
      sheaf_batch *batch = sheaf_resolve_one(i % 2 ? top : F.manager, refs[0], &error);
      assert_non_null(batch);
      sheaf_batch_free(batch);
    }
    fake_close(&F);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_large_batch_goes_in_pieces),
      cmocka_unit_test(batches_of_a_chain_overlap),
      cmocka_unit_test(a_stop_ends_all_pieces),
      cmocka_unit_test(cancel_and_deadline_end_all_pieces),
      cmocka_unit_test(one_piece_that_fails_fails_alone),
      cmocka_unit_test(pieces_that_are_cut_again),
      cmocka_unit_test(a_serialized_manager_that_asks_it_from_inside),
      cmocka_unit_test(bad_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
