/* SPDX-License-Identifier: Apache-2.0 */
/* Collected batches: what is copied, what is refused, and how long it lives. */
#include "core/testing.h"

static fake F;
static sheaf_error error;

static void begin(fake_batch batch, uint32_t flags) {
  memset(&F, 0, sizeof F);
  F.batch = batch;
  F.flags = flags;
  fake_open(&F);
}

static sheaf_batch *ask(uint32_t count) {
  sheaf_request request = sheaf_request_for(fake_refs(count), count);
  return sheaf_resolve_batch(F.manager, &request, &error);
}

/* A list in a list, text, bytes: all on the stack, overwritten once sent. */
static sheaf_status rich(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = r->count; i-- > 0;) {
    char text[32];
    int size = snprintf(text, sizeof text, "text %u", i);
    sheaf_value inner[2] = {sheaf_double(0.5), sheaf_string(sheaf_strn(text, (size_t)size))};
    sheaf_value outer[2] = {sheaf_int64(i), sheaf_list(inner, 2)};
    sheaf_property p[3] = {
        {300, 301, sheaf_list(outer, 2)}, {300, 302, sheaf_bytes(text, 4)}, {302, 0, sheaf_none()}};
    sheaf_emit_success(sink, i, p, 3, 0);
    memset(text, '!', sizeof text);
    memset(inner, 0xff, sizeof inner);
    memset(outer, 0xff, sizeof outer);
    memset(p, 0xff, sizeof p);
  }
  return SHEAF_OK;
}

static void results_are_deep_copies_by_index(void **state) {
  static const uint32_t flags[] = {0, SHEAF_MANAGER_SERIALIZED};
  (void)state;
  for (int round = 0; round < 2; round++) {
    begin(rich, flags[round]);
    sheaf_batch *batch = ask(1000);
    assert_int_equal(sheaf_batch_count(batch), 1000);
    assert_int_equal(sheaf_batch_failed(batch), 0);
    for (uint32_t i = 0; i < 1000; i++) {
      char text[32];
      snprintf(text, sizeof text, "text %u", i);
      const sheaf_result *r = sheaf_batch_at(batch, i);
      assert_int_equal(r->index, i);
      assert_ptr_equal(r, sheaf_batch_at(batch, 0) + i); /* one array */
      const sheaf_value *list = sheaf_result_find(r, 300, 301);
      assert_int_equal(list->u.items[0].u.integer, i);
      assert_true(sheaf_str_equal(sheaf_value_str(&list->u.items[1].u.items[1]), sheaf_cstr(text)));
      assert_true(
          sheaf_str_equal(sheaf_value_str(sheaf_result_find(r, 300, 302)), sheaf_cstr("text")));
      assert_true(sheaf_result_has_trait(r, 302));
      assert_null(sheaf_result_find(r, 302, 0));
    }
    assert_null(sheaf_batch_at(batch, 1000));
    sheaf_batch_free(batch);
    fake_close(&F);
  }
}

/* Every sort of value that is no list, all on the stack and overwritten once sent. */
static const char there[] = "there to stay";

static sheaf_status plain(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    char text[80];
    memset(text, 'a' + (int)(i % 26), sizeof text);
    sheaf_property p[6] = {{300, 301, sheaf_string(sheaf_strn(text, i % sizeof text))},
                           {300, 302, sheaf_bytes(text, 3)},
                           {300, 303, sheaf_int64(i)},
                           {301, 304, sheaf_string(sheaf_cstr(there))},
                           {301, 305, sheaf_double(0.5)},
                           {302, 0, sheaf_none()}};
    p[1].value.flags = 2; /* not known, and may be ignored */
    p[3].value.flags = SHEAF_VALUE_STATIC;
    sheaf_emit_success(sink, i, p, 6, 1 << 15);
    memset(text, '!', sizeof text);
    memset(p, 0xff, sizeof p);
  }
  return SHEAF_OK;
}

static void check_plain(const sheaf_result *r, uint32_t i) {
  const sheaf_value *text = &r->properties[0].value, *bytes = &r->properties[1].value;
  assert_int_equal(r->index, i);
  assert_int_equal(r->property_count, 6);
  assert_int_equal(r->flags, 0);
  assert_int_equal(text->length, i % 80);
  assert_true(text->length ? (uintptr_t)text->u.data % 8 == 0 : !text->u.data);
  for (uint32_t k = 0; k < text->length; k++)
    assert_int_equal(text->u.data[k], 'a' + (int)(i % 26));
  assert_int_equal(bytes->flags, 0);
  assert_memory_equal(bytes->u.data, (char[]){(char)('a' + (int)(i % 26))}, 1);
  assert_int_equal(r->properties[2].value.u.integer, i);
  assert_ptr_equal(r->properties[3].value.u.data, there);
  assert_true(r->properties[4].value.u.real == 0.5);
  assert_int_equal(r->properties[5].trait, 302);
}

