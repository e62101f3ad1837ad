/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "core/cancel.h"
#include "stage/testing.h"

static staged S;
static uint32_t batches;
static bool down;
static int64_t hint;

static sheaf_status maybe(void *self, const sheaf_request *request, sheaf_sink *sink) {
  batches++;
  if (down) return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("down"), 0);
  return staged_numbers(self, request, sink);
}

static void begin(const char *interval_ms) {
  memset(&S, 0, sizeof S);
  batches = 0;
  down = true;
  staged_open(&S, maybe);
  staged_put(&S, "circuit", "failures", "3", "interval_ms", interval_ms, NULL);
}

static sheaf_status ask(void) { return staged_ask(&S, fake_refs(4), 4); }

static void it_opens_after_failures_in_a_row(void **state) {
  (void)state;
  begin("60000");
  for (int i = 0; i < 2; i++) assert_int_equal(ask(), SHEAF_UNAVAILABLE);
  down = false;
  assert_int_equal(ask(), SHEAF_OK); /* so the row begins again */
  down = true;
  for (int i = 0; i < 3; i++) assert_int_equal(ask(), SHEAF_UNAVAILABLE);
  assert_int_equal(batches, 6);
  down = false;
  assert_int_equal(ask(), SHEAF_UNAVAILABLE);
  staged_assert_once(&S);
  assert_non_null(strstr(S.message, "circuit is open"));
  assert_int_equal(batches, 6);
  assert_int_equal(staged_counter(S.top, "refused"), 4);
  assert_int_equal(staged_counter(S.top, "opened"), 1);
  staged_close(&S);
}

static uint32_t note_hint(void *ctx, uint32_t index, const sheaf_result *error) {
  (void)ctx, (void)index;
  const sheaf_value *v = sheaf_result_find(error, SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS);
  hint = v && (error->flags & SHEAF_RESULT_RETRYABLE) ? v->u.integer : -1;
  return SHEAF_CONTINUE;
}

static void who_is_refused_is_told_when_to_come_back(void **state) {
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, NULL, note_hint};
  (void)state;
  begin("60000");
  for (int i = 0; i < 3; i++) assert_int_equal(ask(), SHEAF_UNAVAILABLE);
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_UNAVAILABLE);
  assert_true(hint > 50000 && hint <= 60000);
  staged_close(&S);
}

static void sleep_ms(long ms) { nanosleep(&(struct timespec){0, ms * 1000000}, NULL); }

static void a_probe_closes_it(void **state) {
  (void)state;
  begin("30");
  for (int i = 0; i < 3; i++) assert_int_equal(ask(), SHEAF_UNAVAILABLE);
  sleep_ms(40);
  assert_int_equal(ask(), SHEAF_UNAVAILABLE); /* the probe, which fails too */
  assert_int_equal(batches, 4);
  down = false;
  sleep_ms(40);
  assert_int_equal(ask(), SHEAF_OK);
  assert_int_equal(ask(), SHEAF_OK);
  assert_int_equal(batches, 6);
  staged_close(&S);
}

/* One reference that fails among others is no failure of the manager. */
static sheaf_status half(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  batches++;
  for (uint32_t i = 0; i < request->count; i++) {
    if (i % 2) sheaf_emit_error(sink, i, SHEAF_UNAVAILABLE, sheaf_cstr("x"));
    else sheaf_emit_success(sink, i, NULL, 0, 0);
  }
  return SHEAF_OK;
}

static void single_failures_do_not_count(void **state) {
  (void)state;
  begin("60000");
  S.below.batch = half;
  for (int i = 0; i < 20; i++) assert_int_equal(ask(), SHEAF_OK);
  assert_int_equal(batches, 20);
  staged_close(&S);
}

static void what_the_host_ends_does_not_count(void **state) {
  (void)state;
  begin("60000");
  S.stop_after = 1;
  for (int i = 0; i < 20; i++) assert_int_equal(ask(), SHEAF_STOPPED);
  assert_int_equal(batches, 20);
  staged_close(&S);
}

static void settings_are_checked(void **state) {
  static const char *const bad[][3] = {{"failures", "0", "from 1"},
                                       {"interval_ms", "0", "from 1"},
                                       {"statuses", "down", "there are"},
                                       {"statuses", " , ", "names no error"}};
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, maybe);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    sheaf_setting setting = staged_text(bad[i][0], bad[i][1]);
    assert_null(sheaf_stage_over(S.top, "circuit", &setting, 1, &S.error));
    assert_non_null(strstr(S.error.message, bad[i][2]));
  }
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_opens_after_failures_in_a_row),
      cmocka_unit_test(who_is_refused_is_told_when_to_come_back),
      cmocka_unit_test(a_probe_closes_it),
      cmocka_unit_test(single_failures_do_not_count),
      cmocka_unit_test(what_the_host_ends_does_not_count),
      cmocka_unit_test(settings_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
