/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries, good and bad: what is refused, and whether the words help. */
#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

#ifndef SHEAF_SOURCE_DIR
#define SHEAF_SOURCE_DIR "."
#endif
#ifndef SHEAF_TEST_DATA_DIR
#define SHEAF_TEST_DATA_DIR "tests/data"
#endif

/* Every place that the schema has, once. */
static const char whole[] =
    "{\"$schema\":\"x\",\"capabilities\":[\"entityReferenceIdentification\","
    "\"managementPolicyQueries\",\"entityTraitIntrospection\",\"resolution\"],"
    "\"variables\":{\"A\":\"a\"},"
    "\"managementPolicy\":{\"read\":{\"default\":{\"t\":{\"p\":1}},\"overrideByTraitSet\":"
    "[{\"traitSet\":[\"a\"],\"policy\":{\"t\":{\"p\":true}}}]}},"
    "\"defaultEntities\":{\"read\":[{\"traits\":[\"a\"],\"entity\":\"cat\"}]},"
    "\"entities\":{\"cat\":{\"versions\":[{\"traits\":{\"animal\":{\"age\":12}}}],"
    "\"overrideByAccess\":{\"write\":{\"traits\":{\"w\":{\"p\":1.5}}}},"
    "\"relations\":[{\"access\":\"read\",\"traits\":{\"r\":{\"p\":\"x\"}},"
    "\"entities\":[\"dog\"]}]}}}";

static sheaf_status load(const char *json, test_manager *m) {
  return test_open(m, NULL, json, NULL, 0);
}

/* The message has the source and all of the words. */
static void assert_refused(const char *json, const char *word, const char *another) {
  test_manager m;
  if (load(json, &m) != SHEAF_INVALID_CONFIG) fail_msg("accepted: %s", json);
  assert_contains(m.error.message, "library_json");
  assert_contains(m.error.message, word);
  assert_contains(m.error.message, another);
  test_close(&m);
}

static void assert_loads(const char *json) {
  test_manager m;
  if (load(json, &m) != SHEAF_OK) fail_msg("%s: %s", json, m.error.message);
  test_close(&m);
}

/* ------------------------------------------------------------------------------ every place */

/* A place in `whole`, by what stands before its value; what that place is called; and the types
 * that it takes, beside null if there is an n: s(tring) i(nteger) b(oolean) a(rray) o(bject). */
typedef struct place {
  const char *before, *name, *types;
} place;