static void records_without_lists_are_copied_whole(void **state) {
  (void)state;
  begin(plain, 0);
  /* Also when it is known how much a result takes, and when that is not enough. */
  for (uint32_t round = 0; round < 4; round++) {
    uint32_t count = round % 2 ? 500 : 1;
    sheaf_batch *batch = ask(count);
    assert_int_equal(sheaf_batch_failed(batch), 0);
    for (uint32_t i = 0; i < count; i++) check_plain(sheaf_batch_at(batch, i), i);
    sheaf_batch_free(batch);
  }
  fake_close(&F);
}

static sheaf_status flagged(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self, (void)r;
  sheaf_property p = {300, 301, sheaf_string(sheaf_cstr("text"))};
  p.value.flags = 1 << 8;
  sheaf_emit_success(sink, 0, &p, 1, 0);
  return SHEAF_OK;
}

static void a_flag_that_must_be_understood_is_unsupported(void **state) {
  (void)state;
  begin(flagged, 0);
  sheaf_batch *batch = ask(1);
  assert_int_equal(sheaf_batch_at(batch, 0)->status, SHEAF_UNSUPPORTED);
  assert_int_equal(sheaf_batch_failed(batch), 1);
  sheaf_batch_free(batch);
  fake_close(&F);
}

static sheaf_status excessive(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self, (void)r;
  sheaf_value deep[18];
  deep[17] = sheaf_int64(1);
  for (int i = 17; i-- > 0;) deep[i] = sheaf_list(&deep[i + 1], 1);
  sheaf_value values[8] = {sheaf_string(sheaf_strn("x", (size_t)SHEAF_MAX_VALUE_BYTES + 1)),
                           sheaf_list(deep, SHEAF_MAX_VALUE_BYTES / 16 + 1),
                           deep[0],
                           deep[1],
                           sheaf_value_make(3, 8),
                           sheaf_string(sheaf_strn(NULL, 5)),
                           sheaf_list(NULL, 2),
                           sheaf_value_make(64, 0)};
  for (uint32_t i = 0; i < 8; i++) {
    sheaf_property p = {300, 301, values[i]};
    sheaf_emit_success(sink, i, &p, 1, 0);
  }
  return SHEAF_OK;
}

static void what_is_over_the_limits_is_a_failure(void **state) {
  static const char *const words[8] = {"1 GiB", "1 GiB", "16 deep", NULL,
                                       "kind",  "NULL",  "NULL",    NULL};
  (void)state;
  begin(excessive, 0);
  sheaf_batch *batch = ask(8);
  for (uint32_t i = 0; i < 8; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    assert_int_equal(r->status, words[i] ? SHEAF_MANAGER_FAILURE : SHEAF_OK);
    if (words[i]) assert_non_null(strstr(r->message.data, words[i]));
  }
  assert_int_equal(sheaf_batch_failed(batch), 6);
  sheaf_batch_free(batch);
  fake_close(&F);
}

static const sheaf_property lasting = {300, 301, {.kind = SHEAF_KIND_INT64, .u.integer = 42}};

static sheaf_status static_answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count; i++)
    sheaf_emit_success(sink, i, &lasting, 1, SHEAF_RESULT_STATIC);
  return SHEAF_OK;
}

/* Of every sort, all in one call: a text, static, an error, a list, a static error. What does not last is
 * overwritten once sent. */
enum { TOGETHER = 200, SORTS = 5 };

static sheaf_status together(void *self, const sheaf_request *r, sheaf_sink *sink) {
  static char texts[TOGETHER][TOGETHER];
  sheaf_property p[TOGETHER];
  sheaf_value items[TOGETHER];
  sheaf_result results[TOGETHER];
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    memset(texts[i], 'a' + (int)(i % 26), i);
    const sheaf_str text = sheaf_strn(texts[i], i), words = SHEAF_STR("no such");
    items[i] = sheaf_string(text);
    p[i] = (sheaf_property){300, 301, i % SORTS == 3 ? sheaf_list(&items[i], 1) : items[i]};
    results[i] = (sheaf_result){i, SHEAF_OK, &p[i], 1, 0, {NULL, 0}};
    if (i % SORTS == 1) results[i].properties = &lasting, results[i].flags = SHEAF_RESULT_STATIC;
    if (i % SORTS == 2) results[i] = (sheaf_result){i, SHEAF_AUTH_ERROR, NULL, 0, 0, text};
    if (i % SORTS == 4)
      results[i] = (sheaf_result){i, SHEAF_AUTH_ERROR, NULL, 0, SHEAF_RESULT_STATIC, words};
  }
  sink->results(sink, results, r->count);
  memset(texts, '!', sizeof texts);
  memset(p, 0xff, sizeof p);
  memset(items, 0xff, sizeof items);
  memset(results, 0xff, sizeof results);
  return SHEAF_OK;
}

