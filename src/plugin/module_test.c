/* SPDX-License-Identifier: Apache-2.0 */
/* Records that a plugin might hand over, right and wrong. */
#define _GNU_SOURCE
#include "plugin/module.h"

#include "plugin/testing.h"

static sheaf_setting_info settings[2];
static sheaf_factory factory, second;
static const sheaf_factory *factories[2];
static sheaf_plugin plugin;

/* A plugin that is right, for each test to break. */
static int begin(void **state) {
  (void)state;
  settings[0] = (sheaf_setting_info){"depth", "3", "How deep.", SHEAF_KIND_INT64, 0};
  settings[1] = (sheaf_setting_info){"key", NULL, NULL, SHEAF_KIND_STRING, SHEAF_SETTING_SECRET};
  factory = (sheaf_factory){.struct_size = sizeof factory,
                            .id = "one",
                            .settings = settings,
                            .setting_count = 2,
                            .create = small_create};
  second = factory;
  second.id = "two";
  factories[0] = &factory;
  factories[1] = &second;
  plugin = (sheaf_plugin){sizeof plugin, 0, 0, 0, factories, 2, 0};
  return 0;
}

static void assert_refused(sheaf_status status, const char *message) {
  sheaf_module *module = NULL;
  sheaf_error error = {0};
  assert_int_equal(sheaf_module_new(&plugin, NULL, &sheaf_core_abi, &module, &error), status);
  assert_int_equal(error.status, status);
  assert_has(error.message, message);
  assert_null(module);
  assert_int_equal(sheaf_module_new(&plugin, NULL, &sheaf_core_abi, &module, NULL), status);
}

static void a_right_one_is_copied(void **state) {
  sheaf_module *module = NULL;
  (void)state;
  assert_int_equal(sheaf_module_new(&plugin, "/x/y.so", &sheaf_core_abi, &module, NULL), SHEAF_OK);
  assert_string_equal(module->path, "/x/y.so");
  assert_int_equal(module->offer_count, 2);
  const sheaf_offer *two = sheaf_module_find(module, "two");
  assert_ptr_equal(two->original, &second);
  assert_ptr_not_equal(&two->factory, &second);
  assert_memory_equal(&two->factory, &second, sizeof second);
  assert_null(sheaf_module_find(module, "three"));
  free(module);
}

/* A factory of 2031 is longer; what is beyond ours is not used. */
static void a_longer_table_is_cut(void **state) {
  struct {
    sheaf_factory factory;
    void *newer[4];
  } longer;
  sheaf_module *module = NULL;
  (void)state;
  longer.factory = factory;
  longer.factory.struct_size = sizeof longer;
  memset(longer.newer, 0xff, sizeof longer.newer);
  factories[0] = &longer.factory;
  assert_int_equal(sheaf_module_new(&plugin, NULL, &sheaf_core_abi, &module, NULL), SHEAF_OK);
  assert_int_equal(module->offers[0].factory.struct_size, sizeof(sheaf_factory));
  free(module);
}

static void wrong_records(void **state) {
  (void)state;
  plugin.struct_size = 8;
  assert_refused(SHEAF_INVALID_PLUGIN, "sheaf_plugin.struct_size is 8");
  begin(NULL);
  plugin.flags = 1u << 31;
  assert_refused(SHEAF_VERSION_MISMATCH, "sheaf_plugin.flags");
  begin(NULL);
  plugin.flags = 1; /* may be ignored */
  sheaf_module *module = NULL;
  assert_int_equal(sheaf_module_new(&plugin, NULL, &sheaf_core_abi, &module, NULL), SHEAF_OK);
  free(module);
  begin(NULL);
  plugin.factories = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "sheaf_plugin.factories is NULL");
  begin(NULL);
  plugin.factory_count = 0;
  assert_refused(SHEAF_INVALID_PLUGIN, "factory_count is 0");
  plugin.factory_count = UINT32_MAX;
  assert_refused(SHEAF_INVALID_PLUGIN, "factory_count is 4294967295");
  sheaf_error error;
  assert_int_equal(sheaf_module_new(NULL, NULL, &sheaf_core_abi, &module, &error),
                   SHEAF_INVALID_PLUGIN);
  assert_has(error.message, "sheaf_plugin is NULL");
}

