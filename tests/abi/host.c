/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host built with the header of two minors, run under the core of two minors, each time with the
 * managers of two minors: whoever is older, what 1.0 promised holds. Not found by `*_test.c`, for
 * each executable is run twice: SHEAF_TEST_CORE_MINOR says under which core.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sheaf/sheaf.h>

#define IS_NEXT (SHEAF_ABI_MINOR > 0)
#define MUST (1u << 16) /* a request's flag: unknown to 1.0, known to the next minor */

static int64_t core; /* the minor of the core that this runs under */
static char core_text[8];

/* -------------------------------------------------------------------------------- a library */

typedef struct world {
  sheaf_library *library;
  sheaf_manager *old, *next;
  char log[1 << 14];
} world;

static void keep(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  world *w = ctx;
  size_t used = strlen(w->log);
  (void)level;
  snprintf(w->log + used, sizeof w->log - used, "%.*s: %.*s\n", (int)source.size, source.data,
           (int)message.size, message.data);
}

static sheaf_manager *open_manager(const world *w, const char *id) {
  sheaf_error error = {0};
  sheaf_manager *manager = sheaf_manager_open(w->library, id, NULL, 0, &error);
  if (!manager) fail_msg("%s: %s", id, error.message);
  return manager;
}

static int set_up(void **state) {
  static const char *const folder[] = {SHEAF_TEST_ABI_PLUGINS};
  world *w = calloc(1, sizeof *w);
  sheaf_error error = {0};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  assert_non_null(w);
  options.log = keep;
  options.log_ctx = w;
  options.plugin_paths = folder;
  options.plugin_path_count = 1;
  w->library = sheaf_library_new(&options, &error);
  if (!w->library) fail_msg("%s", error.message);
  w->old = open_manager(w, "old");
  w->next = open_manager(w, "next");
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  world *w = *state;
  assert_int_equal(sheaf_library_free(w->library), SHEAF_OK);
  free(w);
  return 0;
}

/* The answer to one request of one reference. */
static sheaf_batch *ask(sheaf_manager *manager, const sheaf_request *request) {
  sheaf_error error = {0};
  sheaf_batch *batch = sheaf_resolve_batch(manager, request, &error);
  if (!batch) fail_msg("%s", error.message);
  return batch;
}

static sheaf_batch *ask_ref(sheaf_manager *manager, const char *ref) {
  sheaf_str text = sheaf_cstr(ref);
  sheaf_request request = sheaf_request_for(&text, 1);
  return ask(manager, &request);
}

static int64_t seen(const sheaf_batch *batch, const char *key) {
  const sheaf_value *value = sheaf_batch_value(batch, 0, "seen", key);
  if (!value) fail_msg("no %s: %s", key, sheaf_status_name(sheaf_batch_at(batch, 0)->status));
  return value->u.integer;
}

static void assert_refused(sheaf_status status, sheaf_str message, const char *words,
                           const char *more) {
  char text[2048];
  snprintf(text, sizeof text, "%.*s", (int)message.size, message.data);
  assert_int_equal(status, SHEAF_UNSUPPORTED);
  if (!strstr(text, words) || !strstr(text, more))
    fail_msg("'%s' or '%s' is not in: %s", words, more, text);
}

/* --------------------------------------------------------------------- what holds at all times */

static void this_is_the_core_that_was_meant(void **state) {
  (void)state;
  assert_string_equal(sheaf_version(), core ? "next" : SHEAF_TEST_VERSION);
}

/* Each manager gets structures as long as the older of the two knows them. */
static void structures_are_cut_to_the_manager(void **state) {
  const world *w = *state;
  sheaf_batch *old = ask_ref(w->old, "seen"), *next = ask_ref(w->next, "seen");
  static const struct {
    const char *key;
    int64_t size;
  } sizes[] = {{"request", 80}, {"call", 80}, {"sink", 16}, {"host", 56}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    assert_int_equal(seen(old, sizes[i].key), sizes[i].size);
    assert_int_equal(seen(next, sizes[i].key), sizes[i].size + (core ? 8 : 0));
  }
  assert_int_equal(seen(old, "minor"), core);
  assert_int_equal(seen(next, "minor"), core);
  assert_int_equal(seen(old, "new"), 0);
  assert_int_equal(seen(next, "new"), 0);
  sheaf_batch_free(old);
  sheaf_batch_free(next);
}

