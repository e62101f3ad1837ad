/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "core/cancel.h"
#include "stage/testing.h"

#define MS 1000000
#define MOST 16

static fake F;
static sheaf_manager *top;

/* What reached the manager. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t batches, asked, largest;
static int64_t deadline;
static const void *opaque;
static sheaf_status ended; /* why a batch was, before it could answer */
static _Atomic bool may_go;
static _Atomic uint32_t inside;

static void note(const sheaf_request *request) {
  const sheaf_context *context = request->call->context;
  pthread_mutex_lock(&lock);
  batches++;
  asked += request->count;
  if (request->count > largest) largest = request->count;
  deadline = request->call->deadline_ns;
  opaque = context ? context->opaque : NULL;
  pthread_mutex_unlock(&lock);
}

static sheaf_status answer(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_status why = SHEAF_OK;
  note(request);
  atomic_fetch_add(&inside, 1);
  while (!atomic_load(&may_go) && !(why = request->call->poll(request->call))) sched_yield();
  pthread_mutex_lock(&lock);
  if (why) ended = why;
  pthread_mutex_unlock(&lock);
  return why ? why : staged_numbers(self, request, sink);
}

static void begin(const char *size, const char *wait_ms) {
  const sheaf_setting settings[] = {staged_text("max_size", size),
                                    staged_text("max_wait_ms", wait_ms)};
  sheaf_error error;
  memset(&F, 0, sizeof F);
  F.batch = answer;
  batches = asked = largest = 0;
  ended = SHEAF_OK;
  atomic_store(&may_go, true);
  atomic_store(&inside, 0);
  fake_open(&F);
  top = sheaf_stage_over(F.manager, "linger", settings, 2, &error);
  if (!top) fail_msg("%s", error.message);
}

/* A caller of up to four references, on a thread of its own. */
typedef struct caller {
  pthread_t thread;
  const char *refs[4];
  sheaf_call call;
  sheaf_context context;
  const sheaf_record *inputs;
  _Atomic bool ended;
  sheaf_status status, errors[4];
  int64_t values[4];
  pthread_t heard_on;
} caller;

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  caller *c = ctx;
  c->errors[index] = r->status;
  c->values[index] = r->status ? -1 : r->properties[0].value.u.integer;
  c->heard_on = pthread_self();
  return SHEAF_CONTINUE;
}

static void *call(void *caller_) {
  caller *c = caller_;
  sheaf_str refs[4];
  uint32_t count = 0;
  for (; count < 4 && c->refs[count]; count++) refs[count] = sheaf_cstr(c->refs[count]);
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, c, hear, hear};
  c->call.struct_size = sizeof c->call;
  if (c->context.struct_size) c->call.context = &c->context;
  request.call = &c->call;
  request.inputs = c->inputs;
  c->status = sheaf_resolve(top, &request, &callbacks, NULL, NULL);
  assert_true(pthread_equal(c->heard_on, pthread_self()));
  atomic_store(&c->ended, true);
  return NULL;
}

static void start(caller *c) { assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0); }

static void finish(caller *c) {
  pthread_join(c->thread, NULL);
  for (int i = 0; i < 4 && c->refs[i] && !c->status; i++)
    assert_int_equal(c->values[i], staged_number(sheaf_cstr(c->refs[i])));
}

static void nap(int64_t ms) {
  struct timespec t = {ms / 1000, ms % 1000 * MS};
  nanosleep(&t, NULL);
}

/* Until so many calls are in their windows. */
static void until_calls(uint64_t count) {
  while (staged_counter(top, "calls") < count) sched_yield();
}

static uint64_t counter(const char *name) { return staged_counter(top, name); }

/* ------------------------------------------------------------------------------- the window */

static void it_goes_when_it_is_full(void **state) {
  caller c[4] = {{.refs = {"1"}}, {.refs = {"2", "3"}}, {.refs = {"4", "5"}}, {.refs = {"6"}}};
  (void)state;
  begin("6", "600000");
  for (int i = 0; i < 4; i++) start(&c[i]);
  for (int i = 0; i < 4; i++) finish(&c[i]);
  assert_int_equal(batches, 1);
  assert_int_equal(largest, 6);
  assert_int_equal(counter("full"), 1);
  assert_int_equal(counter("calls"), 4);
  fake_close(&F);
}

