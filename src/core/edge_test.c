/* SPDX-License-Identifier: Apache-2.0 */
/* Corners of the batch path that were wrong once. */
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sheaf/utf8.h>
#include "core/testing.h"
#include "core/flight.h"

static fake F;
static sheaf_summary S;
static sheaf_error error;
static unsigned calls, after_stop;
static unsigned stop_at;
static sheaf_status seen[64];
static sheaf_cancel *the_switch;
static bool stopped;

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  (void)ctx;
  if (stopped) after_stop++;
  if (index < 64) seen[index] = r->status;
  if (++calls == stop_at) {
    stopped = true;
    return SHEAF_STOP;
  }
  return SHEAF_CONTINUE;
}
static void begin(fake_batch b, uint32_t flags) {
  memset(&F, 0, sizeof F);
  memset(&error, 0, sizeof error);
  calls = after_stop = stop_at = 0;
  stopped = false;
  memset(seen, 0xff, sizeof seen);
  F.batch = b;
  F.flags = flags;
  fake_open(&F);
}
static sheaf_status ask_cb(uint32_t n, const sheaf_call *call, uint32_t cbflags, sheaf_success_fn s,
                           sheaf_error_fn e) {
  sheaf_request r = sheaf_request_for(fake_refs(n), n);
  sheaf_callbacks cb = {sizeof cb, cbflags, NULL, s, e};
  r.call = call;
  S = (sheaf_summary)SHEAF_SUMMARY_INIT;
  return sheaf_resolve(F.manager, &r, &cb, &S, &error);
}

/* the host's STOP while the rest is being cancelled */
static void stop_wins_over_cancel(void **state) {
  (void)state;
  sheaf_call call = SHEAF_CALL_INIT;
  begin(fake_answer_all, 0);
  call.cancel = sheaf_cancel_new();
  sheaf_cancel_set(call.cancel);
  stop_at = 3;
  sheaf_status s = ask_cb(10, &call, 0, hear, hear);
  assert_int_equal(calls, 3);
  assert_int_equal(s, SHEAF_STOPPED);
  sheaf_cancel_free(call.cancel);
  fake_close(&F);
}

/* callbacks after STOP: a worker polls (and so ends the flight) while the host's callback runs */
static const sheaf_call *polled;
static void *poller(void *a) {
  (void)a;
  polled->poll(polled);
  return NULL;
}
static uint32_t cancel_then_stop(void *ctx, uint32_t i, const sheaf_result *r) {
  uint32_t (*h)(void *, uint32_t, const sheaf_result *) = hear;
  if (calls == 1) {
    pthread_t t;
    sheaf_cancel_set(the_switch);
    pthread_create(&t, NULL, poller, NULL);
    pthread_join(t, NULL); /* the manager's worker polls just now */
  }
  return h(ctx, i, r);
}
static sheaf_status publish_and_answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  polled = r->call;
  return fake_answer_all(self, r, sink);
}
static void no_callback_after_stop(void **state) {
  (void)state;
  sheaf_call call = SHEAF_CALL_INIT;
  begin(publish_and_answer, 0);
  call.cancel = the_switch = sheaf_cancel_new();
  stop_at = 2;
  sheaf_status s = ask_cb(10, &call, 0, cancel_then_stop, hear);
  assert_int_equal(after_stop, 0);
  assert_int_equal(s, SHEAF_STOPPED);
  sheaf_cancel_free(the_switch);
  fake_close(&F);
}

