/* SPDX-License-Identifier: Apache-2.0 */
/* Switches that ask: on which thread, how often, and what becomes of the batch. */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include "core/cancel.h"
#include "core/testing.h"

enum { MS = 1000000, INTERVAL = 2 * MS, TOO_LONG_S = 60 };

/* What the host's function does, and what it saw. */
static struct {
  unsigned asked, yes_at; /* answers true when asked so often */
  pthread_t thread;
  int64_t last_ns;     /* when it last returned */
  int64_t shortest_ns; /* between two */
  int64_t lasts_ns;    /* how long it takes */
  void (*also)(void);  /* what else it does */
} H;

static fake F;
static sheaf_cancel *the_switch;
static sheaf_call call;
static unsigned calls;
static sheaf_status seen[32];

static void sleep_ns(int64_t ns) {
  struct timespec t = {ns / 1000000000, ns % 1000000000};
  nanosleep(&t, NULL);
}

static bool ask(void *ctx) {
  assert_ptr_equal(ctx, &H);
  assert_true(pthread_equal(pthread_self(), H.thread));
  int64_t since = sheaf_now_ns() - H.last_ns;
  if (since < H.shortest_ns) H.shortest_ns = since;
  H.asked++;
  if (H.lasts_ns) sleep_ns(H.lasts_ns);
  if (H.also) H.also();
  H.last_ns = sheaf_now_ns();
  return H.asked == H.yes_at;
}

static void begin(fake_batch batch, uint32_t flags, unsigned yes_at) {
  memset(&F, 0, sizeof F);
  memset(&H, 0, sizeof H);
  memset(seen, 0xff, sizeof seen);
  calls = 0;
  F.batch = batch;
  F.flags = flags;
  fake_open(&F);
  H.yes_at = yes_at;
  H.thread = pthread_self();
  H.last_ns = sheaf_now_ns();
  H.shortest_ns = INT64_MAX;
  the_switch = sheaf_cancel_new_asking(ask, &H, INTERVAL);
  assert_non_null(the_switch);
  call = (sheaf_call)SHEAF_CALL_INIT;
  call.cancel = the_switch;
}

static void end(void) {
  fake_close(&F);
  sheaf_cancel_free(the_switch);
  if (H.asked) assert_true(H.shortest_ns >= INTERVAL);
}

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)ctx;
  calls++;
  seen[index] = result->status;
  return SHEAF_CONTINUE;
}

static sheaf_status resolve(uint32_t count) {
  sheaf_request request = sheaf_request_for(fake_refs(count), count);
  sheaf_callbacks callbacks = {sizeof callbacks, 0, NULL, hear, hear};
  request.call = &call;
  return sheaf_resolve(F.manager, &request, &callbacks, NULL, NULL);
}

static void assert_all_cancelled(uint32_t count) {
  assert_int_equal(calls, count);
  for (uint32_t i = 0; i < count; i++) assert_int_equal(seen[i], SHEAF_CANCELLED);
  assert_true(sheaf_cancel_is_set(the_switch));
}

/* ---------------------------------------------------------------------- polls, waits, answers */

static sheaf_status polls(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)sink;
  while (request->call->poll(request->call) == SHEAF_OK) sleep_ns(MS / 10);
  return SHEAF_OK;
}

static sheaf_status waits(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)sink;
  return request->call->wait(request->call, -1);
}

/* One answer a poll's time, the last never. */
static sheaf_status answers(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  assert_int_equal(sheaf_emit_success(sink, 0, NULL, 0, 0), SHEAF_CONTINUE);
  /* A second answer is dropped, but the sink hears it. */
  while (sheaf_emit_success(sink, 0, NULL, 0, 0) == SHEAF_CONTINUE) sleep_ns(MS / 10);
  assert_int_equal(request->call->poll(request->call), SHEAF_CANCELLED);
  return SHEAF_OK;
}

