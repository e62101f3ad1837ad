/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager answers, of databases of Sheaf's own and of others. */
#include "testing.h"

/* ------------------------------------------------------------------------------------ Sheaf's own */

static const sheaf_str own_refs[] = {SHEAF_STR("zoo:///cat"),  SHEAF_STR("zoo:///dog"),
                                     SHEAF_STR("zoo:///cat"),  SHEAF_STR("zoo:///nobody"),
                                     SHEAF_STR("zoo:///cow"),  SHEAF_STR("zoo:///"),
                                     SHEAF_STR("farm:///cat"), SHEAF_STR(""),
                                     SHEAF_STR("zoo:///\xff"), SHEAF_STR("zoo:///cat\0more")};
enum { OWN_REFS = sizeof own_refs / sizeof *own_refs };

static void test_own(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", NULL);
  const sheaf_description *description = sheaf_manager_description(manager);
  assert_int_equal(description->verb_count, 3);
  assert_true(sheaf_str_equal(description->prefixes[0], sheaf_cstr("zoo:///")));

  sheaf_batch *batch = resolve(manager, own_refs, OWN_REFS);
  assert_int_equal(sheaf_batch_failed(batch), 6);
  for (uint32_t i = 0; i < 3; i += 2) {
    assert_text(batch, i, "named", "name", "Martin");
    assert_int_equal(sheaf_batch_value(batch, i, "animal", "age")->u.integer, 12);
    assert_text(batch, i, "version", "old", "6");               /* with all */
    assert_null(sheaf_batch_value(batch, i, "version", "tag")); /* by name */
    assert_int_equal(sheaf_batch_at(batch, i)->property_count, 4);
    assert_true(sheaf_result_has_trait(sheaf_batch_at(batch, i),
                                       sheaf_lookup(library, sheaf_cstr("bare"))));
  }
  assert_text(batch, 1, "named", "name", "Rex A\xf0\x9f\x98\x80\n");
  assert_true(sheaf_batch_value(batch, 1, "animal", "age")->u.real == -35.0);
  assert_int_equal(sheaf_batch_value(batch, 1, "version", "old")->kind, SHEAF_KIND_BOOL);
  assert_int_equal(sheaf_batch_at(batch, 3)->property_count, 0);
  assert_error(batch, 4, SHEAF_ENTITY_RESOLUTION_ERROR, "'zoo:///cow' is not in the database");
  assert_error(batch, 5, SHEAF_MALFORMED_ENTITY_REFERENCE, "names no entity");
  assert_error(batch, 6, SHEAF_INVALID_ENTITY_REFERENCE, "begin with 'zoo:///'");
  assert_error(batch, 7, SHEAF_INVALID_ENTITY_REFERENCE, "begin with");
  assert_error(batch, 8, SHEAF_MALFORMED_ENTITY_REFERENCE, "not UTF-8");
  assert_error(batch, 9, SHEAF_ENTITY_RESOLUTION_ERROR, "not in the database");
  sheaf_batch_free(batch);
}