static const place places[] = {
    {"", "the document", "o"},
    {"\"$schema\":", "", "sibaon"},
    {"\"capabilities\":", "capabilities", "n"}, /* an array, but not any array */
    {"\"capabilities\":[", "capabilities", ""},
    {"\"variables\":", "variables", "o"},
    {"\"A\":", "variables.A", "s"},
    {"\"managementPolicy\":", "managementPolicy", "o"},
    {"\"managementPolicy\":{\"read\":", "managementPolicy.read", "o"},
    {"\"default\":", "managementPolicy.read.default", "o"},
    {"\"default\":{\"t\":", "managementPolicy.read.default.t", "o"},
    {"\"default\":{\"t\":{\"p\":", "managementPolicy.read.default.t.p", "sib"},
    {"\"overrideByTraitSet\":", "managementPolicy.read.overrideByTraitSet", "a"},
    {"\"overrideByTraitSet\":[", "managementPolicy.read.overrideByTraitSet[0]", ""},
    {"\"traitSet\":", "managementPolicy.read.overrideByTraitSet[0].traitSet", "a"},
    {"\"traitSet\":[", "managementPolicy.read.overrideByTraitSet[0].traitSet[0]", "s"},
    {"\"policy\":", "managementPolicy.read.overrideByTraitSet[0].policy", "o"},
    {"\"policy\":{\"t\":", "managementPolicy.read.overrideByTraitSet[0].policy.t", "o"},
    {"\"policy\":{\"t\":{\"p\":", "managementPolicy.read.overrideByTraitSet[0].policy.t.p", "sib"},
    {"\"defaultEntities\":", "defaultEntities", "o"},
    {"\"defaultEntities\":{\"read\":", "defaultEntities.read", "a"},
    {"\"defaultEntities\":{\"read\":[", "defaultEntities.read[0]", ""},
    {"\"read\":[{\"traits\":", "defaultEntities.read[0].traits", "a"},
    {"\"read\":[{\"traits\":[", "defaultEntities.read[0].traits[0]", "s"},
    {"\"entity\":", "defaultEntities.read[0].entity", "sn"},
    {"\"entities\":", "entities", "o"},
    {"\"cat\":", "entities.cat", "n"}, /* an object, but not any object */
    {"\"versions\":", "entities.cat.versions", "an"},
    {"\"versions\":[", "entities.cat.versions[0]", "on"},
    {"\"versions\":[{\"traits\":", "entities.cat.versions[0].traits", "on"},
    {"\"animal\":", "entities.cat.versions[0].traits.animal", "o"},
    {"\"age\":", "entities.cat.versions[0].traits.animal.age", "sib"},
    {"\"overrideByAccess\":", "entities.cat.overrideByAccess", "o"},
    {"\"write\":", "entities.cat.overrideByAccess.write", "on"},
    {"\"write\":{\"traits\":", "entities.cat.overrideByAccess.write.traits", "on"},
    {"\"w\":", "entities.cat.overrideByAccess.write.traits.w", "o"},
    {"\"w\":{\"p\":", "entities.cat.overrideByAccess.write.traits.w.p", "sib"},
    {"\"relations\":", "entities.cat.relations", "a"},
    {"\"relations\":[", "entities.cat.relations[0]", ""},
    {"\"access\":", "entities.cat.relations[0].access", "s"},
    {"\"access\":\"read\",\"traits\":", "entities.cat.relations[0].traits", "o"},
    {"\"r\":", "entities.cat.relations[0].traits.r", "o"},
    {"\"r\":{\"p\":", "entities.cat.relations[0].traits.r.p", "sib"},
    {"\"p\":\"x\"}},\"entities\":", "entities.cat.relations[0].entities", "a"},
    {"\"p\":\"x\"}},\"entities\":[", "entities.cat.relations[0].entities[0]", "s"}};

/* The end of the JSON value that begins at `p`. */
static const char *value_end(const char *p) {
  int depth = 0;
  for (;; p++) {
    if (*p == '"')
      for (p++; *p != '"'; p++) continue;
    else if (*p == '{' || *p == '[') depth++;
    else if (*p == '}' || *p == ']') depth--;
    if (depth < 0 || (depth == 0 && (*p == ',' || !p[1] || *p == '}' || *p == ']')))
      return depth < 0 || *p == ',' ? p : p + 1;
  }
}

static void try_place(const place *at, char type, const char *value) {
  char json[2048];
  const char *start = strstr(whole, at->before) + strlen(at->before);
  (void)snprintf(json, sizeof json, "%.*s%s%s", (int)(start - whole), whole, value,
                 value_end(start));
  if (strchr(at->types, type)) assert_loads(json);
  else assert_refused(json, at->name, type == 'n' ? "null" : "");
}

static void test_every_type_in_every_place(void **state) {
  (void)state;
  assert_loads(whole);
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    try_place(&places[i], 's', "\"s\"");
    try_place(&places[i], 'i', "7");
    try_place(&places[i], 'b', "true");
    try_place(&places[i], 'n', "null");
    try_place(&places[i], 'a', "[]");
    try_place(&places[i], 'o', "{}");
  }
}

