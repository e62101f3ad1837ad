/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf_perform over a manager whose behaviour each test chooses. */
#include "core/testing.h"

/* What a host heard, by index. */
typedef struct ears {
  uint32_t heard[20000];
  sheaf_status status[20000];
  char message[200]; /* the last error's */
  uint32_t calls;
  uint32_t stop_after; /* 0: never */
} ears;

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *result) {
  ears *e = ctx;
  assert_int_equal(result->index, index);
  e->heard[index]++;
  e->status[index] = result->status;
  if (!SHEAF_IS_OK(result->status)) {
    assert_true(result->message.size > 0);
    snprintf(e->message, sizeof e->message, "%.*s", (int)result->message.size,
             result->message.data);
  }
  return ++e->calls == e->stop_after ? SHEAF_STOP : SHEAF_CONTINUE;
}

static ears E;
static fake F;
static sheaf_summary S;
static sheaf_error error;

static void begin(fake_batch batch, uint32_t flags) {
  memset(&E, 0, sizeof E);
  memset(&F, 0, sizeof F);
  F.batch = batch;
  F.flags = flags;
  fake_open(&F);
}

static sheaf_status ask_with(uint32_t count, const sheaf_call *call) {
  sheaf_request request = sheaf_request_for(fake_refs(count), count);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &E, hear, hear};
  request.call = call;
  S = (sheaf_summary)SHEAF_SUMMARY_INIT;
  return sheaf_resolve(F.manager, &request, &callbacks, &S, &error);
}

static sheaf_status ask(uint32_t count) { return ask_with(count, NULL); }

static void every_index_once(uint32_t count) {
  for (uint32_t i = 0; i < count; i++) assert_int_equal(E.heard[i], 1);
  assert_int_equal(E.calls, count);
  assert_int_equal(S.succeeded + S.failed, count);
}

static void in_order(void **state) {
  (void)state;
  begin(fake_answer_all, 0);
  assert_int_equal(ask(10000), SHEAF_OK);
  every_index_once(10000);
  assert_int_equal(S.failed, 0);
  assert_int_equal(ask(0), SHEAF_OK);
  assert_string_equal(F.log, "");
  fake_close(&F);
}

static sheaf_status backwards_and_wrong(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = r->count; i-- > 0;) {
    if (i == 5) continue; /* never answered */
    sheaf_emit_success(sink, i, NULL, 0, 0);
    if (i % 10 == 0) sheaf_emit_error(sink, i, SHEAF_AUTH_ERROR, sheaf_cstr("again"));
    if (i % 20 == 0) sheaf_emit_success(sink, r->count + i, NULL, 0, 0);
  }
  return SHEAF_OK;
}

static void faults_are_dropped_and_logged(void **state) {
  (void)state;
  begin(backwards_and_wrong, 0);
  assert_int_equal(ask(100), SHEAF_OK);
  every_index_once(100);
  assert_int_equal(S.failed, 1);
  assert_int_equal(E.status[5], SHEAF_NO_RESULT);
  assert_non_null(strstr(F.log, "fake: answered 10 indices a second time and 5 out of range"));
  assert_non_null(strstr(F.log, "1 indices unanswered, the first 5"));
  fake_close(&F);
}

static void the_host_can_stop(void **state) {
  (void)state;
  begin(fake_answer_all, 0);
  E.stop_after = 7;
  assert_int_equal(ask(100), SHEAF_STOPPED);
  assert_int_equal(E.calls, 7);
  assert_int_equal(S.succeeded, 7);
  assert_string_equal(F.log, "");
  fake_close(&F);
}

static sheaf_status half_then_fail(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count / 2; i++) sheaf_emit_success(sink, i, NULL, 0, 0);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the back end is gone"),
                            SHEAF_RESULT_RETRYABLE);
}

static void a_failure_midway_reaches_the_rest(void **state) {
  (void)state;
  begin(half_then_fail, 0);
  assert_int_equal(ask(100), SHEAF_UNAVAILABLE);
  every_index_once(100);
  assert_int_equal(S.succeeded, 50);
  assert_int_equal(E.status[99], SHEAF_UNAVAILABLE);
  assert_string_equal(E.message, "the back end is gone");
  assert_string_equal(error.message, "the back end is gone");
  fake_close(&F);
}

