/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include <pthread.h>
#include <sched.h>

#include "core/cancel.h"
#include "core/testing.h"

#define MS 1000000

static fake F;

/* What the manager waits with, for whoever is to say it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sheaf_waiter *waiting;
static int64_t until_ns;
static sheaf_status waited[2];

static void publish(sheaf_waiter *w) {
  pthread_mutex_lock(&lock);
  waiting = w;
  pthread_mutex_unlock(&lock);
}

static sheaf_status wait_twice(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_waiter w;
  sheaf_waiter_init(&w, request->call);
  publish(&w);
  waited[0] = sheaf_waiter_wait(&w, until_ns);
  waited[1] = sheaf_waiter_wait(&w, sheaf_now_ns() + MS);
  publish(NULL);
  return fake_answer_all(self, request, sink);
}

static bool say_once(void) {
  pthread_mutex_lock(&lock);
  bool there = waiting != NULL;
  if (there) sheaf_waiter_say(waiting);
  pthread_mutex_unlock(&lock);
  return there;
}

static void *say(void *ctx) {
  (void)ctx;
  while (!say_once()) sched_yield();
  return NULL;
}

static void *throw_it(void *cancel) {
  while (1) {
    pthread_mutex_lock(&lock);
    bool there = waiting != NULL;
    pthread_mutex_unlock(&lock);
    if (there) break;
  }
  sheaf_cancel_set(cancel);
  return NULL;
}

static void ask(const sheaf_call *call, void *(*other)(void *), void *ctx) {
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  pthread_t thread;
  memset(&F, 0, sizeof F);
  F.batch = wait_twice;
  fake_open(&F);
  request.call = call;
  if (other) assert_int_equal(pthread_create(&thread, NULL, other, ctx), 0);
  (void)sheaf_resolve(F.manager, &request, &callbacks, NULL, NULL);
  if (other) pthread_join(thread, NULL);
  fake_close(&F);
}

static void it_ends_when_it_is_said(void **state) {
  (void)state;
  for (int i = 0; i < 100; i++) {
    until_ns = INT64_MAX;
    ask(NULL, say, NULL);
    assert_int_equal(waited[0], SHEAF_OK);
    assert_int_equal(waited[1], SHEAF_BUSY); /* said once, heard once */
  }
}

static void it_ends_at_its_time(void **state) {
  (void)state;
  int64_t begin = sheaf_now_ns();
  until_ns = begin + 5 * MS;
  ask(NULL, NULL, NULL);
  assert_int_equal(waited[0], SHEAF_BUSY);
  assert_true(sheaf_now_ns() - begin >= 5 * MS);
}

static void it_ends_with_the_call(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  (void)state;
  until_ns = INT64_MAX;
  call.deadline_ns = sheaf_deadline_in(5 * MS);
  ask(&call, NULL, NULL);
  assert_int_equal(waited[0], SHEAF_DEADLINE);
  call.deadline_ns = 0;
  call.cancel = sheaf_cancel_new();
  ask(&call, throw_it, call.cancel);
  assert_int_equal(waited[0], SHEAF_CANCELLED);
  assert_int_equal(waited[1], SHEAF_CANCELLED);
  sheaf_cancel_free(call.cancel);
}

static bool yes(void *asked) {
  ++*(unsigned *)asked;
  return true;
}

static void it_lets_the_host_be_asked(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  unsigned asked = 0;
  (void)state;
  until_ns = INT64_MAX;
  call.cancel = sheaf_cancel_new_asking(yes, &asked, MS);
  ask(&call, NULL, NULL);
  assert_int_equal(waited[0], SHEAF_CANCELLED);
  assert_int_equal(asked, 1);
  sheaf_cancel_free(call.cancel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_ends_when_it_is_said),
      cmocka_unit_test(it_ends_at_its_time),
      cmocka_unit_test(it_ends_with_the_call),
      cmocka_unit_test(it_lets_the_host_be_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