static void it_ends_a_manager_that(fake_batch batch) {
  begin(batch, 0, 3);
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_all_cancelled(5);
  assert_int_equal(H.asked, 3);
  assert_int_equal(resolve(5), SHEAF_CANCELLED); /* for good, and without asking again */
  assert_int_equal(H.asked, 3);
  end();
}

static void it_ends_a_manager_that_polls(void **state) {
  (void)state;
  it_ends_a_manager_that(polls);
}

static void it_ends_a_manager_that_waits(void **state) {
  (void)state;
  it_ends_a_manager_that(waits);
}

static void it_ends_a_manager_that_answers(void **state) {
  (void)state;
  begin(answers, 0, 3);
  assert_int_equal(resolve(2), SHEAF_CANCELLED);
  assert_int_equal(H.asked, 3);
  assert_int_equal(calls, 2);
  assert_int_equal(seen[0], SHEAF_OK);
  assert_int_equal(seen[1], SHEAF_CANCELLED);
  end();
}

static sheaf_status waits_a_while(void *self, const sheaf_request *request, sheaf_sink *sink) {
  int64_t from = sheaf_now_ns();
  assert_int_equal(request->call->wait(request->call, 10 * INTERVAL), SHEAF_OK);
  assert_true(sheaf_now_ns() - from >= 10 * INTERVAL);
  return fake_answer_all(self, request, sink);
}

static void a_no_changes_nothing(void **state) {
  (void)state;
  begin(waits_a_while, 0, 0);
  assert_int_equal(resolve(5), SHEAF_OK);
  assert_int_equal(calls, 5);
  assert_true(H.asked >= 1 && H.asked <= 10);
  assert_false(sheaf_cancel_is_set(the_switch));
  end();
}

/* Short calls are not asked about, but many of them are. */
static void the_interval_goes_on_between_calls(void **state) {
  (void)state;
  begin(fake_answer_all, 0, 3);
  assert_int_equal(resolve(1), SHEAF_OK);
  sheaf_status status;
  while ((status = resolve(1)) == SHEAF_OK) sleep_ns(MS / 10);
  assert_int_equal(status, SHEAF_CANCELLED);
  assert_int_equal(H.asked, 3);
  end();
}

static void intervals_have_a_least_length(void **state) {
  (void)state;
  begin(waits_a_while, 0, 0);
  sheaf_cancel_free(the_switch);
  call.cancel = the_switch = sheaf_cancel_new_asking(ask, &H, -5);
  assert_int_equal(resolve(1), SHEAF_OK);
  assert_true(H.asked >= 1 && H.asked <= 20);
  assert_true(H.shortest_ns >= MS);
  H.asked = 0;
  end();
}

static void without_a_function_it_is_a_plain_switch(void **state) {
  (void)state;
  begin(waits, 0, 0);
  sheaf_cancel_free(the_switch);
  call.cancel = the_switch = sheaf_cancel_new_asking(NULL, NULL, INTERVAL);
  sheaf_cancel_set(the_switch);
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_all_cancelled(5);
  end();
}

/* ------------------------------------------------------------------- what a host does when asked */

static void throw_it(void) { sheaf_cancel_set(the_switch); }

static void it_may_throw_the_switch_itself(void **state) {
  (void)state;
  begin(waits, 0, 0);
  H.also = throw_it;
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_all_cancelled(5);
  assert_int_equal(H.asked, 1);
  end();
}

static sheaf_status asked_again;
static unsigned depth;

/* The manager polls and is asked again meanwhile: that call must not ask in turn. */
static sheaf_status polls_or_answers(void *self, const sheaf_request *request, sheaf_sink *sink) {
  if (depth == 0) return polls(self, request, sink);
  for (int i = 0; i < 50; i++) {
    assert_int_equal(request->call->poll(request->call), SHEAF_OK);
    assert_int_equal(request->call->wait(request->call, INTERVAL / 10), SHEAF_OK);
  }
  return fake_answer_all(self, request, sink);
}

static void ask_again(void) {
  depth++;
  unsigned before = H.asked;
  asked_again = resolve(1);
  assert_int_equal(H.asked, before);
  depth--;
}

