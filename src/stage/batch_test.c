/* SPDX-License-Identifier: Apache-2.0 */
/* The stage `batch`, and chains of batchers as such. */
#include "stage/testing.h"

static staged S;
static char shape_seen[4096]; /* "a:///1,a:///2|..." as it came to the manager */

static sheaf_status note(void *self, const sheaf_request *request, sheaf_sink *sink) {
  size_t at = strlen(shape_seen);
  at += (size_t)snprintf(shape_seen + at, sizeof shape_seen - at, "%s", at ? "|" : "");
  for (uint32_t i = 0; i < request->count && request->count < 100; i++)
    at += (size_t)snprintf(shape_seen + at, sizeof shape_seen - at, "%s%.*s", i ? "," : "",
                           (int)request->refs[i].size, request->refs[i].data);
  return staged_numbers(self, request, sink);
}

static void begin(void) {
  memset(&S, 0, sizeof S);
  shape_seen[0] = '\0';
  staged_open(&S, note);
}

/* Asks about the references in `text`, separated by blanks. */
static sheaf_status ask(const char *text) {
  static char copy[1000];
  static sheaf_str refs[100];
  uint32_t count = 0;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *save, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
    refs[count++] = sheaf_cstr(word);
  return staged_ask(&S, refs, count);
}

static void the_built_in_ones(void **state) {
  static const struct {
    const char *chain, *refs, *shape;
  } cases[] = {
      {"", "1 2 3", "1,2,3"},
      {"size(2)", "1 2 3 4 5", "1,2|3,4|5"},
      {" size( 5 ) ", "1 2 3 4 5", "1,2,3,4,5"},
      {"single", "1 2 3", "1|2|3"},
      {"bytes(4)", "11 22 3 44444 5 6 7 8 9", "11,22|3|44444|5,6,7,8|9"},
      {"sort", "b a c ab a", "a,a,ab,b,c"},
      {"by(scheme)", "x://1 y://2 x://3 z 4 y://5", "x://1,x://3|y://2,y://5|z,4"},
      {"by(prefix, /)", "a/b/1 a/2 a/b/3 4 a/5", "a/b/1,a/b/3|a/2,a/5|4"},
      {"by(prefix, \"::\")", "a::1 b:2 a::3", "a::1,a::3|b:2"},
      {"by(scheme) | size(1)", "x://1 y://2 x://3", "x://1|x://3|y://2"},
      {"size(3)|by(scheme)", "x://1 y://2 x://3 x://4", "x://1,x://3|y://2|x://4"},
      {"by(scheme) | merge", "x://1 y://2 x://3", "x://1,x://3,y://2"},
      {"sort | size(2)", "3 1 2", "1,2|3"},
  };
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    begin();
    staged_put(&S, "batch", "batchers", cases[c].chain, NULL);
    assert_int_equal(ask(cases[c].refs), SHEAF_OK);
    staged_assert_once(&S);
    for (uint32_t i = 0; i < S.request.count; i++) {
      sheaf_str ref = S.request.refs[i];
      assert_int_equal(S.value[i], staged_number(ref));
    }
    assert_string_equal(shape_seen, cases[c].shape);
    staged_close(&S);
  }
}

static void chains_that_are_wrong_are_refused(void **state) {
  static const struct {
    const char *chain, *words;
  } cases[] = {
      {"size(0)", "at character 1: it takes one whole number from 1"},
      {"single | size(-3)", "at character 10: it takes one whole number from 1"},
      {"size", "it takes one whole number"},
      {"size(2, 3)", "it takes one whole number"},
      {"size(2", "a parenthesis is not closed"},
      {"by(\"x", "a double quote has no second one"},
      {"single(3)", "it takes no arguments"},
      {"by(colour)", "write by(scheme), by(prefix, /)"},
      {"by(prefix)", "write by(scheme), by(prefix, /)"},
      {"single merge", "at character 8: batchers are separated by |"},
      {"single |", "the name of a batcher should be here"},
      {"| single", "at character 1: the name of a batcher should be here"},
      {"sizes(2)", "there is no batcher \"sizes\"; there are size, bytes, single, by, merge, sort"},
  };
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    begin();
    const sheaf_setting setting = staged_text("batchers", cases[c].chain);
    assert_null(sheaf_stage_over(S.top, "batch", &setting, 1, &S.error));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(S.error.message, cases[c].words)) fail_msg("%s", S.error.message);
    staged_close(&S);
  }
}

