/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts, each alone: paths, file: URLs, variables, queries, versions, places, messages.
 * */
#include "testing.h"

#include "file_url.h"
#include "json.h"
#include "path.h"
#include "place.h"
#include "plain.h"
#include "query.h"
#include "variables.h"
#include "version.h"

#include <float.h>

static void assert_buffer(bal_buffer *buffer, const char *text) {
  bal_buffer_put_char(buffer, '\0');
  assert_false(buffer->failed);
  assert_string_equal(buffer->data, text);
  bal_buffer_clear(buffer);
}

static void test_paths(void **state) {
  static const char *const pairs[][2] = {{"", "."},
                                         {"/", "/"},
                                         {"//", "//"},
                                         {"///", "/"},
                                         {"/a/../b", "/b"},
                                         {"/..", "/"},
                                         {"/../../a", "/a"},
                                         {"a/../../b", "../b"},
                                         {"../..", "../.."},
                                         {"a/..", "."},
                                         {"./a/.//b/", "a/b"},
                                         {"//a/..", "//"},
                                         {"/a/b/../c", "/a/c"},
                                         {"...", "..."},
                                         {"/a/..b/c..", "/a/..b/c.."}};
  bal_buffer out = {0};
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    bal_path_normalise(&out, sheaf_cstr(pairs[i][0]));
    assert_buffer(&out, pairs[i][1]);
  }
  bal_path_url(&out, sheaf_cstr("/a b/\xc3\xa9~%"));
  assert_buffer(&out, "file:///a%20b/%C3%A9~%25");
  assert_true(bal_path_absolute(&out, sheaf_cstr("/x/./y/../z")));
  assert_buffer(&out, "/x/z");
  assert_true(bal_path_absolute(&out, sheaf_cstr("l.json")));
  assert_int_equal(out.data[0], '/');
  assert_true(sheaf_str_equal(bal_path_folder(sheaf_cstr("/a/b")), sheaf_cstr("/a")));
  assert_true(sheaf_str_equal(bal_path_folder(sheaf_cstr("/a")), sheaf_cstr("/")));
  bal_buffer_free(&out);
}

/* NULL: it stays as it is. */
static void test_file_urls(void **state) {
  static const char *const pairs[][2] = {{"file:///a/b", NULL},
                                         {"file:///a/../b", "file:///b"},
                                         {"file:///a/./b", "file:///a/b"},
                                         {"file:///a//b", "file:///a/b"},
                                         {"file:///a/b/", NULL},
                                         {"file:///a/b/../", "file:///a/"},
                                         {"file://h/a/../b", "file://h/b"},
                                         {"file:///a/../b?q#f", "file:///b?q#f"},
                                         {"file:///a?x/../y", NULL},
                                         {"file:///a#x/../y", NULL},
                                         {"file:///%2e%2e/a", NULL},
                                         {"file:///.hidden", NULL},
                                         {"file:///a\tb", NULL},
                                         {"file:///a\tb/../c", "file:///c"},
                                         {"file:a", NULL},
                                         {"file:a/../b", "file:b"},
                                         {"file://[x/../b", NULL},
                                         {"file:///s.####.exr", NULL}};
  bal_buffer out = {0};
  (void)state;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    sheaf_str url = sheaf_cstr(pairs[i][0]);
    assert_true(bal_is_file_url(url));
    assert_int_equal(bal_file_url_normalise(&out, url), pairs[i][1] != NULL);
    assert_buffer(&out, pairs[i][1] ? pairs[i][1] : "");
  }
  assert_false(bal_is_file_url(sheaf_cstr("FILE:///a")));
  assert_false(bal_is_file_url(sheaf_cstr("file")));
  bal_buffer_free(&out);
}

static void test_variables(void **state) {
  static const char *const pairs[][2] = {{"", ""},
                                         {"x", "x"},
                                         {"$A", "aval"},
                                         {"${A}", "aval"},
                                         {"$$", "$"},
                                         {"$$A", "$A"},
                                         {"$A-$A", "aval-aval"},
                                         {"$NOPE_", "$NOPE_"},
                                         {"${NOPE_}", "${NOPE_}"},
                                         {"$", "$"},
                                         {"$1", "$1"},
                                         {"${A", "${A"},
                                         {"${}", "${}"},
                                         {"${${A}}", "${aval}"},
                                         {"$A\xc3\xa9", "aval\xc3\xa9"}};
  bal_variables variables;
  bal_buffer out = {0};
  (void)state;
  bal_variables_init(&variables);
  assert_true(bal_variables_set(&variables, sheaf_cstr("A"), sheaf_cstr("old")));
  for (int i = 0; i < 100; i++) {
    static char names[100][16];
    (void)snprintf(names[i], sizeof names[i], "v%d", i);
    assert_true(bal_variables_set(&variables, sheaf_cstr(names[i]), sheaf_cstr(names[i])));
  }
  assert_true(bal_variables_set(&variables, sheaf_cstr("A"), sheaf_cstr("aval")));
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    bal_variables_expand(&variables, sheaf_cstr(pairs[i][0]), &out);
    assert_buffer(&out, pairs[i][1]);
  }
  bal_variables_expand(&variables, sheaf_cstr("$v7$v99"), &out);
  assert_buffer(&out, "v7v99");
  bal_buffer_free(&out);
  bal_variables_free(&variables);
}