static void test_selection(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_id many[100], version = sheaf_intern_one(library, "version");
  sheaf_request request = sheaf_request_for(own_refs, 2);
  request.flags = 0;
  sheaf_batch *batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_failed(batch), 0);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 0);
  sheaf_batch_free(batch);

  /* Few traits, and so many that they are looked for in another way. */
  for (uint32_t i = 0; i < 100; i++) {
    char name[16];
    snprintf(name, sizeof name, "other%u", i);
    many[i] = i == 50 ? version : sheaf_intern_one(library, name);
  }
  for (uint32_t count = 1; count <= 100; count += 99) {
    request.traits = count == 1 ? &version : many;
    request.trait_count = count;
    batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
    assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 1);
    assert_text(batch, 0, "version", "tag", "7");
    assert_int_equal(sheaf_batch_at(batch, 1)->property_count, 0); /* null */
    sheaf_batch_free(batch);
  }

  sheaf_slot slots[] = {{sheaf_intern_one(library, "animal"), sheaf_intern_one(library, "age")},
                        {version, sheaf_intern_one(library, "nothing")},
                        {version, sheaf_intern_one(library, "tag")},
                        {version, sheaf_intern_one(library, "old")}};
  request.traits = NULL;
  request.trait_count = 0;
  request.slots = slots;
  request.slot_count = 4;
  batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  const sheaf_result *result = sheaf_batch_at(batch, 0);
  assert_true(result->flags & SHEAF_RESULT_IN_SLOT_ORDER);
  assert_int_equal(result->property_count, 4);
  assert_int_equal(result->properties[0].value.u.integer, 12);
  assert_int_equal(result->properties[1].value.kind, SHEAF_KIND_NONE);
  assert_int_equal(result->properties[2].value.kind, SHEAF_KIND_STRING);
  assert_int_equal(result->properties[3].value.kind, SHEAF_KIND_NONE); /* only with all */
  sheaf_batch_free(batch);

  sheaf_id named = sheaf_intern_one(library, "named");
  request.traits = &named;
  request.trait_count = 1;
  request.slot_count = 1;
  batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 2);
  sheaf_batch_free(batch);
}

static void test_exists_and_traits(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_request request = sheaf_request_for(own_refs, OWN_REFS);
  sheaf_batch *batch = ask(manager, SHEAF_VERB_EXISTS, &request);
  for (uint32_t i = 0; i < 5; i++)
    assert_int_equal(sheaf_record_exists(sheaf_batch_at(batch, i)), i < 4);
  assert_int_equal(sheaf_batch_failed(batch), 4);
  assert_error(batch, 6, SHEAF_INVALID_ENTITY_REFERENCE, "begin with");
  sheaf_batch_free(batch);
  batch = ask(manager, SHEAF_VERB_TRAITS, &request);
  assert_int_equal(sheaf_batch_failed(batch), 6);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 4);
  assert_int_equal(sheaf_batch_at(batch, 0)->properties[2].trait,
                   sheaf_lookup(library, sheaf_cstr("bare")));
  assert_int_equal(sheaf_batch_at(batch, 3)->property_count, 0);
  sheaf_batch_free(batch);
}

static void test_access(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_request request = sheaf_request_for(own_refs, 2);
  request.access = SHEAF_ACCESS_WRITE;
  sheaf_batch *batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  assert_error(batch, 0, SHEAF_ENTITY_ACCESS_ERROR, "for reading");
  assert_error(batch, 1, SHEAF_ENTITY_ACCESS_ERROR, "for reading");
  sheaf_batch_free(batch);
  batch = ask(manager, SHEAF_VERB_EXISTS, &request);
  assert_true(sheaf_record_exists(sheaf_batch_at(batch, 0)));
  sheaf_batch_free(batch);
}

/* ----------------------------------------------------------------------------------------- mapped */

static const char zoo[] =
    "CREATE TABLE zoo(ref TEXT PRIMARY KEY, name, age, tame, weight, photo);"
    "INSERT INTO zoo VALUES('cat', 'Martin', 12, 1, 4.5, x'00ff'),"
    " ('dog', CAST(x'610062' AS TEXT), NULL, 0, 30, NULL), ('egg', NULL, NULL, NULL, NULL, NULL);";
static const char all_columns[] =
    "name=named/name,age=animal/age,weight=animal/weight,tame=animal/tame as bool,photo=seen/photo";