static void test_missing_members(void **state) {
  (void)state;
  assert_refused("{\"entities\":{\"a\":{}}}", "entities.a:", "versions");
  assert_refused("{\"entities\":{\"a\":{\"versions\":[],\"relations\":[{\"entities\":[]}]}}}",
                 "entities.a.relations[0]:", "traits");
  assert_refused("{\"entities\":{\"a\":{\"versions\":[],\"relations\":[{\"traits\":{}}]}}}",
                 "entities.a.relations[0]:", "entities");
  assert_refused("{\"managementPolicy\":{\"read\":{\"overrideByTraitSet\":[{\"policy\":{}}]}}}",
                 "overrideByTraitSet[0]:", "traitSet");
  assert_refused("{\"managementPolicy\":{\"read\":{\"overrideByTraitSet\":[{\"traitSet\":[]}]}}}",
                 "overrideByTraitSet[0]:", "policy");
  assert_refused("{\"defaultEntities\":{\"read\":[{\"traits\":[]}]}}", "read[0]:", "entity");
  assert_refused("{\"defaultEntities\":{\"read\":[{\"entity\":null}]}}", "read[0]:", "traits");
  assert_refused("{\"capabilities\":[\"resolution\"]}",
                 "capabilities:", "entityReferenceIdentification");
  assert_loads("{}");
}

static void test_truncated_at_every_byte(void **state) {
  char cut[sizeof whole];
  (void)state;
  for (size_t size = 0; size + 1 < sizeof whole; size++) {
    memcpy(cut, whole, size);
    cut[size] = '\0';
    assert_refused(cut, ":1:", "JSON");
  }
}

/* Any byte may become any of these without a crash. */
static void test_damaged_at_every_byte(void **state) {
  static const char bytes[] = {'\0', '"',  '\\',   '{',    ']',    ',',
                               '1',  '\n', '\x7f', '\x80', '\xff', 'u'};
  char damaged[sizeof whole];
  (void)state;
  for (size_t i = 0; i + 1 < sizeof whole; i++)
    for (size_t k = 0; k < sizeof bytes; k++) {
      test_manager m;
      memcpy(damaged, whole, sizeof whole);
      damaged[i] = bytes[k];
      (void)load(damaged, &m);
      test_close(&m);
    }
}

static void test_places_in_words(void **state) {
  (void)state;
  assert_refused("{\n \"entities\": {\n  é}\n}", "library_json:3:3:", "'é'");
  assert_refused("{\"entities\":{},}", ":1:15:", "trailing comma");
  assert_refused("{\"entities\" {}}", ":1:13:", "'{'");
  assert_refused("[1 2]", ":1:4:", "'2'");
  assert_refused("{} {}", ":1:4:", "'{'");
  assert_refused("{\"a\":\"\\u0000\"}", ":1:7:", "\\u0000");
  assert_refused("{\"a\":\"\\ud83d\"}", ":1:13:", "surrogate");
  assert_refused("{\"a\":\"\\ude00\"}", ":1:7:", "surrogate");
  assert_refused("{\"a\":\"\\ud83d\\u0041\"}", ":1:13:", "surrogate");
  assert_refused("{\"a\":\"\\u12\"}", ":1:7:", "escaped sequence");
  assert_refused("{\"a\":\"\\x\"}", ":1:8:", "escaped character");
  assert_refused("{\"a\":\"x\ny\"}", ":1:8:", "control");
  assert_refused("{\"a\":\f1}", ":1:6:", "expected a valid JSON value");
  assert_refused("{\"a\":NaN}", ":1:6:", "'N'");
  assert_refused("{\"a\":01}", ":1:6:", "leading zero");
  assert_refused("{\"a\":1.}", ":1:8:", "decimal point");
  assert_refused("{\"a\":-}", ":1:7:", "minus sign");
  assert_refused("{\"a\":1e+}", ":1:9:", "exponent");
  assert_refused("{\"a\":\"x\xff\"}", ":1:8:", "UTF-8");
  assert_refused("\xef\xbb\xbf{}", ":1:1:", "byte order mark");
  assert_refused("", ":1:1:", "empty");
  assert_refused("  ", ":1:1:", "empty");
  assert_refused("{\"entities\":{", ":1:14:", "unexpected end");
  assert_refused("{\"entities\":{\"a.b \\\"\":{\"versions\":1}}}", "entities[\"a.b \"\"].versions",
                 "expected array, found number");
}