static void test_queries(void **state) {
  bal_query_text value;
  (void)state;
  assert_false(bal_query_last(sheaf_cstr(""), "v", &value));
  assert_false(bal_query_last(sheaf_cstr("v&v=&w=1"), "v", &value));
  assert_true(bal_query_last(sheaf_cstr("v=1&%76=a%62+c&v="), "v", &value));
  assert_true(bal_query_text_is(value, "ab c"));
  assert_false(bal_query_text_is(value, "ab"));
  assert_false(bal_query_text_is(value, "ab cd"));
  const char text[] = "%C3%A9%\t20%zz%C3x";
  bal_query_text t = {text, text + sizeof text - 1};
  assert_int_equal(bal_query_character(&t), 0xe9);
  assert_int_equal(bal_query_character(&t), ' ');
  assert_int_equal(bal_query_character(&t), '%');
  assert_int_equal(bal_query_character(&t), 'z');
  assert_int_equal(bal_query_character(&t), 'z');
  assert_int_equal(bal_query_character(&t), SHEAF_UTF8_BAD);
  assert_int_equal(bal_query_character(&t), 'x');
  assert_int_equal(bal_query_character(&t), -1);
}

static void assert_version(const char *query, uint32_t state, uint64_t version,
                           const char *expected_digits) {
  char digits[BAL_MOST_DIGITS];
  uint64_t found;
  size_t count = 0;
  assert_int_equal(bal_version_parse(sheaf_cstr(query), &found, digits, &count), state);
  if (state == BAL_VERSION_FINE) assert_true(found == version);
  if (!expected_digits) return;
  assert_int_equal(count, strlen(expected_digits));
  assert_memory_equal(digits, expected_digits, count);
}

