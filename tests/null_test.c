/* SPDX-License-Identifier: Apache-2.0 */
/* What sheaf/sheaf.h promises of NULL. */
#include "core/testing.h"

static sheaf_error error;

static void assert_refused(sheaf_status status) {
  assert_int_equal(status, SHEAF_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "NULL"));
  memset(&error, 0, sizeof error);
}

static void assert_nothing(const void *made) {
  assert_null(made);
  assert_refused(error.status);
}

static void no_library(void **state) {
  const sheaf_str name = SHEAF_STR("a");
  sheaf_id ids[2] = {7, 7};
  (void)state;
  assert_refused(sheaf_intern(NULL, &name, 1, ids, &error));
  assert_int_equal(ids[0], 0);
  assert_int_equal(ids[1], 7);
  assert_int_equal(sheaf_intern(NULL, &name, 1, NULL, NULL), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_intern_one(NULL, "a"), 0);
  assert_int_equal(sheaf_lookup(NULL, name), 0);
  assert_int_equal(sheaf_name(NULL, SHEAF_VERB_RESOLVE).size, 0);
  assert_nothing(sheaf_manager_open(NULL, "bal", NULL, 0, &error));
  assert_nothing(sheaf_plugin_list_new(NULL, &error));
  assert_nothing(sheaf_find_factory(NULL, "bal", &error));
  assert_nothing(sheaf_stage_open(NULL, "batch", NULL, &error));
  assert_nothing(sheaf_batchers_new(NULL, NULL, 0, NULL, 0, &error));
  assert_refused(sheaf_register(NULL, NULL, &error));
  assert_int_equal(sheaf_library_free(NULL), SHEAF_OK);
}

static void no_manager(void **state) {
  const sheaf_str ref = SHEAF_STR("bal:///cat");
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_interface interface;
  (void)state;
  assert_null(sheaf_manager_description(NULL));
  assert_null(sheaf_manager_factory(NULL));
  assert_null(sheaf_manager_library(NULL));
  assert_int_equal(sheaf_manager_get_extension(NULL, "x/1", &interface), SHEAF_INVALID_ARGUMENT);
  assert_refused(sheaf_manager_flush(NULL, NULL, &error));
  assert_refused(sheaf_resolve(NULL, &request, &callbacks, NULL, &error));
  assert_nothing(sheaf_resolve_batch(NULL, &request, &error));
  assert_nothing(sheaf_resolve_one(NULL, ref, &error));
  assert_nothing(sheaf_resolve_columns(NULL, &request, &error));
  assert_nothing(sheaf_resolve_iterator(NULL, &request, NULL, &error));
  assert_nothing(sheaf_stage_configure(NULL, NULL, &error));
  assert_null(sheaf_stage_child(NULL, 0));
  assert_int_equal(sheaf_stage_counters(NULL, NULL, 0), 0);
  assert_int_equal(sheaf_meter_prometheus(NULL, NULL, NULL), SHEAF_INVALID_ARGUMENT);
  (void)sheaf_manager_close(NULL);
}

static void no_results(void **state) {
  const sheaf_result *result;
  uint32_t count;
  (void)state;
  assert_int_equal(sheaf_batch_status(NULL), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_batch_count(NULL) + sheaf_batch_failed(NULL), 0);
  assert_null(sheaf_batch_at(NULL, 0));
  assert_null(sheaf_batch_value(NULL, 0, "a", "b"));
  sheaf_batch_free(NULL);
  assert_int_equal(sheaf_columns_batch_status(NULL), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_columns_rows(NULL) + sheaf_columns_failed(NULL), 0);
  assert_int_equal(sheaf_columns_count(NULL), 0);
  assert_null(sheaf_columns_at(NULL, 0));
  assert_null(sheaf_columns_statuses(NULL));
  assert_null(sheaf_columns_messages(NULL));
  assert_refused(sheaf_columns_export(NULL, NULL, NULL, &error));
  sheaf_columns_free(NULL);
  assert_refused(sheaf_iterator_next(NULL, &result, &error));
  assert_refused(sheaf_iterator_next_many(NULL, &result, &count, &error));
  assert_int_equal(sheaf_iterator_index(NULL), 0);
  assert_int_equal(sheaf_iterator_ref(NULL).size, 0);
  sheaf_iterator_free(NULL);
}

static void nothing_else(void **state) {
  (void)state;
  assert_int_equal(sheaf_plugin_list_count(NULL) + sheaf_plugin_list_place_count(NULL), 0);
  assert_null(sheaf_plugin_list_at(NULL, 0));
  assert_null(sheaf_plugin_list_place_at(NULL, 0));
  sheaf_plugin_list_free(NULL);
  assert_null(sheaf_config_path(NULL));
  assert_null(sheaf_config_manager(NULL));
  sheaf_config_free(NULL);
  sheaf_cancel_set(NULL);
  assert_false(sheaf_cancel_is_set(NULL));
  sheaf_cancel_free(NULL);
  assert_null(sheaf_stage_find(NULL));
  assert_int_equal(sheaf_shape_add(NULL, NULL, 0), SHEAF_INVALID_ARGUMENT);
  assert_nothing(sheaf_batchers_run(NULL, NULL, &error));
  sheaf_batchers_free(NULL);
  sheaf_shape_free(NULL);
  assert_true(sheaf_access_from_name(sheaf_cstr("write"), NULL));
}

/* A request is checked for batchers as it is for managers. */
static void batchers_are_given_bad_requests(void **state) {
  sheaf_request request = sheaf_request_for(NULL, 3);
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  sheaf_library *library = sheaf_library_new(&options, &error);
  sheaf_batchers *batchers = sheaf_batchers_new(library, NULL, 0, NULL, 0, &error);
  (void)state;
  assert_non_null(batchers);
  assert_nothing(sheaf_batchers_run(batchers, NULL, &error));
  assert_nothing(sheaf_batchers_run(batchers, &request, &error));
  request.struct_size = 8;
  assert_null(sheaf_batchers_run(batchers, &request, &error));
  assert_non_null(strstr(error.message, "struct_size is 8"));
  sheaf_batchers_free(batchers);
  assert_int_equal(sheaf_library_free(library), SHEAF_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_library), cmocka_unit_test(no_manager),
                                     cmocka_unit_test(no_results), cmocka_unit_test(nothing_else),
                                     cmocka_unit_test(batchers_are_given_bad_requests)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