static void what_does_not_fit_goes_into_the_next(void **state) {
  caller c[3] = {{.refs = {"1", "2", "3"}}, {.refs = {"4", "5", "6"}}, {.refs = {"7", "8"}}};
  (void)state;
  begin("5", "600000");
  start(&c[0]);
  until_calls(1);
  start(&c[1]); /* sends the first away: it was alone, but not its time */
  finish(&c[0]);
  start(&c[2]);
  finish(&c[1]);
  finish(&c[2]);
  assert_int_equal(batches, 2);
  assert_int_equal(counter("full"), 2);
  fake_close(&F);
}

static void its_time_runs_from_the_first_call(void **state) {
  caller first = {.refs = {"1"}}, others[5] = {0};
  (void)state;
  begin("1000", "60");
  int64_t from = sheaf_now_ns();
  start(&first);
  for (int i = 0; i < 5; i++) { /* each of these within 60 ms of the one before */
    others[i].refs[0] = "2";
    nap(20);
    start(&others[i]);
  }
  finish(&first);
  int64_t took = sheaf_now_ns() - from;
  assert_true(took >= 60 * MS);
  for (int i = 0; i < 5; i++) finish(&others[i]);
  assert_true(batches >= 2 || took > 100 * MS); /* a window that restarted would hold them all */
  assert_true(counter("due") >= 1);
  fake_close(&F);
}

static void who_is_alone_goes_with_his_own_call(void **state) {
  caller c = {.refs = {"1"}, .context = SHEAF_CONTEXT_INIT};
  (void)state;
  begin("1000", "1");
  c.context.opaque = &c;
  call(&c);
  assert_int_equal(c.status, SHEAF_OK);
  assert_ptr_equal(opaque, &c);
  assert_int_equal(counter("due"), 1);
  fake_close(&F);
}

static void a_flush_lets_it_go(void **state) {
  caller c[3] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}};
  (void)state;
  begin("1000", "600000");
  for (int i = 0; i < 3; i++) start(&c[i]);
  until_calls(3);
  assert_int_equal(batches, 0);
  assert_int_equal(sheaf_manager_flush(top, NULL, NULL), SHEAF_OK);
  for (int i = 0; i < 3; i++) finish(&c[i]);
  assert_int_equal(batches, 1);
  assert_int_equal(counter("flushed"), 1);
  assert_int_equal(sheaf_manager_flush(top, NULL, NULL), SHEAF_OK);
  fake_close(&F);
}

static void large_and_urgent_calls_do_not_wait(void **state) {
  caller large = {.refs = {"1", "2", "3", "4"}}, urgent = {.refs = {"5"}};
  (void)state;
  begin("4", "600000");
  call(&large);
  assert_int_equal(large.status, SHEAF_OK);
  urgent.call.deadline_ns = sheaf_deadline_in(5000 * (int64_t)MS);
  call(&urgent);
  assert_int_equal(urgent.status, SHEAF_OK);
  assert_int_equal(batches, 2);
  fake_close(&F);
}

/* ------------------------------------------------------------------------------ who shares a batch */

static void only_equal_terms_share(void **state) {
  caller c[6] = {0};
  (void)state;
  begin("1000", "600000");
  for (int i = 0; i < 6; i++) {
    c[i].refs[0] = "1";
    c[i].context = (sheaf_context)SHEAF_CONTEXT_INIT;
    c[i].context.share_key = sheaf_cstr(i % 2 ? "odd" : "even");
    c[i].context.opaque = &c[i];
    start(&c[i]);
  }
  until_calls(6);
  sheaf_manager_flush(top, NULL, NULL);
  for (int i = 0; i < 6; i++) finish(&c[i]);
  assert_int_equal(batches, 2);
  assert_int_equal(largest, 3);
  assert_null(opaque); /* a shared call is nobody's */
  fake_close(&F);
}

static sheaf_status look_at_inputs(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  note(request);
  for (uint32_t i = 0; i < request->count; i++) {
    sheaf_property p = {300, 301, request->inputs[i].properties[0].value};
    sheaf_emit_success(sink, i, &p, 1, 0);
  }
  return SHEAF_OK;
}

static void inputs_go_along(void **state) {
  sheaf_property properties[6];
  sheaf_record inputs[6];
  char text[6][8];
  caller c[3] = {0};
  (void)state;
  begin("6", "600000");
  F.batch = look_at_inputs;
  for (int i = 0; i < 6; i++) {
    snprintf(text[i], sizeof text[i], "%d", i * 11);
    properties[i] = (sheaf_property){300, 301, sheaf_int64(i * 11)};
    inputs[i] = (sheaf_record){&properties[i], 1, 0};
    c[i / 2].refs[i % 2] = text[i];
    c[i / 2].inputs = &inputs[i / 2 * 2];
  }
  for (int i = 0; i < 3; i++) start(&c[i]);
  for (int i = 0; i < 3; i++) finish(&c[i]);
  assert_int_equal(batches, 1);
  fake_close(&F);
}

