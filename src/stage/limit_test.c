/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cancel.h"
#include "stage/testing.h"

static staged S;
static int64_t hint;

static void open_limit(const char *name, const char *value, const char *queue) {
  memset(&S, 0, sizeof S);
  staged_open(&S, staged_numbers);
  staged_put(&S, "limit", name, value, "queue", queue, "burst_ms", "1", NULL);
}

static sheaf_status ask(uint32_t count) { return staged_ask(&S, fake_refs(count), count); }

static void batches_a_second(void **state) {
  (void)state;
  open_limit("batches_per_second", "100", "10");
  int64_t start = sheaf_now_ns();
  for (int i = 0; i < 6; i++) assert_int_equal(ask(3), SHEAF_OK);
  assert_true(sheaf_now_ns() - start >= 49 * INT64_C(1000000));
  assert_int_equal(staged_counter(S.top, "waited"), 5);
  assert_true(staged_counter(S.top, "waited_us") >= 45000);
  staged_close(&S);
}

static void references_a_second(void **state) {
  (void)state;
  open_limit("references_per_second", "1000", "10");
  int64_t start = sheaf_now_ns();
  assert_int_equal(ask(50), SHEAF_OK); /* more than the bucket holds: it leaves a debt */
  assert_int_equal(ask(1), SHEAF_OK);
  staged_assert_once(&S);
  assert_true(sheaf_now_ns() - start >= 49 * INT64_C(1000000));
  staged_close(&S);
}

static uint32_t note_hint(void *ctx, uint32_t index, const sheaf_result *error) {
  (void)ctx, (void)index;
  const sheaf_value *v = sheaf_result_find(error, SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS);
  hint = v && (error->flags & SHEAF_RESULT_RETRYABLE) ? v->u.integer : -1;
  return SHEAF_CONTINUE;
}

static void beyond_the_queue_is_refused_at_once(void **state) {
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, NULL, note_hint};
  (void)state;
  open_limit("batches_per_second", "0.1", "0");
  assert_int_equal(ask(3), SHEAF_OK);
  int64_t start = sheaf_now_ns();
  assert_int_equal(ask(3), SHEAF_OVERLOADED);
  staged_assert_once(&S);
  assert_int_equal(S.status[2], SHEAF_OVERLOADED);
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OVERLOADED);
  assert_true(sheaf_now_ns() - start < INT64_C(5000000000));
  assert_true(hint > 4000 && hint <= 10000);
  assert_int_equal(staged_counter(S.top, "refused"), 2);
  staged_close(&S);
}

static void waiting_ends_with_the_deadline(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  open_limit("batches_per_second", "0.01", "10");
  assert_int_equal(ask(1), SHEAF_OK);
  call.deadline_ns = sheaf_deadline_in(20 * INT64_C(1000000));
  S.request.call = &call;
  assert_int_equal(ask(3), SHEAF_DEADLINE);
  staged_assert_once(&S);
  assert_int_equal(S.status[0], SHEAF_DEADLINE);
  staged_close(&S);
}

static uint32_t ask_again(void *ctx, uint32_t index, const sheaf_result *record) {
  sheaf_manager *top = ctx;
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  (void)index, (void)record;
  assert_int_equal(sheaf_resolve(top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  return SHEAF_CONTINUE;
}

static void a_callback_may_ask_the_same_limit(void **state) {
  (void)state;
  open_limit("in_flight", "1", "10");
  sheaf_request request = sheaf_request_for(fake_refs(3), 3);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, S.top, ask_again, NULL};
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  assert_int_equal(ask(1), SHEAF_OK);
  staged_close(&S);
}

/* Each of several limits counts, also where the one above has given the batch to its own threads, or made a
 * call of its own. */
static void a_limit_below_a_limit(void **state) {
  static const char *const between[] = {"meter", "parallel", "timeout"};
  static const char *const settings[][2] = {{NULL, NULL}, {"min_size", "2"}, {"ms", "60000"}};
  (void)state;
  for (int i = 0; i < 3; i++) {
    open_limit("batches_per_second", "100", "10");
    sheaf_manager *inner = S.top;
    staged_put(&S, between[i], settings[i][0], settings[i][1], NULL);
    staged_put(&S, "limit", "in_flight", "1", NULL);
    int64_t start = sheaf_now_ns();
    for (int k = 0; k < 3; k++) assert_int_equal(ask(4), SHEAF_OK);
    assert_true(sheaf_now_ns() - start >= 19 * INT64_C(1000000));
    assert_true(staged_counter(inner, "waited") >= 2);
    sheaf_request request = sheaf_request_for(fake_refs(3), 3);
    sheaf_callbacks callbacks = {sizeof callbacks, 0, S.top, ask_again, NULL};
    assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
    staged_close(&S);
  }
}

static void settings_are_checked(void **state) {
  static const char *const bad[][3] = {{"in_flight", "0", "from 1"},
                                       {"in_flight", "-1", "from 1"},
                                       {"batches_per_second", "0", "from 1e-9"},
                                       {"batches_per_second", "1e-320", "from 1e-9"},
                                       {"references_per_second", "-3", "from 1e-9"},
                                       {"references_per_second", "nan", "references_per_second"},
                                       {"queue", "-1", "from 0"},
                                       {"burst_ms", "0", "from 1"},
                                       {"queue", "5", "nothing is limited"}};
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, staged_numbers);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    sheaf_setting setting = staged_text(bad[i][0], bad[i][1]);
    assert_null(sheaf_stage_over(S.top, "limit", &setting, 1, &S.error));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(S.error.message, bad[i][2])) fail_msg("%s", S.error.message);
  }
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(batches_a_second),
      cmocka_unit_test(references_a_second),
      cmocka_unit_test(beyond_the_queue_is_refused_at_once),
      cmocka_unit_test(waiting_ends_with_the_deadline),
      cmocka_unit_test(a_callback_may_ask_the_same_limit),
      cmocka_unit_test(a_limit_below_a_limit),
      cmocka_unit_test(settings_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
