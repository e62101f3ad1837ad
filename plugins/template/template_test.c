/* SPDX-License-Identifier: Apache-2.0 */
/* The template, as a host sees it: loaded from its .so by its id. */
#include "harness.h"

static kept_log the_log;
static sheaf_library *library;
static sheaf_manager *manager;

static int set_up(void **state) {
  (void)state;
  log_reset(&the_log);
  library = library_with(&the_log, SHEAF_TEST_PLUGIN_DIR "/template.sheaf.json");
  manager = open_manager(library, "template");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free_library(library);
  assert_false(log_has(&the_log, "template: ")); /* it has given no cause for complaint */
  return 0;
}

static const sheaf_str refs[] = {SHEAF_STR("template:///apple"), SHEAF_STR("template:///pear"),
                                 SHEAF_STR("template:///quince"), SHEAF_STR("file:///apple"),
                                 SHEAF_STR("")};
enum { REFS = sizeof refs / sizeof *refs };

static sheaf_batch *ask(sheaf_id verb, sheaf_request *request) {
  sheaf_error error = {0};
  sheaf_batch *batch = sheaf_perform_batch(manager, verb, request, &error);
  if (!batch) fail_msg("%s", error.message);
  return batch;
}

static void assert_text(const sheaf_batch *batch, uint32_t i, const char *trait, const char *key,
                        const char *wanted) {
  const sheaf_value *value = sheaf_batch_value(batch, i, trait, key);
  assert_non_null(value);
  assert_true(sheaf_str_equal(sheaf_value_str(value), sheaf_cstr(wanted)));
}

static void test_resolve(void **state) {
  (void)state;
  sheaf_request request = sheaf_request_for(refs, REFS);
  sheaf_batch *batch = ask(SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_failed(batch), 3);
  assert_text(batch, 0, "named", "name", "Apple");
  assert_int_equal(sheaf_batch_value(batch, 0, "priced", "amount")->u.integer, 45);
  assert_text(batch, 2, "priced", "currency", "EUR");
  sheaf_id edible = sheaf_lookup(library, sheaf_cstr("edible"));
  assert_true(sheaf_result_has_trait(sheaf_batch_at(batch, 2), edible));
  assert_int_equal(sheaf_batch_at(batch, 1)->status, SHEAF_ENTITY_RESOLUTION_ERROR);
  assert_int_equal(sheaf_batch_at(batch, 3)->status, SHEAF_INVALID_ENTITY_REFERENCE);
  assert_int_equal(sheaf_batch_at(batch, 4)->status, SHEAF_INVALID_ENTITY_REFERENCE);
  sheaf_batch_free(batch);
}

static void test_some_traits(void **state) {
  (void)state;
  sheaf_id priced = sheaf_intern_one(library, "priced");
  sheaf_slot slot = {sheaf_intern_one(library, "named"), sheaf_intern_one(library, "name")};
  sheaf_request request = sheaf_request_for(refs, 1);
  request.flags = 0;
  sheaf_batch *batch = ask(SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 0);
  sheaf_batch_free(batch);

  request.traits = &priced;
  request.trait_count = 1;
  batch = ask(SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 2);
  assert_null(sheaf_batch_value(batch, 0, "named", "name"));
  sheaf_batch_free(batch);

  request.slots = &slot;
  request.slot_count = 1;
  batch = ask(SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 3);
  assert_text(batch, 0, "named", "name", "Apple");
  sheaf_batch_free(batch);
}

static void test_exists_and_traits(void **state) {
  (void)state;
  sheaf_request request = sheaf_request_for(refs, REFS);
  sheaf_batch *batch = ask(SHEAF_VERB_EXISTS, &request);
  for (uint32_t i = 0; i < REFS; i++) {
    assert_int_equal(sheaf_record_exists(sheaf_batch_at(batch, i)), i == 0 || i == 2);
  }
  sheaf_batch_free(batch);
  batch = ask(SHEAF_VERB_TRAITS, &request);
  assert_int_equal(sheaf_batch_failed(batch), 3);
  assert_int_equal(sheaf_batch_at(batch, 0)->property_count, 3);
  sheaf_batch_free(batch);
}

static void test_writing_is_refused(void **state) {
  (void)state;
  sheaf_request request = sheaf_request_for(refs, 1);
  request.access = SHEAF_ACCESS_WRITE;
  sheaf_batch *batch = ask(SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_at(batch, 0)->status, SHEAF_ENTITY_ACCESS_ERROR);
  sheaf_batch_free(batch);
}

static sheaf_manager *open_with(const char *name, const char *value, sheaf_error *error) {
  sheaf_setting setting = {sheaf_cstr(name), sheaf_string(sheaf_cstr(value))};
  memset(error, 0, sizeof *error);
  return sheaf_manager_open(library, "template", &setting, 1, error);
}

static void test_settings(void **state) {
  sheaf_error error;
  (void)state;
  sheaf_manager *other = open_with("currency", "GBP", &error);
  assert_non_null(other);
  sheaf_batch *batch = sheaf_resolve_one(other, refs[0], &error);
  assert_non_null(batch);
  assert_text(batch, 0, "priced", "currency", "GBP");
  sheaf_batch_free(batch);

  assert_null(open_with("currency", "", &error));
  assert_non_null(strstr(error.message, "currency is empty"));
  assert_null(open_with("delay_ms", "-1", &error));
  assert_non_null(strstr(error.message, "0 to 60000"));
  assert_null(open_with("delay", "1", &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "delay_ms"));
}

/* The wait of the back end ends when the call does. */
static void test_delay_is_cancelled(void **state) {
  sheaf_error error;
  (void)state;
  sheaf_manager *slow = open_with("delay_ms", "60000", &error);
  assert_non_null(slow);
  sheaf_cancel *cancel = sheaf_cancel_new();
  sheaf_call call = SHEAF_CALL_INIT;
  call.cancel = cancel;
  call.deadline_ns = (now_ms() + 30) * 1000000;
  sheaf_request request = sheaf_request_for(refs, REFS);
  request.call = &call;
  int64_t began = now_ms();
  sheaf_batch *batch = sheaf_resolve_batch(slow, &request, &error);
  assert_non_null(batch);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_DEADLINE);
  assert_int_equal(sheaf_batch_failed(batch), REFS);
  assert_true(now_ms() - began < 20000);
  sheaf_batch_free(batch);
  sheaf_cancel_free(cancel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_resolve, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_some_traits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_exists_and_traits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_writing_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_delay_is_cancelled, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
