/* SPDX-License-Identifier: Apache-2.0 */
#include <sheaf/cache.h>

#include "stage/cache_table.h"
#include "stage/testing.h"

static staged S;
static uint32_t asked, batches; /* that reached the manager */
static uint32_t heard_before;   /* by the host, when the last one did */

/* Text in memory that is spoilt afterwards: the reference, and a list of it. Numbers that end in 9 do
 * not exist, those that end in 8 may tomorrow; 7 is a failure of the manager's. */
static sheaf_status texts(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  asked += request->count;
  batches++;
  heard_before = S.calls;
  for (uint32_t i = request->count; i-- > 0;) {
    char text[64];
    int64_t last = staged_number(request->refs[i]) % 10;
    size_t size = (size_t)snprintf(text, sizeof text, "<%.*s>", (int)request->refs[i].size,
                                   request->refs[i].data);
    const sheaf_value items[2] = {sheaf_string(sheaf_strn(text, size)), sheaf_int64(last)};
    sheaf_property p[2] = {{300, 301, sheaf_string(sheaf_strn(text, size))},
                           {300, 302, sheaf_list(items, 2)}};
    sheaf_result r = {i, SHEAF_OK, p, 2, 0, {NULL, 0}};
    if (last >= 7) r = (sheaf_result){i, SHEAF_ENTITY_RESOLUTION_ERROR, NULL, 0, 0, {text, size}};
    if (last == 8) r.flags = SHEAF_RESULT_RETRYABLE;
    if (last == 7) r.status = SHEAF_MANAGER_FAILURE;
    uint32_t said = sink->results(sink, &r, 1);
    memset(text, 'x', sizeof text);
    if (said != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}

static const sheaf_cache_functions *functions;
static void *cache;

static void begin(const char *name, const char *value, const char *name2, const char *value2) {
  sheaf_interface found;
  memset(&S, 0, sizeof S);
  asked = batches = 0;
  staged_open(&S, texts);
  staged_put(&S, "cache", name, value, name2, value2, NULL);
  assert_int_equal(sheaf_manager_get_extension(S.top, SHEAF_CACHE_EXTENSION, &found), SHEAF_OK);
  functions = found.table;
  cache = found.self;
}

static sheaf_cache_stats stats(void) {
  sheaf_cache_stats s = {.struct_size = sizeof s};
  assert_int_equal(functions->stats(cache, &s), SHEAF_OK);
  return s;
}

/* Asks about references separated by blanks, and looks at each answer. How many of them went down. */
static uint32_t ask_with(const char *text, sheaf_request *request) {
  static char copy[4000];
  static sheaf_str refs[500];
  uint32_t before = asked;
  request->count = 0;
  request->refs = refs;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *save, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
    refs[request->count++] = sheaf_cstr(word);
  sheaf_batch *batch = sheaf_perform_batch(S.top, SHEAF_VERB_RESOLVE, request, &S.error);
  assert_non_null(batch);
  for (uint32_t i = 0; i < request->count; i++) {
    char wanted[64];
    const sheaf_result *r = sheaf_batch_at(batch, i);
    snprintf(wanted, sizeof wanted, "<%s>", refs[i].data);
    sheaf_str got = r->message;
    if (SHEAF_IS_OK(r->status)) {
      assert_int_equal(r->property_count, 2);
      const sheaf_value *list = &r->properties[1].value;
      assert_int_equal(list->length, 2);
      assert_int_equal(list->u.items[1].u.integer, staged_number(refs[i]) % 10);
      assert_true(sheaf_str_equal(sheaf_value_str(&list->u.items[0]), sheaf_cstr(wanted)));
      got = sheaf_value_str(&r->properties[0].value);
    }
    assert_true(sheaf_str_equal(got, sheaf_cstr(wanted)));
  }
  sheaf_batch_free(batch);
  return asked - before;
}

static uint32_t ask(const char *text) {
  sheaf_request request = sheaf_request_for(NULL, 0);
  return ask_with(text, &request);
}

static void what_was_answered_is_not_asked_again(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  assert_int_equal(ask("1 2 3"), 3);
  assert_int_equal(ask("3 2 1 4"), 1);
  assert_int_equal(ask("1 2 3 4"), 0);
  assert_int_equal(ask(""), 0);
  assert_int_equal(batches, 3); /* that of nothing, too */
  sheaf_cache_stats s = stats();
  assert_int_equal(s.entries, 4);
  assert_int_equal(s.hits, 7);
  assert_int_equal(s.misses, 4);
  assert_int_equal(s.shared + s.evictions + s.expired, 0);
  assert_true(s.bytes > 4 * 100 && s.bytes < 4 * 400);
  assert_int_equal(staged_counter(S.top, "hits"), 7);
  staged_close(&S);
}

static void repeats_in_a_batch_are_asked_once(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  assert_int_equal(ask("1 1 2 1 2 9 9"), 3);
  assert_int_equal(stats().shared, 4);
  staged_close(&S);
}

/* References of numbers that exist: from, from + 1, ... */
static void number_refs(sheaf_str *refs, uint32_t count, uint32_t from) {
  static char text[STAGED_MOST][12];
  static uint32_t used;
  for (uint32_t i = 0; i < count; i++, used = (used + 1) % STAGED_MOST) {
    snprintf(text[used], sizeof text[used], "%u", (from + i) * 10 + i % 7);
    refs[i] = sheaf_cstr(text[used]);
  }
}

/* Of a long batch that begins with many new references the rest is taken to be new, too. */
static void what_is_known_behind_many_new_ones_is_heard_first(void **state) {
  static sheaf_str refs[900];
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  number_refs(refs + 500, 300, 5000);
  assert_int_equal(staged_ask(&S, refs + 500, 300), SHEAF_OK);
  number_refs(refs, 500, 0);
  memcpy(refs + 800, refs, 100 * sizeof *refs); /* repeats of what is new */
  assert_int_equal(staged_ask(&S, refs, 900), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.failed, 0);
  assert_int_equal(asked, 300 + 500);
  assert_int_equal(heard_before, 300);
  assert_int_equal(stats().hits, 300);
  assert_int_equal(stats().shared, 100);
  assert_int_equal(staged_ask(&S, refs, 900), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(asked, 300 + 500);
  staged_close(&S);
}

static void repeats_far_apart_are_asked_once(void **state) {
  static sheaf_str refs[1400];
  (void)state;
  begin("max_entries", "100", NULL, NULL); /* fewer than the batch has */
  number_refs(refs, 700, 0);
  memcpy(refs + 700, refs, 700 * sizeof *refs);
  assert_int_equal(staged_ask(&S, refs, 1400), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(S.summary.failed, 0);
  assert_int_equal(asked, 700);
  assert_int_equal(stats().shared, 700);
  assert_int_equal(stats().entries, 100);
  staged_close(&S);
}

/* A stop among what is known leaves nothing held and nothing claimed. */
static void a_stop_behind_many_new_ones(void **state) {
  static sheaf_str refs[600];
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  number_refs(refs, 600, 0);
  assert_int_equal(staged_ask(&S, refs + 400, 200), SHEAF_OK);
  S.stop_after = 5;
  assert_int_equal(staged_ask(&S, refs, 600), SHEAF_STOPPED);
  assert_int_equal(S.calls, 5);
  assert_int_equal(asked, 200);
  S.stop_after = 0;
  assert_int_equal(staged_ask(&S, refs, 600), SHEAF_OK);
  staged_assert_once(&S);
  assert_int_equal(asked, 600);
  staged_close(&S);
}

static void many_entries(void **state) {
  enum { COUNT = 15000 };
  static char text[COUNT][12];
  static sheaf_str refs[COUNT];
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  for (uint32_t i = 0; i < COUNT; i++) {
    snprintf(text[i], sizeof text[i], "%u", i * 10 + i % 7);
    refs[i] = sheaf_cstr(text[i]);
  }
  for (int round = 0; round < 3; round++) {
    assert_int_equal(staged_ask(&S, refs, COUNT), SHEAF_OK);
    staged_assert_once(&S);
    assert_int_equal(S.summary.failed, 0);
    assert_int_equal(asked, COUNT);
  }
  assert_int_equal(functions->clear(cache), COUNT);
  assert_int_equal(stats().entries + stats().bytes, 0);
  staged_close(&S);
}

/* ------------------------------------------------------------------------------------ the key */

static void whatever_the_answer_depends_on_is_in_the_key(void **state) {
  static const sheaf_id traits[] = {400, 401};
  static const sheaf_slot slots[] = {{400, 1}, {400, 2}};
  static const sheaf_property here[] = {{300, 301, {.kind = SHEAF_KIND_INT64}}};
  static const sheaf_record locale = {here, 1, 0};
  sheaf_context context = SHEAF_CONTEXT_INIT;
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  call.context = &context;
  for (int round = 0; round < 2; round++) {
    uint32_t news = round == 0;
    sheaf_request r = sheaf_request_for(NULL, 0);
    assert_int_equal(ask_with("1", &r), news);
    r.flags = 0;
    assert_int_equal(ask_with("1", &r), news);
    r.traits = traits;
    for (r.trait_count = 1; r.trait_count <= 2; r.trait_count++)
      assert_int_equal(ask_with("1", &r), news);
    r.trait_count = 0;
    r.slots = slots;
    for (r.slot_count = 1; r.slot_count <= 2; r.slot_count++)
      assert_int_equal(ask_with("1", &r), news);
    r.access = SHEAF_ACCESS_WRITE;
    r.slot_count = 0;
    assert_int_equal(ask_with("1", &r), news);
    r.call = &call; /* an empty context is none */
    context = (sheaf_context)SHEAF_CONTEXT_INIT;
    assert_int_equal(ask_with("1", &r), 0);
    context.share_key = sheaf_cstr("x");
    assert_int_equal(ask_with("1", &r), news);
    context.authority = context.share_key;
    assert_int_equal(ask_with("1", &r), news);
    context.share_key = sheaf_cstr("");
    assert_int_equal(ask_with("1", &r), news);
    context.state = sheaf_cstr("x");
    assert_int_equal(ask_with("1", &r), news);
    context.locale = &locale;
    assert_int_equal(ask_with("1", &r), news);
    context.opaque = &r; /* the host's own affair */
    assert_int_equal(ask_with("1", &r), 0);
  }
  uint64_t entries = stats().entries;
  assert_int_equal(functions->clear_ref(cache, sheaf_cstr("2")), 0);
  assert_int_equal(functions->clear_ref(cache, sheaf_cstr("1")), entries);
  assert_int_equal(stats().entries, 0);
  staged_close(&S);
}

static void contexts_by_index(void **state) {
  static const char *const keys[] = {"a", "b", "a", "a", "b", "a"};
  sheaf_context contexts[6];
  const sheaf_context *by_index[7];
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  for (int i = 0; i < 6; i++) {
    contexts[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    contexts[i].share_key = sheaf_cstr(keys[i]);
    by_index[i] = &contexts[i];
  }
  by_index[6] = NULL;
  sheaf_request r = sheaf_request_for(NULL, 0);
  r.contexts = by_index;
  assert_int_equal(ask_with("1 1 1 2 2 1 1", &r), 5); /* 1 as a, b and nobody; 2 as a and b */
  r.contexts = by_index + 1;
  assert_int_equal(ask_with("1 2 1 2 1 2", &r), 1); /* 2 as nobody */
  staged_close(&S);
}

static void what_has_inputs_is_passed_on(void **state) {
  static const sheaf_record inputs[3];
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  sheaf_request r = sheaf_request_for(NULL, 0);
  r.inputs = inputs;
  assert_int_equal(ask_with("1 1 2", &r), 3);
  assert_int_equal(ask_with("1 1 2", &r), 3);
  assert_int_equal(stats().entries, 0);
  staged_close(&S);
}

/* -------------------------------------------------------------------------------------- errors */

static void errors_are_not_kept_unless_told(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  assert_int_equal(ask("19 18 17"), 3);
  assert_int_equal(ask("19 18 17"), 3);
  assert_int_equal(stats().entries, 0);
  staged_close(&S);
  begin("errors", "true", NULL, NULL);
  assert_int_equal(ask("19 18 17"), 3);
  assert_int_equal(ask("19 18 17"), 2); /* not what is retryable, nor what is the manager's */
  assert_int_equal(stats().entries, 1);
  staged_close(&S);
}

static sheaf_status half_then_fail(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_request half = *request;
  half.count /= 2;
  texts(self, &half, sink);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"), 0);
}

static void what_was_answered_before_a_failure_is_kept(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("1"), SHEAF_STR("2"), SHEAF_STR("3"), SHEAF_STR("4")};
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  S.below.batch = half_then_fail;
  assert_int_equal(staged_ask(&S, refs, 4), SHEAF_UNAVAILABLE);
  staged_assert_once(&S);
  assert_string_equal(S.error.message, "gone");
  assert_int_equal(S.status[1], SHEAF_OK);
  assert_int_equal(S.status[2], SHEAF_UNAVAILABLE);
  S.below.batch = texts;
  assert_int_equal(ask("1 2 3 4"), 2);
  staged_close(&S);
}

static void a_stop_keeps_what_was_asked(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("1"), SHEAF_STR("2"), SHEAF_STR("3"), SHEAF_STR("4")};
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  S.stop_after = 2;
  assert_int_equal(staged_ask(&S, refs, 4), SHEAF_STOPPED);
  assert_int_equal(S.calls, 2);
  assert_int_equal(ask("1 2 3 4"), 0);
  assert_int_equal(staged_ask(&S, refs, 4), SHEAF_STOPPED); /* among hits */
  assert_int_equal(S.calls, 2);
  staged_close(&S);
}

/* -------------------------------------------------------------------------------------- the room */

static void what_was_not_hit_goes_first(void **state) {
  (void)state;
  begin("max_entries", "3", NULL, NULL);
  assert_int_equal(ask("1 2 3"), 3);
  /* As they were published, which is backwards. */
  assert_int_equal(ask("3 1"), 0);
  assert_int_equal(ask("4"), 1); /* 2 goes */
  assert_int_equal(stats().evictions, 1);
  assert_int_equal(stats().entries, 3);
  assert_int_equal(ask("1 3 4"), 0);
  assert_int_equal(ask("2"), 1);
  assert_int_equal(ask("11 12 13 14 15 16"), 6); /* a batch larger than the cache */
  assert_int_equal(stats().entries, 3);
  staged_close(&S);
}

static void a_row_of_new_ones_does_not_push_out_what_is_hit(void **state) {
  char text[32];
  (void)state;
  begin("max_entries", "20", NULL, NULL);
  ask("1 2 3 4 5");
  for (int i = 0; i < 500; i++) {
    snprintf(text, sizeof text, "%d1", 100 + i);
    assert_int_equal(ask(text), 1);
    assert_int_equal(ask("1 2 3 4 5"), 0);
  }
  staged_close(&S);
}

static void bytes_are_counted(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  ask("1");
  uint64_t one = stats().bytes;
  char most[32];
  staged_close(&S);
  snprintf(most, sizeof most, "%llu", (unsigned long long)(one * 3));
  begin("max_bytes", most, NULL, NULL);
  ask("1 2 3 4 5");
  assert_int_equal(stats().entries, 3);
  assert_int_equal(stats().bytes, one * 3);
  assert_int_equal(stats().evictions, 2);
  staged_close(&S);
  snprintf(most, sizeof most, "%llu", (unsigned long long)(one - 1));
  begin("max_bytes", most, NULL, NULL); /* too little for any */
  assert_int_equal(ask("1 1 2"), 2);
  assert_int_equal(ask("1 1 2"), 2);
  assert_int_equal(stats().entries + stats().evictions, 0);
  staged_close(&S);
}

static void answers_grow_old(void **state) {
  struct timespec a_little = {0, 30 * 1000000};
  (void)state;
  begin("ttl_ms", "20", NULL, NULL);
  ask("1 2");
  assert_int_equal(ask("1 2"), 0);
  nanosleep(&a_little, NULL);
  assert_int_equal(ask("1 2"), 2);
  assert_int_equal(stats().expired, 2);
  assert_int_equal(stats().entries, 2);
  staged_close(&S);
  memset(&S, 0, sizeof S);
  begin("errors", "true", "error_ttl_ms", "20");
  ask("1 9");
  nanosleep(&a_little, NULL);
  assert_int_equal(ask("1 9"), 1);
  staged_close(&S);
}

static const sheaf_property still[] = {{300, 301, {.kind = SHEAF_KIND_INT64}}};

static sheaf_status unmoved(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)request;
  sheaf_emit_success(sink, 0, still, 1, SHEAF_RESULT_STATIC);
  return SHEAF_OK;
}

static void what_is_static_is_not_copied(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  S.below.batch = unmoved;
  for (int round = 0; round < 2; round++) {
    sheaf_batch *batch = sheaf_resolve_one(S.top, sheaf_cstr("1"), NULL);
    assert_ptr_equal(sheaf_batch_at(batch, 0)->properties, still);
    sheaf_batch_free(batch);
  }
  staged_close(&S);
}

/* ------------------------------------------------------------------------------- prime and clear */

static void what_is_primed_is_not_asked(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("1"), SHEAF_STR("2"), SHEAF_STR("9")};
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  ask("2");
  char one[] = "<1>", two[] = "changed";
  const sheaf_value items[] = {sheaf_string(sheaf_cstr(one)), sheaf_int64(1)};
  sheaf_property p[] = {{300, 301, sheaf_string(sheaf_cstr(one))},
                        {300, 302, sheaf_list(items, 2)}};
  sheaf_property q[] = {{300, 301, sheaf_string(sheaf_cstr(two))}};
  sheaf_request request = sheaf_request_for(refs, 3);
  request.verb = SHEAF_VERB_RESOLVE;
  const sheaf_result primed[] = {{0, SHEAF_OK, p, 2, 0, {NULL, 0}},
                                 {1, SHEAF_OK, q, 1, 0, {NULL, 0}}, /* is there: stays */
                                 {2, SHEAF_ENTITY_RESOLUTION_ERROR, NULL, 0, 0, {NULL, 0}}};
  assert_int_equal(functions->prime(cache, &request, primed, 3, &S.error), SHEAF_OK);
  memset(one, 'x', sizeof one);
  assert_int_equal(ask("1 2"), 0);
  assert_int_equal(stats().entries, 2);

  const sheaf_result beyond = {3, SHEAF_OK, p, 2, 0, {NULL, 0}};
  assert_int_equal(functions->prime(cache, &request, &beyond, 1, &S.error), SHEAF_INVALID_ARGUMENT);
  assert_string_equal(S.error.message, "a result has index 3, and there are 3");
  const sheaf_result unsound = {2, SHEAF_OK, NULL, 2, 0, {NULL, 0}};
  assert_int_equal(functions->prime(cache, &request, &unsound, 1, &S.error),
                   SHEAF_INVALID_ARGUMENT);
  assert_int_equal(functions->prime(cache, &request, NULL, 1, &S.error), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(functions->prime(cache, NULL, primed, 1, &S.error), SHEAF_INVALID_ARGUMENT);
  request.verb = SHEAF_VERB_EXISTS;
  assert_int_equal(functions->prime(cache, &request, primed, 1, &S.error), SHEAF_UNSUPPORTED);
  staged_close(&S);
}

static void clearing(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  ask("1 2 3");
  assert_int_equal(functions->clear_ref(cache, sheaf_cstr("2")), 1);
  assert_int_equal(ask("1 2 3"), 1);
  assert_int_equal(functions->clear(cache), 3);
  assert_int_equal(ask("1 2 3"), 3);
  staged_close(&S);
}

static sheaf_status clear_inside(void *self, const sheaf_request *request, sheaf_sink *sink) {
  functions->clear_ref(cache, sheaf_cstr("1"));
  return texts(self, request, sink);
}

static void what_is_cleared_while_it_is_asked_is_not_kept(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  S.below.batch = clear_inside;
  assert_int_equal(ask("1 2 1"), 2);
  S.below.batch = texts;
  assert_int_equal(ask("1 2"), 1);
  staged_close(&S);
}

/* ------------------------------------------------------------------------------------- nested */

static sheaf_status asks_itself(void *self, const sheaf_request *request, sheaf_sink *sink) {
  static int depth;
  if (depth++ == 0) {
    sheaf_batch *batch = sheaf_resolve_one(S.top, sheaf_cstr("1"), NULL); /* the very same */
    assert_non_null(batch);
    sheaf_batch_free(batch);
    batch = sheaf_resolve_one(S.top, sheaf_cstr("5"), NULL);
    sheaf_batch_free(batch);
  }
  depth--;
  return texts(self, request, sink);
}

static void a_manager_that_asks_the_cache_from_inside(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  S.below.batch = asks_itself;
  assert_int_equal(ask("1 2"), 4);
  S.below.batch = texts;
  assert_int_equal(ask("1 2"), 0);
  staged_close(&S);
}

static void under_a_limit_it_keeps_answers_too(void **state) {
  (void)state;
  begin(NULL, NULL, NULL, NULL);
  staged_put(&S, "limit", "in_flight", "1", NULL); /* whoever has a place owes it to others */
  assert_int_equal(ask("1 2 2"), 2);
  assert_int_equal(ask("1 2"), 0);
  staged_close(&S);
}

static void bad_settings(void **state) {
  static const struct {
    const char *name, *value, *words;
  } cases[] = {
      {"max_entries", "0", "setting \"max_entries\" is 0: give a whole number from 1 to"},
      {"max_entries", "-5", "setting \"max_entries\" is -5"},
      {"max_bytes", "0", "setting \"max_bytes\" is 0"},
      {"ttl_ms", "0", "setting \"ttl_ms\" is 0"},
      {"ttl_ms", "soon", "is an integer, and \"soon\" is not one"},
      {"error_ttl_ms", "-1", "setting \"error_ttl_ms\" is -1"},
      {"errors", "maybe", "is a bool, and \"maybe\" is not one"},
      {"capacity", "5", "it takes max_entries, max_bytes, ttl_ms, errors and error_ttl_ms"}};
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, texts);
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const sheaf_setting setting = staged_text(cases[c].name, cases[c].value);
    assert_null(sheaf_stage_over(S.top, "cache", &setting, 1, &S.error));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(S.error.message, cases[c].words)) fail_msg("%s", S.error.message);
  }
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_answered_is_not_asked_again),
      cmocka_unit_test(repeats_in_a_batch_are_asked_once),
      cmocka_unit_test(what_is_known_behind_many_new_ones_is_heard_first),
      cmocka_unit_test(repeats_far_apart_are_asked_once),
      cmocka_unit_test(a_stop_behind_many_new_ones),
      cmocka_unit_test(many_entries),
      cmocka_unit_test(whatever_the_answer_depends_on_is_in_the_key),
      cmocka_unit_test(contexts_by_index),
      cmocka_unit_test(what_has_inputs_is_passed_on),
      cmocka_unit_test(errors_are_not_kept_unless_told),
      cmocka_unit_test(what_was_answered_before_a_failure_is_kept),
      cmocka_unit_test(a_stop_keeps_what_was_asked),
      cmocka_unit_test(what_was_not_hit_goes_first),
      cmocka_unit_test(a_row_of_new_ones_does_not_push_out_what_is_hit),
      cmocka_unit_test(bytes_are_counted),
      cmocka_unit_test(answers_grow_old),
      cmocka_unit_test(what_is_static_is_not_copied),
      cmocka_unit_test(what_is_primed_is_not_asked),
      cmocka_unit_test(clearing),
      cmocka_unit_test(what_is_cleared_while_it_is_asked_is_not_kept),
      cmocka_unit_test(a_manager_that_asks_the_cache_from_inside),
      cmocka_unit_test(under_a_limit_it_keeps_answers_too),
      cmocka_unit_test(bad_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