/* Names, statuses and kinds of this header mean the same in either core. */
static void numbers_mean_what_they_meant(void **state) {
  const world *w = *state;
#define CHECK(upper, id, text)                                                                     \
  if ((id) != 4) assert_int_equal(sheaf_lookup(w->library, sheaf_cstr(text)), id);
  SHEAF_NAME_MAP(CHECK)
#undef CHECK
#define CHECK(upper, code, lower, message)                                                         \
  if ((code) != 399) {                                                                             \
    assert_string_equal(sheaf_status_name(code), #lower);                                          \
    assert_string_equal(sheaf_status_message(code), message);                                      \
  }
  SHEAF_STATUS_MAP(CHECK)
#undef CHECK
  assert_string_equal(sheaf_kind_name(SHEAF_KIND_STRING), "string");
  assert_string_equal(sheaf_kind_name(13), "unknown");
}

/* ------------------------------------------------------------- what a younger manager answers */

static void young_kinds_are_carried_by_their_storage_class(void **state) {
  const world *w = *state;
  sheaf_batch *batch = ask_ref(w->next, "uuid");
  const sheaf_value *value = sheaf_batch_value(batch, 0, "seen", "new");
  assert_non_null(value);
  assert_int_equal(value->kind, 13);
  assert_int_equal(value->length, 16);
  assert_memory_equal(value->u.data, "0123456789abcdef", 16);
  sheaf_batch_free(batch);

  batch = ask_ref(w->next, "time");
  value = sheaf_batch_value(batch, 0, "seen", "new");
  assert_non_null(value);
  assert_int_equal(value->kind, 16);
  assert_int_equal(value->u.integer, 1234567890123);
  sheaf_batch_free(batch);

  batch = ask_ref(w->next, "set");
  value = sheaf_batch_value(batch, 0, "seen", "new");
  assert_non_null(value);
  assert_int_equal(value->kind, 10);
  assert_int_equal(value->length, 2);
  assert_int_equal(value->u.items[0].kind, 13);
  assert_memory_equal(value->u.items[0].u.data, "0123456789abcdef", 16);
  assert_int_equal(value->u.items[1].u.integer, 1234567890123);
  sheaf_batch_free(batch);
}

static void a_reserved_storage_class_is_refused(void **state) {
  const world *w = *state;
  sheaf_batch *batch = ask_ref(w->next, "reserved class");
  assert_int_equal(sheaf_batch_at(batch, 0)->status, SHEAF_MANAGER_FAILURE);
  sheaf_batch_free(batch);
}

static void low_flags_of_an_answer_are_ignored(void **state) {
  const world *w = *state;
  static const char *const refs[] = {"value may", "result may"};
  for (size_t i = 0; i < 2; i++) {
    sheaf_batch *batch = ask_ref(w->next, refs[i]);
    assert_int_equal(seen(batch, "new"), 7);
    /* It may not be true of a copy. */
    assert_int_equal(sheaf_batch_value(batch, 0, "seen", "new")->flags, 0);
    assert_int_equal(sheaf_batch_at(batch, 0)->flags, 0);
    sheaf_batch_free(batch);
  }
}

static void high_flags_of_an_answer_are_refused(void **state) {
  const world *w = *state;
  static const char *const refs[] = {"value must", "result must"};
  for (size_t i = 0; i < 2; i++) {
    sheaf_batch *batch = ask_ref(w->next, refs[i]);
    const sheaf_result *result = sheaf_batch_at(batch, 0);
    assert_refused(result->status, result->message, "flag", "newer libsheaf");
    sheaf_batch_free(batch);
  }
}

static void an_unknown_status_is_one_of_its_class(void **state) {
  const world *w = *state;
  sheaf_batch *batch = ask_ref(w->next, "status");
  const sheaf_result *result = sheaf_batch_at(batch, 0);
  assert_int_equal(result->status, 399);
  assert_string_equal(sheaf_status_name(399), core ? "next_status" : "manager_failure");
  assert_true(result->message.size > 0); /* the core's words for it */
  sheaf_batch_free(batch);
}

static void verbs_are_offered_as_far_as_they_are_understood(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  const sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  assert_int_equal(sheaf_perform(w->next, SHEAF_VERB_TRAITS, &request, &callbacks, NULL, NULL),
                   SHEAF_OK);
  assert_int_equal(sheaf_perform(w->next, SHEAF_VERB_EXISTS, &request, &callbacks, NULL, NULL),
                   SHEAF_UNSUPPORTED);
  assert_non_null(strstr(w->log, "next: describes a verb with flags 0x10001"));
  assert_int_equal(sheaf_perform(w->next, 4, &request, &callbacks, NULL, NULL),
                   core ? SHEAF_OK : SHEAF_UNSUPPORTED);
  if (!core) assert_non_null(strstr(w->log, "next: describes a verb with the id 4"));
}

/* ----------------------------------------------------------------- what a younger host asks for */

static void low_flags_of_a_request_are_ignored(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  request.flags |= 2;
  sheaf_batch *old = ask(w->old, &request), *next = ask(w->next, &request);
  assert_int_equal(seen(old, "flags") & SHEAF_REQUEST_ALL_TRAITS, SHEAF_REQUEST_ALL_TRAITS);
  assert_int_equal(seen(next, "flags"), 3);
  sheaf_batch_free(old);
  sheaf_batch_free(next);
}

/* Asks what 1.0 does not know: a core of 1.0 refuses it, a younger core knows for its manager. */
static void assert_needs_the_next_minor(const world *w, const sheaf_request *request,
                                        const char *word) {
  sheaf_error error = {0};
  if (!core) {
    assert_null(sheaf_resolve_batch(w->next, request, &error));
    assert_refused(error.status, sheaf_cstr(error.message), word, "newer libsheaf");
    assert_null(sheaf_resolve_batch(w->old, request, &error));
    assert_refused(error.status, sheaf_cstr(error.message), word, core_text);
    return;
  }
  sheaf_batch *batch = ask(w->next, request);
  assert_int_equal(sheaf_batch_at(batch, 0)->status, SHEAF_OK);
  sheaf_batch_free(batch);
  batch = ask(w->old, request);
  const sheaf_result *result = sheaf_batch_at(batch, 0);
  assert_refused(sheaf_batch_status(batch), result->message, word, "update the manager");
  assert_refused(result->status, result->message, word, "older ABI");
  sheaf_batch_free(batch);
}

static void high_flags_of_a_request_are_understood_or_refused(void **state) {
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  request.flags |= MUST;
  assert_needs_the_next_minor(*state, &request, "flag");
}

static void a_flag_that_no_core_knows_is_refused(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_error error = {0};
  request.flags |= 1u << 30;
  assert_null(sheaf_resolve_batch(w->next, &request, &error));
  assert_refused(error.status, sheaf_cstr(error.message), "0x40000000", core_text);
}

#if IS_NEXT

static void a_longer_request_whose_end_is_zero_is_an_old_one(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  assert_int_equal(request.struct_size, 88);
  sheaf_batch *old = ask(w->old, &request), *next = ask(w->next, &request);
  assert_int_equal(seen(old, "request"), 80);
  assert_int_equal(seen(next, "new"), 0);
  sheaf_batch_free(old);
  sheaf_batch_free(next);
}

static void a_longer_request_that_says_more_is_understood_or_refused(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  request.next_request = 42;
  assert_needs_the_next_minor(w, &request, "field");
  if (!core) return;
  sheaf_batch *batch = ask(w->next, &request);
  assert_int_equal(seen(batch, "new"), 42);
  sheaf_batch_free(batch);
}

static void longer_calls_and_contexts_too(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_context context = SHEAF_CONTEXT_INIT;
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_error error = {0};
  call.context = &context;
  request.call = &call;
  context.share_key = sheaf_cstr("shot");
  sheaf_batch *old = ask(w->old, &request), *next = ask(w->next, &request);
  assert_true(seen(old, "context") >= 72);
  assert_true(seen(next, "context") >= 72);
  sheaf_batch_free(old);
  sheaf_batch_free(next);
  if (core) return;
  context.next_context = 1;
  assert_null(sheaf_resolve_batch(w->old, &request, &error));
  assert_refused(error.status, sheaf_cstr(error.message), "sheaf_context", "newer libsheaf");
  context.next_context = 0;
  call.next_call = 1;
  assert_null(sheaf_resolve_batch(w->next, &request, &error));
  assert_refused(error.status, sheaf_cstr(error.message), "sheaf_call", "newer libsheaf");
}

#else

static void the_oldest_call_and_context_serve_every_core(void **state) {
  const world *w = *state;
  sheaf_str ref = SHEAF_STR("seen");
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_context context = SHEAF_CONTEXT_INIT;
  sheaf_call call = SHEAF_CALL_INIT;
  call.context = &context;
  request.call = &call;
  assert_int_equal(request.struct_size, 80);
  assert_int_equal(call.struct_size, 80);
  assert_int_equal(context.struct_size, 72);
  sheaf_batch *old = ask(w->old, &request), *next = ask(w->next, &request);
  assert_int_equal(seen(old, "context"), 72);
  assert_true(seen(next, "context") >= 72);
  assert_int_equal(seen(next, "call"), core ? 88 : 80);
  sheaf_batch_free(old);
  sheaf_batch_free(next);
}

#endif

/* ------------------------------------------------------------------------------ refusal by range */

static void assert_says(const char *text, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!strstr(text, words[i])) fail_msg("'%s' is not in: %s", words[i], text);
}

