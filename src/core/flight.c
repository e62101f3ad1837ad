/* SPDX-License-Identifier: Apache-2.0 */
#include "core/flight.h"

#include <sched.h>

#include <sheaf/status.h>

#include "core/barrier.h"
#include "core/extensible.h"
#include "core/hints.h"
#include "core/log.h"
#include "core/manager.h"

static void set_call(sheaf_flight *f, const sheaf_call *from, const sheaf_manager *manager) {
  f->call.struct_size = manager->sizes.call;
  f->call.flags = from->flags;
  f->call.deadline_ns = from->deadline_ns;
  f->call.context = from->context;
  f->call.cancel = from->cancel;
  f->interruptible = from->deadline_ns || from->cancel;
}

/* For a host that does not listen. */
static uint32_t ignore(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)ctx, (void)index, (void)result;
  return SHEAF_CONTINUE;
}

static void set_delivery(sheaf_flight *f, const sheaf_question *q, const sheaf_callbacks *callbacks,
                         sheaf_error *report) {
  f->request = &q->request;
  f->report = report;
  f->onward = q->onward;
  f->success = callbacks->success ? callbacks->success : ignore;
  f->error = callbacks->error ? callbacks->error : ignore;
  f->ctx = callbacks->ctx;
  f->failed = 0;
  f->dropped_twice = f->dropped_range = 0;
  f->locked = f->has_own = false;
  atomic_store_explicit(&f->settled, false, memory_order_relaxed);
}

static COLD bool prepare_parallel(sheaf_flight *f, sheaf_thread *thread) {
  atomic_store_explicit(&f->parallel_answered, 0, memory_order_relaxed);
  atomic_store_explicit(&f->parallel_failed, 0, memory_order_relaxed);
  return sheaf_tracker_use_bits(&f->tracker, &thread->scratch);
}

static ALWAYS_INLINE sheaf_flight *open_flight(sheaf_thread *thread, sheaf_manager *manager,
                                               const sheaf_question *q,
                                               const sheaf_callbacks *callbacks,
                                               sheaf_error *report) {
  sheaf_flight *f = sheaf_pool_take(thread);
  if (!f) return NULL;
  if (UNLIKELY(atomic_load_explicit(&f->posted, memory_order_relaxed))) sheaf_flight_discard(f);
  bool parallel = callbacks->flags & SHEAF_PARALLEL_RESULTS;
  sheaf_tracker_start(&f->tracker, q->request.count);
  if (UNLIKELY(parallel) && !prepare_parallel(f, thread)) {
    sheaf_pool_rest(thread, f);
    return NULL;
  }
  set_delivery(f, q, callbacks, report);
  set_call(f, &q->call, manager);
  f->sink.struct_size = manager->sizes.sink;
  f->sink.flags = parallel ? SHEAF_PARALLEL_RESULTS : 0;
  f->outer = thread->current;
  thread->current = f;
  atomic_store_explicit(&f->ended, SHEAF_OK, memory_order_relaxed);
  atomic_store_explicit(&f->thread, thread, memory_order_relaxed);
  atomic_store_explicit(&f->manager, manager, memory_order_relaxed);
  atomic_store_explicit(&f->blamed, manager, memory_order_relaxed);
  /* Who comes says so before it looks whether the manager is closed: see manager.c. */
  sheaf_barrier_say(&f->owner, parallel ? SHEAF_ANY_THREAD : (uintptr_t)thread);
  return f;
}

sheaf_flight *sheaf_flight_open(sheaf_thread *thread, sheaf_manager *manager,
                                const sheaf_question *q, const sheaf_callbacks *callbacks,
                                sheaf_error *report) {
  return open_flight(thread, manager, q, callbacks, report);
}

bool sheaf_flight_has_gate(void) {
  const sheaf_flight *f = sheaf_thread_here ? sheaf_thread_here->current : NULL;
  while (f && !f->locked) f = f->outer;
  return f != NULL;
}

/* What the batch as a whole came to. `whole`: every index had been answered. */
static sheaf_status verdict(sheaf_flight *f, const sheaf_manager *m, sheaf_status returned,
                            bool whole) {
  sheaf_status ended = sheaf_flight_look(f);
  /* What is whole has not been cancelled, though the switch may have been thrown since; unless a stage
   * says that it was, for then the errors came from below. */
  if (whole && ended != SHEAF_STOPPED && !(m->stage && returned == ended)) ended = SHEAF_OK;
  if (ended || SHEAF_IS_OK(returned)) return ended;
  if (SHEAF_STATUS_CLASS(returned) != SHEAF_STATUS_CLASS(SHEAF_ENDED)) return returned;
  /* The manager believes that it was ended, and it was not. */
  return whole ? SHEAF_OK : SHEAF_MANAGER_FAILURE;
}