static void versions_come_first(void **state) {
  sheaf_abi_range young = {1, 7, 3};
  sheaf_module *module = NULL;
  (void)state;
  assert_int_equal(sheaf_module_new(&plugin, NULL, &young, &module, NULL), SHEAF_VERSION_MISMATCH);
  plugin.abi_minor = plugin.abi_minor_min = 3;
  assert_int_equal(sheaf_module_new(&plugin, NULL, &young, &module, NULL), SHEAF_OK);
  assert_int_equal(module->offers[0].abi_minor, 3);
  free(module);
  plugin.abi_minor = plugin.abi_minor_min = 8;
  plugin.flags = 1u << 31; /* the version says more than the flag */
  assert_refused(SHEAF_VERSION_MISMATCH, "needs at least 1.8");
  plugin.abi_minor = 7;
  assert_refused(SHEAF_INVALID_PLUGIN, "the oldest cannot be newer");
}

static void wrong_factories(void **state) {
  (void)state;
  factories[1] = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "factories[1]: sheaf_factory is NULL");
  begin(NULL);
  second.struct_size = 24;
  assert_refused(SHEAF_INVALID_PLUGIN, "factories[1]: sheaf_factory.struct_size is 24");
  begin(NULL);
  second.flags = 1u << 16;
  assert_refused(SHEAF_VERSION_MISMATCH, "must be understood");
  begin(NULL);
  second.id = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "factories[1] has the id NULL");
  second.id = "Two\n";
  assert_refused(SHEAF_INVALID_PLUGIN, "factories[1] has the id \"Two?\"");
  second.id = "one";
  assert_refused(SHEAF_INVALID_PLUGIN, "two factories have the id \"one\"");
  begin(NULL);
  second.create = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "manager \"two\" has no function create");
  begin(NULL);
  second.settings = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "the array is NULL");
  begin(NULL);
  second.setting_count = 5000;
  assert_refused(SHEAF_INVALID_PLUGIN, "has 5000 settings");
}

static void wrong_settings(void **state) {
  (void)state;
  settings[1].name = NULL;
  assert_refused(SHEAF_INVALID_PLUGIN, "settings[1] of manager \"one\" has the name NULL");
  settings[1].name = "a b";
  assert_refused(SHEAF_INVALID_PLUGIN, "has the name \"a b\"");
  settings[1].name = "depth";
  assert_refused(SHEAF_INVALID_PLUGIN, "two settings \"depth\"");
  begin(NULL);
  settings[0].kind = SHEAF_KIND_LIST;
  assert_refused(SHEAF_INVALID_PLUGIN, "it must be bool, int64, double or string");
  settings[0].kind = 0;
  assert_refused(SHEAF_INVALID_PLUGIN, "is of kind 0");
  begin(NULL);
  settings[0].flags = 1u << 20;
  assert_refused(SHEAF_VERSION_MISMATCH, "update libsheaf");
  begin(NULL);
  settings[0].default_value = "deep";
  assert_refused(SHEAF_INVALID_PLUGIN, "\"deep\" is not of its kind: write a whole number");
}

static void a_secret_default_is_not_shown(void **state) {
  sheaf_module *module = NULL;
  sheaf_error error;
  (void)state;
  settings[0].default_value = "hunter2";
  settings[0].flags = SHEAF_SETTING_SECRET;
  assert_int_equal(sheaf_module_new(&plugin, NULL, &sheaf_core_abi, &module, &error),
                   SHEAF_INVALID_PLUGIN);
  assert_has_not(error.message, "hunter2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_right_one_is_copied, begin),
      cmocka_unit_test_setup(a_longer_table_is_cut, begin),
      cmocka_unit_test_setup(wrong_records, begin),
      cmocka_unit_test_setup(versions_come_first, begin),
      cmocka_unit_test_setup(wrong_factories, begin),
      cmocka_unit_test_setup(wrong_settings, begin),
      cmocka_unit_test_setup(a_secret_default_is_not_shown, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
