/* SPDX-License-Identifier: Apache-2.0 */
/* Iterators on one thread. With the fetcher's: iterator_thread_test.c. */
#include "core/testing.h"

static fake F;
static sheaf_error error;
static uint32_t asked, largest; /* references that the manager was asked about; at most at once */

static sheaf_status answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  asked += r->count;
  if (r->count > largest) largest = r->count;
  return fake_answer_all(self, r, sink);
}

/* Answers with the reference itself, from the last to the first; "fail" fails, "down" the batch. */
static sheaf_status echo_backwards(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = r->count; i-- > 0;) {
    sheaf_property p = {300, 301, sheaf_string(r->refs[i])};
    if (sheaf_str_equal(r->refs[i], sheaf_cstr("down")))
      return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the back end is gone"), 0);
    if (sheaf_str_equal(r->refs[i], sheaf_cstr("fail")))
      sheaf_emit_error(sink, i, SHEAF_AUTH_ERROR, sheaf_cstr("not you"));
    else sheaf_emit_success(sink, i, &p, 1, 0);
  }
  return SHEAF_OK;
}

static void begin(fake_batch batch) {
  memset(&F, 0, sizeof F);
  F.batch = batch;
  asked = largest = 0;
  fake_open(&F);
}

static sheaf_iterator *iterate(const sheaf_request *request, sheaf_iterator_options options) {
  sheaf_iterator *it = sheaf_resolve_iterator(F.manager, request, &options, &error);
  if (!it) fail_msg("%s", error.message);
  return it;
}

static sheaf_iterator_options options_of(uint32_t chunk_size, uint32_t flags) {
  sheaf_iterator_options o = SHEAF_ITERATOR_OPTIONS_INIT;
  o.chunk_size = chunk_size;
  o.flags = flags;
  return o;
}

/* A source of decimal numbers; `count` of them, then `end`. Its buffer is overwritten each time. */
typedef struct numbers {
  uint64_t next, count;
  sheaf_status end;
  char text[32];
} numbers;

static sheaf_status next_number(void *ctx, sheaf_str *ref) {
  numbers *n = ctx;
  if (n->next == n->count) return n->end;
  *ref = sheaf_strn(n->text, (size_t)sprintf(n->text, "%llu", (unsigned long long)n->next++));
  return SHEAF_OK;
}

static sheaf_request request_without_refs(void) { return sheaf_request_for(NULL, 0); }

/* ----------------------------------------------------------------------------------- what comes */

static void every_result_once_and_in_order(void **state) {
  static const uint32_t counts[] = {0, 1, 6, 7, 8, 14, 100}, chunks[] = {0, 1, 7, 1000};
  (void)state;
  begin(answer);
  for (size_t i = 0; i < 7; i++) {
    for (size_t k = 0; k < 4; k++) {
      sheaf_request request = sheaf_request_for(fake_refs(counts[i]), counts[i]);
      sheaf_iterator *it = iterate(&request, options_of(chunks[k], 0));
      const sheaf_result *r;
      asked = largest = 0;
      for (uint32_t n = 0; n < counts[i]; n++) {
        assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
        assert_int_equal(r->index, n);
        assert_int_equal(sheaf_iterator_index(it), n);
      }
      for (int end = 0; end < 3; end++) {
        assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
        assert_null(r);
      }
      assert_int_equal(asked, counts[i]);
      if (chunks[k]) assert_true(largest <= chunks[k]);
      sheaf_iterator_free(it);
    }
  }
  fake_close(&F);
}

static void what_is_not_taken_is_not_asked_for(void **state) {
  (void)state;
  begin(answer);
  sheaf_request request = sheaf_request_for(fake_refs(1000), 1000);
  sheaf_iterator *it = iterate(&request, options_of(10, 0));
  const sheaf_result *r;
  assert_int_equal(asked, 0);
  for (int i = 0; i < 11; i++) sheaf_iterator_next(it, &r, NULL);
  assert_int_equal(asked, 20);
  sheaf_iterator_free(it);
  sheaf_iterator_free(NULL);
  fake_close(&F);
}

