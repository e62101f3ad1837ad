/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/several.h"

static several V;
static uint32_t asked[3], batches[3];

static sheaf_status answer(uint32_t who, const sheaf_request *r, sheaf_sink *sink) {
  asked[who] += r->count;
  batches[who]++;
  for (uint32_t i = r->count; i-- > 0;) {
    sheaf_property p = {300, 301, sheaf_int64(staged_number(r->refs[i]) * 10 + who)};
    if (sheaf_emit_success(sink, i, &p, 1, 0) != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}
static sheaf_status zero(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(0, r, sink);
}
static sheaf_status one(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(1, r, sink);
}
static sheaf_status two(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  return answer(2, r, sink);
}

static bool begin(const char *routes) {
  const fake_batch functions[] = {zero, one, two};
  sheaf_setting setting = staged_text("routes", routes);
  memset(asked, 0, sizeof asked);
  memset(batches, 0, sizeof batches);
  several_open(&V, 3, functions);
  return several_put(&V, "route", &setting, 1) != NULL;
}

static void ask(const char *const *texts, uint32_t count) {
  static sheaf_str refs[100];
  for (uint32_t i = 0; i < count; i++) refs[i] = sheaf_cstr(texts[i]);
  assert_int_equal(staged_ask(&V.s, refs, count), SHEAF_OK);
  staged_assert_once(&V.s);
}

static void each_goes_its_way_and_comes_back_to_its_place(void **state) {
  static const char *const texts[] = {"b://1", "a://2",   "c://3", "a://4",
                                      "d://5", "a://x/6", "b://7"};
  (void)state;
  assert_true(begin("a:// b://|c:// a://x/|*"));
  ask(texts, 7);
  static const int64_t wanted[] = {11, 20, 31, 40, 52, 62, 71};
  for (uint32_t i = 0; i < 7; i++) assert_int_equal(V.s.value[i], wanted[i]);
  assert_int_equal(asked[0], 2);
  assert_int_equal(asked[1], 3);
  assert_int_equal(asked[2], 2);
  for (int c = 0; c < 3; c++) assert_int_equal(batches[c], 1);
  several_close(&V);
}

/* Prefixes and references shorter than eight bytes, as long, and longer. */
static void prefixes_of_any_length(void **state) {
  static const char *const texts[] = {"abcdef1",    "abcdefg1",  "abcdefgh1", "abcdefghi1",
                                      "abcdefgh",   "abcdefgx1", "a1",        "b1",
                                      "abcdefghx1", ""};
  (void)state;
  assert_true(begin("abcdefg|abcdefghi abcdefgh|a *"));
  ask(texts, 10);
  static const int64_t wanted[] = {11, 10, 11, 10, 1, 10, 11, 12, 11, 2};
  for (uint32_t i = 0; i < 10; i++) assert_int_equal(V.s.value[i], wanted[i]);
  several_close(&V);
}

/* A batch that goes to one child is seen by its first reference and the first lane: any two show whether
 * that is right. */
static void any_two_go_where_each_goes_alone(void **state) {
  static const char *const routes[] = {"abcdefgh|abcdefg ab *", "ab abcdefgh *", "abcdefghij ab *",
                                       "* abcdefghij ab"};
  static const char *const texts[] = {"abcdefghij-1", "abcdefghix-2", "abcdefghi3",   "abcdefg-4",
                                      "abcdefx-5",    "ab6",          "xbcdefghij-7", "8"};
  enum { TEXTS = sizeof texts / sizeof texts[0] };
  (void)state;
  for (size_t r = 0; r < sizeof routes / sizeof routes[0]; r++) {
    assert_true(begin(routes[r]));
    for (uint32_t i = 0; i < TEXTS * TEXTS; i++) {
      const char *const pair[] = {texts[i / TEXTS], texts[i % TEXTS]};
      int64_t alone[2];
      for (int k = 0; k < 2; k++) {
        ask(&pair[k], 1);
        alone[k] = V.s.value[0];
      }
      ask(pair, 2);
      for (int k = 0; k < 2; k++) assert_int_equal(V.s.value[k], alone[k]);
    }
    several_close(&V);
  }
}

static void what_has_no_route_is_an_error_that_lists_them(void **state) {
  static const char *const texts[] = {"a://1", "z://2", "", "b://3"};
  (void)state;
  assert_true(begin("a:// b:// c://"));
  ask(texts, 4);
  assert_int_equal(V.s.status[1], SHEAF_INVALID_ENTITY_REFERENCE);
  assert_int_equal(V.s.status[2], SHEAF_INVALID_ENTITY_REFERENCE);
  assert_non_null(strstr(V.s.message, "a:// b:// c://"));
  assert_int_equal(V.s.value[3], 31);
  assert_int_equal(staged_counter(V.s.top, "unrouted"), 2);
  several_close(&V);
}

static void one_way_is_one_batch(void **state) {
  static const char *const texts[] = {"b://1", "b://2", "b://3"};
  (void)state;
  assert_true(begin("a:// b:// *"));
  ask(texts, 3);
  ask(texts, 0);
  assert_int_equal(batches[1], 1);
  assert_int_equal(asked[1], 3);
  several_close(&V);
}

static void a_stop_asks_nobody_else(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("b://1"), SHEAF_STR("a://2"), SHEAF_STR("c://3")};
  (void)state;
  assert_true(begin("a:// b:// *"));
  V.s.stop_after = 1;
  assert_int_equal(staged_ask(&V.s, refs, 3), SHEAF_STOPPED);
  assert_int_equal(V.s.calls, 1);
  assert_int_equal(asked[0], 1);
  assert_int_equal(asked[1] + asked[2], 0);
  several_close(&V);
}

static void settings_are_checked(void **state) {
  static const char *const bad[][2] = {{"a:// b://", "prefixes for 2 managers, and there are 3"},
                                       {"a:// b:// c:// d://", "prefixes for 4 managers"},
                                       {"", "prefixes for 0 managers"},
                                       {"a:// a:// *", "\"a://\" twice"},
                                       {"* b:// *", "\"*\" twice"},
                                       {"a://| b:// *", "for 2 managers"},
                                       {"|a:// b:// *", "an empty prefix"}};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(begin(bad[i][0]));
    assert_int_equal(V.s.error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(V.s.error.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], V.s.error.message);
    several_close(&V);
  }
}

/* A manager has one place in a stack, so that no way leads in a circle. */
static void a_circle_cannot_be_made(void **state) {
  sheaf_setting setting = staged_text("routes", "a:// *");
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  (void)state;
  assert_true(begin("a:// b:// *"));
  sheaf_manager *circle[] = {V.s.top, V.children[1]};
  options.settings = &setting;
  options.setting_count = 1;
  options.children = circle;
  options.child_count = 2;
  assert_null(sheaf_stage_open(V.s.below.library, "route", &options, &V.s.error));
  assert_int_equal(V.s.error.status, SHEAF_BUSY);
  several_close(&V);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_goes_its_way_and_comes_back_to_its_place),
      cmocka_unit_test(prefixes_of_any_length),
      cmocka_unit_test(any_two_go_where_each_goes_alone),
      cmocka_unit_test(what_has_no_route_is_an_error_that_lists_them),
      cmocka_unit_test(one_way_is_one_batch),
      cmocka_unit_test(a_stop_asks_nobody_else),
      cmocka_unit_test(settings_are_checked),
      cmocka_unit_test(a_circle_cannot_be_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
