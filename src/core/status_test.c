/* SPDX-License-Identifier: Apache-2.0 */
#include <sheaf/status.h>

#include "core/testing.h"

static void names_are_those_of_the_table(void **state) {
  (void)state;
#define CHECK(upper, code, lower, message)                                                         \
  assert_string_equal(sheaf_status_name(SHEAF_##upper), #lower);                                   \
  assert_string_equal(sheaf_status_message(SHEAF_##upper), message);
  SHEAF_STATUS_MAP(CHECK)
#undef CHECK
  assert_string_equal(sheaf_status_name(SHEAF_ENTITY_RESOLUTION_ERROR), "entity_resolution_error");
}

static void unknown_codes_go_by_their_class(void **state) {
  (void)state;
  assert_string_equal(sheaf_status_name(199), "unknown_error");
  assert_string_equal(sheaf_status_name(299), "ended");
  assert_string_equal(sheaf_status_name(377), "manager_failure");
  assert_string_equal(sheaf_status_name(499), "invalid_argument");
  assert_string_equal(sheaf_status_name(555), "system_error");
  assert_string_equal(sheaf_status_name(699), "plugin_error");
  assert_string_equal(sheaf_status_name(123456), "manager_failure");
  assert_string_equal(sheaf_status_name(UINT32_MAX), "manager_failure");
}

static void accesses_go_both_ways(void **state) {
  sheaf_access access = 99;
  (void)state;
  for (sheaf_access i = 0; i < SHEAF_ACCESS_COUNT; i++) {
    assert_true(sheaf_access_from_name(sheaf_cstr(sheaf_access_name(i)), &access));
    assert_int_equal(access, i);
  }
  access = 99;
  assert_false(sheaf_access_from_name(sheaf_cstr("Read"), &access));
  assert_int_equal(access, 99);
  assert_string_equal(sheaf_access_name(77), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_those_of_the_table),
                                     cmocka_unit_test(unknown_codes_go_by_their_class),
                                     cmocka_unit_test(accesses_go_both_ways)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
