/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of answers: what is asked for, groups, stop, bad references, scratch memory. */
#include "testing.h"

static const char animals[] =
    "{\"entities\":{"
    "\"cat\":{\"versions\":["
    "{\"traits\":{\"named\":{\"name\":\"Tom\"}}},"
    "{\"traits\":{\"animal\":{\"age\":12,\"weight\":4.0,\"tame\":true},\"empty\":{},"
    "\"named\":{\"name\":\"Martin\"},\"place\":{\"where\":\"here\"}}}]},"
    "\"dog\":{\"versions\":[{\"traits\":{\"animal\":{\"age\":2}}}],"
    "\"overrideByAccess\":{\"write\":null,\"managerDriven\":{}}},"
    "\"egg\":{\"versions\":[]},\"gap\":{\"versions\":[null,{\"traits\":{}}]},\"void\":null}}";

#define VERSION "openassetio-mediacreation:lifecycle.Version"

static test_manager manager;

static int open_animals(void **state) {
  (void)state;
  return test_open(&manager, NULL, animals, NULL, 0) == SHEAF_OK ? 0 : -1;
}

static int close_animals(void **state) {
  (void)state;
  test_close(&manager);
  return 0;
}

/* Asks about one reference; `request` says what. */
static void ask_one(const char *ref, sheaf_request *request, test_sink *sink) {
  static sheaf_str text;
  text = sheaf_cstr(ref);
  request->refs = &text;
  request->count = 1;
  test_ask(&manager, request, sink);
}

static sheaf_request for_traits(const char *const *names, uint32_t count) {
  static sheaf_id ids[64];
  sheaf_request request = test_request(NULL, 0);
  request.flags = 0;
  request.traits = ids;
  request.trait_count = count;
  for (uint32_t i = 0; i < count; i++) ids[i] = test_id(&manager.host, names[i]);
  return request;
}

static sheaf_slot slot(const char *trait, const char *key) {
  sheaf_slot s = {test_id(&manager.host, trait), test_id(&manager.host, key)};
  return s;
}

static void test_description(void **state) {
  (void)state;
  const sheaf_description *d = manager.description;
  assert_int_equal(d->verb_count, 3);
  for (uint32_t i = 0; i < 3; i++)
    assert_int_equal(d->verbs[i].flags, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT);
  assert_int_equal(d->prefix_count, 1);
  assert_true(sheaf_str_equal(d->prefixes[0], sheaf_cstr("bal:///")));
  assert_int_equal(d->flags, SHEAF_MANAGER_NONBLOCKING);
}

static void test_all_traits_are_static(void **state) {
  (void)state;
  test_sink sink;
  sheaf_request request = test_request(NULL, 0);
  ask_one("bal:///cat", &request, &sink);
  const test_result *r = &sink.results[0];
  assert_int_equal(r->status, SHEAF_OK);
  assert_int_equal(r->flags, SHEAF_RESULT_STATIC);
  assert_int_equal(r->count, 5);
  assert_int_equal(test_value(&manager, r, "animal", "age")->u.integer, 12);
  assert_int_equal(test_value(&manager, r, "animal", "age")->kind, SHEAF_KIND_INT64);
  assert_int_equal(test_value(&manager, r, "animal", "weight")->kind, SHEAF_KIND_DOUBLE);
  assert_int_equal(test_value(&manager, r, "animal", "tame")->kind, SHEAF_KIND_BOOL);
  assert_text(test_value(&manager, r, "named", "name"), "Martin");
  assert_int_equal(test_value(&manager, r, "named", "name")->flags, SHEAF_VALUE_STATIC);
  assert_null(test_value(&manager, r, VERSION, "stableTag"));
  test_sink_free(&sink);
}