static sheaf_status some_fail(void *self, const sheaf_request *request, sheaf_sink *sink) {
  note(request);
  for (uint32_t i = 0; i < request->count; i++)
    if (staged_number(request->refs[i]) == 4)
      sheaf_emit_error(sink, i, SHEAF_AUTH_ERROR, sheaf_cstr("no"));
  sheaf_request few = *request;
  while (few.count && staged_number(few.refs[few.count - 1]) >= 4) few.count--;
  staged_numbers(self, &few, sink);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), 0);
}

static void each_hears_of_his_own_errors(void **state) {
  caller c[3] = {{.refs = {"1", "2"}}, {.refs = {"4"}}, {.refs = {"5"}}};
  (void)state;
  begin("1000", "600000");
  F.batch = some_fail;
  for (int i = 0; i < 3; i++) {
    start(&c[i]);
    until_calls((uint64_t)i + 1);
  }
  sheaf_manager_flush(top, NULL, NULL);
  for (int i = 0; i < 3; i++) pthread_join(c[i].thread, NULL);
  assert_int_equal(batches, 1);
  assert_int_equal(c[0].status, SHEAF_OK);
  assert_int_equal(c[0].values[1], 2);
  assert_int_equal(c[1].status, SHEAF_OK);
  assert_int_equal(c[1].errors[0], SHEAF_AUTH_ERROR);
  assert_int_equal(c[2].status, SHEAF_UNAVAILABLE);
  assert_int_equal(c[2].errors[0], SHEAF_UNAVAILABLE);
  fake_close(&F);
}

/* ------------------------------------------------------------------------------------- leaving */

static void who_is_cancelled_in_the_window_is_not_asked_for(void **state) {
  (void)state;
  for (int who = 0; who < 3; who++) { /* the first, the middle one, the last */
    caller c[3] = {{.refs = {"1"}}, {.refs = {"2", "3"}}, {.refs = {"4"}}};
    begin("1000", "600000");
    c[who].call.cancel = sheaf_cancel_new();
    for (int i = 0; i < 3; i++) {
      start(&c[i]);
      until_calls((uint64_t)i + 1);
    }
    sheaf_cancel_set(c[who].call.cancel);
    finish(&c[who]);
    assert_int_equal(c[who].status, SHEAF_CANCELLED);
    assert_int_equal(batches, 0);
    sheaf_manager_flush(top, NULL, NULL);
    for (int i = 0; i < 3; i++)
      if (i != who) finish(&c[i]);
    assert_int_equal(batches, 1);
    assert_int_equal(asked, who == 1 ? 2 : 3);
    sheaf_cancel_free(c[who].call.cancel);
    fake_close(&F);
  }
}

static void the_first_may_leave_and_the_time_still_comes(void **state) {
  caller c[2] = {{.refs = {"1"}}, {.refs = {"2"}}};
  (void)state;
  begin("1000", "50");
  c[0].call.cancel = sheaf_cancel_new();
  start(&c[0]);
  until_calls(1);
  start(&c[1]);
  sheaf_cancel_set(c[0].call.cancel);
  finish(&c[0]);
  finish(&c[1]);
  assert_int_equal(c[1].status, SHEAF_OK);
  sheaf_cancel_free(c[0].call.cancel);
  fake_close(&F);
}

static void who_is_cancelled_on_the_way_leaves_at_once(void **state) {
  caller c[3] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}};
  (void)state;
  for (int who = 0; who < 3; who++) {
    begin("3", "600000");
    atomic_store(&may_go, false);
    c[who].call.cancel = sheaf_cancel_new();
    for (int i = 0; i < 3; i++) start(&c[i]);
    while (!atomic_load(&inside)) sched_yield();
    sheaf_cancel_set(c[who].call.cancel);
    finish(&c[who]); /* though the batch has not been answered */
    assert_int_equal(c[who].errors[0], SHEAF_CANCELLED);
    atomic_store(&may_go, true);
    for (int i = 0; i < 3; i++) {
      if (i == who) continue;
      finish(&c[i]);
      assert_int_equal(c[i].status, SHEAF_OK);
    }
    assert_int_equal(ended, SHEAF_OK);
    sheaf_cancel_free(c[who].call.cancel);
    c[who].call.cancel = NULL;
    fake_close(&F);
  }
}