/* data: the status to return, without a single answer. */
static sheaf_status only_return(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)r, (void)sink;
  return *(sheaf_status *)((fake *)self)->data;
}

static void returned_statuses_mean_what_they_may(void **state) {
  static const struct {
    sheaf_status returned, batch, element;
  } cases[] = {{SHEAF_OK, SHEAF_OK, SHEAF_NO_RESULT},
               {SHEAF_OVERLOADED, SHEAF_OVERLOADED, SHEAF_OVERLOADED},
               {SHEAF_INVALID_ARGUMENT, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE},
               {SHEAF_STOPPED, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE},
               {SHEAF_CANCELLED, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE},
               {987654, 987654, 987654}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    sheaf_status returned = cases[i].returned;
    begin(only_return, 0);
    F.data = &returned;
    assert_int_equal(ask(3), cases[i].batch);
    every_index_once(3);
    assert_int_equal(E.status[2], cases[i].element);
    if (cases[i].batch) assert_non_null(strstr(error.message, "manager 'fake'"));
    fake_close(&F);
  }
}

static sheaf_status lies(void *self, const sheaf_request *r, sheaf_sink *sink) {
  static const sheaf_property p[2] = {{300, 301, {.kind = SHEAF_KIND_NONE}},
                                      {300, 302, {.kind = SHEAF_KIND_NONE}}};
  (void)self;
  const sheaf_result results[] = {
      {0, SHEAF_OK, p, 2, SHEAF_RESULT_IN_SLOT_ORDER, {NULL, 0}}, /* true */
      {1, SHEAF_OK, p, 1, SHEAF_RESULT_IN_SLOT_ORDER, {NULL, 0}}, /* too few */
      {2, SHEAF_OK, p + 1, 1, SHEAF_RESULT_IN_SLOT_ORDER, {NULL, 0}},
      {3, SHEAF_OK, NULL, 4, 0, {NULL, 0}},     /* counts what is not there */
      {4, SHEAF_OK, p, 1, 1u << 20, {NULL, 0}}, /* must be understood */
      {5, SHEAF_OK, p, 1, 1u << 12, {NULL, 0}}, /* may be ignored */
      {6, SHEAF_AUTH_ERROR, NULL, 0, 0, {NULL, 50}}};
  assert_int_equal(r->count, 7);
  sink->results(sink, results, 7);
  return SHEAF_OK;
}

static void odd_results_become_errors(void **state) {
  static const sheaf_slot slots[] = {{300, 301}, {300, 302}};
  static const sheaf_status expected[] = {SHEAF_OK,
                                          SHEAF_MANAGER_FAILURE,
                                          SHEAF_MANAGER_FAILURE,
                                          SHEAF_MANAGER_FAILURE,
                                          SHEAF_UNSUPPORTED,
                                          SHEAF_OK,
                                          SHEAF_AUTH_ERROR};
  sheaf_request request = sheaf_request_for(fake_refs(7), 7);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &E, hear, hear};
  (void)state;
  begin(lies, 0);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = 2;
  assert_int_equal(sheaf_resolve(F.manager, &request, &callbacks, NULL, &error), SHEAF_OK);
  for (int i = 0; i < 7; i++) assert_int_equal(E.status[i], expected[i]);
  fake_close(&F);
}