static void it_may_ask_the_manager(void **state) {
  (void)state;
  begin(polls_or_answers, 0, 2);
  H.also = ask_again;
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_int_equal(asked_again, SHEAF_OK);
  assert_int_equal(H.asked, 2);
  end();
}

static void a_serialized_one_is_busy(void **state) {
  (void)state;
  begin(polls, SHEAF_MANAGER_SERIALIZED, 2);
  H.also = ask_again;
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_int_equal(asked_again, SHEAF_BUSY);
  end();
}

static void it_may_take_long(void **state) {
  (void)state;
  begin(waits, 0, 0);
  H.lasts_ns = 20 * INTERVAL;
  call.deadline_ns = sheaf_deadline_in(10 * INTERVAL);
  assert_int_equal(resolve(5), SHEAF_DEADLINE);
  assert_int_equal(H.asked, 1);
  end();
}

/* ------------------------------------------------------------------------------- other threads */

static void *resolve_elsewhere(void *status) {
  *(sheaf_status *)status = resolve(5);
  return NULL;
}

/* A call of another thread's does not ask, and ends when the switch is thrown. */
static void other_threads_do_not_ask(void **state) {
  (void)state;
  begin(polls, 0, 0);
  pthread_t thread;
  sheaf_status status;
  assert_int_equal(pthread_create(&thread, NULL, resolve_elsewhere, &status), 0);
  sleep_ns(10 * INTERVAL);
  sheaf_cancel_set(the_switch);
  pthread_join(thread, NULL);
  assert_int_equal(status, SHEAF_CANCELLED);
  assert_int_equal(H.asked, 0);
  end();
}

/* Nor does a thread that has come in the place of the one that made the switch. */
static void *make_one(void *out) {
  H.thread = pthread_self();
  *(sheaf_cancel **)out = sheaf_cancel_new_asking(ask, &H, INTERVAL);
  return NULL;
}

static void a_switch_may_outlive_its_thread(void **state) {
  (void)state;
  begin(waits_a_while, 0, 1);
  sheaf_cancel_free(the_switch);
  pthread_t thread;
  sheaf_status status;
  assert_int_equal(pthread_create(&thread, NULL, make_one, &the_switch), 0);
  pthread_join(thread, NULL);
  call.cancel = the_switch;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(pthread_create(&thread, NULL, resolve_elsewhere, &status), 0);
    pthread_join(thread, NULL);
    assert_int_equal(status, SHEAF_OK);
  }
  assert_int_equal(H.asked, 0);
  end();
}

static void *throw_soon(void *delay_ns) {
  sleep_ns(*(int64_t *)delay_ns);
  sheaf_cancel_set(the_switch);
  return NULL;
}

static void others_may_throw_it_meanwhile(void **state) {
  (void)state;
  for (int64_t delay_ns = 0; delay_ns < 4 * INTERVAL; delay_ns += INTERVAL / 4) {
    begin(delay_ns % INTERVAL ? waits : polls, 0, 3);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, throw_soon, &delay_ns), 0);
    assert_int_equal(resolve(5), SHEAF_CANCELLED);
    assert_all_cancelled(5);
    pthread_join(thread, NULL);
    end();
  }
}

/* -------------------------------------------------------------------- while the core itself waits */

static pthread_t worker;

static void *work(void *of) {
  const sheaf_call *held = of;
  while (held->poll(held) == SHEAF_OK) sleep_ns(MS / 10); /* never asks: not its thread */
  held->release(held);
  return NULL;
}

static sheaf_status holds(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)sink;
  request->call->hold(request->call);
  assert_int_equal(pthread_create(&worker, NULL, work, (void *)(uintptr_t)request->call), 0);
  return SHEAF_OK;
}