static void when_the_last_leaves_the_batch_is_cancelled(void **state) {
  caller c[3] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}};
  (void)state;
  begin("3", "600000");
  atomic_store(&may_go, false);
  for (int i = 0; i < 3; i++) {
    c[i].call.cancel = sheaf_cancel_new();
    start(&c[i]);
  }
  while (!atomic_load(&inside)) sched_yield();
  for (int i = 0; i < 3; i++) {
    pthread_mutex_lock(&lock);
    assert_int_equal(ended, SHEAF_OK);
    pthread_mutex_unlock(&lock);
    sheaf_cancel_set(c[i].call.cancel);
    finish(&c[i]);
    assert_int_equal(c[i].status, SHEAF_CANCELLED);
  }
  assert_int_equal(ended, SHEAF_CANCELLED);
  for (int i = 0; i < 3; i++) sheaf_cancel_free(c[i].call.cancel);
  fake_close(&F);
}

static void the_latest_deadline_counts(void **state) {
  caller c[3] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}};
  (void)state;
  for (int without = 0; without < 2; without++) {
    begin("3", "1000");
    for (int i = 0; i < 3; i++) {
      c[i].call.deadline_ns = sheaf_deadline_in((10 + i) * (int64_t)1000 * MS);
      if (without && i == 1) c[i].call.deadline_ns = 0;
      start(&c[i]);
    }
    for (int i = 0; i < 3; i++) finish(&c[i]);
    assert_int_equal(deadline, without ? 0 : c[2].call.deadline_ns);
    fake_close(&F);
  }
}

static void a_deadline_on_the_way(void **state) {
  caller c[2] = {{.refs = {"1"}}, {.refs = {"2"}}};
  (void)state;
  begin("2", "1");
  atomic_store(&may_go, false);
  for (int i = 0; i < 2; i++) {
    c[i].call.deadline_ns = sheaf_deadline_in((30 + 30 * i) * (int64_t)MS);
    start(&c[i]);
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(c[i].thread, NULL);
    assert_int_equal(c[i].errors[0], SHEAF_DEADLINE);
  }
  fake_close(&F);
}

/* ------------------------------------------------------------------------------ what may go wrong */

static sheaf_status asks_from_inside(void *self, const sheaf_request *request, sheaf_sink *sink) {
  if (staged_number(request->refs[0]) < 100) {
    sheaf_batch *batch = sheaf_resolve_one(top, sheaf_cstr("100"), NULL);
    assert_non_null(batch);
    sheaf_batch_free(batch);
  }
  return staged_numbers(self, request, sink);
}

static void a_manager_that_asks_it_from_inside(void **state) {
  caller c[2] = {{.refs = {"1"}}, {.refs = {"2"}}};
  (void)state;
  begin("2", "600000");
  F.batch = asks_from_inside;
  for (int i = 0; i < 2; i++) start(&c[i]);
  for (int i = 0; i < 2; i++) finish(&c[i]);
  fake_close(&F);
}

static void below_a_cache_it_gathers_what_is_missed(void **state) {
  caller c[3] = {{.refs = {"1", "2"}}, {.refs = {"3"}}, {.refs = {"4"}}};
  (void)state;
  begin("4", "600000");
  sheaf_manager *below = top;
  top = sheaf_stage_over(below, "cache", NULL, 0, NULL);
  assert_non_null(top);
  for (int i = 0; i < 3; i++) start(&c[i]);
  for (int i = 0; i < 3; i++) finish(&c[i]);
  assert_int_equal(batches, 1);
  assert_int_equal(staged_counter(below, "full"), 1);
  fake_close(&F);
}

static sheaf_status asks_though_serialized(void *self, const sheaf_request *request,
                                           sheaf_sink *sink) {
  sheaf_error error;
  assert_null(sheaf_resolve_one(top, sheaf_cstr("100"), &error));
  assert_int_equal(error.status, SHEAF_BUSY);
  return staged_numbers(self, request, sink);
}