static void test_mapped(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("cat"), SHEAF_STR("dog"), SHEAF_STR("egg"),
                                   SHEAF_STR("cow")};
  (void)state;
  sql("db", zoo);
  sheaf_manager *manager = must_open("db", MAPPED(all_columns));
  assert_int_equal(sheaf_manager_description(manager)->prefix_count, 0);
  sheaf_batch *batch = resolve(manager, refs, 4);
  assert_text(batch, 0, "named", "name", "Martin");
  assert_int_equal(sheaf_batch_value(batch, 0, "animal", "age")->u.integer, 12);
  assert_true(sheaf_batch_value(batch, 0, "animal", "weight")->u.real == 4.5);
  assert_int_equal(sheaf_batch_value(batch, 0, "animal", "tame")->kind, SHEAF_KIND_BOOL);
  const sheaf_value *photo = sheaf_batch_value(batch, 0, "seen", "photo");
  assert_int_equal(photo->kind, SHEAF_KIND_BYTES);
  assert_true(sheaf_str_equal(sheaf_value_str(photo), sheaf_strn("\0\xff", 2)));
  assert_true(sheaf_str_equal(sheaf_value_str(sheaf_batch_value(batch, 1, "named", "name")),
                              sheaf_strn("a\0b", 3)));
  assert_int_equal(sheaf_batch_value(batch, 1, "animal", "weight")->kind, SHEAF_KIND_INT64);
  assert_null(sheaf_batch_value(batch, 1, "animal", "age"));
  assert_int_equal(sheaf_batch_at(batch, 2)->property_count, 0);
  assert_error(batch, 3, SHEAF_ENTITY_RESOLUTION_ERROR, "'cow' is not in the database");
  sheaf_batch_free(batch);

  sheaf_request request = sheaf_request_for(refs, 4);
  batch = ask(manager, SHEAF_VERB_TRAITS, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 3);
  assert_int_equal(sheaf_batch_at(batch, 1)->property_count, 2);
  assert_int_equal(sheaf_batch_at(batch, 2)->property_count, 0);
  sheaf_batch_free(batch);
  batch = ask(manager, SHEAF_VERB_EXISTS, &request);
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(sheaf_record_exists(sheaf_batch_at(batch, i)), i < 3);
  sheaf_batch_free(batch);
}

static void test_prefix(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("asset://cat"), SHEAF_STR("cat"),
                                   SHEAF_STR("asset://")};
  (void)state;
  sql("db", zoo);
  sheaf_manager *manager = must_open("db", WITH("table", "zoo", "reference", "ref", "columns",
                                                "name=named/name", "prefix", "asset://"));
  sheaf_batch *batch = resolve(manager, refs, 3);
  assert_text(batch, 0, "named", "name", "Martin");
  assert_error(batch, 1, SHEAF_INVALID_ENTITY_REFERENCE, "begin with 'asset://'");
  assert_error(batch, 2, SHEAF_MALFORMED_ENTITY_REFERENCE, "names no entity");
  sheaf_batch_free(batch);
}

/* Names that SQL would stumble over; a view; references that are numbers; another encoding. */
static void test_odd_tables(void **state) {
  (void)state;
  sql("db",
      "PRAGMA encoding = 'UTF-16'; CREATE TABLE \"a \"\"b\"(\"r f\" INTEGER PRIMARY KEY, \"from\");"
      "INSERT INTO \"a \"\"b\" VALUES(7, 'se\xc3\xb1or');"
      "CREATE VIEW v AS SELECT \"r f\" AS id, \"from\" || '!' AS name FROM \"a \"\"b\";");
  sheaf_manager *manager = must_open(
      "db", WITH("table", "a \"b", "reference", "r f", "columns", "\"from\"=named/name as string"));
  sheaf_batch *batch = resolve_text(manager, "7");
  assert_text(batch, 0, "named", "name", "se\xc3\xb1or");
  sheaf_batch_free(batch);
  manager = must_open("db", WITH("table", "V", "reference", "ID", "columns", "name=named/name"));
  batch = resolve_text(manager, "7");
  assert_text(batch, 0, "named", "name", "se\xc3\xb1or!");
  sheaf_batch_free(batch);
  assert_false(log_has(&the_log, "no index"));
}

