/* SPDX-License-Identifier: Apache-2.0 */
/* Opening stages: what there is, what is refused, who owns whom. */
#include "stage/testing.h"

static staged S;

static void begin(fake_batch batch) {
  memset(&S, 0, sizeof S);
  staged_open(&S, batch);
}

static void assert_has(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("'%s' is not in '%s'", part, text);
}

static void stages_are_listed(void **state) {
  (void)state;
  uint32_t count = 0;
  for (const sheaf_stage_info *info; (info = sheaf_stage_at(count)); count++) {
    assert_ptr_equal(sheaf_stage_find(info->factory->id), info);
    assert_non_null(info->factory->description);
    assert_true(info->least_children <= info->most_children);
    if (count > 0)
      assert_true(strcmp(sheaf_stage_at(count - 1)->factory->id, info->factory->id) < 0);
    for (uint32_t i = 0; i < info->factory->setting_count; i++)
      assert_non_null(info->factory->settings[i].doc);
  }
  assert_true(count >= 3);
  assert_null(sheaf_stage_find("bal"));
  assert_null(sheaf_stage_find(NULL));
}

static void an_empty_stage_passes_on(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///22")};
  (void)state;
  begin(staged_numbers);
  staged_put(&S, "batch", NULL);
  staged_put(&S, "dedupe", NULL);
  assert_int_equal(staged_ask(&S, refs, 2), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.value[1], 22);
  assert_string_equal(sheaf_manager_factory(S.top)->id, "dedupe");
  assert_ptr_equal(sheaf_stage_child(sheaf_stage_child(S.top, 0), 0), S.below.manager);
  assert_null(sheaf_stage_child(S.top, 1));
  assert_null(sheaf_stage_child(S.below.manager, 0));
  staged_close(&S);
}

static void refused(sheaf_status status, const char *words) {
  assert_int_equal(S.error.status, status);
  assert_has(S.error.message, words);
}