static void it_ends_a_wait_for_the_managers_threads(void **state) {
  (void)state;
  for (int serialized = 0; serialized < 2; serialized++) {
    begin(holds, serialized ? SHEAF_MANAGER_SERIALIZED : 0, 3);
    assert_int_equal(resolve(5), SHEAF_CANCELLED);
    pthread_join(worker, NULL);
    assert_all_cancelled(5);
    assert_int_equal(H.asked, 3);
    end();
  }
}

static sem_t inside, leave;

static sheaf_status stays_inside(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sem_post(&inside);
  sem_wait(&leave);
  return fake_answer_all(self, request, sink);
}

static void *resolve_first(void *status) {
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  *(sheaf_status *)status = sheaf_resolve(F.manager, &request, &callbacks, NULL, NULL);
  return NULL;
}

static void it_ends_a_wait_for_the_gate(void **state) {
  (void)state;
  begin(stays_inside, SHEAF_MANAGER_SERIALIZED, 3);
  pthread_t thread;
  sheaf_status status;
  sem_init(&inside, 0, 0);
  sem_init(&leave, 0, 0);
  assert_int_equal(pthread_create(&thread, NULL, resolve_first, &status), 0);
  sem_wait(&inside);
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_all_cancelled(5);
  assert_int_equal(H.asked, 3);
  sem_post(&leave);
  pthread_join(thread, NULL);
  assert_int_equal(status, SHEAF_OK);
  end();
}

/* Fetched on another thread, which does not ask: the host's does, while it waits. */
static void it_ends_an_iterator(void **state) {
  (void)state;
  for (int ahead = 0; ahead < 2; ahead++) {
    begin(polls, 0, 3);
    sheaf_request request = sheaf_request_for(fake_refs(5), 5);
    sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
    const sheaf_result *result;
    options.flags = ahead ? SHEAF_ITERATOR_PREFETCH | SHEAF_ITERATOR_AS_THEY_ARRIVE : 0;
    request.call = &call;
    sheaf_iterator *it = sheaf_resolve_iterator(F.manager, &request, &options, NULL);
    assert_non_null(it);
    for (int i = 0; i < 5; i++) {
      assert_int_equal(sheaf_iterator_next(it, &result, NULL), SHEAF_OK);
      assert_int_equal(result->status, SHEAF_CANCELLED);
    }
    assert_int_equal(sheaf_iterator_next(it, &result, NULL), SHEAF_CANCELLED);
    assert_int_equal(H.asked, 3);
    sheaf_iterator_free(it);
    end();
  }
}

static void children_ask_too(void **state) {
  (void)state;
  begin(waits, 0, 3);
  sheaf_cancel *child = sheaf_cancel_new_child(the_switch);
  call.cancel = child;
  assert_int_equal(resolve(5), SHEAF_CANCELLED);
  assert_all_cancelled(5);
  assert_int_equal(H.asked, 3);
  sheaf_cancel_free(child);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_ends_a_manager_that_polls),
      cmocka_unit_test(it_ends_a_manager_that_waits),
      cmocka_unit_test(it_ends_a_manager_that_answers),
      cmocka_unit_test(a_no_changes_nothing),
      cmocka_unit_test(the_interval_goes_on_between_calls),
      cmocka_unit_test(intervals_have_a_least_length),
      cmocka_unit_test(without_a_function_it_is_a_plain_switch),
      cmocka_unit_test(it_may_throw_the_switch_itself),
      cmocka_unit_test(it_may_ask_the_manager),
      cmocka_unit_test(a_serialized_one_is_busy),
      cmocka_unit_test(it_may_take_long),
      cmocka_unit_test(other_threads_do_not_ask),
      cmocka_unit_test(a_switch_may_outlive_its_thread),
      cmocka_unit_test(others_may_throw_it_meanwhile),
      cmocka_unit_test(it_ends_a_wait_for_the_managers_threads),
      cmocka_unit_test(it_ends_a_wait_for_the_gate),
      cmocka_unit_test(it_ends_an_iterator),
      cmocka_unit_test(children_ask_too),
  };
  alarm(TOO_LONG_S); /* what is not ended never ends */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