static void a_manager_that_needs_the_next_minor_is_refused_by_an_older_core(void **state) {
  const world *w = *state;
  sheaf_error error = {0};
  if (core) {
    assert_non_null(sheaf_manager_open(w->library, "demanding", NULL, 0, &error));
    return;
  }
  /* By its manifest, before any of its code is loaded; and by its record where there is none. */
  static const char *const by_manifest[] = {"demanding.sheaf.json", "1.1", "1.0",
                                            "update libsheaf"};
  static const char *const by_record[] = {"demanding.so", "needs at least 1.1", "has ABI 1.0",
                                          "update libsheaf"};
  assert_null(sheaf_manager_open(w->library, "demanding", NULL, 0, &error));
  assert_int_equal(error.status, SHEAF_VERSION_MISMATCH);
  assert_says(error.message, by_manifest, 4);
  assert_null(
      sheaf_manager_open(w->library, SHEAF_TEST_ABI_PLUGINS "/demanding.so", NULL, 0, &error));
  assert_int_equal(error.status, SHEAF_VERSION_MISMATCH);
  assert_says(error.message, by_record, 4);
}

/* ----------------------------------------------------------------------------------------- main */

int main(void) {
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(this_is_the_core_that_was_meant),
      IN_A_WORLD(structures_are_cut_to_the_manager),
      IN_A_WORLD(numbers_mean_what_they_meant),
      IN_A_WORLD(young_kinds_are_carried_by_their_storage_class),
      IN_A_WORLD(a_reserved_storage_class_is_refused),
      IN_A_WORLD(low_flags_of_an_answer_are_ignored),
      IN_A_WORLD(high_flags_of_an_answer_are_refused),
      IN_A_WORLD(an_unknown_status_is_one_of_its_class),
      IN_A_WORLD(verbs_are_offered_as_far_as_they_are_understood),
      IN_A_WORLD(low_flags_of_a_request_are_ignored),
      IN_A_WORLD(high_flags_of_a_request_are_understood_or_refused),
      IN_A_WORLD(a_flag_that_no_core_knows_is_refused),
#if IS_NEXT
      IN_A_WORLD(a_longer_request_whose_end_is_zero_is_an_old_one),
      IN_A_WORLD(a_longer_request_that_says_more_is_understood_or_refused),
      IN_A_WORLD(longer_calls_and_contexts_too),
#else
      IN_A_WORLD(the_oldest_call_and_context_serve_every_core),
#endif
      IN_A_WORLD(a_manager_that_needs_the_next_minor_is_refused_by_an_older_core),
  };
  const char *minor = getenv("SHEAF_TEST_CORE_MINOR");
  if (!minor) return fprintf(stderr, "SHEAF_TEST_CORE_MINOR is not set: run it by ctest\n"), 2;
  core = atoll(minor);
  snprintf(core_text, sizeof core_text, "1.%d", (int)core);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
