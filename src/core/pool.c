/* SPDX-License-Identifier: Apache-2.0 */
/* Flights at rest: a queue a thread, and one for all threads that have ended. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/flight.h"
#include "core/library.h"
#include "core/log.h"
#include "core/manager.h"

#define BLOCK 32u

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static sheaf_flight *ownerless; /* of threads that have ended */
static sheaf_flight *all;       /* never freed, and reachable from here */

static void lock_pool(void) { pthread_mutex_lock(&pool_lock); }
static void unlock_pool(void) { pthread_mutex_unlock(&pool_lock); }

void sheaf_pool_mind_forks(void) { (void)pthread_atfork(lock_pool, unlock_pool, unlock_pool); }

static bool init_flight(sheaf_flight *flight) {
  memset(flight, 0, sizeof *flight);
  if (!sheaf_sleeper_init(&flight->sleeper)) return false;
  flight->sink.struct_size = sizeof flight->sink;
  flight->sink.results = sheaf_flight_results;
  sheaf_call_init(&flight->call);
  atomic_init(&flight->owner, SHEAF_AT_REST);
  return true;
}

static void adopt(sheaf_thread *thread) {
  pthread_mutex_lock(&pool_lock);
  while (ownerless && thread->resting <= SHEAF_RESTING) {
    sheaf_flight *flight = ownerless;
    ownerless = flight->resting;
    sheaf_pool_rest(thread, flight);
  }
  pthread_mutex_unlock(&pool_lock);
}

/* First what other threads have left behind. */
void sheaf_pool_add(sheaf_thread *thread) {
  adopt(thread);
  if (thread->resting > SHEAF_RESTING) return;
  sheaf_flight *block = aligned_alloc(64, BLOCK * sizeof *block);
  for (unsigned i = 0; block && i < BLOCK && init_flight(&block[i]); i++) {
    pthread_mutex_lock(&pool_lock);
    block[i].all = all;
    all = &block[i];
    pthread_mutex_unlock(&pool_lock);
    sheaf_pool_rest(thread, &block[i]);
  }
}

void sheaf_flights_hand_over(sheaf_thread *thread) {
  if (!thread->rest_first) return;
  pthread_mutex_lock(&pool_lock);
  thread->rest_last->resting = ownerless;
  ownerless = thread->rest_first;
  pthread_mutex_unlock(&pool_lock);
  thread->rest_first = thread->rest_last = NULL;
}

bool sheaf_flights_of(const sheaf_manager *manager) {
  pthread_mutex_lock(&pool_lock);
  const sheaf_flight *f = all;
  /* The owner first: opening stores the manager first. */
  while (f && (atomic_load(&f->owner) == SHEAF_AT_REST || atomic_load(&f->manager) != manager))
    f = f->all;
  pthread_mutex_unlock(&pool_lock);
  return f != NULL;
}

/* How many complaints of this library's managers are being written. */
static uint32_t complaining(const sheaf_library *library) {
  pthread_mutex_lock(&pool_lock);
  uint32_t count = library->complaining;
  pthread_mutex_unlock(&pool_lock);
  return count;
}

void sheaf_flights_forget(const sheaf_library *library) {
  pthread_mutex_lock(&pool_lock);
  for (sheaf_flight *f = all; f; f = f->all) {
    sheaf_manager *manager = atomic_load_explicit(&f->blamed, memory_order_relaxed);
    if (!manager || sheaf_manager_library(manager) != library) continue;
    atomic_store_explicit(&f->manager, NULL, memory_order_relaxed);
    atomic_store_explicit(&f->blamed, NULL, memory_order_relaxed);
  }
  pthread_mutex_unlock(&pool_lock);
  while (complaining(library) > 0) sched_yield();
}

/* A faulty manager may err a million times: the log hears of the first few, then ever more rarely. */
static bool worth_saying(uint32_t times) { return times <= 8 || (times & (times - 1)) == 0; }

/* From `begin` to `end` the manager and its library stay, for sheaf_flights_forget waits. */
static sheaf_manager *begin_complaint(sheaf_flight *flight) {
  pthread_mutex_lock(&pool_lock);
  sheaf_manager *manager = atomic_load_explicit(&flight->blamed, memory_order_relaxed);
  if (manager) manager->library->complaining++;
  pthread_mutex_unlock(&pool_lock);
  return manager;
}

static void end_complaint(sheaf_manager *manager) {
  pthread_mutex_lock(&pool_lock);
  manager->library->complaining--;
  pthread_mutex_unlock(&pool_lock);
}

void sheaf_flight_complain(sheaf_flight *flight, const char *what) {
  sheaf_manager *manager = begin_complaint(flight);
  if (!manager) return;
  uint32_t times = sheaf_manager_count_complaint(manager);
  if (worth_saying(times))
    sheaf_logf(manager->library, SHEAF_LOG_WARNING, sheaf_manager_id(manager),
               "%s (%u such faults so far)", what, times);
  end_complaint(manager);
}