static void order_of_references_or_of_arrival(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a"), SHEAF_STR("fail"), SHEAF_STR(""), SHEAF_STR("d"),
                                   SHEAF_STR("e")};
  static const uint64_t orders[2][5] = {{0, 1, 2, 3, 4}, {2, 1, 0, 4, 3}};
  (void)state;
  begin(echo_backwards);
  for (uint32_t flags = 0; flags < 2; flags++) {
    sheaf_request request = sheaf_request_for(refs, 5);
    sheaf_iterator *it = iterate(&request, options_of(3, flags));
    const sheaf_result *r;
    for (int i = 0; i < 5; i++) {
      assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
      uint64_t index = sheaf_iterator_index(it);
      assert_int_equal(index, orders[flags][i]);
      assert_true(sheaf_str_equal(sheaf_iterator_ref(it), refs[index]));
      assert_int_equal(r->status, index == 1 ? SHEAF_AUTH_ERROR : SHEAF_OK);
      if (index != 1)
        assert_true(sheaf_str_equal(sheaf_value_str(&r->properties[0].value), refs[index]));
    }
    sheaf_iterator_free(it);
  }
  fake_close(&F);
}

static void many_at_once(void **state) {
  static const uint64_t orders[2][5] = {{0, 1, 2, 3, 4}, {2, 1, 0, 4, 3}};
  (void)state;
  begin(echo_backwards);
  for (uint32_t flags = 0; flags < 2; flags++) {
    sheaf_request request = sheaf_request_for(fake_refs(5), 5);
    sheaf_iterator *it = iterate(&request, options_of(3, flags));
    const sheaf_result *results;
    uint32_t count, at = 0;
    assert_int_equal(sheaf_iterator_next(it, &results, &error), SHEAF_OK);
    assert_int_equal(results->index, orders[flags][at++]);
    for (; at < 5; at += 2) { /* the rest of each sub-batch */
      assert_int_equal(sheaf_iterator_next_many(it, &results, &count, &error), SHEAF_OK);
      assert_int_equal(count, 2);
      for (uint32_t i = 0; i < 2; i++) assert_int_equal(results[i].index, orders[flags][at + i]);
      assert_int_equal(sheaf_iterator_index(it), orders[flags][at + 1]);
    }
    for (int end = 0; end < 2; end++) {
      assert_int_equal(sheaf_iterator_next_many(it, &results, &count, &error), SHEAF_OK);
      assert_int_equal(count, 0);
      assert_null(results);
    }
    assert_int_equal(sheaf_iterator_next_many(it, NULL, &count, NULL), SHEAF_INVALID_ARGUMENT);
    assert_int_equal(sheaf_iterator_next_many(it, &results, NULL, NULL), SHEAF_INVALID_ARGUMENT);
    assert_int_equal(sheaf_iterator_next_many(NULL, &results, &count, &error),
                     SHEAF_INVALID_ARGUMENT);
    sheaf_iterator_free(it);
  }
  fake_close(&F);
}

static void a_source_without_end(void **state) {
  enum { TAKEN = 100000 };
  (void)state;
  begin(echo_backwards);
  for (uint32_t flags = 0; flags < 2; flags++) {
    numbers source = {0, UINT64_MAX, SHEAF_STOPPED, ""};
    sheaf_request request = request_without_refs();
    sheaf_iterator_options options = options_of(300, flags);
    options.source = next_number;
    options.source_ctx = &source;
    sheaf_iterator *it = iterate(&request, options);
    for (int i = 0; i < TAKEN; i++) {
      const sheaf_result *r;
      char text[32];
      assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
      snprintf(text, sizeof text, "%llu", (unsigned long long)sheaf_iterator_index(it));
      assert_true(sheaf_str_equal(sheaf_iterator_ref(it), sheaf_cstr(text)));
      assert_true(sheaf_str_equal(sheaf_value_str(&r->properties[0].value), sheaf_cstr(text)));
    }
    assert_true(source.next <= TAKEN + 300);
    sheaf_iterator_free(it);
  }
  fake_close(&F);
}