/* ---------------------------------------------------------------------------- the host's own */

static unsigned destroyed;

static void note_destroyed(void *ctx) { (void)ctx, destroyed++; }

/* Does what its ctx says to the first batch. */
static sheaf_status own(void *ctx, const sheaf_request *request, const sheaf_shape *in,
                        sheaf_shape_builder *out, sheaf_error *error) {
  const char *what = ctx;
  static const uint32_t invented = 4711;
  (void)request;
  sheaf_shape_add(out, NULL, 0);
  for (uint32_t b = in->batch_count; b-- > 0;) {
    const uint32_t *indices = in->order + sheaf_shape_begin(in, b);
    uint32_t count = in->ends[b] - sheaf_shape_begin(in, b);
    if (strcmp(what, "drop") == 0) indices++, count--;
    sheaf_shape_add(out, indices, count);
    if (strcmp(what, "repeat") == 0) sheaf_shape_add(out, indices, count);
    if (strcmp(what, "replace") == 0) sheaf_shape_add(out, &invented, 1);
  }
  if (strcmp(what, "fail") == 0) return sheaf_error_set(error, SHEAF_UNAVAILABLE, "no mood for it");
  return SHEAF_OK;
}

/* Repeats one and leaves out another, so that the number is right. */
static sheaf_status swap_one(void *ctx, const sheaf_request *request, const sheaf_shape *in,
                             sheaf_shape_builder *out, sheaf_error *error) {
  uint32_t indices[100];
  (void)ctx, (void)request, (void)error;
  memcpy(indices, in->order, in->count * sizeof *indices);
  indices[1] = indices[0];
  return sheaf_shape_add(out, indices, in->count);
}

static sheaf_status parity(void *ctx, const sheaf_request *request, uint32_t index, sheaf_str *key,
                           sheaf_error *error) {
  static _Thread_local char text[8];
  (void)ctx, (void)error;
  snprintf(text, sizeof text, "%d", (int)(staged_number(request->refs[index]) % 2));
  *key = sheaf_cstr(text);
  return SHEAF_OK;
}

static sheaf_manager *open_own(const char *chain, const char *invariant, const char *on_failure,
                               const sheaf_batcher *const *batchers, uint32_t count) {
  const sheaf_setting settings[] = {staged_text("batchers", chain),
                                    staged_text("invariant", invariant),
                                    staged_text("on_failure", on_failure)};
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  options.settings = settings;
  options.setting_count = 3;
  options.children = &S.top;
  options.child_count = 1;
  options.batchers = batchers;
  options.batcher_count = count;
  return sheaf_stage_open(S.below.library, "batch", &options, &S.error);
}

static void open_doing(const char *what, const char *invariant, const char *on_failure) {
  sheaf_batcher batcher = SHEAF_BATCHER_INIT;
  const sheaf_batcher *batchers[] = {&batcher};
  batcher.name = "mine";
  batcher.ctx = (void *)(uintptr_t)what;
  batcher.batch = strcmp(what, "swap") == 0 ? swap_one : own;
  batcher.destroy = note_destroyed;
  destroyed = 0;
  begin();
  sheaf_manager *top = open_own("size(2) | mine", invariant, on_failure, batchers, 1);
  if (!top) fail_msg("%s", S.error.message);
  S.top = top;
}

static void a_hosts_batcher(void **state) {
  (void)state;
  open_doing("reverse", "error", "fail");
  assert_int_equal(ask("1 2 3"), SHEAF_OK);
  staged_assert_once(&S);
  assert_string_equal(shape_seen, "3|1,2");
  staged_close(&S);
  assert_int_equal(destroyed, 1);
}

