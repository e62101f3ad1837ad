/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

static const char empty[] = "{}";

static void assert_refused(const char *path, const char *json, const char *scheme, int64_t latency,
                           const char *words) {
  test_manager m;
  assert_int_equal(test_open(&m, path, json, scheme, latency), SHEAF_INVALID_ARGUMENT);
  assert_contains(m.error.message, words);
  test_close(&m);
}

static void test_scheme(void **state) {
  char long_scheme[66];
  test_manager m;
  (void)state;
  memset(long_scheme, 'a', 65);
  long_scheme[65] = '\0';
  assert_refused(NULL, empty, "", 0, "entity_reference_url_scheme");
  assert_refused(NULL, empty, "a:", 0, "entity_reference_url_scheme");
  assert_refused(NULL, empty, "bal\n", 0, "entity_reference_url_scheme");
  assert_refused(NULL, empty, "\xc3\xa9", 0, "entity_reference_url_scheme");
  assert_refused(NULL, empty, long_scheme, 0, "64");
  long_scheme[64] = '\0';
  assert_int_equal(test_open(&m, NULL, empty, long_scheme, 0), SHEAF_OK);
  assert_int_equal(m.description->prefixes[0].size, 68);
  test_close(&m);
}

static void test_latency(void **state) {
  (void)state;
  assert_refused(NULL, empty, NULL, -1, "simulated_query_latency_ms");
  assert_refused(NULL, empty, NULL, INT64_MAX, "simulated_query_latency_ms");
}

static void test_no_library(void **state) {
  (void)state;
  (void)unsetenv("BAL_LIBRARY_PATH");
  assert_refused(NULL, NULL, NULL, 0, "BAL_LIBRARY_PATH");
  assert_refused("", NULL, NULL, 0, "library_json");
  (void)setenv("BAL_LIBRARY_PATH", "", 1);
  assert_refused(NULL, NULL, NULL, 0, "library_path");
  (void)setenv("BAL_LIBRARY_PATH", "/\xff", 1);
  assert_refused(NULL, NULL, NULL, 0, "UTF-8");
  (void)unsetenv("BAL_LIBRARY_PATH");
  /* A setting that is there, and holds no library. */
  test_manager m;
  assert_int_equal(test_open(&m, NULL, "", NULL, 0), SHEAF_INVALID_CONFIG);
  assert_contains(m.error.message, "empty");
  test_close(&m);
}

/* A core of another day may give fewer values. */
static void test_fewer_values(void **state) {
  test_host host;
  sheaf_error error;
  sheaf_interface out;
  const sheaf_factory *factory = sheaf_plugin_v1()->factories[0];
  sheaf_value values[] = {sheaf_none(), sheaf_string(sheaf_cstr(empty))};
  (void)state;
  test_host_init(&host);
  assert_int_equal(factory->create(factory, &host.host, values, 2, &out, &error), SHEAF_OK);
  ((const sheaf_manager_table *)out.table)->destroy(out.self);
  assert_int_equal(factory->create(factory, &host.host, NULL, 0, &out, &error),
                   SHEAF_INVALID_ARGUMENT);
  test_host_free(&host);
}

static void test_plugin_record(void **state) {
  const sheaf_plugin *plugin = sheaf_plugin_v1();
  (void)state;
  assert_ptr_equal(plugin, sheaf_plugin_v1());
  assert_int_equal(plugin->struct_size, sizeof *plugin);
  assert_int_equal(plugin->factory_count, 1);
  const sheaf_factory *factory = plugin->factories[0];
  assert_string_equal(factory->id, "bal");
  assert_int_equal(factory->setting_count, BAL_SETTING_COUNT);
  for (uint32_t i = 0; i < factory->setting_count; i++) {
    assert_non_null(factory->settings[i].name);
    assert_non_null(factory->settings[i].doc);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_scheme), cmocka_unit_test(test_latency),
                                     cmocka_unit_test(test_no_library),
                                     cmocka_unit_test(test_fewer_values),
                                     cmocka_unit_test(test_plugin_record)};
  return cmocka_run_group_tests_name("bal: settings", tests, NULL, NULL);
}