static void test_versions(void **state) {
  (void)state;
  assert_version("v=12", BAL_VERSION_FINE, 12, "12");
  assert_version("v=0012", BAL_VERSION_FINE, 12, "12");
  assert_version("v=1_000", BAL_VERSION_FINE, 1000, "1000");
  assert_version("v=+7", BAL_VERSION_FINE, 7, "7");
  assert_version("v=%2b7%20", BAL_VERSION_FINE, 7, "7");
  assert_version("v=\xd9\xa1\xef\xbc\x92", BAL_VERSION_FINE, 12, "12");
  assert_version("v=18446744073709551614", BAL_VERSION_FINE, UINT64_MAX - 1, NULL);
  assert_version("v=18446744073709551615", BAL_VERSION_FINE, UINT64_MAX, "18446744073709551615");
  assert_version("v=99999999999999999999999", BAL_VERSION_FINE, UINT64_MAX,
                 "99999999999999999999999");
  assert_version("v=latest", BAL_VERSION_FINE, 0, NULL);
  assert_version("x=1", BAL_VERSION_FINE, 0, NULL);
  assert_version("v=0", BAL_VERSION_BELOW_ONE, 0, NULL);
  assert_version("v=-5", BAL_VERSION_BELOW_ONE, 0, NULL);
  assert_version("v=1__0", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
  assert_version("v=_1", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
  assert_version("v=1_", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
  assert_version("v=1.0", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
  assert_version("v=%FF", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
  assert_version("v=-%201", BAL_VERSION_NOT_A_NUMBER, 0, NULL);
}

static void test_params_of_schemes(void **state) {
  const bal_scheme http = bal_scheme_make(sheaf_cstr("http:///"), 100),
                   upper = bal_scheme_make(sheaf_cstr("HtTp:///"), 100);
  const sheaf_str refs[] = {SHEAF_STR("http:///x;y/a;p;q?v=3"), SHEAF_STR("http:///;a")};
  bal_reference r;
  (void)state;
  assert_true(upper.has_params);
  assert_false(bal_scheme_make(sheaf_cstr("bal:///"), 100).has_params);
  bal_reference_parse(&http, refs[0], NULL, &r);
  assert_true(sheaf_str_equal(r.name, sheaf_cstr("x;y/a")));
  assert_int_equal(r.version, 3);
  bal_reference_parse(&http, refs[1], NULL, &r);
  assert_int_equal(r.state, BAL_REF_NO_NAME);
}

static void test_places(void **state) {
  char text[64];
  const bal_place root = {NULL, NULL, 0}, a = {&root, "entities", 0}, b = {&a, "a.b", 0},
                  c = {&b, NULL, 12}, d = {&c, "traits", 0}, empty = {&root, "", 0};
  (void)state;
  assert_string_equal(bal_place_text(&root, text, sizeof text), "the document");
  assert_string_equal(bal_place_text(&a, text, sizeof text), "entities");
  assert_string_equal(bal_place_text(&d, text, sizeof text), "entities[\"a.b\"][12].traits");
  assert_string_equal(bal_place_text(&empty, text, sizeof text), "[\"\"]");
  assert_string_equal(bal_place_text(&d, text, 24), "...[\"a.b\"][12].traits");
  assert_string_equal(bal_place_text(&d, text, 12), "....traits");
}

static void test_messages(void **state) {
  char data[PLUGIN_MESSAGE_SIZE], long_text[1000];
  plugin_message m = {data, 0};
  (void)state;
  plugin_message_put(&m, "n=");
  plugin_message_put_number(&m, UINT64_MAX);
  plugin_message_quote(&m, sheaf_strn("\xff\n\xc2\x85 \xc3\xa9", 7));
  assert_true(sheaf_str_equal(sheaf_strn(data, m.size),
                              sheaf_cstr("n=18446744073709551615'\xef\xbf\xbd\xef\xbf\xbd"
                                         "\xef\xbf\xbd \xc3\xa9'")));
  for (size_t i = 0; i + 1 < sizeof long_text; i += 2) memcpy(long_text + i, "\xc3\xa9", 2);
  m.size = 0;
  plugin_message_quote(&m, sheaf_strn(long_text, sizeof long_text));
  assert_int_equal(m.size, 200 + 5);
  assert_true(sheaf_utf8_valid(sheaf_strn(data, m.size)));
  for (int i = 0; i < 100; i++) plugin_message_put(&m, "much too much");
  assert_true(m.size <= PLUGIN_MESSAGE_SIZE);
}

static sheaf_value number(yyjson_val *list, size_t i, bool *inexact) {
  sheaf_value value = sheaf_none();
  assert_true(bal_json_number(yyjson_arr_get(list, i), &value, inexact));
  return value;
}

static void test_numbers(void **state) {
  const sheaf_str text =
      SHEAF_STR("[0,-0,12,12.0,-9223372036854775808,9223372036854775807,1e3,-1,"
                "9223372036854775808,99999999999999999999,1e999,-1.5e999,\"1\"]");
  bal_fault fault;
  bool inexact = false;
  (void)state;
  yyjson_doc *document = bal_json_read(text, &fault);
  assert_non_null(document);
  yyjson_val *list = yyjson_doc_get_root(document);
#define NUMBER(i) number(list, i, &inexact)
  assert_int_equal(NUMBER(0).kind, SHEAF_KIND_INT64);
  assert_int_equal(NUMBER(1).kind, SHEAF_KIND_INT64);
  assert_int_equal(NUMBER(1).u.integer, 0);
  assert_int_equal(NUMBER(2).u.integer, 12);
  assert_int_equal(NUMBER(3).kind, SHEAF_KIND_DOUBLE);
  assert_true(NUMBER(4).u.integer == INT64_MIN);
  assert_true(NUMBER(5).u.integer == INT64_MAX);
  assert_int_equal(NUMBER(6).kind, SHEAF_KIND_DOUBLE);
  assert_int_equal(NUMBER(7).u.integer, -1);
  assert_false(inexact);
  assert_int_equal(NUMBER(8).kind, SHEAF_KIND_DOUBLE);
  assert_true(inexact);
  assert_true(NUMBER(9).u.real == 99999999999999999999.0);
  assert_true(inexact);
  assert_true(NUMBER(10).u.real > DBL_MAX);
  assert_false(inexact);
  assert_true(NUMBER(11).u.real < -DBL_MAX);
#undef NUMBER
  sheaf_value value;
  assert_false(bal_json_number(yyjson_arr_get(list, 12), &value, &inexact));
  yyjson_doc_free(document);
}

static void test_arena(void **state) {
  bal_arena arena = {NULL, 0};
  char *pieces[200];
  (void)state;
  for (size_t i = 0; i < 200; i++) {
    size_t size = i == 150 ? (size_t)40 << 20 : i * 997 % 30000;
    pieces[i] = bal_arena_alloc(&arena, size);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % 8, 0);
    memset(pieces[i], (int)i, size);
  }
  for (size_t i = 1; i < 200; i++)
    if (i * 997 % 30000) assert_int_equal((unsigned char)pieces[i][0], i);
  assert_null(bal_arena_alloc(&arena, SIZE_MAX));
  assert_string_equal(bal_arena_copy(&arena, sheaf_strn(NULL, 0)).data, "");
  bal_arena_clear(&arena);
  const char *again = bal_arena_alloc(&arena, 100);
  assert_non_null(again);
  assert_ptr_equal(bal_arena_alloc(&arena, 8), again + 104);
  bal_arena_free(&arena);
  bal_arena_clear(&arena);
}

/* Blocks of all sizes, one larger than a number's lines reach (it leaves room on its board where none
 * may begin), are found by their numbers. */
static void test_shelf(void **state) {
  enum { COUNT = 3000 };
  static struct {
    unsigned char *block;
    uint32_t number;
    size_t size;
  } all[COUNT];
  bal_shelf shelf = {0};
  (void)state;
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i == 500 ? ((size_t)16 << 20) + 64 : 1 + i * 997 % 30000;
    all[i].size = size;
    all[i].block = bal_shelf_add(&shelf, size, &all[i].number);
    assert_non_null(all[i].block);
    assert_int_equal((uintptr_t)all[i].block % BAL_LINE, 0);
    memset(all[i].block, (int)(i % 251), size);
  }
  for (size_t i = 0; i < COUNT; i++) {
    unsigned char *block = bal_shelf_at(&shelf, all[i].number);
    assert_ptr_equal(block, all[i].block);
    assert_int_equal(block[0], i % 251);
    assert_int_equal(block[all[i].size - 1], i % 251);
  }
  uint32_t number;
  assert_null(bal_shelf_add(&shelf, SIZE_MAX, &number));
  assert_non_null(bal_shelf_add(&shelf, 1, &number));
  bal_shelf_free(&shelf);
}

static void *test_scratch_of(const sheaf_call *call, size_t size) SHEAF_NOEXCEPT {
  static char memory[128];
  (void)call;
  return size <= sizeof memory ? memory : NULL;
}

static void assert_read_alike(const bal_scheme *scheme, sheaf_str ref) {
  const sheaf_call call = {.struct_size = sizeof call, .scratch = test_scratch_of};
  bal_reference fast, careful;
  bal_reference_read(scheme, ref, &call, &fast);
  bal_reference_parse(scheme, ref, &call, &careful);
  assert_int_equal(fast.state, careful.state);
  assert_int_equal(fast.version, careful.version);
  assert_int_equal(fast.name.size, careful.name.size);
  if (fast.name.size) assert_memory_equal(fast.name.data, careful.name.data, fast.name.size);
}

/* A plain reference is one that taking it apart with care leaves as it is: whatever byte stands
 * wherever, both say the same. */
static void test_plain_references(void **state) {
  static const char *const prefixes[] = {"bal:///", "a:///", "twelve-chars:///",
                                         "thirteen-char:///", "http:///"};
  (void)state;
  for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
    const bal_scheme scheme = bal_scheme_make(sheaf_cstr(prefixes[p]), 60);
    for (size_t size = 0; size < 70; size++) {
      size_t whole = strlen(prefixes[p]) + size;
      char *text = malloc(whole); /* so that a sanitizer sees who reads on */
      memset(text, 'n', whole);
      memcpy(text, prefixes[p], strlen(prefixes[p]));
      for (size_t at = 0; at < whole; at++) {
        for (unsigned byte = 1; byte < 256; byte += byte == '@' ? 60 : 1) {
          char kept = text[at];
          text[at] = (char)byte;
          assert_read_alike(&scheme, sheaf_strn(text, whole));
          text[at] = kept;
        }
      }
      free(text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paths),     cmocka_unit_test(test_file_urls),
      cmocka_unit_test(test_variables), cmocka_unit_test(test_queries),
      cmocka_unit_test(test_versions),  cmocka_unit_test(test_params_of_schemes),
      cmocka_unit_test(test_places),    cmocka_unit_test(test_messages),
      cmocka_unit_test(test_numbers),   cmocka_unit_test(test_arena),
      cmocka_unit_test(test_shelf),     cmocka_unit_test(test_plain_references)};
  return cmocka_run_group_tests_name("bal: parts", tests, NULL, NULL);
}