static void one_that_breaks_the_invariant(void **state) {
  static const struct {
    const char *what, *words, *mended;
  } cases[] = {{"drop", "batcher 2, mine, dropped index 0 of a batch of 3", "2|1,3"},
               {"repeat", "batcher 2, mine, repeated index 2 of a batch of 3", "3|1,2"},
               {"replace", "batcher 2, mine, invented index 4711 of a batch of 3", "3|1|2"},
               {"swap", "batcher 2, mine, repeated index 0 of a batch of 3", "1,3|2"}};
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    open_doing(cases[c].what, "error", "fail");
    assert_int_equal(ask("1 2 3"), SHEAF_INVALID_ARGUMENT);
    staged_assert_once(&S);
    assert_string_equal(shape_seen, ""); /* nothing went down */
    if (!strstr(S.message, cases[c].words)) fail_msg("%s", S.message);
    staged_close(&S);
    for (int off = 0; off < 2; off++) {
      open_doing(cases[c].what, off ? "off" : "warn", "fail");
      assert_int_equal(ask("1 2 3"), SHEAF_OK);
      staged_assert_once(&S);
      assert_int_equal(S.summary.succeeded, 3);
      if (strcmp(cases[c].what, "replace") != 0) assert_string_equal(shape_seen, cases[c].mended);
      assert_int_equal(strstr(S.below.log, cases[c].words) != NULL, !off);
      staged_close(&S);
    }
  }
}

static sheaf_status answer_oddly(void *ctx, const sheaf_request *request, const sheaf_shape *in,
                                 sheaf_shape_builder *out, sheaf_error *error) {
  (void)request, (void)error;
  sheaf_status status = sheaf_shape_add(out, in->order, in->count);
  return status ? status : *(const sheaf_status *)ctx;
}

static sheaf_status key_oddly(void *ctx, const sheaf_request *request, uint32_t index,
                              sheaf_str *key, sheaf_error *error) {
  (void)request, (void)error;
  *key = index % 2 ? sheaf_cstr("odd") : sheaf_cstr("even");
  return *(const sheaf_status *)ctx;
}

/* What is no failure is none, and no batcher says that the host wants no more. */
static void odd_statuses(void **state) {
  static const struct {
    sheaf_status given, made;
  } cases[] = {{7, SHEAF_OK}, {99, SHEAF_OK}, {SHEAF_STOPPED, SHEAF_MANAGER_FAILURE}};
  (void)state;
  for (size_t c = 0; c < 2 * sizeof cases / sizeof *cases; c++) {
    sheaf_batcher batcher = SHEAF_BATCHER_INIT;
    const sheaf_batcher *batchers[] = {&batcher};
    batcher.name = "mine";
    batcher.ctx = (void *)(uintptr_t)&cases[c / 2].given;
    if (c % 2) batcher.key = key_oddly;
    else batcher.batch = answer_oddly;
    begin();
    S.top = open_own(c % 2 ? "by(mine)" : "mine", "error", "fail", batchers, 1);
    assert_non_null(S.top);
    assert_int_equal(ask("1 2 3"), cases[c / 2].made);
    staged_assert_once(&S);
    assert_int_equal(S.summary.succeeded, cases[c / 2].made ? 0 : 3);
    staged_close(&S);
  }
}

static void one_that_fails(void **state) {
  (void)state;
  open_doing("fail", "error", "fail");
  assert_int_equal(ask("1 2 3"), SHEAF_UNAVAILABLE);
  staged_assert_once(&S);
  assert_string_equal(S.message, "batcher 2, mine, failed: no mood for it");
  assert_string_equal(shape_seen, "");
  staged_close(&S);
  open_doing("fail", "error", "skip");
  assert_int_equal(ask("1 2 3"), SHEAF_OK);
  assert_string_equal(shape_seen, "1,2|3");
  assert_non_null(strstr(S.below.log, "batch: batcher 2, mine, failed: no mood for it"));
  staged_close(&S);
}

