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

typedef struct sheaf_flight {
  /* Hot: what each answer touches. */
  _Alignas(64) sheaf_sink sink;
  _Atomic uintptr_t owner;    /* the sheaf_thread that asked, or one of the above */
  _Atomic sheaf_status ended; /* why nothing more is wanted; 0: more is */
  bool interruptible;         /* there is a cancel or a deadline to look at */
  bool locked;                /* it holds its manager's gate */
  sheaf_tracker tracker;
  sheaf_sink *onward; /* takes what is heard, one by one, or records of successive indices together:
                         a stage's sink, or the core's own; NULL: the callbacks do */
  sheaf_success_fn success;
  sheaf_error_fn error;
  void *ctx;
  const sheaf_request *request;
  uint32_t failed;

  /* Warm: once a batch. */
  uint32_t dropped_twice, dropped_range, dropped_first;
  struct sheaf_flight *outer; /* on the same thread */
  sheaf_error *report;        /* where the batch's own failure goes; may be NULL */
  _Atomic(sheaf_manager *) manager; /* that was asked */
  _Atomic(sheaf_manager *) blamed;  /* that answers: it, or what its stages passed the whole flight on
                                       to. Stays set at rest, for the log */
  sheaf_call call;

  /* Cold. */
  _Atomic(sheaf_thread *) thread;
  _Atomic uint32_t inside; /* threads in `results`, where any may answer */
  _Atomic uint32_t holds;
  _Atomic bool settled; /* the manager has returned: nothing is posted any more */
  sheaf_arena own;         /* scratch for when it is not the innermost call */
  _Atomic uint32_t parallel_answered, parallel_failed;
  sheaf_sleeper sleeper; /* its lock also guards what is posted */
  _Atomic(sheaf_posted *) posted; /* the first; changed only under the sleeper's lock */
  sheaf_posted *last_posted;
  struct sheaf_flight *resting; /* the next at rest */
  struct sheaf_flight *all;     /* the next of all there are */
} sheaf_flight;

/* What a flight is opened with. */
typedef struct sheaf_departure {
  sheaf_manager *manager;
  const sheaf_request *request; /* sanitised, full size */
  const sheaf_call *call;       /* the host's, sanitised, full size */
  sheaf_callbacks callbacks;
  sheaf_sink *onward; /* instead of the callbacks, or NULL */
  sheaf_error *report;
} sheaf_departure;

/* Takes a flight from the pool and opens it on this thread. NULL if out of memory. */
sheaf_flight *sheaf_flight_open(const sheaf_departure *departure);

/*
 * Ends it once the manager has returned `status`: delivers what was posted, gives every unanswered
 * index its error, writes what was dropped to the log, fills `summary`, and brings the flight to
 * rest. Answers for the batch as sheaf_perform does. `why` words a failure of the core's own; NULL
 * for the manager's.
 */
sheaf_status sheaf_flight_close(sheaf_flight *flight, sheaf_status status, const char *why,
                                sheaf_summary *summary);

/* Wakes whoever sleeps in the flight's wait. */
void sheaf_flight_wake(sheaf_flight *flight);

/* SHEAF_OK, or why the flight should end. Looks at the clock. [any-thread] */
sheaf_status sheaf_flight_look(sheaf_flight *flight);

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

/* Delivers what is posted until the last hold has been released. To be called once `batch` has
 * returned, before anything that it may still use is let go. */
void sheaf_flight_drain(sheaf_flight *flight);

/* The same for good: nothing may be posted any more. */
void sheaf_flight_settle(sheaf_flight *flight);

/* Brings the flight to rest: from here on nobody is let in. */
void sheaf_flight_shut(sheaf_flight *flight);

/* Where memory that lives as long as the call comes from: the thread's scratch, but only for the
 * innermost call: an outer one's would be freed with the inner's. */
static inline sheaf_arena *sheaf_flight_arena(sheaf_flight *flight) {
  sheaf_thread *thread = atomic_load_explicit(&flight->thread, memory_order_relaxed);
  return __builtin_expect(thread->current == flight, 1) ? &thread->scratch : &flight->own;
}

/* Lets no fork happen while a thread has the pool's lock: the child does not have that thread. Once a
 * process. */
void sheaf_pool_mind_forks(void);

/* A flight from the pool, at rest; NULL if out of memory. And back (pool.c). */
sheaf_flight *sheaf_pool_take(sheaf_thread *thread);
void sheaf_pool_rest(sheaf_thread *thread, sheaf_flight *flight);

#endif