static void bad_arguments_have_no_callback(void **state) {
  static const sheaf_id trait = 300;
  static const sheaf_slot no_key = {300, 0};
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &E, hear, hear};
  sheaf_call call = SHEAF_CALL_INIT;
  const sheaf_request good = sheaf_request_for(fake_refs(2), 2);
  sheaf_request r[9];
  (void)state;
  begin(fake_answer_all, 0);
  for (int i = 0; i < 9; i++) r[i] = good;
  r[0].refs = NULL;
  r[1].struct_size = 12;
  r[2].flags |= 1u << 30;
  r[3].trait_count = 1, r[3].traits = &trait; /* and all of them */
  r[4].flags = 0, r[4].trait_count = 1;
  r[5].flags = 0, r[5].slot_count = 1;
  r[6].flags = 0, r[6].slot_count = 1, r[6].slots = &no_key;
  r[7].count = SHEAF_REST;
  call.deadline_ns = -1, r[8].call = &call;
  for (int i = 0; i < 9; i++) {
    error.message[0] = '\0';
    assert_int_equal(sheaf_resolve(F.manager, &r[i], &callbacks, NULL, &error),
                     i == 2 ? SHEAF_UNSUPPORTED : SHEAF_INVALID_ARGUMENT);
    assert_int_not_equal(error.message[0], '\0');
    assert_null(sheaf_resolve_batch(F.manager, &r[i], &error));
  }
  assert_int_equal(sheaf_resolve(F.manager, NULL, &callbacks, NULL, &error),
                   SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_resolve(NULL, &good, &callbacks, NULL, NULL), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_resolve(F.manager, &good, NULL, NULL, NULL), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(E.calls, 0);
  fake_close(&F);
}

/* Of the call, of an index, as an input: stages compare and copy them. */
static void what_goes_along_is_whole(void **state) {
  static const sheaf_record half = {NULL, 3, 0};
  const sheaf_record inputs[2] = {{NULL, 0, 0}, half};
  sheaf_context bad[4];
  (void)state;
  begin(fake_answer_all, 0);
  for (int i = 0; i < 4; i++) bad[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
  bad[0].share_key.size = bad[1].authority.size = bad[2].state.size = 4;
  bad[3].locale = &half;
  for (int i = 0; i < 9; i++) {
    const sheaf_context *contexts[2] = {NULL, &bad[i % 4]};
    sheaf_call call = SHEAF_CALL_INIT;
    sheaf_request request = sheaf_request_for(fake_refs(2), 2);
    if (i < 4) request.contexts = contexts;
    else if (i < 8) call.context = contexts[1];
    else request.inputs = inputs;
    request.call = &call;
    assert_null(sheaf_resolve_batch(F.manager, &request, &error));
    assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "NULL"));
  }
  fake_close(&F);
}

static void what_is_not_served_is_unsupported(void **state) {
  sheaf_request request = sheaf_request_for(fake_refs(3), 3);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &E, hear, hear};
  (void)state;
  begin(fake_answer_all, 0);
  assert_int_equal(sheaf_exists(F.manager, &request, &callbacks, &S, &error), SHEAF_UNSUPPORTED);
  assert_int_equal(sheaf_perform(F.manager, 70000, &request, &callbacks, NULL, NULL),
                   SHEAF_UNSUPPORTED);
  assert_int_equal(E.heard[0] + E.heard[1] + E.heard[2], 6);
  fake_close(&F);
}

static void closed_managers_answer_closed(void **state) {
  (void)state;
  begin(fake_answer_all, 0);
  assert_int_equal(sheaf_manager_close(F.manager), SHEAF_OK);
  assert_int_equal(F.destroyed, 1);
  assert_int_equal(sheaf_manager_close(F.manager), SHEAF_CLOSED);
  assert_int_equal(ask(4), SHEAF_CLOSED);
  every_index_once(4);
  assert_int_equal(E.status[3], SHEAF_CLOSED);
  assert_int_equal(sheaf_manager_flush(F.manager, NULL, NULL), SHEAF_CLOSED);
  assert_int_equal(sheaf_manager_description(F.manager)->verb_count, 1);
  fake_close(&F);
}

static uint32_t close_from_inside(void *ctx, uint32_t index, const sheaf_result *record) {
  (void)ctx, (void)index, (void)record;
  assert_int_equal(sheaf_manager_close(F.manager), SHEAF_BUSY);
  assert_int_equal(sheaf_library_free(F.library), SHEAF_BUSY);
  return SHEAF_CONTINUE;
}

static void closing_from_inside_is_busy(void **state) {
  sheaf_request request = sheaf_request_for(fake_refs(2), 2);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, close_from_inside, NULL};
  (void)state;
  begin(fake_answer_all, 0);
  assert_int_equal(sheaf_resolve(F.manager, &request, &callbacks, NULL, NULL), SHEAF_OK);
  fake_close(&F);
}