static void test_wrong_types(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a"), SHEAF_STR("b"), SHEAF_STR("c"), SHEAF_STR("d"),
                                   SHEAF_STR("e"), SHEAF_STR("f"), SHEAF_STR("g")};
  (void)state;
  sql("db", "CREATE TABLE zoo(ref TEXT PRIMARY KEY, b, i, d, s, y);"
            "INSERT INTO zoo VALUES('a', 2, 1, 1, 'x', x'01'), ('b', 1, 'x', 1, 'x', x'01'),"
            " ('c', 1, 1, x'00', 'x', x'01'), ('d', 1, 1, 1, 1, x'01'), ('e', 1, 1, 1, 'x', 'x'),"
            " ('f', 1, 1, 1, 'x', x'01'), ('g', 1, 1.5, 1, 'x', x'01');");
  sheaf_manager *manager = must_open(
      "db", MAPPED("b=t/b as bool,i=t/i as int64,d=t/d as double,s=t/s as string,y=t/y as bytes"));
  sheaf_batch *batch = resolve(manager, refs, 7);
  assert_int_equal(sheaf_batch_failed(batch), 6);
  assert_error(batch, 0, SHEAF_ENTITY_RESOLUTION_ERROR,
               "column 'b' of 'a' holds INTEGER, and is to be bool (0 or 1)");
  assert_error(batch, 1, SHEAF_ENTITY_RESOLUTION_ERROR, "'i' of 'b' holds TEXT");
  assert_error(batch, 2, SHEAF_ENTITY_RESOLUTION_ERROR, "'d' of 'c' holds BLOB");
  assert_error(batch, 3, SHEAF_ENTITY_RESOLUTION_ERROR, "'s' of 'd' holds INTEGER");
  assert_error(batch, 4, SHEAF_ENTITY_RESOLUTION_ERROR, "'y' of 'e' holds TEXT");
  assert_true(sheaf_batch_value(batch, 5, "t", "d")->u.real == 1.0);
  assert_error(batch, 6, SHEAF_ENTITY_RESOLUTION_ERROR, "'i' of 'g' holds REAL");
  sheaf_batch_free(batch);

  sql("text", "CREATE TABLE zoo(ref TEXT PRIMARY KEY, s);"
              "INSERT INTO zoo VALUES('a', CAST(x'ff41' AS TEXT));");
  manager = must_open("text", MAPPED("s=t/s"));
  batch = resolve(manager, refs, 1);
  assert_error(batch, 0, SHEAF_ENTITY_RESOLUTION_ERROR, "TEXT that is not UTF-8");
  sheaf_batch_free(batch);
}

static void test_ambiguous(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("a"), SHEAF_STR("b"), SHEAF_STR("c"), SHEAF_STR("a")};
  (void)state;
  sql("db", "CREATE TABLE zoo(ref, n); CREATE INDEX i ON zoo(ref);"
            "INSERT INTO zoo VALUES('a', 1), ('a', 2), ('b', 3), ('a', 4);");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  sheaf_batch *batch = resolve(manager, refs, 4);
  assert_int_equal(sheaf_batch_failed(batch), 3);
  assert_error(batch, 0, SHEAF_ENTITY_RESOLUTION_ERROR, "more than one row");
  assert_error(batch, 3, SHEAF_ENTITY_RESOLUTION_ERROR, "more than one row");
  assert_int_equal(sheaf_batch_value(batch, 1, "t", "n")->u.integer, 3);
  sheaf_batch_free(batch);
  sheaf_request request = sheaf_request_for(refs, 4);
  batch = ask(manager, SHEAF_VERB_EXISTS, &request);
  assert_true(sheaf_record_exists(sheaf_batch_at(batch, 0)));
  assert_false(sheaf_record_exists(sheaf_batch_at(batch, 2)));
  sheaf_batch_free(batch);
}