static void a_hosts_key(void **state) {
  sheaf_batcher batcher = SHEAF_BATCHER_INIT;
  const sheaf_batcher *batchers[] = {&batcher};
  (void)state;
  batcher.name = "parity";
  batcher.key = parity;
  begin();
  S.top = open_own("by(parity)", "error", "fail", batchers, 1);
  assert_int_equal(ask("1 2 3 4 5"), SHEAF_OK);
  assert_string_equal(shape_seen, "1,3,5|2,4");
  staged_close(&S);
}

static void bad_batchers_are_refused(void **state) {
  static const struct {
    const char *name, *chain, *words;
    bool batch, key;
  } cases[] = {{"size", "single", "has the name of one that is built in", true, false},
               {"A b", "single", "is to have a name", true, false},
               {NULL, "single", "is to have a name", true, false},
               {"x", "x", "has to have either `batch` or `key`", false, false},
               {"x", "x", "has to have either `batch` or `key`", true, true},
               {"x", "x", "a batcher with a key is written by(name)", false, true},
               {"x", "by(x)", "write by(scheme)", true, false},
               {"x", "x(3)", "takes no arguments", true, false},
               {"x", "y",
                "there is no batcher \"y\"; there are size, bytes, single, by, merge, sort, x",
                true, false}};
  (void)state;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    sheaf_batcher batcher = SHEAF_BATCHER_INIT;
    const sheaf_batcher *batchers[] = {&batcher};
    batcher.name = cases[c].name;
    batcher.batch = cases[c].batch ? own : NULL;
    batcher.key = cases[c].key ? parity : NULL;
    batcher.destroy = note_destroyed;
    destroyed = 0;
    begin();
    assert_null(open_own(cases[c].chain, "error", "fail", batchers, 1));
    assert_int_equal(S.error.status, SHEAF_INVALID_ARGUMENT);
    if (!strstr(S.error.message, cases[c].words)) fail_msg("%s", S.error.message);
    assert_int_equal(destroyed, 0);
    staged_close(&S);
  }
  begin();
  assert_null(open_own("single", "warning", "fail", NULL, 0));
  assert_non_null(
      strstr(S.error.message, "setting \"invariant\" is \"warning\": write error, warn or off"));
  staged_close(&S);
}

static void a_chain_by_itself(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("b"), SHEAF_STR("a"), SHEAF_STR("c")};
  const sheaf_setting settings[] = {staged_text("batchers", "sort | size(2)")};
  sheaf_request request = sheaf_request_for(refs, 3);
  (void)state;
  begin();
  sheaf_batchers *chain = sheaf_batchers_new(S.below.library, settings, 1, NULL, 0, &S.error);
  sheaf_shape *shape = sheaf_batchers_run(chain, &request, &S.error);
  assert_int_equal(shape->batch_count, 2);
  assert_int_equal(shape->order[0], 1);
  assert_int_equal(shape->order[1], 0);
  assert_int_equal(shape->ends[0], 2);
  assert_int_equal(shape->ends[1], 3);
  sheaf_shape_free(shape);
  request.count = 0;
  shape = sheaf_batchers_run(chain, &request, &S.error);
  assert_int_equal(shape->batch_count, 0);
  sheaf_shape_free(shape);
  sheaf_shape_free(NULL);
  sheaf_batchers_free(chain);
  sheaf_batchers_free(NULL);
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_built_in_ones), cmocka_unit_test(chains_that_are_wrong_are_refused),
      cmocka_unit_test(a_hosts_batcher),   cmocka_unit_test(one_that_breaks_the_invariant),
      cmocka_unit_test(one_that_fails),    cmocka_unit_test(odd_statuses),
      cmocka_unit_test(a_hosts_key),       cmocka_unit_test(bad_batchers_are_refused),
      cmocka_unit_test(a_chain_by_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