static void test_depth(void **state) {
  char deep[4096] = "{\"x\":";
  (void)state;
  memset(deep + 5, '[', 990);
  memset(deep + 995, ']', 990);
  strcpy(deep + 1985, "}");
  assert_loads(deep);
  memset(deep + 5, '[', 1500);
  memset(deep + 1505, ']', 1500);
  strcpy(deep + 3005, "}");
  assert_refused(deep, ":1:", "deep");
}

static void test_long_places_keep_their_end(void **state) {
  char json[4096], name[1500];
  (void)state;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  (void)snprintf(json, sizeof json,
                 "{\"entities\":{\"%s\":{\"versions\":[{\"traits\":{\"t\":{\"p\":[]"
                 "}}}]}}}",
                 name);
  assert_refused(json, "....versions[0].traits.t.p", "nnnn");
}

/* ---------------------------------------------------------------------------------- tolerance */

static void test_unknown_members_warn(void **state) {
  test_manager m;
  (void)state;
  assert_int_equal(load("{\"comment\":1,\"entities\":{\"a\":{\"note\":[1,2],\"versions\":"
                        "[{\"by\":3,\"traits\":{\"t\":{\"p\":4}}}],"
                        "\"overrideByAccess\":{\"banana\":null}}}}",
                        &m),
                   SHEAF_OK);
  assert_int_equal(m.host.warnings, 3);
  assert_contains(m.host.last_warning, "entities.a.overrideByAccess.banana");
  sheaf_str ref = SHEAF_STR("bal:///a");
  sheaf_request request = test_request(&ref, 1);
  test_sink sink;
  test_ask(&m, &request, &sink);
  /* The numbers that were passed over did not shift those that follow. */
  assert_int_equal(test_value(&m, &sink.results[0], "t", "p")->u.integer, 4);
  test_sink_free(&sink);
  test_close(&m);
}

static void test_names_that_cannot_be(void **state) {
  char json[4096], name[1026];
  test_manager m;
  (void)state;
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  (void)snprintf(json, sizeof json,
                 "{\"entities\":{\"a\":{\"versions\":[{\"traits\":{\"\":{\"p\":1},"
                 "\"%s\":{\"p\":1},\"t\":{\"\":1,\"q\":2}}}]}}}",
                 name);
  assert_int_equal(load(json, &m), SHEAF_OK);
  assert_int_equal(m.host.warnings, 3);
  sheaf_str ref = SHEAF_STR("bal:///a");
  sheaf_request request = test_request(&ref, 1);
  test_sink sink;
  test_ask(&m, &request, &sink);
  assert_int_equal(sink.results[0].count, 1);
  assert_int_equal(test_value(&m, &sink.results[0], "t", "q")->u.integer, 2);
  test_sink_free(&sink);
  test_close(&m);
}

static void test_too_many_names(void **state) {
  test_manager m;
  (void)state;
  const sheaf_factory *factory = sheaf_plugin_v1()->factories[0];
  sheaf_value values[BAL_SETTING_COUNT] = {sheaf_none(), sheaf_string(sheaf_cstr(whole)),
                                           sheaf_none(), sheaf_none()};
  sheaf_interface out = {NULL, NULL};
  memset(&m, 0, sizeof m);
  test_host_init(&m.host);
  m.host.limit = 5;
  assert_int_equal(factory->create(factory, &m.host.host, values, 4, &out, &m.error), SHEAF_LIMIT);
  assert_contains(m.error.message, "one too many");
  assert_int_equal(factory->create(factory, &m.host.host, values, 4, &out, NULL), SHEAF_LIMIT);
  test_host_free(&m.host);
}

