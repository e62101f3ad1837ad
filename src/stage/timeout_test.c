/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cancel.h"
#include "stage/testing.h"

static staged S;

/* Answers the first half, then waits for good. */
static sheaf_status slow(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < request->count / 2; i++) {
    sheaf_property p = {300, 301, sheaf_int64(i)};
    sheaf_emit_success(sink, i, &p, 1, 0);
  }
  return request->call->wait(request->call, -1);
}

static void open_with(fake_batch batch, const char *ms) {
  memset(&S, 0, sizeof S);
  staged_open(&S, batch);
  staged_put(&S, "timeout", "ms", ms, NULL);
}

static void what_is_late_fails_and_the_rest_does_not(void **state) {
  (void)state;
  open_with(slow, "20");
  int64_t start = sheaf_now_ns();
  assert_int_equal(staged_ask(&S, fake_refs(10), 10), SHEAF_OK); /* nobody ended the host's call */
  assert_true(sheaf_now_ns() - start >= 20 * INT64_C(1000000));
  staged_assert_once(&S);
  for (uint32_t i = 0; i < 10; i++)
    assert_int_equal(S.status[i], i < 5 ? SHEAF_OK : SHEAF_DEADLINE);
  assert_int_equal(staged_counter(S.top, "timed_out"), 1);
  staged_close(&S);
}

static void what_is_in_time_passes(void **state) {
  (void)state;
  open_with(staged_numbers, "60000");
  assert_int_equal(staged_ask(&S, fake_refs(10), 10), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.succeeded, 10);
  assert_int_equal(staged_counter(S.top, "timed_out"), 0);
  staged_close(&S);
}

static void an_earlier_deadline_of_the_host_counts(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  open_with(slow, "60000");
  call.deadline_ns = sheaf_deadline_in(10 * INT64_C(1000000));
  S.request.call = &call;
  assert_int_equal(staged_ask(&S, fake_refs(10), 10), SHEAF_DEADLINE);
  staged_assert_once(&S);
  staged_close(&S);
}

static void a_cancel_reaches_through(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  open_with(slow, "60000");
  call.cancel = sheaf_cancel_new();
  sheaf_cancel_set(call.cancel);
  S.request.call = &call;
  assert_int_equal(staged_ask(&S, fake_refs(10), 10), SHEAF_CANCELLED);
  staged_assert_once(&S);
  sheaf_cancel_free(call.cancel);
  staged_close(&S);
}

static void settings_are_checked(void **state) {
  static const char *const bad[] = {"0", "-5", "soon"};
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, slow);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    sheaf_setting setting = staged_text("ms", bad[i]);
    assert_null(sheaf_stage_over(S.top, "timeout", &setting, 1, &S.error));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    assert_non_null(strstr(S.error.message, "ms"));
  }
  assert_null(sheaf_stage_over(S.top, "timeout", NULL, 0, &S.error)); /* it is required */
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_late_fails_and_the_rest_does_not),
      cmocka_unit_test(what_is_in_time_passes),
      cmocka_unit_test(an_earlier_deadline_of_the_host_counts),
      cmocka_unit_test(a_cancel_reaches_through),
      cmocka_unit_test(settings_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