static void bad_openings_are_refused(void **state) {
  const sheaf_setting unknown = staged_text("batcher", "size(2)");
  const sheaf_setting wrong = {SHEAF_STR("batchers"), {.kind = SHEAF_KIND_BOOL}};
  (void)state;
  begin(staged_numbers);
  assert_null(sheaf_stage_over(S.top, "dedup", NULL, 0, &S.error));
  refused(SHEAF_NOT_FOUND,
          "there is no stage \"dedup\" (did you mean \"dedupe\"?); there are batch");
  assert_null(sheaf_stage_over(S.top, "batch", &unknown, 1, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "stage \"batch\" has no setting \"batcher\" (did you mean "
                                  "\"batchers\"?); it takes batchers, ");
  assert_null(sheaf_stage_over(S.top, "batch", &wrong, 1, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "setting \"batchers\" of stage \"batch\" is a string");
  assert_null(sheaf_stage_over(S.top, "dedupe", &unknown, 1, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "stage \"dedupe\" has no setting \"batcher\": it takes none");
  /* All this left the manager as it was. */
  staged_put(&S, "dedupe", NULL);
  staged_close(&S);
}

static void bad_children_are_refused(void **state) {
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  (void)state;
  begin(staged_numbers);
  sheaf_library *other = sheaf_library_new(NULL, NULL);
  sheaf_manager *two[] = {S.top, S.top}, *none[] = {NULL};
  assert_null(sheaf_stage_open(S.below.library, "dedupe", &options, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "stage \"dedupe\" wraps exactly 1 manager, and was given 0");
  options.children = two;
  options.child_count = 2;
  assert_null(sheaf_stage_open(S.below.library, "dedupe", &options, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "wraps exactly 1 manager, and was given 2");
  options.child_count = 1;
  assert_null(sheaf_stage_open(other, "dedupe", &options, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "a child is of another");
  options.children = none;
  assert_null(sheaf_stage_open(S.below.library, "dedupe", &options, &S.error));
  refused(SHEAF_INVALID_ARGUMENT, "a child that is NULL");
  options.children = NULL;
  assert_null(sheaf_stage_open(S.below.library, "dedupe", &options, &S.error));
  assert_null(sheaf_stage_open(S.below.library, "dedupe", NULL, &S.error));
  assert_null(sheaf_stage_open(NULL, "dedupe", &options, &S.error));
  options.flags = 1u << 31;
  assert_null(sheaf_stage_open(S.below.library, "dedupe", &options, &S.error));
  refused(SHEAF_UNSUPPORTED, "sheaf_stage_options");

  staged_put(&S, "dedupe", NULL);
  assert_null(sheaf_stage_over(S.below.manager, "batch", NULL, 0, &S.error));
  refused(SHEAF_BUSY, "belongs to a stage already");
  assert_int_equal(sheaf_manager_close(S.top), SHEAF_OK);
  assert_null(sheaf_stage_over(S.top, "batch", NULL, 0, &S.error));
  refused(SHEAF_CLOSED, "is closed");
  sheaf_library_free(other);
  staged_close(&S);
}

static void the_stack_is_closed_from_its_top(void **state) {
  static const sheaf_str ref = SHEAF_STR("a:///1");
  (void)state;
  begin(staged_numbers);
  staged_put(&S, "batch", NULL);
  staged_put(&S, "meter", NULL);
  sheaf_manager *middle = sheaf_stage_child(S.top, 0), *bottom = S.below.manager;
  assert_int_equal(sheaf_manager_close(bottom), SHEAF_BUSY);
  assert_int_equal(sheaf_manager_close(middle), SHEAF_BUSY);
  sheaf_batch *direct = sheaf_resolve_one(bottom, ref, NULL); /* below may be asked all the same */
  assert_non_null(direct);
  assert_int_equal(sheaf_manager_close(S.top), SHEAF_OK);
  assert_int_equal(sheaf_manager_close(S.top), SHEAF_CLOSED);
  assert_int_equal(sheaf_manager_close(bottom), SHEAF_CLOSED);
  assert_int_equal(S.below.destroyed, 0); /* a batch of its is still about */
  assert_null(sheaf_stage_child(S.top, 0));
  assert_int_equal(sheaf_stage_counters(S.top, NULL, 0), 0);
  assert_int_equal(staged_ask(&S, &ref, 1), SHEAF_CLOSED);
  sheaf_batch_free(direct);
  assert_int_equal(S.below.destroyed, 1);
  staged_close(&S);
}

static sheaf_status close_inside(void *self, const sheaf_request *request, sheaf_sink *sink) {
  assert_int_equal(sheaf_manager_close(S.top), SHEAF_BUSY);
  return staged_numbers(self, request, sink);
}

static void a_stack_is_not_closed_from_inside(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///1")};
  (void)state;
  begin(close_inside);
  staged_put(&S, "meter", NULL);
  staged_put(&S, "dedupe", NULL);
  assert_int_equal(staged_ask(&S, refs, 2), SHEAF_OK);
  staged_assert_once(&S);
  staged_close(&S);
}

static sheaf_status other_verb(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)request, (void)sink;
  fail_msg("asked for a verb that it does not serve");
  return SHEAF_OK;
}

static void verbs_and_prefixes_come_from_below(void **state) {
  static const sheaf_str ref = SHEAF_STR("a:///1");
  (void)state;
  begin(other_verb);
  staged_put(&S, "dedupe", NULL);
  const sheaf_description *d = sheaf_manager_description(S.top);
  assert_int_equal(d->verb_count, 1);
  assert_int_equal(d->verbs[0].verb, SHEAF_VERB_RESOLVE);
  assert_int_equal(d->verbs[0].flags, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT);
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  assert_int_equal(sheaf_exists(S.top, &request, &callbacks, NULL, &S.error), SHEAF_UNSUPPORTED);
  staged_close(&S);
}

static void what_can_do_nothing_is_logged(void **state) {
  static const char *const idle[] = {"cache", "dedupe", "retry"};
  static const char *const busy[] = {"batch", "linger", "meter", "parallel", "circuit"};
  (void)state;
  for (int plain = 0; plain < 2; plain++) {
    memset(&S, 0, sizeof S);
    S.below.plain = plain;
    staged_open(&S, staged_numbers);
    for (size_t i = 0; i < sizeof busy / sizeof *busy; i++) staged_put(&S, busy[i], NULL);
    assert_string_equal(S.below.log, "");
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) staged_put(&S, idle[i], NULL);
    if (plain) {
      assert_has(S.below.log,
                 "cache: passes every batch on as it is, for no verb of what it stands on "
                 "(\"circuit\") is said to be pure");
      assert_has(S.below.log, "dedupe: passes every batch on");
      assert_has(S.below.log,
                 "retry: passes every batch on as it is, for no verb of what it stands on "
                 "(\"dedupe\") is said to be idempotent: it may not be asked again");
    } else assert_string_equal(S.below.log, "");
    staged_close(&S);
  }
}

static void stacks_have_an_end(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///2"), SHEAF_STR("a:///1")};
  static const char *const stages[] = {"batch", "dedupe", "meter", "cache", "limit", "parallel"};
  static const char *const settings[][2] = {{"batchers", "sort"}, {NULL, NULL},
                                            {NULL, NULL},         {NULL, NULL},
                                            {"in_flight", "1"},   {"min_size", "1"}};
  (void)state;
  begin(staged_numbers);
  for (size_t i = 0; i < 64; i++)
    staged_put(&S, stages[i % 6], settings[i % 6][0], settings[i % 6][1], NULL);
  assert_null(sheaf_stage_over(S.top, "meter", NULL, 0, &S.error));
  refused(SHEAF_LIMIT,
          "\"meter\" would stand on 64 others: no more than 64 stages stand on top of each other");
  assert_int_equal(staged_ask(&S, refs, 3), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.value[1], 2);
  staged_close(&S);
}

static sheaf_status gone(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)request;
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the back end is gone"), 0);
}

static void a_failure_below_reaches_the_host_with_its_words(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///1")};
  (void)state;
  for (uint32_t serialized = 0; serialized < 2; serialized++) {
    memset(&S, 0, sizeof S);
    S.below.flags = serialized ? SHEAF_MANAGER_SERIALIZED : 0;
    staged_open(&S, gone);
    staged_put(&S, "dedupe", NULL); /* asks for one of the two */
    for (int on = 0; on < 2; on++) {
      assert_int_equal(staged_ask(&S, refs, 2), SHEAF_UNAVAILABLE);
      staged_assert_once(&S);
      assert_int_equal(S.status[1], SHEAF_UNAVAILABLE);
      assert_string_equal(S.message, "the back end is gone");
      assert_string_equal(S.error.message, "the back end is gone");
      assert_int_equal(staged_ask(&S, refs, 1), SHEAF_UNAVAILABLE); /* passed on as it is */
      assert_string_equal(S.error.message, "the back end is gone");
      staged_put(&S, "meter", NULL);
    }
    staged_close(&S);
  }
}

static sheaf_status twice_and_never(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = request->count; i-- > 1;) {
    sheaf_emit_success(sink, i, NULL, 0, 0);
    sheaf_emit_success(sink, i, NULL, 0, 0);
  }
  return SHEAF_OK;
}

static void the_manager_below_is_blamed(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///2"), SHEAF_STR("a:///3")};
  (void)state;
  for (int metered = 0; metered < 2;
       metered++) { /* answering on the host's flight, and on its own */
    begin(twice_and_never);
    staged_put(&S, "batch", NULL);
    if (metered) staged_put(&S, "meter", NULL);
    assert_int_equal(staged_ask(&S, refs, 3), SHEAF_OK);
    staged_assert_once(&S);
    assert_int_equal(S.status[0], SHEAF_NO_RESULT);
    assert_has(S.below.log, "fake: answered 2 indices a second time");
    assert_has(S.below.log, "fake: returned from a batch of 3 with 1 indices unanswered");
    staged_close(&S);
  }
}

static void a_stop_reaches_the_bottom(void **state) {
  (void)state;
  begin(fake_answer_all);
  staged_put(&S, "meter", NULL);
  staged_put(&S, "batch", "batchers", "size(10)", NULL);
  S.stop_after = 7;
  assert_int_equal(staged_ask(&S, fake_refs(100), 100), SHEAF_STOPPED);
  assert_int_equal(S.calls, 7);
  assert_int_equal(S.summary.succeeded, 7);
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stages_are_listed),
      cmocka_unit_test(an_empty_stage_passes_on),
      cmocka_unit_test(bad_openings_are_refused),
      cmocka_unit_test(bad_children_are_refused),
      cmocka_unit_test(the_stack_is_closed_from_its_top),
      cmocka_unit_test(a_stack_is_not_closed_from_inside),
      cmocka_unit_test(verbs_and_prefixes_come_from_below),
      cmocka_unit_test(what_can_do_nothing_is_logged),
      cmocka_unit_test(stacks_have_an_end),
      cmocka_unit_test(a_failure_below_reaches_the_host_with_its_words),
      cmocka_unit_test(the_manager_below_is_blamed),
      cmocka_unit_test(a_stop_reaches_the_bottom),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
