/* SPDX-License-Identifier: Apache-2.0 */
/* The manager behind libsheaf, as a host meets it: registered instead of loaded. */
#include "testing.h"

#include <sheaf/sheaf.h>

static const char animals[] = "{\"entities\":{\"cat\":{\"versions\":[{\"traits\":{"
                              "\"named\":{\"name\":\"Martin\"},\"animal\":{\"age\":12}}}]}}}";

static sheaf_library *library;

static sheaf_manager *open_with(const sheaf_setting *settings, uint32_t count, sheaf_error *error) {
  return sheaf_manager_open(library, "bal", settings, count, error);
}

static sheaf_setting text_setting(const char *name, const char *value) {
  sheaf_setting s = {sheaf_cstr(name), sheaf_string(sheaf_cstr(value))};
  return s;
}

static int set_up(void **state) {
  sheaf_error error;
  (void)state;
  library = sheaf_library_new(NULL, &error);
  return library && sheaf_register(library, sheaf_plugin_v1(), &error) == SHEAF_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  return sheaf_library_free(library) == SHEAF_OK ? 0 : -1;
}

static void test_collected(void **state) {
  const sheaf_str refs[] = {SHEAF_STR("bal:///cat"), SHEAF_STR("bal:///cow"), SHEAF_STR("x")};
  sheaf_setting setting = text_setting("library_json", animals);
  sheaf_error error;
  (void)state;
  sheaf_manager *manager = open_with(&setting, 1, &error);
  assert_non_null(manager);
  sheaf_request request = sheaf_request_for(refs, 3);
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, &error);
  assert_non_null(batch);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  assert_int_equal(sheaf_batch_failed(batch), 2);
  sheaf_str name = sheaf_value_str(sheaf_batch_value(batch, 0, "named", "name"));
  assert_true(sheaf_str_equal(name, sheaf_cstr("Martin")));
  assert_int_equal(sheaf_batch_at(batch, 1)->status, SHEAF_ENTITY_RESOLUTION_ERROR);
  assert_int_equal(sheaf_batch_at(batch, 2)->status, SHEAF_INVALID_ENTITY_REFERENCE);
  sheaf_batch_free(batch);
  batch = sheaf_resolve_one(manager, refs[1], &error);
  assert_null(batch);
  assert_string_equal(error.message, "the library has no entity 'cow'");
  assert_int_equal(sheaf_manager_close(manager), SHEAF_OK);
}

static void test_settings(void **state) {
  sheaf_setting settings[] = {text_setting("library_json", animals), text_setting("colour", "red")};
  sheaf_error error;
  (void)state;
  assert_null(open_with(settings, 2, &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  settings[0] = text_setting("library_json", "{\"entities\":[]}");
  assert_null(open_with(settings, 1, &error));
  assert_int_equal(error.status, SHEAF_INVALID_CONFIG);
  assert_contains(error.message, "entities: expected object, found array");
}

/* The wait that pretends to be a network ends with the call. */
static void test_latency_ends_with_the_deadline(void **state) {
  const sheaf_str ref = SHEAF_STR("bal:///cat");
  sheaf_setting settings[] = {text_setting("library_json", animals),
                              text_setting("simulated_query_latency_ms", "60000")};
  sheaf_error error;
  (void)state;
  sheaf_manager *manager = open_with(settings, 2, &error);
  assert_non_null(manager);
  sheaf_call call = SHEAF_CALL_INIT;
  call.deadline_ns = 1; /* long past */
  sheaf_request request = sheaf_request_for(&ref, 1);
  request.call = &call;
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, &error);
  assert_non_null(batch);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_DEADLINE);
  assert_int_equal(sheaf_batch_at(batch, 0)->status, SHEAF_DEADLINE);
  sheaf_batch_free(batch);
  assert_int_equal(sheaf_manager_close(manager), SHEAF_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_collected),
                                     cmocka_unit_test(test_settings),
                                     cmocka_unit_test(test_latency_ends_with_the_deadline)};
  return cmocka_run_group_tests_name("bal: through libsheaf", tests, set_up, tear_down);
}