static void test_traits_that_lie_together_are_static(void **state) {
  (void)state;
  static const char *const one[] = {"animal"};
  static const char *const ends[] = {"place", "animal", "nothing"};
  test_sink sink;
  sheaf_request request = for_traits(one, 1);
  ask_one("bal:///cat", &request, &sink);
  assert_int_equal(sink.results[0].flags, SHEAF_RESULT_STATIC);
  assert_int_equal(sink.results[0].count, 3);
  test_sink_free(&sink);
  request = for_traits(ends, 3);
  ask_one("bal:///cat", &request, &sink);
  assert_int_equal(sink.results[0].flags, 0);
  assert_int_equal(sink.results[0].count, 4);
  test_sink_free(&sink);
  request = for_traits(NULL, 0);
  ask_one("bal:///cat", &request, &sink);
  assert_int_equal(sink.results[0].count, 0);
  test_sink_free(&sink);
}

/* How many properties an answer has to a question for one trait and, unless it is NULL, one slot. */
static uint32_t count_of(const char *trait, const sheaf_slot *beside) {
  test_sink sink;
  sheaf_request request = for_traits(&trait, 1);
  request.slots = beside;
  request.slot_count = beside ? 1 : 0;
  ask_one("bal:///cat", &request, &sink);
  assert_int_equal(sink.results[0].status, SHEAF_OK);
  uint32_t count = sink.results[0].count;
  for (uint32_t i = 0; i < count && !beside; i++)
    assert_int_equal(sink.results[0].properties[i].trait, test_id(&manager.host, trait));
  test_sink_free(&sink);
  return count;
}

static void test_one_trait(void **state) {
  (void)state;
  const sheaf_slot name = slot("named", "name");
  assert_int_equal(count_of("named", NULL), 1);
  assert_int_equal(count_of("animal", NULL), 3);
  assert_int_equal(count_of("place", NULL), 1);
  assert_int_equal(count_of("nothing", NULL), 0);
  assert_int_equal(count_of(VERSION, NULL), 2);
  assert_int_equal(count_of("animal", &name), 4);
}

static void test_many_traits(void **state) {
  (void)state;
  const char *names[40];
  test_sink sink;
  for (int i = 0; i < 40; i++) names[i] = i == 20 ? "place" : i == 30 ? VERSION : "zebra";
  sheaf_request request = for_traits(names, 40);
  ((sheaf_id *)(uintptr_t)request.traits)[39] = UINT32_MAX; /* that nobody gave */
  ask_one("bal:///cat?v=2", &request, &sink);
  assert_int_equal(sink.results[0].count, 3);
  assert_text(test_value(&manager, &sink.results[0], "place", "where"), "here");
  assert_text(test_value(&manager, &sink.results[0], VERSION, "stableTag"), "2");
  test_sink_free(&sink);
}

static void test_slots_come_in_order(void **state) {
  (void)state;
  sheaf_slot slots[] = {slot("named", "name"),         slot("animal", "nothing"),
                        slot(VERSION, "specifiedTag"), slot("animal", "age"),
                        slot(VERSION, "stableTag"),    slot("named", "name"),
                        slot(VERSION, "specifiedTag")};
  test_sink sink;
  sheaf_request request = for_traits(NULL, 0);
  request.slots = slots;
  request.slot_count = 7;
  ask_one("bal:///cat", &request, &sink);
  const test_result *r = &sink.results[0];
  assert_int_equal(r->flags, SHEAF_RESULT_IN_SLOT_ORDER);
  assert_int_equal(r->count, 7);
  for (int i = 0; i < 7; i++) {
    assert_int_equal(r->properties[i].trait, slots[i].trait);
    assert_int_equal(r->properties[i].key, slots[i].key);
  }
  assert_text(&r->properties[0].value, "Martin");
  assert_int_equal(r->properties[1].value.kind, SHEAF_KIND_NONE);
  assert_text(&r->properties[2].value, "latest");
  assert_int_equal(r->properties[3].value.u.integer, 12);
  assert_text(&r->properties[4].value, "2");
  assert_text(&r->properties[5].value, "Martin");
  assert_text(&r->properties[6].value, "latest");
  test_sink_free(&sink);
}

