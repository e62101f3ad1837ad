/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides' ranges varied, for today's core has one minor only. */
#define _GNU_SOURCE
#include "plugin/negotiate.h"

#include "plugin/testing.h"

static sheaf_status meet(uint32_t core, uint32_t core_oldest, uint32_t plugin,
                         uint32_t plugin_oldest, sheaf_error *error) {
  sheaf_abi_range c = {1, core, core_oldest}, p = {1, plugin, plugin_oldest};
  return sheaf_negotiate(&c, &p, error);
}

static void ranges_that_meet(void **state) {
  (void)state;
  assert_int_equal(meet(0, 0, 0, 0, NULL), SHEAF_OK);
  assert_int_equal(meet(5, 0, 0, 0, NULL), SHEAF_OK); /* old plugin */
  assert_int_equal(meet(0, 0, 5, 0, NULL), SHEAF_OK); /* young plugin that copes */
  assert_int_equal(meet(3, 2, 5, 3, NULL), SHEAF_OK); /* at both edges */
  assert_int_equal(meet(3, 2, 2, 2, NULL), SHEAF_OK);
}

static void a_plugin_too_young(void **state) {
  sheaf_error error;
  (void)state;
  assert_int_equal(meet(3, 2, 5, 4, &error), SHEAF_VERSION_MISMATCH);
  assert_has(error.message, "written for ABI 1.5 and needs at least 1.4");
  assert_has(error.message, "this libsheaf has ABI 1.3 and takes plugins from 1.2 on");
  assert_has(error.message, "update libsheaf");
}

static void a_plugin_too_old(void **state) {
  sheaf_error error;
  (void)state;
  assert_int_equal(meet(3, 2, 1, 0, &error), SHEAF_VERSION_MISMATCH);
  assert_has(error.message, "update the plugin");
}

static void no_range_at_all(void **state) {
  sheaf_error error;
  (void)state;
  assert_int_equal(meet(9, 0, 1, 2, &error), SHEAF_INVALID_PLUGIN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ranges_that_meet),
      cmocka_unit_test(a_plugin_too_young),
      cmocka_unit_test(a_plugin_too_old),
      cmocka_unit_test(no_range_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