/* -------------------------------------------------------------------------------------- files */

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  (void)fputs(text, file);
  (void)fclose(file);
}

static void assert_no_file(const char *path, const char *words) {
  test_manager m;
  assert_int_equal(test_open(&m, path, NULL, NULL, 0), SHEAF_IO_ERROR);
  assert_contains(m.error.message, path);
  assert_contains(m.error.message, words);
  assert_contains(m.error.message, "library_path");
  test_close(&m);
}

static void test_files(void **state) {
  char folder[] = "/tmp/sheaf-bal-XXXXXX", path[64];
  test_manager m;
  (void)state;
  assert_non_null(mkdtemp(folder));
  assert_no_file(folder, "folder");
  assert_no_file("/nowhere/library.json", "No such file");
  (void)snprintf(path, sizeof path, "%s/l.json", folder);
  write_file(path, "{\"entities\":{\"a\":{\"versions\":[{\"traits\":{\"t\":{\"p\":[]}}}]}}}");
  assert_int_equal(test_open(&m, path, NULL, NULL, 0), SHEAF_INVALID_CONFIG);
  assert_contains(m.error.message, path);
  assert_contains(m.error.message, "entities.a.versions[0].traits.t.p: expected string, number or "
                                   "boolean, found array");
  test_close(&m);
  if (geteuid() != 0) {
    assert_int_equal(chmod(path, 0), 0);
    assert_no_file(path, "ermission");
  }
  write_file(path, whole);
  assert_int_equal(test_open(&m, path, NULL, NULL, 0), SHEAF_OK);
  test_close(&m);
  (void)unlink(path);
  (void)rmdir(folder);
}

/* Opens a file of real input, if it is there, and looks at one property in it. */
static void look_into(const char *file, const char *name, const char *trait, const char *key,
                      const char *text) {
  char path[512];
  test_manager m;
  (void)snprintf(path, sizeof path, "%s/../shared/data/bal/%s", SHEAF_SOURCE_DIR, file);
  if (access(path, R_OK) != 0) return;
  assert_int_equal(test_open(&m, path, NULL, NULL, 0), SHEAF_OK);
  assert_int_equal(m.host.warnings, 0);
  sheaf_str ref = sheaf_cstr(name);
  sheaf_request request = test_request(&ref, 1);
  test_sink sink;
  test_ask(&m, &request, &sink);
  assert_text(test_value(&m, &sink.results[0], trait, key), text);
  test_sink_free(&sink);
  test_close(&m);
}

static void test_real_libraries(void **state) {
  (void)state;
  look_into("animals.json", "bal:///cat", "animal", "species", "🐈");
  look_into("hello_openassetio.json", "bal:///project_artwork/logos/openassetio",
            "openassetio-mediacreation:content.LocatableContent", "location",
            "file:///some/path/to/logo.jpg");
  look_into("api_compliance_suite.json", "bal:///anAsset⭐︎", "string", "value",
            "resolved from 'anAsset⭐︎' version 2 using 📠");
}

static const bal_entity *entity_of(const bal_library *library, const char *name) {
  uint32_t number = sheaf_index_find(&library->index, sheaf_cstr(name));
  return number == SHEAF_INDEX_NONE ? NULL : bal_shelf_at(&library->entities, number);
}