static COLD void log_unanswered(const sheaf_flight *f, const sheaf_manager *m, uint32_t answered) {
  sheaf_logf(m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
             "returned from a batch of %u with %u indices unanswered, the first %u: they get "
             "no_result",
             f->tracker.count, f->tracker.count - answered,
             sheaf_tracker_unanswered(&f->tracker, 0));
}

static COLD void log_dropped(const sheaf_flight *f, const sheaf_manager *m) {
  sheaf_logf(
      m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
      "answered %u indices a second time and %u out of range in a batch of %u, the first %u: "
      "these answers were dropped",
      f->dropped_twice, f->dropped_range, f->tracker.count, f->dropped_first);
}

/* Takes the flight back from all threads: no other gets in, and none is inside. From here on the
 * tracker and the counts are this thread's alone. */
static COLD void take_back(sheaf_flight *f) {
  atomic_store(&f->owner, (uintptr_t)atomic_load_explicit(&f->thread, memory_order_relaxed));
  while (atomic_load(&f->inside) > 0) sched_yield();
  f->tracker.answered = atomic_load_explicit(&f->parallel_answered, memory_order_relaxed);
  f->failed = atomic_load_explicit(&f->parallel_failed, memory_order_relaxed);
}

/* Words the batch's own failure, unless the manager has. */
static COLD void report(const sheaf_flight *f, const sheaf_manager *m, sheaf_status status,
                        const char *why) {
  sheaf_error *error = f->report;
  if (!error || status == SHEAF_STOPPED) return;
  if (error->status == status && error->message[0]) return;
  sheaf_error_set(error, status, "%s '%s': %s", SHEAF_MANAGER_NOUN(m), sheaf_manager_id(m),
                  why ? why : sheaf_status_message(status));
}

static COLD void answer_rest(sheaf_flight *f, const sheaf_manager *m, sheaf_status status,
                             const char *why) {
  if (status == SHEAF_NO_RESULT) log_unanswered(f, m, sheaf_tracker_answered(&f->tracker));
  sheaf_result error = {0, status, NULL, 0, why ? SHEAF_RESULT_STATIC : 0, sheaf_cstr(why)};
  sheaf_flight_deliver_rest(f, &error);
}

/* Flights go round, so that the next one has left the nearest cache: it is back there when it is taken. Its
 * first four lines are all that an ordinary batch touches. */
static ALWAYS_INLINE void fetch_next(const sheaf_thread *thread) {
  const char *next = (const char *)thread->rest_first;
  for (int line = 0; line < 4; line++) __builtin_prefetch(next + line * 64, 1);
}

static ALWAYS_INLINE void lay_to_rest(sheaf_flight *f) {
  sheaf_thread *thread = atomic_load_explicit(&f->thread, memory_order_relaxed);
  /* From here on nobody is let in. Who leaves says so before it looks whether the manager is closed:
   * see manager.c. */
  sheaf_barrier_say(&f->owner, SHEAF_AT_REST);
  if (UNLIKELY(atomic_load(&f->posted))) sheaf_flight_discard(f);
  if (UNLIKELY(f->has_own)) sheaf_arena_free(&f->own);
  thread->current = f->outer;
  sheaf_pool_rest(thread, f);
  fetch_next(thread);
}

/* Nearly all: the manager has answered each index, in order, and has nothing to say, nor has the host. */
static inline bool is_smooth(const sheaf_flight *f, sheaf_status returned) {
  return returned == SHEAF_OK && f->tracker.next == f->tracker.count && !f->tracker.bits &&
         !(f->dropped_twice | f->dropped_range) &&
         atomic_load_explicit(&f->ended, memory_order_relaxed) != SHEAF_STOPPED;
}

/* What is left to be answered and reported of any other. */
static COLD sheaf_status settle_accounts(sheaf_flight *f, sheaf_manager *m, sheaf_status returned,
                                         const char *why) {
  sheaf_manager *blamed = atomic_load_explicit(&f->blamed, memory_order_relaxed);
  if (atomic_load_explicit(&f->owner, memory_order_relaxed) == SHEAF_ANY_THREAD) take_back(f);
  if (f->dropped_twice | f->dropped_range) log_dropped(f, blamed);
  bool whole = sheaf_tracker_answered(&f->tracker) == f->tracker.count;
  sheaf_status status = verdict(f, m, returned, whole);
  if (!whole && status != SHEAF_STOPPED) {
    answer_rest(f, blamed, status ? status : SHEAF_NO_RESULT, why);
    if (atomic_load_explicit(&f->ended, memory_order_relaxed) == SHEAF_STOPPED)
      status = SHEAF_STOPPED;
  }
  if (status) report(f, blamed, status, why);
  return status;
}