static void check_text(sheaf_str text, uint32_t i) {
  assert_int_equal(text.size, i);
  for (uint32_t k = 0; k < i; k++) assert_int_equal(text.data[k], 'a' + (int)(i % 26));
}

static void results_of_all_sorts_come_together(void **state) {
  (void)state;
  begin(together, 0);
  sheaf_batch *batch = ask(TOGETHER);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  assert_int_equal(sheaf_batch_failed(batch), TOGETHER / SORTS * 2);
  for (uint32_t i = 0; i < TOGETHER; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    const uint32_t sort = i % SORTS;
    assert_int_equal(r->index, i);
    assert_int_equal(r->status, sort == 2 || sort == 4 ? SHEAF_AUTH_ERROR : SHEAF_OK);
    if (sort == 0) check_text(sheaf_value_str(&r->properties->value), i);
    else if (sort == 1) assert_ptr_equal(r->properties, &lasting);
    else if (sort == 2) check_text(r->message, i);
    else if (sort == 3) check_text(sheaf_value_str(r->properties->value.u.items), i);
    else assert_true(sheaf_str_equal(r->message, sheaf_cstr("no such")));
  }
  sheaf_batch_free(batch);
  fake_close(&F);
}

static void a_batch_keeps_its_manager(void **state) {
  (void)state;
  begin(static_answer, 0);
  sheaf_batch *batch = ask(3);
  assert_ptr_equal(sheaf_batch_at(batch, 2)->properties, &lasting);
  assert_int_equal(sheaf_manager_close(F.manager), SHEAF_OK);
  assert_int_equal(F.destroyed, 0);
  assert_int_equal(sheaf_library_free(F.library), SHEAF_BUSY);
  sheaf_batch_free(batch);
  assert_int_equal(F.destroyed, 1);
  fake_close(&F);
}

static void a_closed_manager_still_gives_a_batch(void **state) {
  (void)state;
  begin(static_answer, 0);
  sheaf_manager_close(F.manager);
  sheaf_batch *batch = ask(3);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_CLOSED);
  assert_int_equal(sheaf_batch_failed(batch), 3);
  sheaf_batch_free(batch);
  fake_close(&F);
}

static sheaf_status named(void *self, const sheaf_request *r, sheaf_sink *sink) {
  fake *f = self;
  sheaf_property p = {sheaf_intern_one(f->library, "named"), sheaf_intern_one(f->library, "name"),
                      sheaf_string(sheaf_cstr("Martin"))};
  if (r->refs[0].size == 0)
    return sheaf_emit_error(sink, 0, SHEAF_MALFORMED_ENTITY_REFERENCE, sheaf_cstr("it is empty"));
  sheaf_emit_success(sink, 0, &p, 1, 0);
  return SHEAF_OK;
}

static void one_reference_is_one_line(void **state) {
  (void)state;
  begin(named, 0);
  sheaf_batch *one = sheaf_resolve_one(F.manager, sheaf_cstr("cat"), &error);
  assert_true(sheaf_str_equal(sheaf_value_str(sheaf_batch_value(one, 0, "named", "name")),
                              sheaf_cstr("Martin")));
  assert_null(sheaf_batch_value(one, 0, "named", "age"));
  assert_null(sheaf_batch_value(one, 1, "named", "name"));
  sheaf_batch_free(one);
  assert_null(sheaf_resolve_one(F.manager, sheaf_cstr(""), &error));
  assert_int_equal(error.status, SHEAF_MALFORMED_ENTITY_REFERENCE);
  assert_string_equal(error.message, "it is empty");
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_are_deep_copies_by_index),
      cmocka_unit_test(records_without_lists_are_copied_whole),
      cmocka_unit_test(a_flag_that_must_be_understood_is_unsupported),
      cmocka_unit_test(what_is_over_the_limits_is_a_failure),
      cmocka_unit_test(results_of_all_sorts_come_together),
      cmocka_unit_test(a_batch_keeps_its_manager),
      cmocka_unit_test(a_closed_manager_still_gives_a_batch),
      cmocka_unit_test(one_reference_is_one_line)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
