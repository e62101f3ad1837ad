/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Managers that answer wrongly: whatever they do, each index has exactly one result, nothing
 * crashes, nothing leaks, and the log names the manager and what it did.
 */
#include "harness.h"

/* Which indices of a batch are not as they should be. */
enum { NOBODY, LAST, SECOND_HALF, EVERYBODY };

typedef struct fault {
  const char *name; /* the plugin's id and its folder */
  int whom;
  sheaf_status called; /* what they get through callbacks */
  sheaf_status kept;   /* and in a sheaf_batch */
  sheaf_status batch;  /* what the batch as a whole comes to */
  const char *log[2];  /* words of the log, besides the manager's name */
  bool slots;          /* only a request with slots shows it */
} fault;

static const fault faults[] = {
    {"none", NOBODY, 0, 0, 0, {NULL}, false},
    {"serialized", NOBODY, 0, 0, 0, {NULL}, false},
    {"posts", NOBODY, 0, 0, 0, {NULL}, false},
    {"holds", NOBODY, 0, 0, 0, {NULL}, false},
    {"overreleases", NOBODY, 0, 0, 0, {NULL}, false},
    {"waits", NOBODY, 0, 0, 0, {NULL}, false},
    {"logs_badly", NOBODY, 0, 0, 0, {"caf"}, false},
    {"logs_null", NOBODY, 0, 0, 0, {"data is NULL"}, false},
    {"twice", NOBODY, 0, 0, 0, {"second time", "dropped"}, false},
    {"never", EVERYBODY, SHEAF_NO_RESULT, SHEAF_NO_RESULT, 0, {"unanswered"}, false},
    {"misses_one", LAST, SHEAF_NO_RESULT, SHEAF_NO_RESULT, 0, {"1 indices unanswered"}, false},
    {"out_of_range", NOBODY, 0, 0, 0, {"out of range", "dropped"}, false},
    {"rest_succeeds",
     EVERYBODY,
     SHEAF_MANAGER_FAILURE,
     SHEAF_MANAGER_FAILURE,
     0,
     {"rest of a batch with a success"},
     false},
    {"ignores_stop", NOBODY, 0, 0, 0, {NULL}, false},
    {"no_results", NOBODY, 0, 0, 0, {NULL}, false},
    {"late", LAST, SHEAF_NO_RESULT, SHEAF_NO_RESULT, 0, {"after its batch had returned"}, false},
    {"post_late", LAST, SHEAF_NO_RESULT, SHEAF_NO_RESULT, 0, {"posted after"}, false},
    {"foreign",
     EVERYBODY,
     SHEAF_NO_RESULT,
     SHEAF_NO_RESULT,
     0,
     {"from a thread that may not", "call->post"},
     false},
    {"midway", SECOND_HALF, SHEAF_UNAVAILABLE, SHEAF_UNAVAILABLE, SHEAF_UNAVAILABLE, {NULL}, false},
    {"midway_message",
     SECOND_HALF,
     SHEAF_UNAVAILABLE,
     SHEAF_UNAVAILABLE,
     SHEAF_UNAVAILABLE,
     {NULL},
     false},
    {"rest_bad_message",
     SECOND_HALF,
     SHEAF_UNAVAILABLE,
     SHEAF_UNAVAILABLE,
     SHEAF_UNAVAILABLE,
     {NULL},
     false},
    {"odd_return", SECOND_HALF, 4242, 4242, 4242, {NULL}, false},
    {"bad_message", EVERYBODY, SHEAF_UNKNOWN_ERROR, SHEAF_UNKNOWN_ERROR, 0, {NULL}, false},
    {"null_message", EVERYBODY, SHEAF_UNKNOWN_ERROR, SHEAF_UNKNOWN_ERROR, 0, {NULL}, false},
    {"null_remark", NOBODY, 0, 0, 0, {NULL}, false},
    {"null_properties", EVERYBODY, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"posts_null", EVERYBODY, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"result_flag", EVERYBODY, SHEAF_UNSUPPORTED, SHEAF_UNSUPPORTED, 0, {NULL}, false},
    {"slot_count", EVERYBODY, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE, 0, {NULL}, true},
    {"slot_ids", EVERYBODY, SHEAF_MANAGER_FAILURE, SHEAF_MANAGER_FAILURE, 0, {NULL}, true},
    {"unknown_id", NOBODY, 0, 0, 0, {NULL}, false},
    {"odd_kind", NOBODY, 0, 0, 0, {NULL}, false},
    {"bad_text", NOBODY, 0, 0, 0, {NULL}, false},
    /* Passed through uncopied, these are the host's to mind; what is kept is copied, so refused. */
    {"long_string", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"long_list", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"deep_list", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"null_list", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"null_string", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"reserved_kind", EVERYBODY, SHEAF_OK, SHEAF_MANAGER_FAILURE, 0, {NULL}, false},
    {"value_flag", EVERYBODY, SHEAF_OK, SHEAF_UNSUPPORTED, 0, {NULL}, false},
};