static ALWAYS_INLINE sheaf_status close_flight(sheaf_flight *f, sheaf_status returned,
                                               const char *why, sheaf_summary *summary) {
  sheaf_manager *m = atomic_load_explicit(&f->manager, memory_order_relaxed);
  sheaf_status status = SHEAF_OK;
  if (UNLIKELY(!is_smooth(f, returned))) status = settle_accounts(f, m, returned, why);
  if (summary) {
    summary->failed = f->failed;
    summary->succeeded = sheaf_tracker_answered(&f->tracker) - f->failed;
  }
  lay_to_rest(f);
  if (UNLIKELY(sheaf_manager_is_closed(m))) sheaf_manager_destroy_unused(m);
  return status;
}

sheaf_status sheaf_flight_close(sheaf_flight *f, sheaf_status returned, const char *why,
                                sheaf_summary *summary) {
  return close_flight(f, returned, why, summary);
}

/* --------------------------------------------------------------------------------- all of it */

/* What a manager of an older minor would not see of a request and may not miss, in words; NULL:
 * nothing. */
static COLD const char *missed_by(const sheaf_manager *m, const sheaf_request *request) {
  if (request->flags & SHEAF_MUST_UNDERSTAND & ~m->sizes.request_flags)
    return "the request has a flag that must be understood, and the manager was written for an "
           "older ABI that does not have it: update the manager, or do without";
  for (size_t i = m->sizes.request; i < sizeof *request; i++)
    if (((const unsigned char *)request)[i])
      return "the request uses a field that the older ABI, which the manager was written for, does "
             "not have: update the manager, or leave the field zero";
  return NULL;
}

/* Hands the request to the manager, cut to what it knows, and waits for its threads. */
static ALWAYS_INLINE sheaf_status call_batch(const sheaf_manager *m, sheaf_flight *f,
                                             sheaf_request *request) {
  request->struct_size = m->sizes.request;
  request->call = &f->call;
  sheaf_status status = m->table.batch(m->self, request, &f->sink);
  sheaf_flight_settle(f);
  return LIKELY(!status) ? SHEAF_OK : sheaf_returned(m->stage, status);
}

bool sheaf_flight_in_gate(const sheaf_manager *m, const sheaf_flight *f) {
  for (f = f->outer; f; f = f->outer)
    if (f->locked && atomic_load_explicit(&f->manager, memory_order_relaxed) == m) return true;
  return false;
}

static COLD sheaf_status call_serialized(sheaf_manager *m, sheaf_flight *f, sheaf_request *request,
                                         const char **why) {
  if (sheaf_flight_in_gate(m, f)) {
    *why = "the manager takes one call at a time, and this call comes from inside another";
    return SHEAF_BUSY;
  }
  sheaf_status status = sheaf_gate_enter(&m->gate, f);
  if (status) return status;
  status = call_batch(m, f, request);
  sheaf_gate_leave(&m->gate, f);
  return status;
}

sheaf_status sheaf_flight_ask(sheaf_thread *thread, sheaf_manager *m, sheaf_question *q,
                              const sheaf_callbacks *callbacks, sheaf_summary *summary,
                              sheaf_error *error) {
  const char *why = NULL;
  sheaf_flight *f = open_flight(thread, m, q, callbacks, error);
  if (UNLIKELY(!f)) return SHEAF_OUT_OF_MEMORY;
  sheaf_status status;
  if (UNLIKELY(sheaf_manager_is_closed(m))) {
    status = SHEAF_CLOSED;
  } else if (UNLIKELY(!sheaf_manager_serves(m, q->request.verb))) {
    status = SHEAF_UNSUPPORTED;
    why = "the manager does not serve this verb";
  } else if (UNLIKELY(!m->current) && (why = missed_by(m, &q->request))) {
    status = SHEAF_UNSUPPORTED;
  } else if (UNLIKELY(m->serialized)) {
    status = call_serialized(m, f, &q->request, &why);
  } else {
    status = call_batch(m, f, &q->request);
  }
  return close_flight(f, status, why, summary);
}
