/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the original manager answered (tests/data/bal/vectors.json, made by running it), asked of
 * this one. Statuses and data must be the same; words need not. Where the original fails in a way
 * that is no answer (`original_raises`), anything but a crash will do; where this manager is
 * stricter on purpose, the lists below say so, and README.md says why.
 */
#define _GNU_SOURCE /* clearenv, realpath */
#include "testing.h"

#include "json.h"
#include "path.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SHEAF_TEST_DATA_DIR
#define SHEAF_TEST_DATA_DIR "tests/data"
#endif

/* ------------------------------------------------------------------------- the vectors as read */

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  (void)fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(*size + 1);
  *size = fread(text, 1, *size, file);
  text[*size] = '\0';
  (void)fclose(file);
  return text;
}

/* cJSON cuts strings at \u0000; for what is tested here \u0001 is as good a control character. */
static void replace_nul_escapes(char *text) {
  for (char *p = text; *p; p++) {
    if (*p != '\\') continue;
    if (strncmp(p, "\\u0000", 6) == 0) p[5] = '1';
    p++;
  }
}

/* Numbers become raw items that hold their own text: 12 and 12.0 differ. */
static cJSON *tree_of(yyjson_val *item) {
  yyjson_val *key, *child;
  size_t i, most;
  if (yyjson_is_raw(item)) return cJSON_CreateRaw(yyjson_get_raw(item));
  if (yyjson_is_str(item)) return cJSON_CreateString(yyjson_get_str(item));
  if (yyjson_is_bool(item)) return cJSON_CreateBool(yyjson_is_true(item));
  if (yyjson_is_null(item)) return cJSON_CreateNull();
  cJSON *tree = yyjson_is_obj(item) ? cJSON_CreateObject() : cJSON_CreateArray();
  yyjson_obj_foreach(item, i, most, key, child) {
    cJSON_AddItemToObject(tree, yyjson_get_str(key), tree_of(child));
  }
  yyjson_arr_foreach(item, i, most, child) { cJSON_AddItemToArray(tree, tree_of(child)); }
  return tree;
}

static cJSON *read_vectors(void) {
  size_t size = 0;
  char *text = read_file(SHEAF_TEST_DATA_DIR "/bal/vectors.json", &size);
  if (!text) fail_msg("cannot read %s", SHEAF_TEST_DATA_DIR "/bal/vectors.json");
  replace_nul_escapes(text);
  yyjson_doc *document = yyjson_read(text, size, YYJSON_READ_NUMBER_AS_RAW);
  assert_non_null(document);
  cJSON *tree = tree_of(yyjson_doc_get_root(document));
  yyjson_doc_free(document);
  free(text);
  return tree;
}

/* ----------------------------------------------------------------------------------- a case */

typedef struct test_case {
  const cJSON *json;
  const char *name;
  char folder[512]; /* a temporary one */
  char path[1024];  /* of the library in it */
  char *library;    /* its text; NULL: there is none */
  char *folder_url, *top_url;
  const char *dropped; /* entities taken out of the library: see below */
  test_manager manager;
} test_case;

static const cJSON *member(const test_case *c, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(c->json, name);
}

