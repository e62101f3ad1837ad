/* SPDX-License-Identifier: Apache-2.0 */
/* What a manager reads of a request. */
#include "core/testing.h"

enum { NAMED = 300, NAME, PRICED, AMOUNT };

static void what_is_wanted(void **state) {
  static const sheaf_id traits[] = {PRICED, NAMED};
  static const sheaf_slot slots[] = {{PRICED, NAME}, {NAMED, NAME}};
  sheaf_request request = sheaf_request_for(NULL, 0);
  (void)state;
  request.flags = SHEAF_REQUEST_ALL_TRAITS;
  assert_true(sheaf_request_wants(&request, NAMED, NAME));
  assert_true(sheaf_request_wants(&request, NAMED, 0));
  request.flags = 0;
  assert_false(sheaf_request_wants(&request, NAMED, NAME));
  request.traits = traits, request.trait_count = 1;
  assert_false(sheaf_request_wants(&request, NAMED, NAME));
  assert_true(sheaf_request_wants(&request, PRICED, 0));
  request.trait_count = 2;
  assert_true(sheaf_request_wants(&request, NAMED, NAME));
  request.traits = NULL, request.trait_count = 0;
  request.slots = slots, request.slot_count = 2;
  assert_true(sheaf_request_wants(&request, NAMED, NAME));
  assert_false(sheaf_request_wants(&request, NAMED, AMOUNT));
  assert_false(sheaf_request_wants(&request, PRICED, AMOUNT));
  assert_false(sheaf_request_wants(&request, NAMED, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_wanted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