/* ----------------------------------------------------------------------- nested calls, scratch */

static sheaf_status inner_answers(void *self, const sheaf_request *r, sheaf_sink *sink) {
  memset(r->call->scratch(r->call, 5000), 0xee, 5000);
  return fake_answer_all(self, r, sink);
}

typedef struct outer_ctx {
  const sheaf_call *call;
  sheaf_sink *sink;
  unsigned char *late;
} outer_ctx;

static uint32_t answer_outer(void *ctx, uint32_t index, const sheaf_result *record) {
  outer_ctx *o = ctx;
  (void)record;
  if (!o->late) {
    o->late = o->call->scratch(o->call, 3000);
    memset(o->late, 0x55, 3000);
  }
  sheaf_emit_success(o->sink, 99 - index, NULL, 0, 0); /* out of order: brings a bitmap too */
  return SHEAF_CONTINUE;
}

/* A manager that asks another and answers from the other's callbacks. */
static sheaf_status ask_another(void *self, const sheaf_request *r, sheaf_sink *sink) {
  fake *inner = ((fake *)self)->data;
  outer_ctx o = {r->call, sink, NULL};
  sheaf_request request = sheaf_request_for(fake_refs(50), 50);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &o, answer_outer, NULL};
  request.call = r->call; /* its cancel and deadline */
  unsigned char *early = r->call->scratch(r->call, 3000);
  memset(early, 0xaa, 3000);
  for (int i = 0; i < 3; i++) sheaf_resolve(inner->manager, &request, &callbacks, NULL, NULL);
  for (int i = 0; i < 3000; i++) {
    assert_int_equal(early[i], 0xaa);
    assert_int_equal(o.late[i], 0x55);
  }
  for (uint32_t i = 0; i < 50; i++) sheaf_emit_success(sink, i, NULL, 0, 0);
  return SHEAF_OK;
}

static void scratch_outlives_inner_calls(void **state) {
  static const uint32_t flags[] = {0, SHEAF_MANAGER_SERIALIZED};
  (void)state;
  for (int i = 0; i < 2; i++) {
    static fake inner;
    memset(&inner, 0, sizeof inner);
    inner.batch = inner_answers;
    fake_open(&inner);
    begin(ask_another, flags[i]);
    F.data = &inner;
    assert_int_equal(ask(100), SHEAF_OK);
    every_index_once(100);
    assert_int_equal(S.failed, 0);
    fake_close(&F);
    fake_close(&inner);
  }
}

static sheaf_status asks_itself(void *self, const sheaf_request *r, sheaf_sink *sink) {
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, NULL, NULL};
  sheaf_status status = sheaf_resolve(((fake *)self)->manager, &request, &callbacks, NULL, &error);
  assert_int_equal(status, SHEAF_BUSY);
  assert_non_null(strstr(error.message, "one call at a time"));
  return fake_answer_all(self, r, sink);
}

static void a_serialized_manager_in_itself_is_busy(void **state) {
  (void)state;
  begin(asks_itself, SHEAF_MANAGER_SERIALIZED);
  assert_int_equal(ask(10), SHEAF_OK);
  every_index_once(10);
  E.calls = 0, E.stop_after = 3;
  assert_int_equal(ask(10), SHEAF_STOPPED);
  assert_int_equal(E.calls, 3);
  assert_int_equal(S.succeeded, 3);
  fake_close(&F);
}

/* ------------------------------------------------------------------- worker threads, cancelling */

static void *work(void *arg) {
  const sheaf_request *r = arg;
  for (uint32_t i = 0; i < r->count; i += 2) {
    sheaf_property p = {300, 301, sheaf_string(sheaf_cstr("posted"))};
    sheaf_result two[2] = {{i + 1, SHEAF_OK, &p, 1, 0, {NULL, 0}},
                           {i, SHEAF_OK, &p, 1, 0, {NULL, 0}}};
    if (r->call->post(r->call, two, 2)) break;
  }
  r->call->release(r->call);
  return NULL;
}