static bool begins(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* Names of cases where this manager refuses a library that the original opens (and then fails to
 * answer for, mostly). */
static const char *const stricter[] = {"library with entities null",
                                       "library with entities a list",
                                       "library with variables null",
                                       "library with variables a list",
                                       "variables: values that are not strings",
                                       "loading: list, file",
                                       "loading: list of pairs, file",
                                       "loading: empty string, file",
                                       "loading: entities null",
                                       "loading: entities list",
                                       "loading: variables",
                                       "loading: NaN",
                                       "loading: entity_reference_url_scheme trailing newline"};

/* Cases about settings of a wrong kind or name, which the core refuses before the manager is asked.
 * */
static const char *const cores[] = {"loading: entity_reference_url_scheme number",
                                    "loading: entity_reference_url_scheme bool",
                                    "loading: simulated_query_latency_ms -0.5",
                                    "loading: simulated_query_latency_ms 0.0",
                                    "loading: simulated_query_latency_ms true",
                                    "loading: simulated_query_latency_ms \"10\"",
                                    "loading: library_path not a string",
                                    "loading: library_json not a string",
                                    "loading: unknown setting"};

static bool listed(const char *const *list, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (begins(name, list[i])) return true;
  return false;
}

#define LISTED(list, name) listed(list, sizeof(list) / sizeof *(list), name)

/* Entities for which this manager refuses the whole library: not JSON, or not the schema, and the
 * original fails when they are asked for. */
static const char not_json[] = " n30 n31 n32 n39 n40 n41 n42 n48 n49 n50 n51 n52 ";
static const char not_schema[] =
    " traitnull traitnull2 traitlist traitstr traitslist versionlist noversions versionsdict "
    "entitylist entitystr overridenull relnull relnoentities relnotraits propnull "
    "noversionsoverride ";

static const char *dropped_in(const char *name) {
  if (begins(name, "numbers, booleans, strings and values outside the schema")) return not_json;
  return begins(name, "libraries outside the schema") ? not_schema : "";
}

/* The end of the JSON value that begins at `p`. */
static char *value_end(char *p) {
  int depth = 0;
  for (;; p++) {
    if (*p == '"')
      for (p++; *p != '"'; p++) p += *p == '\\';
    else if (*p == '{' || *p == '[') depth++;
    else if (*p == '}' || *p == ']') depth--;
    if (depth < 0 || (depth == 0 && *p == ',')) return p;
  }
}

/* Takes an entity out of a library's text, or leaves it as the only one. */
static void take_out(char *text, const char *name, bool all_others) {
  char key[64];
  (void)snprintf(key, sizeof key, "\"%s\":", name);
  char *start = strstr(text, key);
  assert_non_null(start);
  char *end = value_end(start + strlen(key));
  if (all_others) {
    char *open = strstr(text, "\"entities\":{") + strlen("\"entities\":{");
    char *close = value_end(open - 1) - 1;
    memmove(end, close, strlen(close) + 1);
    memmove(open, start, strlen(start) + 1);
  } else {
    if (*end == ',') end++;
    else if (start[-1] == ',') start--;
    memmove(start, end, strlen(end) + 1);
  }
}

static void each_dropped(const char *list, void (*each)(void *ctx, const char *name), void *ctx) {
  char name[64];
  int used;
  for (; sscanf(list, "%63s%n", name, &used) == 1; list += used) each(ctx, name);
}

static void drop_one(void *ctx, const char *name) {
  take_out(((test_case *)ctx)->library, name, false);
}

static void find_library(test_case *c) {
  const cJSON *library = member(c, "library"), *text = member(c, "library_text");
  const cJSON *hex = member(c, "library_hex");
  if (library) {
    c->library = cJSON_PrintUnformatted(library);
  } else if (text) {
    c->library = strdup(text->valuestring);
  } else if (hex) {
    size_t size = strlen(hex->valuestring) / 2;
    c->library = calloc(size + 1, 1);
    for (size_t i = 0; i < size; i++) {
      unsigned byte;
      (void)sscanf(hex->valuestring + 2 * i, "%2x", &byte);
      c->library[i] = (char)byte;
    }
  }
  c->dropped = dropped_in(c->name);
  if (*c->dropped) each_dropped(c->dropped, drop_one, c);
}

/* -------------------------------------------------------------------------- files and variables */

static char *url_of(const char *path) {
  bal_buffer url = {0};
  bal_path_url(&url, sheaf_cstr(path));
  bal_buffer_put_char(&url, '\0');
  return url.data;
}

static char top[256];

static void make_folder(test_case *c) {
  const cJSON *sub = member(c, "library_subdir");
  (void)snprintf(c->folder, sizeof c->folder, "%s%s%s", top, sub ? "/" : "",
                 sub ? sub->valuestring : "");
  (void)mkdir(c->folder, 0700);
  (void)snprintf(c->path, sizeof c->path, "%s/library.json", c->folder);
  c->folder_url = url_of(c->folder);
  c->top_url = url_of(top);
  (void)unlink(c->path);
  if (c->library && cJSON_IsTrue(member(c, "library_file"))) {
    const cJSON *hex = member(c, "library_hex");
    FILE *file = fopen(c->path, "wb");
    assert_non_null(file);
    (void)fwrite(c->library, 1, hex ? strlen(hex->valuestring) / 2 : strlen(c->library), file);
    (void)fclose(file);
  }
  assert_int_equal(chdir(c->folder), 0);
}

/* `text` with the places of the files put in; to be freed. */
static char *with_places(const test_case *c, const char *text) {
  const char *const marks[][2] = {{"@PATH@", c->path},
                                  {"@DIR@", c->folder},
                                  {"@TMP@", top},
                                  {"@DIR_URL@", c->folder_url},
                                  {"@TMP_URL@", c->top_url}};
  bal_buffer out = {0};
  while (*text) {
    size_t i = 0, count = sizeof marks / sizeof marks[0];
    while (i < count && !begins(text, marks[i][0])) i++;
    if (i < count) bal_buffer_put(&out, marks[i][1], strlen(marks[i][1]));
    else bal_buffer_put_char(&out, *text);
    text += i < count ? strlen(marks[i][0]) : 1;
  }
  bal_buffer_put_char(&out, '\0');
  return out.data;
}

static void set_environment(const test_case *c) {
  (void)clearenv();
  const cJSON *environment = member(c, "environment");
  for (const cJSON *v = environment ? environment->child : NULL; v; v = v->next) {
    char *value = with_places(c, v->valuestring);
    (void)setenv(v->string, value, 1);
    free(value);
  }
}

static char *setting(const test_case *c, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(member(c, "settings"), name);
  return value && value->valuestring ? with_places(c, value->valuestring) : NULL;
}

static sheaf_status open_case(test_case *c) {
  bool file = cJSON_IsTrue(member(c, "library_file"));
  char *path = setting(c, "library_path"), *json = setting(c, "library_json");
  char *scheme = setting(c, "entity_reference_url_scheme");
  char *latency = setting(c, "simulated_query_latency_ms");
  if (!path && file && !member(c, "no_library_path_setting")) path = strdup(c->path);
  sheaf_status status = test_open(&c->manager, path, json || file ? json : c->library, scheme,
                                  latency ? strtoll(latency, NULL, 10) : 0);
  free(path);
  free(json);
  free(scheme);
  free(latency);
  return status;
}

/* ----------------------------------------------------------------------------------- comparing */

static bool same_number(const sheaf_value *value, const char *text) {
  if (strpbrk(text, ".eE"))
    return value->kind == SHEAF_KIND_DOUBLE && value->u.real == strtod(text, NULL) &&
           signbit(value->u.real) == (text[0] == '-');
  return value->kind == SHEAF_KIND_INT64 && value->u.integer == strtoll(text, NULL, 10);
}

static bool same_float(double real, const char *name) {
  if (strcmp(name, "nan") == 0) return isnan(real);
  return isinf(real) && (real > 0) == (name[0] != '-');
}

static bool same_value(const test_case *c, const sheaf_value *value, const cJSON *expected) {
  if (!value) return false;
  if (expected->type == cJSON_Raw) return same_number(value, expected->valuestring);
  if (cJSON_IsBool(expected))
    return value->kind == SHEAF_KIND_BOOL && value->u.integer == cJSON_IsTrue(expected);
  if (cJSON_IsObject(expected))
    return value->kind == SHEAF_KIND_DOUBLE &&
           same_float(value->u.real, expected->child->valuestring);
  char *text = with_places(c, expected->valuestring);
  bool same = value->kind == SHEAF_KIND_STRING && strcmp(sheaf_value_str(value).data, text) == 0;
  free(text);
  return same;
}

/* An integer that does not fit becomes `true` in the original, by accident; here a double. */
static bool is_large_integer(const test_case *c, const sheaf_value *value, const char *ref) {
  static const char *const refs[] = {"bal:///n22", "bal:///n23", "bal:///n24", "bal:///n53"};
  return c->dropped == not_json && LISTED(refs, ref) && value && value->kind == SHEAF_KIND_DOUBLE;
}

static bool same_traits(test_case *c, const test_result *r, const cJSON *traits, const char *ref) {
  uint32_t count = 0;
  for (const cJSON *trait = traits->child; trait; trait = trait->next) {
    if (!*trait->string) continue; /* an empty name cannot be told */
    for (const cJSON *p = trait->child; p; p = p->next) {
      if (!*p->string) continue;
      const sheaf_value *value = test_value(&c->manager, r, trait->string, p->string);
      if (!is_large_integer(c, value, ref) && !same_value(c, value, p)) return false;
      count++;
    }
  }
  return r->status == SHEAF_OK && r->count == count;
}

static bool same_trait_set(test_case *c, const test_result *r, const cJSON *set) {
  uint32_t count = 0;
  for (const cJSON *name = set->child; name; name = name->next) {
    bool found = !*name->valuestring;
    count += !found;
    for (uint32_t i = 0; i < r->count && !found; i++)
      found = r->properties[i].trait == test_id(&c->manager.host, name->valuestring) &&
              r->properties[i].key == 0 && r->properties[i].value.kind == SHEAF_KIND_NONE;
    if (!found) return false;
  }
  return r->status == SHEAF_OK && r->count == count;
}

static sheaf_status status_named(const char *name) {
#define NAMED(upper, code, lower, message)                                                         \
  if (strcmp(name, #lower) == 0) return code;
  SHEAF_STATUS_MAP(NAMED)
#undef NAMED
  fail_msg("no status %s", name);
  return 0;
}

static bool same(test_case *c, const test_result *r, const cJSON *expected, const char *ref) {
  const cJSON *traits = cJSON_GetObjectItemCaseSensitive(expected, "traits");
  const cJSON *set = cJSON_GetObjectItemCaseSensitive(expected, "trait_set");
  const cJSON *exists = cJSON_GetObjectItemCaseSensitive(expected, "exists");
  const char *status = cJSON_GetObjectItemCaseSensitive(expected, "status")->valuestring;
  if (strcmp(status, "original_raises") == 0) return r->there;
  if (traits) return same_traits(c, r, traits, ref);
  if (set) return same_trait_set(c, r, set);
  if (exists)
    return r->count == 1 && r->properties[0].trait == SHEAF_TRAIT_ENTITY &&
           r->properties[0].key == SHEAF_KEY_EXISTS &&
           r->properties[0].value.u.integer == cJSON_IsTrue(exists);
  return r->status == status_named(status) && r->message[0] != '\0' && r->count == 0;
}

/* The original's answers differ between Pythons: any of them will do. */
static bool same_as_variant(test_case *c, const test_result *r, uint32_t index, const char *ref) {
  const cJSON *variant;
  cJSON_ArrayForEach(variant, member(c, "varies")) {
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(variant, "index");
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(variant, "expected");
    if (strtoul(at->valuestring, NULL, 10) == index && same(c, r, expected, ref)) return true;
  }
  return false;
}

static bool is_dropped(const test_case *c, const char *ref) {
  char name[64];
  const char *slash = strrchr(ref, '/');
  if (!slash) return false;
  (void)snprintf(name, sizeof name, " %.*s ", (int)strcspn(slash + 1, "?"), slash + 1);
  return strstr(c->dropped, name) != NULL;
}

static void compare(test_case *c, const sheaf_request *request, const test_sink *sink) {
  const cJSON *expected = member(c, "expected")->child;
  for (uint32_t i = 0; i < request->count; i++, expected = expected->next) {
    const char *ref = request->refs[i].data;
    const test_result *r = &sink->results[i];
    if (is_dropped(c, ref) || same(c, r, expected, ref) || same_as_variant(c, r, i, ref)) continue;
    char *text = cJSON_PrintUnformatted(expected);
    fail_msg("%s: [%u] %s: expected %s, found status %u, %u properties, \"%s\"", c->name, i, ref,
             text, r->status, r->count, r->message);
  }
}

/* ------------------------------------------------------------------------------------- asking */

static sheaf_id verb_of(const test_case *c) {
  const char *verb = member(c, "verb")->valuestring;
  if (strcmp(verb, "exists") == 0) return SHEAF_VERB_EXISTS;
  return strcmp(verb, "traits") == 0 ? SHEAF_VERB_TRAITS : SHEAF_VERB_RESOLVE;
}

static sheaf_access access_of(const test_case *c) {
  const char *access = member(c, "access")->valuestring;
#define NAMED(upper, number, text)                                                                 \
  if (strcmp(access, text) == 0) return number;
  SHEAF_ACCESS_MAP(NAMED)
#undef NAMED
  fail_msg("no access %s", access);
  return 0;
}

static bool serves(const test_case *c, sheaf_id verb) {
  const sheaf_description *d = c->manager.description;
  for (uint32_t i = 0; i < d->verb_count; i++)
    if (d->verbs[i].verb == verb) return true;
  return false;
}

static void ask(test_case *c) {
  const cJSON *refs = member(c, "refs"), *traits = member(c, "traits"), *item;
  sheaf_str list[256];
  sheaf_id ids[64];
  sheaf_request request = test_request(list, 0);
  cJSON_ArrayForEach(item, refs) list[request.count++] = sheaf_cstr(item->valuestring);
  cJSON_ArrayForEach(item, traits) ids[request.trait_count++] =
      test_id(&c->manager.host, item->valuestring);
  request.flags = 0;
  request.traits = ids;
  request.verb = verb_of(c);
  request.access = access_of(c);
  test_sink sink;
  test_ask(&c->manager, &request, &sink);
  if (serves(c, request.verb)) compare(c, &request, &sink);
  else assert_int_equal(sink.rest, SHEAF_UNSUPPORTED);
  test_sink_free(&sink);
}

static bool load_fails(const cJSON *load) {
  const cJSON *status = load ? cJSON_GetObjectItemCaseSensitive(load, "status") : NULL;
  return status && strcmp(status->valuestring, "ok") != 0;
}

static void run(test_case *c) {
  sheaf_status status = open_case(c);
  bool refuses = LISTED(stricter, c->name) || load_fails(member(c, "load"));
  if (!refuses != (status == SHEAF_OK))
    fail_msg("%s: create answered %u: %s", c->name, status, c->manager.error.message);
  if (status == SHEAF_OK && strcmp(member(c, "verb")->valuestring, "load") != 0) ask(c);
  test_close(&c->manager);
}

/* Each entity that was taken out makes a library that is refused, with the place in the message. */
static void refuse_one(void *ctx, const char *name) {
  test_case *c = ctx;
  const cJSON *library = member(c, "library");
  char *text =
      library ? cJSON_PrintUnformatted(library) : strdup(member(c, "library_text")->valuestring);
  take_out(text, name, true);
  assert_int_equal(test_open(&c->manager, NULL, text, NULL, 0), SHEAF_INVALID_CONFIG);
  if (c->dropped == not_schema) assert_contains(c->manager.error.message, name);
  test_close(&c->manager);
  free(text);
}

static void test_vectors(void **state) {
  (void)state;
  cJSON *vectors = read_vectors();
  const cJSON *json;
  uint32_t count = 0;
  cJSON_ArrayForEach(json, vectors) {
    test_case c = {.json = json};
    c.name = member(&c, "name")->valuestring;
    if (LISTED(cores, c.name)) continue;
    find_library(&c);
    make_folder(&c);
    set_environment(&c);
    run(&c);
    each_dropped(c.dropped, refuse_one, &c);
    (void)unlink(c.path);
    assert_int_equal(chdir(top), 0);
    if (strcmp(c.folder, top) != 0) (void)rmdir(c.folder);
    free(c.library);
    free(c.folder_url);
    free(c.top_url);
    count++;
  }
  cJSON_Delete(vectors);
  assert_true(count > 200);
}

static int set_up(void **state) {
  char made[] = "/tmp/sheaf-bal-XXXXXX";
  (void)state;
  return mkdtemp(made) && realpath(made, top) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  (void)chdir("/");
  return rmdir(top);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
  return cmocka_run_group_tests_name("bal: what the original answers", tests, set_up, tear_down);
}