/* summary is always filled */
static void summary_is_always_filled(void **state) {
  (void)state;
  begin(fake_answer_all, 0);
  sheaf_summary s = {sizeof s, 0, 7, 7};
  sheaf_callbacks cb = SHEAF_CALLBACKS_INIT;
  assert_int_equal(sheaf_resolve(F.manager, NULL, &cb, &s, &error), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(s.succeeded, 0);
  fake_close(&F);
}

/* cut not in the middle of a character */
static void a_cut_message_is_utf8(void **state) {
  (void)state;
  for (unsigned pad = 0; pad < 3; pad++) {
    char text[4000];
    memset(text, 'a', pad);
    for (unsigned i = pad; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xe2\x82\xac", 4);
    sheaf_error_set(&error, SHEAF_IO_ERROR, "%s", text);
    bool ok = sheaf_utf8_valid(sheaf_cstr(error.message));
    assert_true(ok);
  }
}
/* words of a REST */
static char euros[4000];
static sheaf_status fail_in_euros(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  for (unsigned i = 0; i + 3 < sizeof euros; i += 3) memcpy(euros + i, "\xe2\x82\xac", 4);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr(euros), 0);
}
static void a_cut_rest_is_utf8(void **state) {
  (void)state;
  begin(fail_in_euros, 0);
  ask_cb(3, NULL, 0, hear, hear);
  assert_true(sheaf_utf8_valid(sheaf_cstr(error.message)));
  fake_close(&F);
}

/* REST, validated */
static sheaf_status false_rest(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  sheaf_result rest = {SHEAF_REST, SHEAF_UNAVAILABLE, NULL, 5, 1u << 20, {NULL, 0}};
  sink->results(sink, &rest, 1);
  return SHEAF_UNAVAILABLE;
}
static uint32_t bad_props, bad_flags;
static uint32_t look(void *c, uint32_t i, const sheaf_result *r) {
  (void)c;
  (void)i;
  if (r->property_count && !r->properties) bad_props++;
  if (r->flags & 0xffff0000u) bad_flags++;
  seen[i] = r->status;
  return 0;
}
static void a_rest_is_checked_like_any_result(void **state) {
  (void)state;
  begin(false_rest, 0);
  ask_cb(4, NULL, 0, look, look);
  assert_int_equal(bad_props + bad_flags, 0);
  fake_close(&F);
}

/* parallel: a must-understand flag */
static sheaf_status strange(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  sheaf_result x = {0, SHEAF_OK, NULL, 0, 1u << 20, {NULL, 0}};
  sink->results(sink, &x, 1);
  return SHEAF_OK;
}
static void parallel_says_unsupported_too(void **state) {
  (void)state;
  begin(strange, 0);
  ask_cb(1, NULL, SHEAF_PARALLEL_RESULTS, hear, hear);
  assert_int_equal(seen[0], SHEAF_UNSUPPORTED);
  fake_close(&F);
}
/* 5c parallel: the words of a failure reach the error */
static sheaf_status fails(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the back end is gone"), 0);
}
static void parallel_failure_has_words(void **state) {
  (void)state;
  begin(fails, 0);
  assert_int_equal(ask_cb(3, NULL, SHEAF_PARALLEL_RESULTS, hear, hear), SHEAF_UNAVAILABLE);
  assert_non_null(strstr(error.message, "the back end is gone"));
  fake_close(&F);
}

/* lost wake-up: stop from a parallel worker does not wake wait() */
static sheaf_sink *psink;
static void *answer_one(void *a) {
  (void)a;
  struct timespec t = {0, 100000000};
  nanosleep(&t, NULL);
  sheaf_emit_success(psink, 0, NULL, 0, 0);
  return NULL;
}
static int64_t waited;
static sheaf_status wait_for_workers(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  pthread_t t;
  psink = sink;
  pthread_create(&t, NULL, answer_one, NULL);
  int64_t from = sheaf_now_ns();
  sheaf_status s = r->call->wait(r->call, 3000000000);
  waited = sheaf_now_ns() - from;
  pthread_join(t, NULL);
  return s;
}
static void stop_from_a_worker_wakes_the_wait(void **state) {
  (void)state;
  begin(wait_for_workers, 0);
  stop_at = 1;
  assert_int_equal(ask_cb(10, NULL, SHEAF_PARALLEL_RESULTS, hear, hear), SHEAF_STOPPED);
  assert_true(waited < 1000000000);
  fake_close(&F);
}

/* Counts the flights at rest on a thread of its own, after a call. */
static void *ask_and_count(void *arg) {
  unsigned *count = arg;
  ask_cb(1, NULL, 0, NULL, NULL);
  *count = 0;
  for (sheaf_flight *f = sheaf_thread_here->rest_first; f; f = f->resting) ++*count;
  return NULL;
}

/* Each thread that ends leaves its flights to the next, so that their number has an end. */
static void threads_that_come_and_go_leave_no_heap_behind(void **state) {
  unsigned count = 0;
  (void)state;
  begin(fake_answer_all, 0);
  for (int i = 0; i < 200; i++) {
    pthread_t t;
    pthread_create(&t, NULL, ask_and_count, &count);
    pthread_join(t, NULL);
  }
  assert_in_range(count, 1, 300);
  fake_close(&F);
}

/* closing from inside a callback on another thread */
static sheaf_status closing;
static uint32_t close_it(void *c, uint32_t i, const sheaf_result *r) {
  (void)c;
  (void)i;
  (void)r;
  closing = sheaf_manager_close(F.manager);
  return 0;
}
static void *answer_now(void *a) {
  (void)a;
  sheaf_emit_success(psink, 0, NULL, 0, 0);
  return NULL;
}
static sheaf_status by_worker(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  pthread_t t;
  psink = sink;
  pthread_create(&t, NULL, answer_now, NULL);
  pthread_join(t, NULL);
  return SHEAF_OK;
}
static void closing_from_a_worker_lets_the_call_end(void **state) {
  (void)state;
  begin(by_worker, 0);
  ask_cb(1, NULL, SHEAF_PARALLEL_RESULTS, close_it, close_it);
  assert_int_equal(closing, SHEAF_OK);
  assert_int_equal(S.succeeded, 1);
  assert_int_equal(F.destroyed, 1);
  fake_close(&F);
}

/* a cancelled serialized batch loses what was answered in time */
static sheaf_status half_then_cancel(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    if (i == 5) sheaf_cancel_set(the_switch);
    if (sheaf_emit_success(sink, i, NULL, 0, 0)) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}
static void answered_before_the_cancel(uint32_t flags) {
  sheaf_call call = SHEAF_CALL_INIT;
  begin(half_then_cancel, flags);
  call.cancel = the_switch = sheaf_cancel_new();
  assert_int_equal(ask_cb(10, &call, 0, hear, hear), SHEAF_CANCELLED);
  assert_int_equal(S.succeeded, 5);
  sheaf_cancel_free(the_switch);
  fake_close(&F);
}
static void answered_before_the_cancel_plain(void **state) {
  (void)state;
  answered_before_the_cancel(0);
}
static void answered_before_the_cancel_serialized(void **state) {
  (void)state;
  answered_before_the_cancel(SHEAF_MANAGER_SERIALIZED);
}

/* cancel inside one call of results */
static sheaf_status all_at_once(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  sheaf_result x[64] = {{0}};
  for (uint32_t i = 0; i < r->count; i++) x[i].index = i;
  sink->results(sink, x, r->count);
  return SHEAF_OK;
}
static uint32_t cancel_at_3(void *c, uint32_t i, const sheaf_result *r) {
  if (i == 3) sheaf_cancel_set(the_switch);
  return hear(c, i, r);
}
static void cancel_within_one_array(void **state) {
  (void)state;
  sheaf_call call = SHEAF_CALL_INIT;
  begin(all_at_once, 0);
  call.cancel = the_switch = sheaf_cancel_new();
  assert_int_equal(ask_cb(64, &call, 0, cancel_at_3, hear), SHEAF_CANCELLED);
  assert_int_equal(S.succeeded, 4);
  sheaf_cancel_free(the_switch);
  fake_close(&F);
}

/* an unnamed verb is offered all the same */
static const sheaf_verb_info ghost_verbs[] = {{SHEAF_VERB_RESOLVE, 0}, {400, 0}};
static const sheaf_description ghost = {sizeof ghost, 0, ghost_verbs, NULL, 2, 0};
static const sheaf_description *ghost_describe(void *s) {
  (void)s;
  return &ghost;
}
static sheaf_status ghost_create(const sheaf_factory *f, const sheaf_host *h, const sheaf_value *v,
                                 uint32_t n, sheaf_interface *out, sheaf_error *e) {
  static const sheaf_manager_table t = {sizeof t, 0, ghost_describe, fake_run, NULL, NULL, NULL};
  (void)h;
  (void)v;
  (void)n;
  (void)e;
  *out = (sheaf_interface){&t, f->data};
  return SHEAF_OK;
}
static void a_verb_without_a_name_is_not_offered(void **state) {
  (void)state;
  static sheaf_factory fa;
  begin(fake_answer_all, 0);
  fa = (sheaf_factory){.struct_size = sizeof fa, .id = "ghost", .data = &F, .create = ghost_create};
  sheaf_manager *m = sheaf_manager_create(F.library, &fa, &fa, 0, NULL, &error);
  sheaf_request r = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks cb = SHEAF_CALLBACKS_INIT;
  assert_int_equal(sheaf_perform(m, 400, &r, &cb, NULL, &error), SHEAF_UNSUPPORTED);
  fake_close(&F);
}

/* a closed handle stays as long as its library: it must not be large */
static const sheaf_description *long_describe(void *self) {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, 0}, {SHEAF_VERB_EXISTS, 0}};
  static const sheaf_str prefixes[] = {
      SHEAF_STR("a:///"), SHEAF_STR("sixteen-bytes://"), {NULL, 0}};
  static const sheaf_description d = {sizeof d, 0, verbs, prefixes, 2, 3};
  (void)self;
  return &d;
}
static sheaf_status long_create(const sheaf_factory *f, const sheaf_host *h, const sheaf_value *v,
                                uint32_t n, sheaf_interface *out, sheaf_error *e) {
  static const sheaf_manager_table t = {sizeof t, 0, long_describe, fake_run, NULL, NULL, NULL};
  (void)h, (void)e;
  assert_int_equal(n, 3);
  assert_string_equal(v[0].u.data, "a text of more than sixteen bytes");
  assert_int_equal(v[2].u.integer, 7);
  *out = (sheaf_interface){&t, f->data};
  return SHEAF_OK;
}
static void a_handle_takes_the_room_that_it_needs(void **state) {
  static const sheaf_setting_info infos[3] = {{"a", NULL, NULL, SHEAF_KIND_STRING, 0},
                                              {"b", NULL, NULL, SHEAF_KIND_STRING, 0},
                                              {"c", NULL, NULL, SHEAF_KIND_INT64, 0}};
  static sheaf_factory fa;
  const sheaf_value settings[3] = {sheaf_string(sheaf_cstr("a text of more than sixteen bytes")),
                                   sheaf_string(sheaf_cstr("")), sheaf_int64(7)};
  (void)state;
  begin(fake_answer_all, 0);
  fa = (sheaf_factory){.struct_size = sizeof fa,
                       .id = "long",
                       .settings = infos,
                       .setting_count = 3,
                       .data = &F,
                       .create = long_create};
  sheaf_manager *m = sheaf_manager_create(F.library, &fa, &fa, 0, settings, &error);
  assert_non_null(m);
  assert_ptr_equal(m->arena.next, m->arena.end);
  assert_true(sheaf_arena_used(&m->arena) < 320);
  fake_close(&F);
}