static const uint32_t counts[] = {0, 1, 2, 3, 64, 65, 1001};
enum { COUNTS = sizeof counts / sizeof *counts };

typedef struct scene {
  const fault *fault;
  kept_log log;
  sheaf_library *library;
  sheaf_manager *manager;
  sheaf_slot slot;
} scene;

static sheaf_status wanted_at(const fault *f, uint32_t i, uint32_t count, sheaf_status status) {
  bool wrong = f->whom == EVERYBODY || (f->whom == LAST && i == count - 1) ||
               (f->whom == SECOND_HALF && i >= count / 2);
  return wrong ? status : SHEAF_OK;
}

static void assert_status(const scene *s, const char *how, uint32_t i, uint32_t count,
                          sheaf_status is, sheaf_status wanted) {
  if (is == wanted_at(s->fault, i, count, wanted)) return;
  fail_msg("%s, %s: index %u of %u has status %u, wanted %u", s->fault->name, how, i, count, is,
           wanted_at(s->fault, i, count, wanted));
}

/* Of a batch of nothing there is nothing to fail. */
static sheaf_status wanted_batch(const fault *f, sheaf_status is) {
  return f->whom == SECOND_HALF ? f->batch : is == SHEAF_OK ? f->batch : SHEAF_OK;
}

static sheaf_request make_request(const scene *s, const sheaf_str *refs, uint32_t count) {
  sheaf_request request = sheaf_request_for(refs, count);
  if (s->fault->slots) {
    request.flags = 0;
    request.slots = &s->slot;
    request.slot_count = 1;
  }
  return request;
}

static void ask_with_callbacks(scene *s, const sheaf_str *refs, uint32_t count) {
  tally t;
  sheaf_error error = {0};
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  tally_init(&t, count);
  sheaf_callbacks callbacks = tally_callbacks(&t);
  sheaf_request request = make_request(s, refs, count);
  sheaf_status status = sheaf_resolve(s->manager, &request, &callbacks, &summary, &error);
  if (status != wanted_batch(s->fault, status)) {
    fail_msg("%s: a batch of %u came to %u: %s", s->fault->name, count, status, error.message);
  }
  tally_assert_once(&t, &summary);
  for (uint32_t i = 0; i < count; i++) {
    assert_status(s, "callbacks", i, count, t.statuses[i], s->fault->called);
  }
  if (status != SHEAF_OK) assert_true(error.message[0] != '\0');
  if (t.errors > 0) assert_true(t.message[0] != '\0');
  if (count > 0 && strcmp(s->fault->name, "midway_message") == 0) {
    assert_string_equal(t.message, "the database has gone home");
    assert_non_null(strstr(error.message, "the database has gone home"));
  }
  tally_free(&t);
}

static void ask_for_batch(scene *s, const sheaf_str *refs, uint32_t count) {
  sheaf_error error = {0};
  sheaf_request request = make_request(s, refs, count);
  sheaf_batch *batch = sheaf_resolve_batch(s->manager, &request, &error);
  if (!batch) fail_msg("%s: no batch: %s", s->fault->name, error.message);
  assert_int_equal(sheaf_batch_count(batch), count);
  uint32_t failed = 0;
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    assert_int_equal(r->index, i);
    assert_status(s, "batch", i, count, r->status, s->fault->kept);
    if (r->status == SHEAF_OK) continue;
    failed++;
    assert_true(r->message.size > 0);
  }
  assert_int_equal(sheaf_batch_failed(batch), failed);
  assert_null(sheaf_batch_at(batch, count));
  sheaf_batch_free(batch);
}

static void ask_for_one(scene *s) {
  sheaf_error error = {0};
  if (s->fault->slots) return;
  sheaf_batch *batch = sheaf_resolve_one(s->manager, sheaf_cstr("test:///0"), &error);
  sheaf_status wanted = wanted_at(s->fault, 0, 1, s->fault->kept);
  assert_int_equal(batch ? SHEAF_OK : error.status, wanted);
  if (!batch) assert_true(error.message[0] != '\0');
  sheaf_batch_free(batch);
}

