/* SPDX-License-Identifier: Apache-2.0 */
/* Managers that say they answer from memory. */
#include "core/testing.h"

static sheaf_status status;
static fake manager;

static void open_manager(fake_batch batch, uint32_t flags) {
  memset(&manager, 0, sizeof manager);
  manager.batch = batch;
  manager.flags = flags;
  fake_open(&manager);
}

static void ask(void) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_request request = sheaf_request_for(fake_refs(3), 3);
  status = sheaf_resolve(manager.manager, &request, &callbacks, NULL, NULL);
}

static sheaf_status sleep_first(void *self, const sheaf_request *request, sheaf_sink *sink) {
  assert_int_equal(request->call->wait(request->call, 1000), SHEAF_OK);
  return fake_answer_all(self, request, sink);
}

static sheaf_status take_turns(void *self, const sheaf_request *request, sheaf_sink *sink) {
  assert_int_equal(request->call->wait(request->call, 0), SHEAF_OK);
  assert_int_equal(request->call->poll(request->call), SHEAF_OK);
  return fake_answer_all(self, request, sink);
}

static sheaf_status hold_it(void *self, const sheaf_request *request, sheaf_sink *sink) {
  request->call->hold(request->call);
  request->call->release(request->call);
  return fake_answer_all(self, request, sink);
}

static void hosts_are_told(void **state) {
  (void)state;
  open_manager(take_turns, SHEAF_MANAGER_NONBLOCKING);
  assert_int_equal(sheaf_manager_description(manager.manager)->flags, SHEAF_MANAGER_NONBLOCKING);
  ask();
  assert_int_equal(status, SHEAF_OK);
  assert_string_equal(manager.log, ""); /* a wait of no length is none */
  fake_close(&manager);
}

static void who_waits_for_a_gate_is_not(void **state) {
  (void)state;
  open_manager(fake_answer_all, SHEAF_MANAGER_NONBLOCKING | SHEAF_MANAGER_SERIALIZED);
  assert_int_equal(sheaf_manager_description(manager.manager)->flags, SHEAF_MANAGER_SERIALIZED);
  ask();
  assert_int_equal(status, SHEAF_OK);
  fake_close(&manager);
}

/* Asks a manager that keeps its promise or not; what the log says. */
static void broken_promise(fake_batch batch, uint32_t flags, const char *logged) {
  open_manager(batch, flags);
  ask();
  assert_int_equal(status, SHEAF_OK);
  if (logged) assert_non_null(strstr(manager.log, logged));
  else assert_string_equal(manager.log, "");
  fake_close(&manager);
}

static void broken_promises_are_logged(void **state) {
  (void)state;
  broken_promise(sleep_first, SHEAF_MANAGER_NONBLOCKING,
                 "fake: said SHEAF_MANAGER_NONBLOCKING, and sleeps in call->wait");
  broken_promise(hold_it, SHEAF_MANAGER_NONBLOCKING,
                 "fake: said SHEAF_MANAGER_NONBLOCKING, and holds its call for other threads");
  broken_promise(sleep_first, 0, NULL);
  broken_promise(hold_it, 0, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hosts_are_told),
                                     cmocka_unit_test(who_waits_for_a_gate_is_not),
                                     cmocka_unit_test(broken_promises_are_logged)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