static void a_serialized_manager_that_asks_it_from_inside(void **state) {
  caller c[4] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}, {.refs = {"4"}}};
  sheaf_error error;
  (void)state;
  memset(&F, 0, sizeof F);
  F.batch = asks_though_serialized;
  F.flags = SHEAF_MANAGER_SERIALIZED;
  fake_open(&F);
  const sheaf_setting settings[] = {staged_text("max_size", "2"), staged_text("max_wait_ms", "20")};
  top = sheaf_stage_over(F.manager, "linger", settings, 2, &error);
  for (int i = 0; i < 4; i++) start(&c[i]);
  for (int i = 0; i < 4; i++) finish(&c[i]);
  fake_close(&F);
}

static void closed_while_calls_are_in_flight(void **state) {
  caller c[3] = {{.refs = {"1"}}, {.refs = {"2"}}, {.refs = {"3"}}}, late = {.refs = {"4"}};
  (void)state;
  begin("1000", "50");
  for (int i = 0; i < 3; i++) start(&c[i]);
  until_calls(3);
  assert_int_equal(sheaf_manager_close(top), SHEAF_OK);
  late.heard_on = pthread_self();
  call(&late);
  assert_int_equal(late.status, SHEAF_CLOSED);
  for (int i = 0; i < 3; i++) {
    finish(&c[i]);
    assert_int_equal(c[i].status, SHEAF_OK);
  }
  assert_int_equal(F.destroyed, 1);
  fake_close(&F);
}

static void bad_settings(void **state) {
  static const struct {
    const char *name, *value, *words;
  } cases[] = {
      {"max_size", "0", "setting \"max_size\" is 0: give a whole number from 1"},
      {"max_size", "-1", "setting \"max_size\" is -1"},
      {"max_bytes", "0", "setting \"max_bytes\" is 0"},
      {"max_wait_ms", "0", "setting \"max_wait_ms\" is 0: give a number of milliseconds above 0"},
      {"max_wait_ms", "-0.5", "setting \"max_wait_ms\" is -0.5"},
      {"max_wait_ms", "1e300", "setting \"max_wait_ms\" is 1e+300"},
      {"max_wait_ms", "long", "is a number, and \"long\" is not one"},
      {"wait", "5", "it takes max_size, max_bytes and max_wait_ms"}};
  (void)state;
  begin("5", "1");
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const sheaf_setting setting = staged_text(cases[c].name, cases[c].value);
    sheaf_error error;
    assert_null(sheaf_stage_over(top, "linger", &setting, 1, &error));
    assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(error.message, cases[c].words)) fail_msg("%s", error.message);
  }
  fake_close(&F);
}

static void *call_often(void *ctx) {
  (void)ctx;
  for (int i = 0; i < 200; i++) {
    caller c = {.refs = {"17", i % 3 ? "4" : NULL}};
    call(&c);
    assert_int_equal(c.status, SHEAF_OK);
    assert_int_equal(c.values[0], 17);
  }
  return NULL;
}

static void many_threads(void **state) {
  pthread_t threads[MOST];
  (void)state;
  begin("20", "0.5");
  for (int i = 0; i < MOST; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, call_often, NULL), 0);
  for (int i = 0; i < MOST; i++) pthread_join(threads[i], NULL);
  assert_int_equal(counter("calls"), MOST * 200);
  assert_int_equal(counter("batches"), batches);
  assert_true(largest <= 20);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_goes_when_it_is_full),
      cmocka_unit_test(what_does_not_fit_goes_into_the_next),
      cmocka_unit_test(its_time_runs_from_the_first_call),
      cmocka_unit_test(who_is_alone_goes_with_his_own_call),
      cmocka_unit_test(a_flush_lets_it_go),
      cmocka_unit_test(large_and_urgent_calls_do_not_wait),
      cmocka_unit_test(only_equal_terms_share),
      cmocka_unit_test(inputs_go_along),
      cmocka_unit_test(each_hears_of_his_own_errors),
      cmocka_unit_test(who_is_cancelled_in_the_window_is_not_asked_for),
      cmocka_unit_test(the_first_may_leave_and_the_time_still_comes),
      cmocka_unit_test(who_is_cancelled_on_the_way_leaves_at_once),
      cmocka_unit_test(when_the_last_leaves_the_batch_is_cancelled),
      cmocka_unit_test(the_latest_deadline_counts),
      cmocka_unit_test(a_deadline_on_the_way),
      cmocka_unit_test(a_manager_that_asks_it_from_inside),
      cmocka_unit_test(below_a_cache_it_gathers_what_is_missed),
      cmocka_unit_test(a_serialized_manager_that_asks_it_from_inside),
      cmocka_unit_test(closed_while_calls_are_in_flight),
      cmocka_unit_test(bad_settings),
      cmocka_unit_test(many_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