static void test_no_index_is_told(void **state) {
  (void)state;
  sql("db", "CREATE TABLE zoo(ref, n); INSERT INTO zoo VALUES('a', 1);");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  assert_true(log_has(&the_log, "'ref' in 'zoo' has no index"));
  sheaf_batch *batch = resolve_text(manager, "a");
  assert_int_equal(sheaf_batch_failed(batch), 0);
  sheaf_batch_free(batch);
}

/* ------------------------------------------------------------------------------------ large batches */

enum { MANY = 20000 };

static void fill(const char *name) {
  sql(name, "CREATE TABLE zoo(ref TEXT PRIMARY KEY, n, s) WITHOUT ROWID;"
            "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 19999)"
            " INSERT INTO zoo SELECT 'test:///' || n, n, substr(printf('%.*c', 300, 'x'), 1, n % "
            "300) FROM c;");
}

/* In an order of their own, each third of them twice, each seventh unknown. */
static void test_large(void **state) {
  (void)state;
  fill("db");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n,s=t/s"));
  for (uint32_t count = 1; count <= MANY; count = count * 3 + 1) {
    sheaf_str *made = make_refs(MANY * 2), *refs = calloc(count, sizeof *refs);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t n = (i % 3 ? i : i / 2) * 7919u % MANY;
      refs[i] = made[i % 7 ? n : n + MANY];
    }
    sheaf_batch *batch = resolve(manager, refs, count);
    for (uint32_t i = 0; i < count; i++) {
      const sheaf_value *n = sheaf_batch_value(batch, i, "t", "n");
      const sheaf_value *s = sheaf_batch_value(batch, i, "t", "s");
      if (i % 7 == 0) {
        assert_error(batch, i, SHEAF_ENTITY_RESOLUTION_ERROR, "not in the database");
        continue;
      }
      assert_int_equal(n->u.integer, atoi(refs[i].data + strlen("test:///")));
      assert_int_equal(s->length, n->u.integer % 300);
    }
    sheaf_batch_free(batch);
    free(refs);
    free(made);
  }
}

/* The same reference so often that one row's results fill groups. */
static void test_many_duplicates(void **state) {
  sheaf_str refs[2000];
  (void)state;
  fill("db");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n,s=t/s"));
  for (uint32_t i = 0; i < 2000; i++)
    refs[i] = sheaf_cstr(i % 2 ? "test:///299" : i % 4 ? "test:///5" : "nothing");
  sheaf_batch *batch = resolve(manager, refs, 2000);
  assert_int_equal(sheaf_batch_failed(batch), 500);
  for (uint32_t i = 1; i < 2000; i += 2)
    assert_int_equal(sheaf_batch_value(batch, i, "t", "s")->length, 299);
  sheaf_batch_free(batch);
}

/* Values that are larger than the store is at first, side by side with small ones. */
static void test_large_values(void **state) {
  sheaf_str refs[40];
  char names[40][8];
  (void)state;
  sql("db", "CREATE TABLE zoo(ref TEXT PRIMARY KEY, s);"
            "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 39)"
            " INSERT INTO zoo SELECT n, zeroblob(n * n * n * 50) FROM c;");
  sheaf_manager *manager = must_open("db", MAPPED("s=t/s"));
  for (uint32_t i = 0; i < 40; i++) {
    snprintf(names[i], sizeof names[i], "%u", (i * 7) % 40);
    refs[i] = sheaf_cstr(names[i]);
  }
  sheaf_batch *batch = resolve(manager, refs, 40);
  for (uint32_t i = 0; i < 40; i++) {
    uint32_t n = (i * 7) % 40;
    assert_int_equal(sheaf_batch_value(batch, i, "t", "s")->length, n * n * n * 50);
  }
  sheaf_batch_free(batch);
}

/* --------------------------------------------------------------------------------------- endings */

static uint32_t stop_at_ten(void *ctx, uint32_t index, const sheaf_result *record) {
  uint32_t *count = ctx;
  (void)index, (void)record;
  return ++*count == 10 ? SHEAF_STOP : SHEAF_CONTINUE;
}