/* ----------------------------------------------------------------------------------- what goes wrong */

static void a_failing_source_comes_after_what_it_gave(void **state) {
  static const uint64_t counts[] = {0, 5, 10, 23};
  (void)state;
  begin(echo_backwards);
  for (size_t i = 0; i < 4; i++) {
    numbers source = {0, counts[i], SHEAF_IO_ERROR, ""};
    sheaf_request request = request_without_refs();
    sheaf_iterator_options options = options_of(10, 0);
    options.source = next_number;
    options.source_ctx = &source;
    sheaf_iterator *it = iterate(&request, options);
    const sheaf_result *r;
    for (uint64_t n = 0; n < counts[i]; n++) {
      assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
      assert_int_equal(sheaf_iterator_index(it), n);
    }
    for (int again = 0; again < 2; again++) {
      assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_IO_ERROR);
      assert_null(r);
      assert_non_null(strstr(error.message, "source"));
    }
    sheaf_iterator_free(it);
  }
  fake_close(&F);
}

static void a_failing_batch_is_told_and_passed(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a"), SHEAF_STR("b"), SHEAF_STR("down"),
                                   SHEAF_STR("d"), SHEAF_STR("e")};
  static const sheaf_status statuses[] = {SHEAF_OK, SHEAF_OK, SHEAF_UNAVAILABLE, SHEAF_OK,
                                          SHEAF_OK};
  (void)state;
  begin(echo_backwards);
  sheaf_request request = sheaf_request_for(refs, 5);
  sheaf_iterator *it = iterate(&request, options_of(2, 0));
  const sheaf_result *r;
  for (int i = 0; i < 5; i++) {
    assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
    assert_int_equal(sheaf_iterator_index(it), i);
    assert_int_equal(r->status, statuses[i]);
    if (i != 3) continue; /* the last of the sub-batch that failed */
    assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_UNAVAILABLE);
    assert_null(r);
    assert_string_equal(error.message, "the back end is gone");
  }
  assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
  assert_null(r);
  sheaf_iterator_free(it);
  fake_close(&F);
}

static void ended_is_ended(void **state) {
  (void)state;
  for (int way = 0; way < 3; way++) {
    begin(answer);
    sheaf_call call = SHEAF_CALL_INIT;
    sheaf_status wanted = way == 0 ? SHEAF_CANCELLED : way == 1 ? SHEAF_DEADLINE : SHEAF_CLOSED;
    sheaf_cancel *cancel = call.cancel = sheaf_cancel_new();
    if (way == 1) call.deadline_ns = 1; /* long ago */
    sheaf_request request = sheaf_request_for(fake_refs(10), 10);
    request.call = &call;
    sheaf_iterator *it = iterate(&request, options_of(3, 0));
    const sheaf_result *r;
    if (way == 0) sheaf_cancel_set(cancel);
    if (way == 2) sheaf_manager_close(F.manager);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
      assert_int_equal(r->status, wanted);
    }
    for (int again = 0; again < 3; again++)
      assert_int_equal(sheaf_iterator_next(it, &r, &error), wanted);
    assert_non_null(error.message[0] ? error.message : NULL);
    assert_int_equal(F.destroyed, 0); /* kept */
    sheaf_iterator_free(it);
    sheaf_cancel_free(cancel);
    assert_int_equal(F.destroyed, way == 2);
    fake_close(&F);
  }
}

static void a_library_is_busy_while_iterating(void **state) {
  (void)state;
  begin(answer);
  sheaf_request request = sheaf_request_for(fake_refs(10), 10);
  sheaf_iterator *it = iterate(&request, options_of(3, 0));
  assert_int_equal(sheaf_library_free(F.library), SHEAF_BUSY);
  sheaf_iterator_free(it);
  fake_close(&F);
}