/* slot order with traits asked for besides */
static sheaf_status in_slots(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  sheaf_property p = {300, 301, sheaf_int64(1)};
  sheaf_emit_success(sink, 0, &p, 1, SHEAF_RESULT_IN_SLOT_ORDER);
  return SHEAF_OK;
}
static void slot_order_needs_slots_alone(void **state) {
  (void)state;
  begin(in_slots, 0);
  sheaf_slot slot = {300, 301};
  sheaf_id trait = 305;
  sheaf_request r = sheaf_request_for(fake_refs(1), 1);
  r.flags = 0;
  r.slots = &slot;
  r.slot_count = 1;
  r.traits = &trait;
  r.trait_count = 1;
  sheaf_callbacks cb = {sizeof cb, 0, NULL, hear, hear};
  sheaf_resolve(F.manager, &r, &cb, NULL, &error);
  assert_int_equal(seen[0], SHEAF_MANAGER_FAILURE);
  fake_close(&F);
}
/* copies clear flags that are not known */
static sheaf_status odd_flag(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)r;
  sheaf_property p = {300, 301, sheaf_string(sheaf_cstr("x"))};
  p.value.flags = 1 << 3;
  sheaf_emit_success(sink, 0, &p, 1, 1 << 9);
  return SHEAF_OK;
}
static void copies_clear_unknown_flags(void **state) {
  (void)state;
  begin(odd_flag, 0);
  sheaf_batch *b = sheaf_resolve_one(F.manager, sheaf_cstr("x"), &error);
  uint32_t rf = sheaf_batch_at(b, 0)->flags, vf = sheaf_batch_at(b, 0)->properties[0].value.flags;
  sheaf_batch_free(b);
  fake_close(&F);
  assert_int_equal(rf | vf, 0);
}
/* post after batch returned, the flight having been stopped / while the rest is delivered */
static sheaf_status keep_call(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  (void)sink;
  polled = r->call;
  return SHEAF_OK;
}
static sheaf_status late_answer;
static uint32_t post_late(void *c, uint32_t i, const sheaf_result *r) {
  (void)c;
  (void)r;
  sheaf_result x = {i, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  late_answer = polled->post(polled, &x, 1);
  return 0;
}
static void late_posts_are_refused_and_logged(void **state) {
  (void)state;
  begin(keep_call, 0);
  ask_cb(1, NULL, 0, post_late, post_late);
  assert_int_equal(late_answer, SHEAF_CLOSED);
  assert_non_null(strstr(F.log, "posted after"));
  fake_close(&F);
}

/* A post and its batch's return that missed each other: it must not come out in another batch. */
static void late_posts_do_not_meet_another_batch(void **state) {
  (void)state;
  sheaf_property lie = {300, 301, sheaf_int64(-1)};
  sheaf_result late = {0, SHEAF_OK, &lie, 1, 0, {NULL, 0}};
  begin(keep_call, 0);
  ask_cb(1, NULL, 0, hear, hear);
  sheaf_flight *f = sheaf_flight_of_call(polled);
  atomic_store(&f->settled, false);
  atomic_store(&f->owner, (uintptr_t)sheaf_thread_here); /* as the other thread still sees it */
  assert_int_equal(polled->post(polled, &late, 1), SHEAF_OK);
  atomic_store(&f->owner, SHEAF_AT_REST);
  F.batch = fake_answer_all;
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(ask_cb(2, NULL, 0, hear, hear), SHEAF_OK);
    assert_int_equal(S.succeeded, 2);
  }
  assert_null(atomic_load(&f->posted));
  assert_non_null(strstr(F.log, "posted while its batch was returning"));
  assert_null(strstr(F.log, "a second time"));
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stop_wins_over_cancel),
      cmocka_unit_test(no_callback_after_stop),
      cmocka_unit_test(summary_is_always_filled),
      cmocka_unit_test(a_cut_message_is_utf8),
      cmocka_unit_test(a_cut_rest_is_utf8),
      cmocka_unit_test(a_rest_is_checked_like_any_result),
      cmocka_unit_test(parallel_says_unsupported_too),
      cmocka_unit_test(parallel_failure_has_words),
      cmocka_unit_test(threads_that_come_and_go_leave_no_heap_behind),
      cmocka_unit_test(stop_from_a_worker_wakes_the_wait),
      cmocka_unit_test(closing_from_a_worker_lets_the_call_end),
      cmocka_unit_test(answered_before_the_cancel_plain),
      cmocka_unit_test(answered_before_the_cancel_serialized),
      cmocka_unit_test(cancel_within_one_array),
      cmocka_unit_test(a_verb_without_a_name_is_not_offered),
      cmocka_unit_test(slot_order_needs_slots_alone),
      cmocka_unit_test(a_handle_takes_the_room_that_it_needs),
      cmocka_unit_test(copies_clear_unknown_flags),
      cmocka_unit_test(late_posts_are_refused_and_logged),
      cmocka_unit_test(late_posts_do_not_meet_another_batch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
