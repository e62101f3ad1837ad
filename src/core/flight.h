/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flight: one batch on its way through one manager. It holds the sink and the call that the
 * manager is given, tracks which indices have been answered, and delivers to the host's callbacks.
 *
 * Flights come from a pool that is never freed, and rest a long while before they are used again: a
 * manager that keeps its sink and answers late finds a flight that says so, not freed memory.
 */
#ifndef SHEAF_CORE_FLIGHT_H
#define SHEAF_CORE_FLIGHT_H

#include <stdatomic.h>

#include <sheaf/resolve.h>

#include "core/cancel.h"
#include "core/perform.h"
#include "core/thread.h"
#include "core/tracker.h"

/* sheaf_flight.owner of a flight that is at rest, and of one that any thread may answer. No thread
 * has such an address, so that one comparison tells the common case from all others. */
#define SHEAF_AT_REST ((uintptr_t)1)
#define SHEAF_ANY_THREAD ((uintptr_t)2)

/* A flag of the core's own sinks: of records that come together they check themselves that those in
 * slot order are so. */
#define SHEAF_SINK_CHECKS_SLOTS 0x8000u

typedef struct sheaf_posted sheaf_posted;

/* The first four cache lines are all that an ordinary batch touches. */
typedef struct sheaf_flight {
  /* What each answer touches. */
  _Alignas(64) sheaf_sink sink;
  _Atomic uintptr_t owner;    /* the sheaf_thread that asked, or one of the above */
  _Atomic sheaf_status ended; /* why nothing more is wanted; 0: more is */
  bool interruptible;         /* there is a cancel or a deadline to look at */
  bool locked;                /* it holds its manager's gate */
  bool has_own;               /* `own` has been used */
  _Atomic bool settled;       /* the manager has returned: nothing is posted any more */
  sheaf_tracker tracker;
  sheaf_success_fn success; /* never NULL; nor is `error` */

  void *ctx;
  sheaf_sink *onward; /* takes what is heard, one by one, or records of successive indices together:
                         a stage's sink, or the core's own; NULL: the callbacks do */
  sheaf_error_fn error;
  const sheaf_request *request;
  uint32_t failed;

  /* Once a batch. */
  uint32_t dropped_twice, dropped_range, dropped_first;
  _Atomic uint32_t holds;
  _Atomic uint32_t inside;        /* threads in `results`, where any may answer */
  _Atomic(sheaf_posted *) posted; /* the first; changed only under the sleeper's lock */

  sheaf_call call;
  struct sheaf_flight *outer;       /* on the same thread */
  sheaf_error *report;              /* where the batch's own failure goes; may be NULL */
  _Atomic(sheaf_manager *) manager; /* that was asked */
  _Atomic(sheaf_manager *)
      blamed; /* that answers: it, or what its stages passed the whole flight on
                                       to. Stays set at rest, for the log */
  _Atomic(sheaf_thread *) thread;
  struct sheaf_flight *resting; /* the next at rest */

  /* Seldom. */
  sheaf_arena own; /* scratch for when it is not the innermost call */
  _Atomic uint32_t parallel_answered, parallel_failed;
  sheaf_sleeper sleeper; /* its lock also guards what is posted */
  sheaf_posted *last_posted;
  struct sheaf_flight *all; /* the next of all there are */
} sheaf_flight;

/* Takes a flight from the pool and opens it on this thread. Results go to `callbacks`, in place of the
 * question's, unless it has an `onward`; the batch's own failure to `report`, which may be NULL. NULL if out
 * of memory. */
sheaf_flight *sheaf_flight_open(sheaf_thread *thread, sheaf_manager *manager,
                                const sheaf_question *question, const sheaf_callbacks *callbacks,
                                sheaf_error *report);

/*
 * Ends it once the manager has returned `status`: delivers what was posted, gives every unanswered
 * index its error, writes what was dropped to the log, fills `summary`, and brings the flight to
 * rest. Answers for the batch as sheaf_perform does. `why` words a failure of the core's own; NULL
 * for the manager's.
 */
sheaf_status sheaf_flight_close(sheaf_flight *flight, sheaf_status status, const char *why,
                                sheaf_summary *summary);

/* The whole flight of a question whose callbacks may run where the manager's results come: opens it, asks,
 * closes it. SHEAF_OUT_OF_MEMORY without a callback: there was none for a flight. */
sheaf_status sheaf_flight_ask(sheaf_thread *thread, sheaf_manager *manager,
                              sheaf_question *question, const sheaf_callbacks *callbacks,
                              sheaf_summary *summary, sheaf_error *report);