/* Hands its work to a thread and returns at once. data: the thread. */
static sheaf_status hand_on(void *self, const sheaf_request *r, sheaf_sink *sink) {
  static sheaf_request kept; /* the core's own lives as long as the hold, but be plain */
  (void)sink;
  kept = *r;
  r->call->hold(r->call);
  return pthread_create(((fake *)self)->data, NULL, work, &kept) ? SHEAF_SYSTEM_ERROR : SHEAF_OK;
}

static void workers_post_while_they_hold(void **state) {
  static const uint32_t flags[] = {0, SHEAF_MANAGER_SERIALIZED};
  (void)state;
  for (int i = 0; i < 2; i++) {
    pthread_t thread;
    begin(hand_on, flags[i]);
    F.data = &thread;
    assert_int_equal(ask(1000), SHEAF_OK);
    every_index_once(1000);
    assert_int_equal(S.failed, 0);
    pthread_join(thread, NULL);
    assert_string_equal(F.log, "");
    fake_close(&F);
  }
}

static sheaf_status sleep_long(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  sheaf_emit_success(sink, 0, NULL, 0, 0);
  return r->call->wait(r->call, INT64_C(3600) * 1000000000);
}

static void a_deadline_ends_the_wait(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(sleep_long, 0);
  call.deadline_ns = sheaf_deadline_in(20 * 1000000);
  assert_int_equal(ask_with(10, &call), SHEAF_DEADLINE);
  every_index_once(10);
  assert_int_equal(E.status[0], SHEAF_OK);
  assert_int_equal(E.status[9], SHEAF_DEADLINE);
  fake_close(&F);
}

static sheaf_status cancel_then_answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  sheaf_emit_success(sink, 0, NULL, 0, 0);
  sheaf_cancel_set(((fake *)self)->data);
  assert_int_equal(r->call->poll(r->call), SHEAF_CANCELLED);
  assert_int_equal(sheaf_emit_success(sink, 1, NULL, 0, 0), SHEAF_STOP);
  assert_int_equal(r->call->wait(r->call, -1), SHEAF_CANCELLED);
  return SHEAF_OK;
}

static void cancelled_calls_complete_every_index(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(cancel_then_answer, 0);
  F.data = call.cancel = sheaf_cancel_new();
  assert_int_equal(ask_with(10, &call), SHEAF_CANCELLED);
  every_index_once(10);
  assert_int_equal(S.succeeded, 1);
  assert_int_equal(E.status[1], SHEAF_CANCELLED);
  assert_true(sheaf_cancel_is_set(call.cancel));
  sheaf_cancel_free(call.cancel);
  fake_close(&F);
}

static void answered_batches_are_not_cancelled_afterwards(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(cancel_then_answer, 0);
  F.data = call.cancel = sheaf_cancel_new();
  assert_int_equal(ask_with(1, &call), SHEAF_OK);
  assert_int_equal(S.succeeded, 1);
  sheaf_cancel_free(call.cancel);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_order),
      cmocka_unit_test(faults_are_dropped_and_logged),
      cmocka_unit_test(the_host_can_stop),
      cmocka_unit_test(a_failure_midway_reaches_the_rest),
      cmocka_unit_test(returned_statuses_mean_what_they_may),
      cmocka_unit_test(odd_results_become_errors),
      cmocka_unit_test(bad_arguments_have_no_callback),
      cmocka_unit_test(what_goes_along_is_whole),
      cmocka_unit_test(what_is_not_served_is_unsupported),
      cmocka_unit_test(closed_managers_answer_closed),
      cmocka_unit_test(closing_from_inside_is_busy),
      cmocka_unit_test(scratch_outlives_inner_calls),
      cmocka_unit_test(a_serialized_manager_in_itself_is_busy),
      cmocka_unit_test(workers_post_while_they_hold),
      cmocka_unit_test(a_deadline_ends_the_wait),
      cmocka_unit_test(cancelled_calls_complete_every_index),
      cmocka_unit_test(answered_batches_are_not_cancelled_afterwards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
