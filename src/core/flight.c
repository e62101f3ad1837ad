/* SPDX-License-Identifier: Apache-2.0 */
#include "core/flight.h"

#include <sched.h>

#include <sheaf/status.h>

#include "core/barrier.h"
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

static void set_delivery(sheaf_flight *f, const sheaf_question *q, sheaf_error *report) {
  f->request = &q->request;
  f->report = report;
  f->onward = q->onward;
  f->success = q->callbacks.success;
  f->error = q->callbacks.error;
  f->ctx = q->callbacks.ctx;
  f->failed = 0;
  f->dropped_twice = f->dropped_range = 0;
  f->locked = f->has_own = false;
  atomic_store_explicit(&f->settled, false, memory_order_relaxed);
}

static bool prepare_parallel(sheaf_flight *f, sheaf_thread *thread) {
  atomic_store_explicit(&f->parallel_answered, 0, memory_order_relaxed);
  atomic_store_explicit(&f->parallel_failed, 0, memory_order_relaxed);
  return sheaf_tracker_use_bits(&f->tracker, &thread->scratch);
}

sheaf_flight *sheaf_flight_open(sheaf_thread *thread, sheaf_manager *manager,
                                const sheaf_question *q, sheaf_error *report) {
  sheaf_flight *f = sheaf_pool_take(thread);
  if (!f) return NULL;
  if (atomic_load_explicit(&f->posted, memory_order_relaxed)) sheaf_flight_discard(f);
  bool parallel = q->callbacks.flags & SHEAF_PARALLEL_RESULTS;
  sheaf_tracker_start(&f->tracker, q->request.count);
  if (parallel && !prepare_parallel(f, thread)) {
    sheaf_pool_rest(thread, f);
    return NULL;
  }
  set_delivery(f, q, report);
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

static void log_unanswered(const sheaf_flight *f, const sheaf_manager *m, uint32_t answered) {
  sheaf_logf(m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
             "returned from a batch of %u with %u indices unanswered, the first %u: they get "
             "no_result",
             f->tracker.count, f->tracker.count - answered, sheaf_tracker_unanswered(&f->tracker, 0));
}

static void log_dropped(const sheaf_flight *f, const sheaf_manager *m) {
  if (f->dropped_twice + f->dropped_range == 0) return;
  sheaf_logf(m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
             "answered %u indices a second time and %u out of range in a batch of %u, the first %u: "
             "these answers were dropped",
             f->dropped_twice, f->dropped_range, f->tracker.count, f->dropped_first);
}

/* Takes the flight back from all threads: no other gets in, and none is inside. From here on the
 * tracker and the counts are this thread's alone. */
static void take_back(sheaf_flight *f) {
  atomic_store(&f->owner, (uintptr_t)atomic_load_explicit(&f->thread, memory_order_relaxed));
  while (atomic_load(&f->inside) > 0) sched_yield();
  f->tracker.answered = atomic_load_explicit(&f->parallel_answered, memory_order_relaxed);
  f->failed = atomic_load_explicit(&f->parallel_failed, memory_order_relaxed);
}

/* Words the batch's own failure, unless the manager has. */
static void report(const sheaf_flight *f, const sheaf_manager *m, sheaf_status status,
                   const char *why) {
  sheaf_error *error = f->report;
  if (!error || status == SHEAF_STOPPED) return;
  if (error->status == status && error->message[0]) return;
  sheaf_error_set(error, status, "%s '%s': %s", SHEAF_MANAGER_NOUN(m), sheaf_manager_id(m),
                  why ? why : sheaf_status_message(status));
}

static void answer_rest(sheaf_flight *f, const sheaf_manager *m, sheaf_status status,
                        const char *why) {
  if (status == SHEAF_NO_RESULT) log_unanswered(f, m, sheaf_tracker_answered(&f->tracker));
  sheaf_result error = {0, status, NULL, 0, why ? SHEAF_RESULT_STATIC : 0, sheaf_cstr(why)};
  sheaf_flight_deliver_rest(f, &error);
}

static void lay_to_rest(sheaf_flight *f) {
  sheaf_thread *thread = atomic_load_explicit(&f->thread, memory_order_relaxed);
  /* From here on nobody is let in. Who leaves says so before it looks whether the manager is closed:
   * see manager.c. */
  sheaf_barrier_say(&f->owner, SHEAF_AT_REST);
  if (atomic_load(&f->posted)) sheaf_flight_discard(f);
  if (f->has_own) sheaf_arena_free(&f->own);
  thread->current = f->outer;
  sheaf_pool_rest(thread, f);
}

sheaf_status sheaf_flight_close(sheaf_flight *f, sheaf_status returned, const char *why,
                                sheaf_summary *summary) {
  sheaf_manager *m = atomic_load_explicit(&f->manager, memory_order_relaxed);
  sheaf_manager *blamed = atomic_load_explicit(&f->blamed, memory_order_relaxed);
  if (atomic_load_explicit(&f->owner, memory_order_relaxed) == SHEAF_ANY_THREAD) take_back(f);
  log_dropped(f, blamed);
  bool whole = sheaf_tracker_answered(&f->tracker) == f->tracker.count;
  sheaf_status status = verdict(f, m, returned, whole);
  if (!whole && status != SHEAF_STOPPED) {
    answer_rest(f, blamed, status ? status : SHEAF_NO_RESULT, why);
    if (atomic_load_explicit(&f->ended, memory_order_relaxed) == SHEAF_STOPPED)
      status = SHEAF_STOPPED;
  }
  if (summary) {
    summary->failed = f->failed;
    summary->succeeded = sheaf_tracker_answered(&f->tracker) - f->failed;
  }
  if (status) report(f, blamed, status, why);
  lay_to_rest(f);
  if (sheaf_manager_is_closed(m)) sheaf_manager_destroy_unused(m);
  return status;
}
