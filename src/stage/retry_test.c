/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cancel.h"
#include "stage/testing.h"

static staged S;
static uint32_t batches, sizes[16];
static int64_t times[16];   /* when each batch came */
static uint32_t fail_times; /* how often each odd reference fails */
static uint32_t flags;      /* of its error */
static sheaf_status status_given;
static int64_t after_ms;
static uint32_t failures[100]; /* by number */

/* Odd references fail at first, even ones never. */
static sheaf_status flaky(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_property hint = {SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS, sheaf_int64(after_ms)};
  (void)self;
  times[batches] = sheaf_now_ns();
  sizes[batches++] = request->count;
  for (uint32_t i = request->count; i-- > 0;) {
    int64_t n = staged_number(request->refs[i]);
    sheaf_property p = {300, 301, sheaf_int64(n)};
    bool fails = n % 2 == 1 && failures[n]++ < fail_times;
    sheaf_result bad = {i, status_given, &hint, after_ms ? 1 : 0, flags, SHEAF_STR("not now")};
    uint32_t said = fails ? sink->results(sink, &bad, 1) : sheaf_emit_success(sink, i, &p, 1, 0);
    if (said != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}

static void begin(uint32_t times_, const char *attempts, const char *statuses) {
  memset(&S, 0, sizeof S);
  memset(failures, 0, sizeof failures);
  batches = 0;
  fail_times = times_;
  flags = SHEAF_RESULT_RETRYABLE;
  status_given = SHEAF_UNAVAILABLE;
  after_ms = 0;
  staged_open(&S, flaky);
  staged_put(&S, "retry", "attempts", attempts, "backoff_ms", "2", "statuses", statuses, NULL);
}

static const sheaf_str *refs(void) {
  static char text[100][16];
  static sheaf_str list[100];
  for (uint32_t i = 0; i < 100; i++) {
    snprintf(text[i], sizeof text[i], "a:///%u", i);
    list[i] = sheaf_cstr(text[i]);
  }
  return list;
}

static void only_what_failed_is_asked_again(void **state) {
  (void)state;
  begin(2, "3", "");
  assert_int_equal(staged_ask(&S, refs(), 100), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.succeeded, 100);
  for (uint32_t i = 0; i < 100; i++) assert_int_equal(S.value[i], i);
  assert_int_equal(batches, 3);
  assert_int_equal(sizes[0], 100);
  assert_int_equal(sizes[1], 50);
  assert_int_equal(sizes[2], 50);
  assert_int_equal(staged_counter(S.top, "retried"), 100);
  assert_int_equal(staged_counter(S.top, "retries"), 2);
  assert_int_equal(staged_counter(S.top, "recovered"), 50);
  staged_close(&S);
}

static void what_fails_for_good_fails_with_its_own_error(void **state) {
  (void)state;
  begin(9, "3", "");
  assert_int_equal(staged_ask(&S, refs(), 10), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.failed, 5);
  assert_int_equal(S.status[1], SHEAF_UNAVAILABLE);
  assert_string_equal(S.message, "not now");
  assert_int_equal(batches, 3);
  staged_close(&S);
}

static void errors_that_are_not_named_pass(void **state) {
  (void)state;
  begin(1, "3", "overloaded");
  flags = 0;
  assert_int_equal(staged_ask(&S, refs(), 10), SHEAF_OK);
  assert_int_equal(batches, 1);
  assert_int_equal(S.summary.failed, 5);
  memset(failures, 0, sizeof failures);
  status_given = SHEAF_OVERLOADED;
  assert_int_equal(staged_ask(&S, refs(), 10), SHEAF_OK);
  assert_int_equal(batches, 3);
  assert_int_equal(S.summary.failed, 0);
  staged_close(&S);
}

static void managers_say_when(void **state) {
  (void)state;
  begin(1, "3", "");
  after_ms = 30;
  assert_int_equal(staged_ask(&S, refs(), 2), SHEAF_OK);
  assert_int_equal(batches, 2);
  assert_true(times[1] - times[0] >= 30 * INT64_C(1000000));
  memset(failures, 0, sizeof failures);
  after_ms = 30001; /* more than max_wait_ms */
  assert_int_equal(staged_ask(&S, refs(), 2), SHEAF_OK);
  assert_int_equal(batches, 3);
  assert_int_equal(S.summary.failed, 1);
  staged_close(&S);
}

static void never_past_the_deadline(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(1, "3", "");
  after_ms = 20000;
  call.deadline_ns = sheaf_deadline_in(10 * INT64_C(1000000000));
  S.request.call = &call;
  int64_t start = sheaf_now_ns();
  assert_int_equal(staged_ask(&S, refs(), 4), SHEAF_OK);
  assert_true(sheaf_now_ns() - start < INT64_C(5000000000));
  staged_assert_once(&S);
  assert_int_equal(batches, 1);
  assert_int_equal(S.status[1], SHEAF_UNAVAILABLE);
  staged_close(&S);
}

static void a_cancel_ends_the_wait(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(1, "3", "");
  after_ms = 20000;
  call.cancel = sheaf_cancel_new();
  sheaf_cancel_set(call.cancel);
  S.request.call = &call;
  (void)staged_ask(&S, refs(), 4);
  staged_assert_once(&S);
  assert_int_equal(batches <= 1, 1);
  sheaf_cancel_free(call.cancel);
  staged_close(&S);
}

static void a_stop_is_a_stop(void **state) {
  (void)state;
  for (uint32_t after = 1; after <= 10; after++) {
    begin(1, "2", "");
    S.stop_after = after;
    assert_int_equal(staged_ask(&S, refs(), 10), SHEAF_STOPPED);
    assert_int_equal(S.calls, after);
    assert_int_equal(batches, after > 5 ? 2 : 1); /* the even ones come first */
    staged_close(&S);
  }
}

/* A batch-level failure is one of every element, and made good like them. */
static sheaf_status gone_once(void *self, const sheaf_request *request, sheaf_sink *sink) {
  if (batches++ == 0)
    return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), SHEAF_RESULT_RETRYABLE);
  return staged_numbers(self, request, sink);
}

static void a_whole_batch_may_fail(void **state) {
  (void)state;
  begin(0, "2", "");
  S.below.batch = gone_once;
  assert_int_equal(staged_ask(&S, refs(), 10), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.succeeded, 10);
  staged_close(&S);
}

static void settings_are_checked(void **state) {
  static const char *const bad[][3] = {{"attempts", "0", "from 1"},
                                       {"attempts", "many", "attempts"},
                                       {"backoff_ms", "-1", "from 0"},
                                       {"statuses", "unavailible", "did you mean \"unavailable\""},
                                       {"attemps", "3", "attempts"}};
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, flaky);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    sheaf_setting setting = staged_text(bad[i][0], bad[i][1]);
    assert_null(sheaf_stage_over(S.top, "retry", &setting, 1, &S.error));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    assert_non_null(strstr(S.error.message, bad[i][2]));
  }
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_what_failed_is_asked_again),
      cmocka_unit_test(what_fails_for_good_fails_with_its_own_error),
      cmocka_unit_test(errors_that_are_not_named_pass),
      cmocka_unit_test(managers_say_when),
      cmocka_unit_test(never_past_the_deadline),
      cmocka_unit_test(a_cancel_ends_the_wait),
      cmocka_unit_test(a_stop_is_a_stop),
      cmocka_unit_test(a_whole_batch_may_fail),
      cmocka_unit_test(settings_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