static void test_stop(void **state) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  uint32_t count = 0;
  (void)state;
  fill("db");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  sheaf_str *refs = make_refs(MANY);
  sheaf_request request = sheaf_request_for(refs, MANY);
  callbacks.ctx = &count;
  callbacks.success = stop_at_ten;
  assert_int_equal(sheaf_resolve(manager, &request, &callbacks, NULL, NULL), SHEAF_STOPPED);
  assert_int_equal(count, 10);
  sheaf_batch *batch = resolve(manager, refs, MANY); /* and goes on as before */
  assert_int_equal(sheaf_batch_failed(batch), 0);
  sheaf_batch_free(batch);
  free(refs);
}

static const char slow[] =
    "CREATE VIEW zoo AS SELECT 'a' AS ref, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1"
    " FROM c WHERE n < 1000000000000) SELECT count(*) FROM c) AS n;";

static void test_deadline(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_str ref = sheaf_cstr("a");
  (void)state;
  sql("db", slow);
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  sheaf_request request = sheaf_request_for(&ref, 1);
  call.deadline_ns = sheaf_deadline_in(50 * 1000000);
  request.call = &call;
  sheaf_batch *batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_DEADLINE);
  assert_error(batch, 0, SHEAF_DEADLINE, "");
  sheaf_batch_free(batch);
}

static void *cancel_soon(void *cancel) {
  sleep_ms(50);
  sheaf_cancel_set(cancel);
  return NULL;
}

static void test_cancel(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_str ref = sheaf_cstr("a");
  pthread_t thread;
  (void)state;
  sql("db", slow);
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  sheaf_request request = sheaf_request_for(&ref, 1);
  request.call = &call;
  call.cancel = sheaf_cancel_new();
  MUST(pthread_create(&thread, NULL, cancel_soon, call.cancel) == 0);
  sheaf_batch *batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_CANCELLED);
  assert_error(batch, 0, SHEAF_CANCELLED, "");
  sheaf_batch_free(batch);
  MUST(pthread_join(thread, NULL) == 0);
  sheaf_cancel_free(call.cancel);
}

/* A host that asks again from inside a callback gets another connection. */
static uint32_t ask_inside(void *ctx, uint32_t index, const sheaf_result *record) {
  sheaf_batch *batch = resolve_text(ctx, "test:///7");
  (void)index, (void)record;
  assert_int_equal(sheaf_batch_value(batch, 0, "t", "n")->u.integer, 7);
  sheaf_batch_free(batch);
  return SHEAF_CONTINUE;
}

static void test_nested(void **state) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  (void)state;
  fill("db");
  sheaf_manager *manager = must_open("db", MAPPED("n=t/n"));
  sheaf_str *refs = make_refs(100);
  sheaf_request request = sheaf_request_for(refs, 100);
  callbacks.ctx = manager;
  callbacks.success = ask_inside;
  assert_int_equal(sheaf_resolve(manager, &request, &callbacks, &summary, NULL), SHEAF_OK);
  assert_int_equal(summary.succeeded, 100);
  free(refs);
}

static void test_empty_batch(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_batch *batch = resolve(must_open("own", NULL), NULL, 0);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  assert_int_equal(sheaf_batch_count(batch), 0);
  sheaf_batch_free(batch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_own),
                                     TEST(test_selection),
                                     TEST(test_exists_and_traits),
                                     TEST(test_access),
                                     TEST(test_mapped),
                                     TEST(test_prefix),
                                     TEST(test_odd_tables),
                                     TEST(test_wrong_types),
                                     TEST(test_ambiguous),
                                     TEST(test_no_index_is_told),
                                     TEST(test_large),
                                     TEST(test_many_duplicates),
                                     TEST(test_large_values),
                                     TEST(test_stop),
                                     TEST(test_deadline),
                                     TEST(test_cancel),
                                     TEST(test_nested),
                                     TEST(test_empty_batch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