/* All of an entity lies in its block, what is asked for most in front. */
static void test_an_entity_is_one_block(void **state) {
  static const char text[] =
      "{\"variables\":{\"x\":\"long enough to be told\"},\"entities\":{\"first\":{\"versions\":"
      "[{\"traits\":{\"t\":{\"a\":\"old\"}}},{\"traits\":{\"t\":{\"a\":\"new\",\"b\":\"$x\"}}}],"
      "\"overrideByAccess\":{\"write\":{\"traits\":{\"t\":{\"a\":\"other\"}}}}},"
      "\"next\":{\"versions\":[]}}}";
  test_manager m;
  (void)state;
  assert_int_equal(load(text, &m), SHEAF_OK);
  const bal_library *library = &((const bal_manager *)m.self)->library;
  const bal_entity *first = entity_of(library, "first");
  const char *block = (const char *)first, *end = (const char *)entity_of(library, "next");
  assert_int_equal((uintptr_t)block % BAL_LINE, 0);
  assert_int_equal((uintptr_t)end % BAL_LINE, 0);
  const bal_record *records[] = {&first->versions[1], &first->versions[0],
                                 &first->extras->overrides[SHEAF_ACCESS_WRITE]};
  const char *texts[] = {"new", "old", "other"};
  const char *at = block;
  for (size_t i = 0; i < 3; i++) {
    assert_true((const char *)records[i]->properties > at);
    at = (const char *)records[i]->properties;
    sheaf_str value = sheaf_value_str(&records[i]->properties[0].value);
    assert_text(&records[i]->properties[0].value, texts[i]);
    assert_true(value.data > at && value.data < end);
  }
  assert_text(&records[0]->properties[1].value, "long enough to be told");
  assert_int_equal(first->extras->overrides[SHEAF_ACCESS_READ].shape, BAL_RECORD_NONE);
  test_close(&m);
}

#define TRAITS(text) "{\"traits\":{" text "}}"
#define VERSIONS(text) "\"versions\":[" text "]"
#define OVERRIDES(text) "\"overrideByAccess\":{" text "}"
#define ONE TRAITS("\"t\":{\"a\":1}")
#define TWO TRAITS("\"t\":{\"a\":2}")

/* What stands at "e" among the entities, and what is then read of it. */
static const struct {
  const char *written, *read;
} twice[] = {
    {"{" VERSIONS(ONE) "," VERSIONS(TWO) "}", "t.a=2 "},
    {"{" VERSIONS(ONE "," ONE) "," VERSIONS("") "}", "entity 'e' has no versions"},
    {"{" VERSIONS(ONE) ",\"versions\":null}", "entity 'e' has no versions"},
    {"{\"versions\":null," VERSIONS(ONE) "}", "t.a=1 "},
    {"{\"versions\":null}", "entity 'e' has no versions"},
    {"{" VERSIONS("{\"traits\":{\"t\":{\"a\":1}},\"traits\":{\"t\":{\"b\":2}}}") "}", "t.b=2 "},
    {"{" VERSIONS("{\"traits\":{\"t\":{\"a\":1}},\"traits\":null}") "}",
     "entity 'e' does not allow access read"},
    {"{" VERSIONS("{\"traits\":null,\"traits\":{\"t\":{\"a\":1}}}") "}", "t.a=1 "},
    {"{" VERSIONS(TRAITS("\"t\":{\"a\":1,\"b\":2},\"u\":{\"c\":3},\"t\":{\"b\":4}")) "}",
     "u.c=3 t.b=4 "},
    {"{" VERSIONS(TRAITS("\"t\":{\"a\":1,\"b\":2,\"a\":3},\"u\":{\"a\":4}")) "}",
     "t.a=3 t.b=2 u.a=4 "},
    {"{" OVERRIDES("\"read\":" ONE) "," OVERRIDES("\"write\":" ONE) "," VERSIONS(TWO) "}",
     "t.a=2 "},
    {"{" OVERRIDES("\"read\":null,\"read\":" TWO) "," VERSIONS(ONE) "}", "t.a=2 "},
    {"{" OVERRIDES("\"read\":" TWO) "," VERSIONS(ONE) "},\"e\":{" VERSIONS(ONE) "}", "t.a=1 "},
    {"{" VERSIONS(ONE) "},\"e\":null", "the library has no entity 'e'"},
    {"{" VERSIONS(ONE) "}},\"entities\":{\"e\":{" VERSIONS(TWO) "}", "t.a=2 "},
    {"{" VERSIONS(ONE) "}},\"entities\":{", "the library has no entity 'e'"}};