/* Whether this thread is inside a serialized manager, which others may wait to enter. */
bool sheaf_flight_has_gate(void);

/* Whether `flight` was opened inside a batch of this serialized manager. */
bool sheaf_flight_in_gate(const sheaf_manager *manager, const sheaf_flight *flight);

/* Wakes whoever sleeps in the flight's wait. */
void sheaf_flight_wake(sheaf_flight *flight);

/* SHEAF_OK, or why the flight should end. Looks at the clock. [any-thread] */
sheaf_status sheaf_flight_look_outside(sheaf_flight *flight);
static inline sheaf_status sheaf_flight_look(sheaf_flight *flight) {
  sheaf_status ended = atomic_load_explicit(&flight->ended, memory_order_relaxed);
  return ended || !flight->interruptible ? ended : sheaf_flight_look_outside(flight);
}

/* The same, and lets the host's switch ask first: with no lock held. */
sheaf_status sheaf_flight_poll(sheaf_flight *flight);

/* Says in the log that a manager did what it must not; `flight` may be at rest. */
void sheaf_flight_complain(sheaf_flight *flight, const char *what);

/* Whether a flight of the manager's is open. */
bool sheaf_flights_of(const sheaf_manager *manager);

/* Makes flights at rest forget a library that is going away. */
void sheaf_flights_forget(const sheaf_library *library);

/* Takes over the flights at rest of a thread that ends. */
void sheaf_flights_hand_over(sheaf_thread *thread);

/* The function behind every sink (deliver.c). */
uint32_t sheaf_flight_results(sheaf_sink *sink, const sheaf_result *results,
                              uint32_t count) SHEAF_NOEXCEPT;

/* Answers every index that has none with a copy of `result`. On the flight's own thread. */
void sheaf_flight_deliver_rest(sheaf_flight *flight, const sheaf_result *result);

/* Gives a new flight's call its functions (call.c). */
void sheaf_call_init(sheaf_call *call);

/* The flight whose call this is; NULL if it is a host's, or a copy whose functions were cleared. */
sheaf_flight *sheaf_flight_of_call(const sheaf_call *call);

/* Whether a hold is left, or something posted. Who posts does it before it releases: without a hold,
 * all that was posted is to be seen. */
static inline bool sheaf_flight_is_awaited(const sheaf_flight *flight) {
  return atomic_load(&flight->holds) > 0 || atomic_load(&flight->posted);
}

/* Delivers what is posted until the last hold has been released. To be called once `batch` has
 * returned, before anything that it may still use is let go. */
void sheaf_flight_drain(sheaf_flight *flight);

/* The same for good: nothing may be posted any more. */
static inline void sheaf_flight_settle(sheaf_flight *flight) {
  if (__builtin_expect(sheaf_flight_is_awaited(flight), false)) sheaf_flight_drain(flight);
  atomic_store_explicit(&flight->settled, true, memory_order_release);
}

/* Throws away what was posted too late. */
void sheaf_flight_discard(sheaf_flight *flight);

/* Where memory that lives as long as the call comes from: the thread's scratch, but only for the
 * innermost call: an outer one's would be freed with the inner's. */
static inline sheaf_arena *sheaf_flight_arena(sheaf_flight *flight) {
  sheaf_thread *thread = atomic_load_explicit(&flight->thread, memory_order_relaxed);
  if (__builtin_expect(thread->current == flight, true)) return &thread->scratch;
  flight->has_own = true;
  return &flight->own;
}

/* Lets no fork happen while a thread has the pool's lock: the child does not have that thread. Once a
 * process. */
void sheaf_pool_mind_forks(void);

/* A flight is used again only after this many others of its thread (pool.c). */
#define SHEAF_RESTING 256u

/* Has the thread more flights at rest, if there is memory. */
void sheaf_pool_add(sheaf_thread *thread);

/* A flight from the pool, at rest; NULL if out of memory. */
static inline sheaf_flight *sheaf_pool_take(sheaf_thread *thread) {
  if (__builtin_expect(thread->resting <= SHEAF_RESTING, false)) sheaf_pool_add(thread);
  sheaf_flight *flight = thread->rest_first;
  if (__builtin_expect(!flight, false)) return NULL;
  thread->rest_first = flight->resting;
  thread->resting--;
  return flight;
}

static inline void sheaf_pool_rest(sheaf_thread *thread, sheaf_flight *flight) {
  flight->resting = NULL;
  if (__builtin_expect(thread->rest_first != NULL, true)) thread->rest_last->resting = flight;
  else thread->rest_first = flight;
  thread->rest_last = flight;
  thread->resting++;
}

#endif
