/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/testing.h"

static staged S;
static uint32_t asked; /* references that reached the manager */

/* Its answers are out of order, so that each has to find its place. */
static sheaf_status backwards(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  asked += request->count;
  for (uint32_t i = request->count; i-- > 0;) {
    sheaf_property p = {300, 301, sheaf_int64(staged_number(request->refs[i]))};
    if (sheaf_emit_success(sink, i, &p, 1, 0) != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}

static void begin(fake_batch batch) {
  memset(&S, 0, sizeof S);
  asked = 0;
  staged_open(&S, batch);
  staged_put(&S, "dedupe", NULL);
}

/* `count` references of which `distinct` are different. */
static sheaf_str *some_refs(uint32_t count, uint32_t distinct) {
  enum { ROOM = 16 };
  sheaf_str *refs = malloc(count * (sizeof *refs + ROOM));
  char *text = (char *)(refs + count);
  for (uint32_t i = 0; i < count; i++, text += ROOM) {
    snprintf(text, ROOM, "a:///%u", (i * 7919u) % distinct);
    refs[i] = sheaf_cstr(text);
  }
  return refs;
}

static void equal_references_are_asked_once(void **state) {
  static const struct {
    uint32_t count, distinct;
  } cases[] = {{2, 1}, {1000, 1}, {1000, 999}, {10000, 137}, {10000, 5000}, {3, 3}, {1, 1}};
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    begin(backwards);
    sheaf_str *refs = some_refs(cases[c].count, cases[c].distinct);
    assert_int_equal(staged_ask(&S, refs, cases[c].count), SHEAF_OK);
    staged_assert_once(&S);
    for (uint32_t i = 0; i < cases[c].count; i++)
      assert_int_equal(S.value[i], staged_number(refs[i]));
    assert_int_equal(asked, cases[c].distinct);
    assert_int_equal(staged_counter(S.top, "folded"), cases[c].count - cases[c].distinct);
    staged_close(&S);
    free(refs);
  }
}

static void a_stop_ends_it_within_a_row_of_repeats(void **state) {
  (void)state;
  begin(backwards);
  sheaf_str *refs = some_refs(100, 2);
  for (uint32_t after = 1; after <= 100; after++) {
    S.stop_after = after;
    assert_int_equal(staged_ask(&S, refs, 100), SHEAF_STOPPED);
    assert_int_equal(S.calls, after);
  }
  free(refs);
  staged_close(&S);
}

/* Two contexts that share, and ones that differ from them in one thing. */
static void contexts_count(void **state) {
  static const sheaf_property here[] = {{300, 301, {.kind = SHEAF_KIND_INT64}}};
  static const sheaf_property there[] = {{300, 302, {.kind = SHEAF_KIND_INT64}}};
  static const sheaf_record locales[] = {{here, 1, 0}, {there, 1, 0}};
  static const char *const keys[] = {"key", "another"};
  int mine = 0;
  sheaf_context contexts[8];
  (void)state;
  begin(backwards);
  for (uint32_t i = 0; i < 8; i++) {
    contexts[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    contexts[i].share_key = sheaf_cstr(keys[i == 3]);
    contexts[i].authority = sheaf_cstr(keys[i == 4]);
    contexts[i].state = sheaf_cstr(keys[i == 5]);
    contexts[i].locale = &locales[i == 6];
    contexts[i].opaque = i == 7 ? &mine : NULL;
  }
  const sheaf_context *by_index[10];
  sheaf_str refs[10];
  for (uint32_t i = 0; i < 10; i++) {
    refs[i] = sheaf_cstr("a:///1");
    by_index[i] = i < 8 ? &contexts[i] : NULL;
  }
  sheaf_request request = sheaf_request_for(refs, 10);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &S, staged_hear, staged_hear};
  request.contexts = by_index;
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  for (uint32_t i = 0; i < 10; i++) assert_int_equal(S.heard[i], 1);
  assert_int_equal(asked, 7); /* 0 to 2; 3; 4; 5; 6; 7; and those without a context */
  staged_close(&S);
}

/* What was passed on with a reference stays with it. */
static sheaf_status look_at_contexts(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  asked += request->count;
  for (uint32_t i = 0; i < request->count; i++) {
    const sheaf_context *c = request->contexts[i];
    sheaf_property p = {300, 301, sheaf_int64(c->share_key.data[0] - '0')};
    assert_true(request->refs[i].data[0] == c->share_key.data[0]);
    sheaf_emit_success(sink, i, &p, 1, 0);
  }
  return SHEAF_OK;
}

static void contexts_go_along(void **state) {
  static const char *const texts[] = {"3", "1", "1", "2", "3", "1"};
  sheaf_context contexts[6];
  const sheaf_context *by_index[6];
  sheaf_str refs[6];
  (void)state;
  begin(look_at_contexts);
  for (uint32_t i = 0; i < 6; i++) {
    contexts[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    contexts[i].share_key = refs[i] = sheaf_cstr(texts[i]);
    by_index[i] = &contexts[i];
  }
  sheaf_request request = sheaf_request_for(refs, 6);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, &S, staged_hear, staged_hear};
  request.contexts = by_index;
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  for (uint32_t i = 0; i < 6; i++) assert_int_equal(S.value[i], texts[i][0] - '0');
  assert_int_equal(asked, 3);
  staged_close(&S);
}

static void what_has_inputs_is_not_compared(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a:///1"), SHEAF_STR("a:///1")};
  static const sheaf_record inputs[2];
  (void)state;
  begin(backwards);
  sheaf_request request = sheaf_request_for(refs, 2);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  request.inputs = inputs;
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  assert_int_equal(asked, 2);
  staged_close(&S);
}

static void many_contexts_of_one_reference(void **state) {
  enum { COUNT = 10000 };
  static sheaf_context contexts[COUNT];
  static const sheaf_context *by_index[COUNT];
  static char keys[COUNT][8];
  static sheaf_str refs[COUNT];
  (void)state;
  begin(backwards);
  for (uint32_t i = 0; i < COUNT; i++) {
    snprintf(keys[i], sizeof keys[i], "%u", i);
    contexts[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    contexts[i].share_key = sheaf_cstr(keys[i]);
    by_index[i] = &contexts[i];
    refs[i] = sheaf_cstr("a:///1");
  }
  sheaf_request request = sheaf_request_for(refs, COUNT);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  request.contexts = by_index;
  assert_int_equal(sheaf_resolve(S.top, &request, &callbacks, NULL, NULL), SHEAF_OK);
  assert_int_equal(asked, COUNT);
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_references_are_asked_once),
      cmocka_unit_test(a_stop_ends_it_within_a_row_of_repeats),
      cmocka_unit_test(contexts_count),
      cmocka_unit_test(contexts_go_along),
      cmocka_unit_test(what_has_inputs_is_not_compared),
      cmocka_unit_test(many_contexts_of_one_reference),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