/* Of what is written twice the last counts, and nothing is left of the first. */
static void test_what_is_written_twice(void **state) {
  const sheaf_str ref = SHEAF_STR("bal:///e");
  (void)state;
  for (size_t i = 0; i < sizeof twice / sizeof twice[0]; i++) {
    char json[512], read[PLUGIN_MESSAGE_SIZE + 1] = "";
    size_t size = 0;
    test_manager m;
    test_sink sink;
    (void)snprintf(json, sizeof json, "{\"entities\":{\"e\":%s}}", twice[i].written);
    assert_int_equal(load(json, &m), SHEAF_OK);
    const sheaf_id version = test_id(&m.host, "openassetio-mediacreation:lifecycle.Version");
    sheaf_request request = test_request(&ref, 1);
    test_ask(&m, &request, &sink);
    const test_result *r = &sink.results[0];
    if (r->status != SHEAF_OK) (void)snprintf(read, sizeof read, "%s", r->message);
    for (uint32_t k = 0; k < r->count; k++) {
      const sheaf_property *p = &r->properties[k];
      if (p->trait == version) continue;
      size += (size_t)snprintf(read + size, sizeof read - size, "%s.%s=%d ",
                               test_name(&m.host.host, p->trait).data,
                               test_name(&m.host.host, p->key).data, (int)p->value.u.integer);
    }
    assert_string_equal(read, twice[i].read);
    test_sink_free(&sink);
    test_close(&m);
  }
}

/* What later verbs need is kept. */
static void test_kept_for_later(void **state) {
  test_manager m;
  (void)state;
  assert_int_equal(load(whole, &m), SHEAF_OK);
  const bal_library *library = &((const bal_manager *)m.self)->library;
  const bal_policies *policies = &library->policies[SHEAF_ACCESS_READ];
  assert_true(bal_record_there(&policies->fallback));
  assert_int_equal(policies->fallback.properties[0].trait, test_id(&m.host, "t"));
  assert_int_equal(policies->override_count, 1);
  assert_int_equal(policies->overrides[0].traits[0].trait, test_id(&m.host, "a"));
  assert_int_equal(library->policies[SHEAF_ACCESS_WRITE].fallback.shape, BAL_RECORD_NONE);
  assert_int_equal(library->defaults[SHEAF_ACCESS_READ].count, 1);
  assert_string_equal(library->defaults[SHEAF_ACCESS_READ].list[0].entity.data, "cat");
  const bal_entity *cat = entity_of(library, "cat");
  assert_non_null(cat);
  assert_int_equal(cat->extras->relation_count, 1);
  assert_string_equal(cat->extras->relations[0].entities[0].data, "dog");
  assert_int_equal(cat->extras->relations[0].how.property_count, 1);
  test_close(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_type_in_every_place),
                                     cmocka_unit_test(test_missing_members),
                                     cmocka_unit_test(test_truncated_at_every_byte),
                                     cmocka_unit_test(test_damaged_at_every_byte),
                                     cmocka_unit_test(test_places_in_words),
                                     cmocka_unit_test(test_depth),
                                     cmocka_unit_test(test_long_places_keep_their_end),
                                     cmocka_unit_test(test_unknown_members_warn),
                                     cmocka_unit_test(test_names_that_cannot_be),
                                     cmocka_unit_test(test_too_many_names),
                                     cmocka_unit_test(test_files),
                                     cmocka_unit_test(test_real_libraries),
                                     cmocka_unit_test(test_an_entity_is_one_block),
                                     cmocka_unit_test(test_what_is_written_twice),
                                     cmocka_unit_test(test_kept_for_later)};
  return cmocka_run_group_tests_name("bal: loading", tests, NULL, NULL);
}
