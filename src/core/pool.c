/* SPDX-License-Identifier: Apache-2.0 */
/* Flights at rest: a queue a thread, and one for all threads that have ended. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/flight.h"
#include "core/log.h"
#include "core/manager.h"

/* A flight is used again only after this many others of its thread. */
#define RESTING 64u
#define BLOCK 8u

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static sheaf_flight *ownerless; /* of threads that have ended */
static sheaf_flight *all;       /* never freed, and reachable from here */
static _Atomic uint32_t complaining;

static bool init_flight(sheaf_flight *flight) {
  memset(flight, 0, sizeof *flight);
  if (!sheaf_sleeper_init(&flight->sleeper)) return false;
  flight->sink.struct_size = sizeof flight->sink;
  flight->sink.results = sheaf_flight_results;
  sheaf_call_init(&flight->call);
  atomic_init(&flight->owner, SHEAF_AT_REST);
  return true;
}

void sheaf_pool_rest(sheaf_thread *thread, sheaf_flight *flight) {
  flight->resting = NULL;
  if (thread->rest_last) thread->rest_last->resting = flight;
  else thread->rest_first = flight;
  thread->rest_last = flight;
  thread->resting++;
}

/* Adds flights to those of the thread: first what other threads have left behind. */
static void add_flights(sheaf_thread *thread) {
  pthread_mutex_lock(&pool_lock);
  for (unsigned i = 0; i < BLOCK && ownerless; i++) {
    sheaf_flight *flight = ownerless;
    ownerless = flight->resting;
    sheaf_pool_rest(thread, flight);
  }
  pthread_mutex_unlock(&pool_lock);
  if (thread->resting > RESTING) return;

  sheaf_flight *block = aligned_alloc(64, (BLOCK * sizeof *block + 63) / 64 * 64);
  for (unsigned i = 0; block && i < BLOCK && init_flight(&block[i]); i++) {
    pthread_mutex_lock(&pool_lock);
    block[i].all = all;
    all = &block[i];
    pthread_mutex_unlock(&pool_lock);
    sheaf_pool_rest(thread, &block[i]);
  }
}

sheaf_flight *sheaf_pool_take(sheaf_thread *thread) {
  if (thread->resting <= RESTING) add_flights(thread);
  sheaf_flight *flight = thread->rest_first;
  if (!flight) return NULL;
  thread->rest_first = flight->resting;
  if (!thread->rest_first) thread->rest_last = NULL;
  thread->resting--;
  return flight;
}

void sheaf_flights_hand_over(sheaf_thread *thread) {
  if (!thread->rest_first) return;
  pthread_mutex_lock(&pool_lock);
  sheaf_flight **end = &ownerless;
  while (*end) end = &(*end)->resting;
  *end = thread->rest_first;
  pthread_mutex_unlock(&pool_lock);
  thread->rest_first = thread->rest_last = NULL;
}

bool sheaf_flights_of(const sheaf_manager *manager) {
  pthread_mutex_lock(&pool_lock);
  const sheaf_flight *f = all;
  while (f && (atomic_load(&f->manager) != manager || atomic_load(&f->owner) == SHEAF_AT_REST))
    f = f->all;
  pthread_mutex_unlock(&pool_lock);
  return f != NULL;
}

void sheaf_flights_forget(const sheaf_library *library) {
  pthread_mutex_lock(&pool_lock);
  for (sheaf_flight *f = all; f; f = f->all) {
    sheaf_manager *manager = atomic_load_explicit(&f->manager, memory_order_relaxed);
    if (manager && sheaf_manager_library(manager) == library)
      atomic_store_explicit(&f->manager, NULL, memory_order_relaxed);
  }
  pthread_mutex_unlock(&pool_lock);
  while (atomic_load(&complaining) > 0) sched_yield();
}

/* A faulty manager may err a million times: the log hears of the first few, then ever more rarely. */
static bool worth_saying(uint32_t times) { return times <= 8 || (times & (times - 1)) == 0; }

void sheaf_flight_complain(sheaf_flight *flight, const char *what) {
  pthread_mutex_lock(&pool_lock);
  sheaf_manager *manager = atomic_load_explicit(&flight->manager, memory_order_relaxed);
  /* From here on sheaf_flights_forget waits for us, so that the library stays. */
  if (manager) atomic_fetch_add(&complaining, 1);
  pthread_mutex_unlock(&pool_lock);
  if (!manager) return;
  uint32_t times = sheaf_manager_count_complaint(manager);
  if (worth_saying(times))
    sheaf_logf(sheaf_manager_library(manager), SHEAF_LOG_WARNING, sheaf_manager_id(manager),
               "%s (%u such faults so far)", what, times);
  atomic_fetch_sub(&complaining, 1);
}