static void test_fault(void **state) {
  static scene s;
  char folder[512], source[64];
  s.fault = *state;
  log_reset(&s.log);
  snprintf(folder, sizeof folder, "%s/tests/faulty/%s", SHEAF_TEST_BUILD_DIR, s.fault->name);
  s.library = library_with(&s.log, folder);
  s.manager = open_manager(s.library, s.fault->name);
  s.slot.trait = sheaf_intern_one(s.library, "faulty");
  s.slot.key = sheaf_intern_one(s.library, "index");
  for (int c = 0; c < COUNTS; c++) {
    sheaf_str *refs = make_refs(counts[c]);
    ask_with_callbacks(&s, refs, counts[c]);
    ask_for_batch(&s, refs, counts[c]);
    free(refs);
  }
  ask_for_one(&s);
  free_library(s.library); /* joins the threads that come late */
  snprintf(source, sizeof source, "%s: ", s.fault->name);
  for (int i = 0; i < 2 && s.fault->log[i]; i++) {
    if (!log_has(&s.log, s.fault->log[i]) || !log_has(&s.log, source)) {
      fail_msg("%s: '%s' is not in the log:\n%s", s.fault->name, s.fault->log[i], s.log.text);
    }
  }
}

/* Statuses that nobody knows reach the host as they are, as errors. */
static void test_odd_statuses(void **state) {
  (void)state;
  static kept_log log;
  tally t;
  log_reset(&log);
  sheaf_library *library = library_with(&log, SHEAF_TEST_BUILD_DIR "/tests/faulty/odd_status");
  sheaf_manager *manager = open_manager(library, "odd_status");
  sheaf_str *refs = make_refs(10);
  sheaf_request request = sheaf_request_for(refs, 10);
  tally_init(&t, 10);
  sheaf_callbacks callbacks = tally_callbacks(&t);
  assert_int_equal(sheaf_resolve(manager, &request, &callbacks, NULL, NULL), SHEAF_OK);
  tally_assert_once(&t, NULL);
  for (uint32_t i = 0; i < 10; i++) assert_int_equal(t.statuses[i], i % 2 ? 999 : 150);
  assert_string_equal(sheaf_status_name(150), "unknown_error");
  assert_non_null(sheaf_status_name(999));
  tally_free(&t);
  free(refs);
  free_library(library);
}

static uint32_t stop_at_third(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)index, (void)result;
  return ++*(uint32_t *)ctx == 3 ? SHEAF_STOP : SHEAF_CONTINUE;
}

/* A host that has said stop hears no more, also of a manager that goes on. */
static void test_stop_is_kept(void **state) {
  static const char *const names[] = {"none",  "ignores_stop", "serialized",
                                      "posts", "twice",        "out_of_range"};
  (void)state;
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    static kept_log log;
    char folder[512];
    log_reset(&log);
    snprintf(folder, sizeof folder, "%s/tests/faulty/%s", SHEAF_TEST_BUILD_DIR, names[n]);
    sheaf_library *library = library_with(&log, folder);
    sheaf_manager *manager = open_manager(library, names[n]);
    sheaf_str *refs = make_refs(100);
    sheaf_request request = sheaf_request_for(refs, 100);
    uint32_t heard = 0;
    sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
    sheaf_summary summary = SHEAF_SUMMARY_INIT;
    callbacks.ctx = &heard;
    callbacks.success = stop_at_third;
    callbacks.error = stop_at_third;
    assert_int_equal(sheaf_resolve(manager, &request, &callbacks, &summary, NULL), SHEAF_STOPPED);
    assert_int_equal(heard, 3);
    assert_int_equal(summary.succeeded + summary.failed, 3);
    free(refs);
    free_library(library);
  }
}

int main(void) {
  enum { FAULTS = sizeof faults / sizeof *faults, OTHERS = 2 };
  static struct CMUnitTest tests[FAULTS + OTHERS] = {
      cmocka_unit_test(test_odd_statuses),
      cmocka_unit_test(test_stop_is_kept),
  };
  for (size_t i = 0; i < FAULTS; i++) {
    tests[OTHERS + i] =
        (struct CMUnitTest){faults[i].name, test_fault, NULL, NULL, (void *)(uintptr_t)&faults[i]};
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