static void test_slots_beside_traits(void **state) {
  (void)state;
  static const char *const named[] = {"named"};
  sheaf_slot slots[] = {slot("animal", "age"), slot(VERSION, "stableTag")};
  test_sink sink;
  sheaf_request request = for_traits(named, 1);
  request.slots = slots;
  request.slot_count = 2;
  ask_one("bal:///cat?v=02", &request, &sink);
  const test_result *r = &sink.results[0];
  assert_int_equal(r->flags, 0);
  assert_int_equal(r->count, 3);
  assert_text(test_value(&manager, r, VERSION, "stableTag"), "2");
  assert_int_equal(test_value(&manager, r, "animal", "age")->u.integer, 12);
  test_sink_free(&sink);
}

static void assert_error(const char *ref, sheaf_access access, sheaf_status status,
                         const char *words) {
  test_sink sink;
  sheaf_request request = test_request(NULL, 0);
  request.access = access;
  ask_one(ref, &request, &sink);
  assert_int_equal(sink.results[0].status, status);
  assert_string_equal(sink.results[0].message, words);
  test_sink_free(&sink);
}

static void test_words_of_errors(void **state) {
  (void)state;
  assert_error("bal:///cow", 0, SHEAF_ENTITY_RESOLUTION_ERROR, "the library has no entity 'cow'");
  assert_error("bal:///void", 0, SHEAF_ENTITY_RESOLUTION_ERROR, "the library has no entity 'void'");
  assert_error("bal:///cat?v=7", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'cat' has no version 7 (it has 1 to 2)");
  assert_error("bal:///dog?v=7", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'dog' has no version 7 (it has only 1)");
  assert_error("bal:///egg?v=7", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'egg' has no version 7 (it has none)");
  assert_error("bal:///cat?v=99999999999999999999999", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'cat' has no version as large as that (it has 1 to 2)");
  assert_error("bal:///egg", 0, SHEAF_ENTITY_RESOLUTION_ERROR, "entity 'egg' has no versions");
  assert_error("bal:///gap?v=1", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'gap' has nothing (null) for version 1");
  assert_error("bal:///dog", SHEAF_ACCESS_WRITE, SHEAF_ENTITY_RESOLUTION_ERROR,
               "entity 'dog' has nothing (null) for access write");
  assert_error("bal:///dog", SHEAF_ACCESS_MANAGER_DRIVEN, SHEAF_ENTITY_ACCESS_ERROR,
               "entity 'dog' does not allow access managerDriven");
  assert_error("http://cat", 0, SHEAF_INVALID_ENTITY_REFERENCE,
               "'http://cat' is not a reference of this library: they begin with bal:///");
  assert_error("", 0, SHEAF_INVALID_ENTITY_REFERENCE,
               "'' is not a reference of this library: they begin with bal:///");
  assert_error("bal:///?v=1", 0, SHEAF_MALFORMED_ENTITY_REFERENCE,
               "'bal:///?v=1' names no entity: its name comes behind bal:///");
  assert_error("bal:///cat?v=x", 0, SHEAF_MALFORMED_ENTITY_REFERENCE,
               "'bal:///cat?v=x' has a version that is neither a whole number nor 'latest'");
  assert_error("bal:///cat?v=0", 0, SHEAF_MALFORMED_ENTITY_REFERENCE,
               "'bal:///cat?v=0' has a version below 1, which is the first");
  assert_error("bal:///c\xff", 0, SHEAF_MALFORMED_ENTITY_REFERENCE,
               "'bal:///c\xef\xbf\xbd' is not UTF-8");
  assert_error("bal:///cat?x=\xff", 0, SHEAF_MALFORMED_ENTITY_REFERENCE,
               "'bal:///cat?x=\xef\xbf\xbd' is not UTF-8");
  assert_error("bal:///c\x1b[2J", 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "the library has no entity 'c\xef\xbf\xbd[2J'");
}

/* Each verb, with all that a reference may be. */
static void test_odd_references(void **state) {
  (void)state;
  const size_t mebibyte = (size_t)1 << 20;
  char *huge = malloc(mebibyte), *dirty = malloc(mebibyte), *query = malloc(mebibyte);
  memset(huge, 'x', mebibyte);
  memset(dirty, '\t', mebibyte);
  memset(query, '1', mebibyte);
  memcpy(huge, "bal:///", 7);
  memcpy(dirty, "bal:///", 7);
  memcpy(dirty + mebibyte - 3, "cat", 3);
  memcpy(query, "bal:///cat?v=", 13);
  const sheaf_str refs[] = {{huge, mebibyte},         {dirty, mebibyte},
                            {query, mebibyte},        {"bal:///cat\0", 11},
                            {"bal:///\0", 8},         {NULL, 0},
                            {"bal:///", 7},           {"bal:///\xf0\x9f", 9},
                            {"bal:///cat?v=1\0", 15}, {"bal:///c\ta\rt\n", 13}};
  static const sheaf_status expected[] = {
      SHEAF_ENTITY_RESOLUTION_ERROR,    SHEAF_OK,
      SHEAF_MALFORMED_ENTITY_REFERENCE, SHEAF_ENTITY_RESOLUTION_ERROR,
      SHEAF_ENTITY_RESOLUTION_ERROR,    SHEAF_INVALID_ENTITY_REFERENCE,
      SHEAF_MALFORMED_ENTITY_REFERENCE, SHEAF_MALFORMED_ENTITY_REFERENCE,
      SHEAF_MALFORMED_ENTITY_REFERENCE, SHEAF_OK};
  static const sheaf_id verbs[] = {SHEAF_VERB_RESOLVE, SHEAF_VERB_EXISTS, SHEAF_VERB_TRAITS};
  for (int v = 0; v < 3; v++) {
    test_sink sink;
    sheaf_request request = test_request(refs, 10);
    request.verb = verbs[v];
    test_ask(&manager, &request, &sink);
    for (int i = 0; i < 10; i++) {
      bool unknown = expected[i] == SHEAF_ENTITY_RESOLUTION_ERROR;
      sheaf_status status = verbs[v] == SHEAF_VERB_EXISTS && unknown ? SHEAF_OK : expected[i];
      assert_int_equal(sink.results[i].status, status);
      assert_true(strlen(sink.results[i].message) < 320);
    }
    test_sink_free(&sink);
  }
  free(huge);
  free(dirty);
  free(query);
}

/* A version with more digits than numbers have, under an override, comes back as it was asked. */
static void test_long_versions_under_an_override(void **state) {
  (void)state;
  static const char library[] = "{\"entities\":{\"a\":{\"versions\":[],\"overrideByAccess\":"
                                "{\"read\":{\"traits\":{}}}}}}";
  enum { COUNT = 40, DIGITS = 4300 };
  static const char *const version[] = {VERSION};
  test_manager other;
  assert_int_equal(test_open(&other, NULL, library, NULL, 0), SHEAF_OK);
  char *text = malloc(DIGITS + 16);
  memset(text, '7', DIGITS + 16);
  memcpy(text, "bal:///a?v=0_", 13);
  sheaf_str refs[COUNT];
  for (int i = 0; i < COUNT; i++) refs[i] = sheaf_strn(text, 12 + DIGITS);
  sheaf_id id = test_id(&other.host, version[0]);
  sheaf_request request = test_request(refs, COUNT);
  request.flags = 0;
  request.traits = &id;
  request.trait_count = 1;
  test_sink sink;
  test_ask(&other, &request, &sink);
  for (int i = 0; i < COUNT; i++) {
    const sheaf_value *tag = test_value(&other, &sink.results[i], VERSION, "stableTag");
    assert_int_equal(tag->length, DIGITS - 1);
    assert_memory_equal(tag->u.data, text + 13, DIGITS - 1);
  }
  test_sink_free(&sink);
  free(text);
  test_close(&other);
}

/* Mixed batches of all sizes round the group's, each index answered as if asked alone. */
static void test_groups(void **state) {
  (void)state;
  static const char *const texts[] = {
      "bal:///cat", "bal:///cat?v=1", "bal:///nope",    "x",
      "bal:///",    "bal:///dog?v=1", "bal:///cat?v=9", "bal:///gap"};
  static const char *const asked[] = {"named", "place", VERSION};
  sheaf_str refs[300];
  uint32_t counts[8];
  sheaf_request request = for_traits(asked, 3);
  for (uint32_t i = 0; i < 8; i++) {
    test_sink sink;
    ask_one(texts[i], &request, &sink);
    counts[i] = sink.results[0].count;
    test_sink_free(&sink);
  }
  for (uint32_t i = 0; i < 300; i++) refs[i] = sheaf_cstr(texts[i % 8]);
  for (uint32_t count = 0; count <= 300; count += count < 100 ? 1 : 67) {
    test_sink sink;
    request.refs = refs;
    request.count = count;
    test_ask(&manager, &request, &sink);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(sink.results[i].count, counts[i % 8]);
    assert_true(sink.calls <= count / 16 + 2);
    test_sink_free(&sink);
  }
}

static void test_stop(void **state) {
  (void)state;
  sheaf_str refs[200];
  for (int i = 0; i < 200; i++) refs[i] = sheaf_cstr(i % 3 ? "bal:///cat" : "bal:///nope");
  for (uint32_t after = 1; after < 150; after += 13) {
    test_call *call = malloc(sizeof *call);
    test_sink sink;
    test_call_init(call);
    test_sink_init(&sink, 200);
    sink.stop_after = after;
    sheaf_request request = test_request(refs, 200);
    request.call = &call->call;
    (void)manager.table->batch(manager.self, &request, &sink.sink);
    assert_int_equal(sink.answered, after); /* the sink itself fails on a call after the stop */
    test_sink_free(&sink);
    test_call_free(call);
    free(call);
  }
}

/* However little scratch memory there is: no crash, and a status if it was too little. */
static void test_little_scratch(void **state) {
  (void)state;
  static const char *const asked[] = {"named", "place", "a", "b", "c", "d", "e", "f", "g", VERSION};
  const sheaf_str refs[] = {SHEAF_STR("bal:///c\tat"), SHEAF_STR("bal:///nope"),
                            SHEAF_STR("bal:///cat")};
  sheaf_request request = for_traits(asked, 10);
  request.refs = refs;
  request.count = 3;
  for (uint32_t allowed = 0; allowed < 6; allowed++) {
    test_call *call = malloc(sizeof *call);
    test_sink sink;
    test_call_init(call);
    test_sink_init(&sink, 3);
    call->allowed = allowed;
    request.call = &call->call;
    sheaf_status status = manager.table->batch(manager.self, &request, &sink.sink);
    if (allowed < 4) assert_int_equal(status, SHEAF_OUT_OF_MEMORY);
    else assert_int_equal(sink.answered, 3);
    test_sink_free(&sink);
    test_call_free(call);
    free(call);
  }
}

static void test_unknown_verbs_and_modes(void **state) {
  (void)state;
  const sheaf_str ref = SHEAF_STR("bal:///cat");
  test_sink sink;
  sheaf_request request = test_request(&ref, 1);
  request.verb = 99;
  test_ask(&manager, &request, &sink);
  assert_int_equal(sink.rest, SHEAF_UNSUPPORTED);
  test_sink_free(&sink);
  request.verb = SHEAF_VERB_RESOLVE;
  request.access = 5;
  test_ask(&manager, &request, &sink);
  assert_int_equal(sink.rest, SHEAF_UNSUPPORTED);
  test_sink_free(&sink);
}

static void test_traits_of_new_entities(void **state) {
  (void)state;
  const sheaf_str refs[] = {SHEAF_STR("bal:///new"), SHEAF_STR("bal:///n\xff"),
                            SHEAF_STR("bal:///cat?v=9"), SHEAF_STR("bal:///cat")};
  test_sink sink;
  sheaf_request request = test_request(refs, 4);
  request.verb = SHEAF_VERB_TRAITS;
  request.access = SHEAF_ACCESS_WRITE;
  test_ask(&manager, &request, &sink);
  assert_int_equal(sink.results[0].status, SHEAF_OK);
  assert_int_equal(sink.results[0].count, 0);
  assert_int_equal(sink.results[1].status, SHEAF_MALFORMED_ENTITY_REFERENCE);
  assert_int_equal(sink.results[2].status, SHEAF_OK);
  assert_int_equal(sink.results[2].count, 0);
  assert_int_equal(sink.results[3].count, 4);
  test_sink_free(&sink);
}

static void test_latency(void **state) {
  (void)state;
  test_manager slow;
  test_call *call = malloc(sizeof *call);
  test_sink sink;
  const sheaf_str refs[] = {SHEAF_STR("bal:///cat"), SHEAF_STR("bal:///dog")};
  assert_int_equal(test_open(&slow, NULL, animals, NULL, 250), SHEAF_OK);
  assert_int_equal(slow.description->flags, 0); /* it sleeps */
  sheaf_request request = test_request(refs, 2);
  test_call_init(call);
  test_sink_init(&sink, 2);
  request.call = &call->call;
  assert_int_equal(slow.table->batch(slow.self, &request, &sink.sink), SHEAF_OK);
  assert_int_equal(call->waited_ns, 250 * 1000000); /* once, not for each */
  assert_int_equal(sink.answered, 2);
  call->wait_answer = SHEAF_CANCELLED;
  assert_int_equal(slow.table->batch(slow.self, &request, &sink.sink), SHEAF_CANCELLED);
  assert_int_equal(sink.answered, 2);
  test_sink_free(&sink);
  test_call_free(call);
  free(call);
  test_close(&slow);
}

/* A large library: what is found is what was put there, however many are asked for at once. */
static void test_many_entities(void **state) {
  (void)state;
  enum { COUNT = 20000, ASKED = 1000 };
  bal_buffer json = {0};
  char text[128], (*names)[32] = malloc(ASKED * sizeof *names);
  sheaf_str refs[ASKED];
  bal_buffer_put(&json, "{\"entities\":{", 13);
  for (int i = 0; i < COUNT; i++) {
    int size =
        snprintf(text, sizeof text, "%s\"e%d\":{\"versions\":[{\"traits\":{\"t\":{\"i\":%d}}}]}",
                 i ? "," : "", i, i);
    bal_buffer_put(&json, text, (size_t)size);
  }
  bal_buffer_put(&json, "}}", 3);
  test_manager large;
  assert_int_equal(test_open(&large, NULL, json.data, NULL, 0), SHEAF_OK);
  for (int i = 0; i < ASKED; i++) {
    (void)snprintf(names[i], sizeof names[i], "bal:///e%d", i * 7919 % (COUNT + 500));
    refs[i] = sheaf_cstr(names[i]);
  }
  for (int asked = 1; asked <= ASKED; asked = asked < 70 ? asked + 1 : asked + 465) {
    test_sink sink;
    sheaf_request request = test_request(refs, (uint32_t)asked);
    test_ask(&large, &request, &sink);
    for (int i = 0; i < asked; i++) {
      int number = i * 7919 % (COUNT + 500);
      if (number >= COUNT) assert_int_equal(sink.results[i].status, SHEAF_ENTITY_RESOLUTION_ERROR);
      else assert_int_equal(test_value(&large, &sink.results[i], "t", "i")->u.integer, number);
    }
    test_sink_free(&sink);
  }
  test_close(&large);
  bal_buffer_free(&json);
  free(names);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_description),
                                     cmocka_unit_test(test_all_traits_are_static),
                                     cmocka_unit_test(test_traits_that_lie_together_are_static),
                                     cmocka_unit_test(test_one_trait),
                                     cmocka_unit_test(test_many_traits),
                                     cmocka_unit_test(test_slots_come_in_order),
                                     cmocka_unit_test(test_slots_beside_traits),
                                     cmocka_unit_test(test_words_of_errors),
                                     cmocka_unit_test(test_odd_references),
                                     cmocka_unit_test(test_long_versions_under_an_override),
                                     cmocka_unit_test(test_groups),
                                     cmocka_unit_test(test_stop),
                                     cmocka_unit_test(test_little_scratch),
                                     cmocka_unit_test(test_unknown_verbs_and_modes),
                                     cmocka_unit_test(test_traits_of_new_entities),
                                     cmocka_unit_test(test_latency),
                                     cmocka_unit_test(test_many_entities)};
  return cmocka_run_group_tests_name("bal: batches", tests, open_animals, close_animals);
}
