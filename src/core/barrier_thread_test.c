/* SPDX-License-Identifier: Apache-2.0 */
/* That one of two sees the other; and closing a manager that threads come to and leave all the time.
 * With each kind of barrier. */
#include "core/barrier.h"

#include <pthread.h>
#include <sched.h>

#include "core/testing.h"

enum { MEETINGS = 50000, THREADS = 3, ROUNDS = 60 };

/* ---------------------------------------------------------------------------------- two threads */

static _Atomic uintptr_t frequent_said, rare_said;
static atomic_uint arrived;
static uintptr_t frequent_saw[MEETINGS];

/* Until both are at it, give or take. */
static void meet_at(unsigned round) {
  atomic_fetch_add(&arrived, 1);
  for (unsigned i = 0; atomic_load_explicit(&arrived, memory_order_relaxed) < 2 * (round + 1); i++)
    if (i % 1024 == 1023) sched_yield(); /* on one processor */
}

static void *say_frequently(void *ctx) {
  (void)ctx;
  for (unsigned round = 0; round < MEETINGS; round++) {
    meet_at(2 * round);
    sheaf_barrier_say(&frequent_said, round + 1);
    frequent_saw[round] = atomic_load(&rare_said);
    meet_at(2 * round + 1);
  }
  return NULL;
}

static unsigned missed_each_other(void) {
  static uintptr_t rare_saw[MEETINGS];
  pthread_t thread;
  unsigned missed = 0;
  atomic_store(&arrived, 0);
  atomic_store(&frequent_said, 0);
  atomic_store(&rare_said, 0);
  assert_int_equal(pthread_create(&thread, NULL, say_frequently, NULL), 0);
  for (unsigned round = 0; round < MEETINGS; round++) {
    meet_at(2 * round);
    for (volatile unsigned i = round % 32; i > 0; i--) {
    } /* the one or the other first */
    atomic_store(&rare_said, round + 1);
    sheaf_barrier_meet();
    rare_saw[round] = atomic_load(&frequent_said);
    meet_at(2 * round + 1);
  }
  pthread_join(thread, NULL);
  for (unsigned i = 0; i < MEETINGS; i++) missed += frequent_saw[i] <= i && rare_saw[i] <= i;
  return missed;
}

/* ------------------------------------------------------------------------------- closing a manager */

static fake F;
static atomic_uint inside, begun;
static atomic_bool gone;

/* Nobody is inside once it is destroyed; the memory that goes with it is for the sanitizers to see. */
static sheaf_status batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  unsigned *alive = F.data;
  atomic_fetch_add(&inside, 1);
  assert_false(atomic_load(&gone));
  assert_int_equal(*alive, 1);
  sheaf_status status = fake_answer_all(self, request, sink);
  atomic_fetch_sub(&inside, 1);
  return status;
}

static void *come_and_leave(void *ctx) {
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_status status;
  (void)ctx;
  do {
    status = sheaf_resolve(F.manager, &request, &callbacks, NULL, NULL);
    atomic_fetch_add(&begun, 1);
  } while (status == SHEAF_OK);
  assert_int_equal(status, SHEAF_CLOSED);
  return NULL;
}

static void destroy(void *self) {
  atomic_store(&gone, true);
  assert_int_equal(atomic_load(&inside), 0);
  free(F.data);
  fake_destroy(self);
}

static void close_in_the_middle(void) {
  pthread_t threads[THREADS];
  memset(&F, 0, sizeof F);
  unsigned *alive = malloc(sizeof *alive);
  *alive = 1;
  F.data = alive;
  F.batch = batch;
  atomic_store(&gone, false);
  atomic_store(&begun, 0);
  fake_open(&F);
  F.manager->table.destroy = destroy;
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, come_and_leave, NULL), 0);
  while (atomic_load(&begun) < 2 * THREADS) sched_yield();
  assert_int_equal(sheaf_manager_close(F.manager), SHEAF_OK);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(F.destroyed, 1); /* the last one out saw to it */
  fake_close(&F);
}

/* ------------------------------------------------------------------------------ each kind of barrier */

static bool had;

/* Skips what is not to be had. */
static void begin(bool cheap) {
  sheaf_barrier_prepare();
  had = sheaf_barrier_is_cheap;
  if (cheap && !had) skip();
  sheaf_barrier_is_cheap = cheap;
}

static void end(void) { sheaf_barrier_is_cheap = had; }

static void one_sees_the_other(void **state) {
  begin(*(bool *)*state);
  assert_int_equal(missed_each_other(), 0);
  end();
}

static void the_last_one_out_destroys(void **state) {
  begin(*(bool *)*state);
  for (int i = 0; i < ROUNDS; i++) close_in_the_middle();
  end();
}

int main(void) {
  static bool cheap = true, dear = false;
  const struct CMUnitTest tests[] = {
      {"one sees the other: membarrier", one_sees_the_other, NULL, NULL, &cheap},
      {"one sees the other: two barriers", one_sees_the_other, NULL, NULL, &dear},
      {"the last one out destroys: membarrier", the_last_one_out_destroys, NULL, NULL, &cheap},
      {"the last one out destroys: two barriers", the_last_one_out_destroys, NULL, NULL, &dear},
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
