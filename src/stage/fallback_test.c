/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/several.h"

static several V;
static uint32_t asked[3];

/* What n is answered with by a manager that has all, some or none; the value tells who answered. */
static sheaf_status answer(uint32_t who, const sheaf_request *r, sheaf_sink *sink, int64_t modulus,
                           sheaf_status otherwise, const char *message) {
  asked[who] += r->count;
  for (uint32_t i = r->count; i-- > 0;) {
    int64_t n = staged_number(r->refs[i]);
    sheaf_property p = {300, 301, sheaf_int64(n * 10 + who)};
    uint32_t said = n % modulus == 0 ? sheaf_emit_success(sink, i, &p, 1, 0)
                                     : sheaf_emit_error(sink, i, otherwise, sheaf_cstr(message));
    if (said != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}

static sheaf_status evens(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(0, r, sink, 2, SHEAF_UNAVAILABLE, "the first is down");
}
static sheaf_status threes(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(1, r, sink, 3, SHEAF_OVERLOADED, "the second is busy");
}
static sheaf_status fives(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(2, r, sink, 5, SHEAF_ENTITY_RESOLUTION_ERROR, "the third has none");
}
static sheaf_status lost(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  asked[0] += r->count;
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), 0);
}

static const sheaf_str *refs(void) {
  static char text[60][16];
  static sheaf_str list[60];
  for (uint32_t i = 0; i < 60; i++) {
    snprintf(text[i], sizeof text[i], "a:///%u", i);
    list[i] = sheaf_cstr(text[i]);
  }
  return list;
}

static void begin(uint32_t count, fake_batch first) {
  const fake_batch batches[] = {first, threes, fives};
  memset(asked, 0, sizeof asked);
  several_open(&V, count, batches);
  assert_non_null(several_put(&V, "fallback", NULL, 0));
}

static void each_failure_goes_to_the_next(void **state) {
  (void)state;
  begin(3, evens);
  assert_int_equal(staged_ask(&V.s, refs(), 60), SHEAF_OK);
  staged_assert_once(&V.s);
  for (uint32_t i = 0; i < 60; i++) {
    int64_t who = i % 2 == 0 ? 0 : i % 3 == 0 ? 1 : 2;
    if (who == 2 && i % 5) assert_int_equal(V.s.status[i], SHEAF_ENTITY_RESOLUTION_ERROR);
    else assert_int_equal(V.s.value[i], i * 10 + who);
  }
  assert_int_equal(asked[0], 60);
  assert_int_equal(asked[1], 30);
  assert_int_equal(asked[2], 20);
  assert_int_equal(staged_counter(V.s.top, "fallen"), 50);
  several_close(&V);
}

static void the_last_ones_error_is_what_the_host_hears(void **state) {
  (void)state;
  begin(2, evens);
  assert_int_equal(staged_ask(&V.s, refs(), 6), SHEAF_OK);
  staged_assert_once(&V.s);
  assert_int_equal(V.s.status[5], SHEAF_OVERLOADED);
  assert_string_equal(V.s.message, "the second is busy");
  several_close(&V);
}

static void a_manager_that_is_gone_is_made_good(void **state) {
  (void)state;
  begin(3, lost);
  sheaf_str ref = SHEAF_STR("a:///15");
  assert_int_equal(staged_ask(&V.s, &ref, 1), SHEAF_OK);
  assert_int_equal(V.s.value[0], 151);
  several_close(&V);
}

static void only_the_named_errors_go_on(void **state) {
  const fake_batch batches[] = {fives, threes};
  sheaf_setting setting = staged_text("statuses", "overloaded");
  (void)state;
  memset(asked, 0, sizeof asked);
  several_open(&V, 2, batches);
  assert_non_null(several_put(&V, "fallback", &setting, 1));
  assert_int_equal(staged_ask(&V.s, refs(), 10), SHEAF_OK);
  assert_int_equal(asked[1], 0);
  assert_int_equal(V.s.summary.failed, 8);
  several_close(&V);
}

static void a_stop_asks_nobody_else(void **state) {
  (void)state;
  for (uint32_t after = 1; after <= 20; after++) {
    begin(3, evens);
    V.s.stop_after = after;
    assert_int_equal(staged_ask(&V.s, refs(), 40), SHEAF_STOPPED);
    assert_int_equal(V.s.calls, after);
    assert_int_equal(asked[1] + asked[2], 0); /* twenty even ones come first */
    several_close(&V);
  }
}

static void settings_are_checked(void **state) {
  const fake_batch batches[] = {evens, evens};
  const sheaf_setting bad[] = {staged_text("statuses", "unavailble"), staged_text("statuses", ""),
                               staged_text("status", "unavailable"), staged_text("statuses", "ok")};
  static const char *const said[] = {"did you mean \"unavailable\"", "names no error",
                                     "it takes statuses", "no error"};
  (void)state;
  several_open(&V, 2, batches);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_null(several_put(&V, "fallback", &bad[i], 1));
    if (!strstr(V.s.error.message, said[i])) fail_msg("%s", V.s.error.message);
  }
  several_close(&V);
}

static void one_manager_is_too_few(void **state) {
  const fake_batch batches[] = {evens};
  (void)state;
  several_open(&V, 1, batches);
  assert_null(several_put(&V, "fallback", NULL, 0));
  assert_non_null(strstr(V.s.error.message, "at least 2"));
  several_close(&V);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_failure_goes_to_the_next),
      cmocka_unit_test(the_last_ones_error_is_what_the_host_hears),
      cmocka_unit_test(a_manager_that_is_gone_is_made_good),
      cmocka_unit_test(only_the_named_errors_go_on),
      cmocka_unit_test(a_stop_asks_nobody_else),
      cmocka_unit_test(settings_are_checked),
      cmocka_unit_test(one_manager_is_too_few),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