static void bad_arguments(void **state) {
  static const sheaf_context *contexts[2];
  sheaf_request good = sheaf_request_for(fake_refs(2), 2), r = good;
  sheaf_iterator_options options = options_of(0, 0), o = options;
  numbers source = {0, 0, SHEAF_STOPPED, ""};
  const sheaf_result *result;
  (void)state;
  begin(answer);
  assert_null(sheaf_resolve_iterator(NULL, &good, &options, &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  assert_null(sheaf_resolve_iterator(F.manager, NULL, &options, &error));
  o.chunk_size = SHEAF_REST;
  assert_null(sheaf_resolve_iterator(F.manager, &good, &o, &error));
  o = options, o.source = next_number, o.source_ctx = &source;
  assert_null(sheaf_resolve_iterator(F.manager, &good, &o, &error));
  assert_non_null(strstr(error.message, "source"));
  r.count = 0, r.refs = NULL, r.contexts = contexts;
  assert_null(sheaf_resolve_iterator(F.manager, &r, &o, &error));
  o = options, o.flags = 1u << 20;
  assert_null(sheaf_resolve_iterator(F.manager, &good, &o, &error));
  assert_int_equal(error.status, SHEAF_UNSUPPORTED);
  o = options, o.struct_size = 4;
  assert_null(sheaf_resolve_iterator(F.manager, &good, &o, NULL));
  assert_int_equal(sheaf_iterator_next(NULL, &result, &error), SHEAF_INVALID_ARGUMENT);
  sheaf_iterator *it = sheaf_resolve_iterator(F.manager, &good, NULL, &error);
  assert_non_null(it);
  assert_int_equal(sheaf_iterator_next(it, NULL, &error), SHEAF_INVALID_ARGUMENT);
  sheaf_iterator_free(it);
  fake_close(&F);
}

/* Each index its own context, whichever sub-batch it is in. */
static sheaf_status authority_of_each(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    sheaf_property p[2] = {{300, 301, sheaf_string(r->contexts[i]->authority)},
                           {300, 302, r->inputs[i].properties[0].value}};
    sheaf_emit_success(sink, i, p, 2, 0);
  }
  return SHEAF_OK;
}

static void contexts_and_inputs_go_along(void **state) {
  enum { COUNT = 10 };
  sheaf_context contexts[COUNT];
  const sheaf_context *pointers[COUNT];
  sheaf_property properties[COUNT];
  sheaf_record inputs[COUNT];
  static const char letters[] = "abcdefghij";
  (void)state;
  begin(authority_of_each);
  for (int i = 0; i < COUNT; i++) {
    contexts[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    contexts[i].authority = sheaf_strn(letters + i, 1);
    pointers[i] = &contexts[i];
    properties[i] = (sheaf_property){300, 303, sheaf_int64(i)};
    inputs[i] = (sheaf_record){&properties[i], 1, 0};
  }
  sheaf_request request = sheaf_request_for(fake_refs(COUNT), COUNT);
  request.contexts = pointers;
  request.inputs = inputs;
  sheaf_iterator *it = iterate(&request, options_of(3, 0));
  for (int i = 0; i < COUNT; i++) {
    const sheaf_result *r;
    assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
    assert_int_equal(sheaf_value_str(&r->properties[0].value).data[0], letters[i]);
    assert_int_equal(r->properties[1].value.u.integer, i);
  }
  sheaf_iterator_free(it);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_result_once_and_in_order),
      cmocka_unit_test(what_is_not_taken_is_not_asked_for),
      cmocka_unit_test(order_of_references_or_of_arrival),
      cmocka_unit_test(many_at_once),
      cmocka_unit_test(a_source_without_end),
      cmocka_unit_test(a_failing_source_comes_after_what_it_gave),
      cmocka_unit_test(a_failing_batch_is_told_and_passed),
      cmocka_unit_test(ended_is_ended),
      cmocka_unit_test(a_library_is_busy_while_iterating),
      cmocka_unit_test(bad_arguments),
      cmocka_unit_test(contexts_and_inputs_go_along),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
