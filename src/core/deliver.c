/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a result from the manager's sink to the host's callback. The hot path of Sheaf. */
#include <time.h>

#include <sheaf/status.h>
#include <sheaf/utf8.h>

#include "core/extensible.h"
#include "core/flight.h"
#include "core/hints.h"
#include "core/slots.h"

/* Ends the flight from outside, unless it has ended already. Any thread. */
static void end(sheaf_flight *f, sheaf_status why) {
  sheaf_status none = SHEAF_OK;
  atomic_compare_exchange_strong_explicit(&f->ended, &none, why, memory_order_relaxed,
                                          memory_order_relaxed);
}

/* The host wants no more: that outdoes whatever else has ended the flight, for no callback may
 * follow. */
static void stop(sheaf_flight *f) {
  atomic_store_explicit(&f->ended, SHEAF_STOPPED, memory_order_relaxed);
}

static bool has_ended(const sheaf_flight *f) {
  return atomic_load_explicit(&f->ended, memory_order_relaxed) != SHEAF_OK;
}

static bool deadline_passed(const sheaf_flight *f, clockid_t clock) {
  struct timespec now;
  if (!f->call.deadline_ns) return false;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= f->call.deadline_ns;
}

static sheaf_status look_outside(sheaf_flight *f, clockid_t clock) {
  if (sheaf_cancel_is_thrown(f->call.cancel)) end(f, SHEAF_CANCELLED);
  else if (deadline_passed(f, clock)) end(f, SHEAF_DEADLINE);
  return atomic_load_explicit(&f->ended, memory_order_relaxed);
}

sheaf_status sheaf_flight_look_outside(sheaf_flight *f) { return look_outside(f, CLOCK_MONOTONIC); }

sheaf_status sheaf_flight_poll(sheaf_flight *f) {
  if (f->interruptible && !has_ended(f)) (void)sheaf_cancel_ask(f->call.cancel);
  return sheaf_flight_look(f);
}

/* The coarse clock is late by a few milliseconds and costs a fifth: this runs with every call of
 * `results`. */
static bool wanted_outside(sheaf_flight *f) {
  if (sheaf_cancel_asks(f->call.cancel)) sheaf_cancel_ask_in_passing(f->call.cancel);
  return !look_outside(f, CLOCK_MONOTONIC_COARSE);
}

/* Whether answers are still wanted. */
static bool wanted(sheaf_flight *f) {
  if (has_ended(f)) return false;
  return LIKELY(!f->interruptible) || wanted_outside(f);
}

/* The same between two results: the switch only. */
static ALWAYS_INLINE bool still_wanted(sheaf_flight *f) {
  if (UNLIKELY(f->interruptible) && sheaf_cancel_is_thrown(f->call.cancel)) end(f, SHEAF_CANCELLED);
  return LIKELY(!has_ended(f));
}

/* ------------------------------------------------------------------------- what a result says */

#define ODD_FLAGS (SHEAF_MUST_UNDERSTAND | SHEAF_RESULT_IN_SLOT_ORDER)

/* Whether entry i answers slot i, and nothing but slots was asked for. */
static inline bool in_slot_order(const sheaf_request *request, const sheaf_result *r) {
  if (request->trait_count || (request->flags & SHEAF_REQUEST_ALL_TRAITS)) return false;
  return sheaf_answers_slots(r, request->slots, request->slot_count);
}

static inline bool has_properties(const sheaf_result *r) {
  return r->properties || !r->property_count;
}

/* Nearly all are sound: nothing is said of them that has to be looked at. */
static inline bool is_sound(const sheaf_result *r) {
  return !(r->flags & ODD_FLAGS) && has_properties(r);
}

/* An error with words of its own. */
static inline bool is_worded(const sheaf_result *r) {
  return !SHEAF_IS_OK(r->status) && r->message.data && r->message.size;
}

/* Nothing of an ordinary result is to be changed or refused before the host hears of it. */
static inline bool is_ordinary(const sheaf_result *r) {
  return is_sound(r) && (r->status == SHEAF_OK || is_worded(r));
}

/* And a success in slot order, as it says. `believes`: whoever takes it sees for himself whether it is. */
static inline bool is_ordinary_in_slots(const sheaf_request *request, const sheaf_result *r,
                                        bool believes) {
  if (r->status || (r->flags & ODD_FLAGS) != SHEAF_RESULT_IN_SLOT_ORDER) return false;
  return believes ? has_properties(r) : in_slot_order(request, r);
}

/* What is wrong with a result; NULL: nothing. */
static const char *fault_of(const sheaf_flight *f, const sheaf_result *r, sheaf_status *status) {
  *status = SHEAF_UNSUPPORTED;
  if (r->flags & SHEAF_MUST_UNDERSTAND)
    return "the manager's answer has a flag that this library does not know: use a newer libsheaf";
  *status = SHEAF_MANAGER_FAILURE;
  if (r->property_count && !r->properties)
    return "the manager's answer counts properties and has none";
  if ((r->flags & SHEAF_RESULT_IN_SLOT_ORDER) && !in_slot_order(f->request, r))
    return SHEAF_NOT_IN_SLOT_ORDER;
  return NULL;
}

/* What the host is to hear of a result: itself, or `made`. */
static const sheaf_result *heard(const sheaf_flight *f, const sheaf_result *r, sheaf_result *made) {
  sheaf_status status;
  const char *fault = fault_of(f, r, &status);
  if (fault) {
    *made = (sheaf_result){r->index, status, NULL, 0, SHEAF_RESULT_STATIC, sheaf_cstr(fault)};
    return made;
  }
  if (SHEAF_IS_OK(r->status) || (r->message.data && r->message.size)) return r;
  *made = *r;
  made->message = sheaf_cstr(sheaf_status_message(r->status));
  return made;
}

static uint32_t call_host(const sheaf_flight *f, const sheaf_result *r) {
  if (f->onward) return f->onward->results(f->onward, r, 1);
  return SHEAF_IS_OK(r->status) ? f->success(f->ctx, r->index, r) : f->error(f->ctx, r->index, r);
}

/* ------------------------------------------------------------------ on the thread that asked */

static void deliver(sheaf_flight *f, const sheaf_result *result) {
  sheaf_result made;
  const sheaf_result *r = heard(f, result, &made);
  if (!SHEAF_IS_OK(r->status)) f->failed++;
  if (call_host(f, r) != SHEAF_CONTINUE) stop(f);
}

void sheaf_flight_deliver_rest(sheaf_flight *f, const sheaf_result *result) {
  sheaf_result error = *result;
  uint32_t i = 0;
  /* Ended from outside or not, each is told; only the host's own word ends this. */
  while (atomic_load_explicit(&f->ended, memory_order_relaxed) != SHEAF_STOPPED &&
         (i = sheaf_tracker_unanswered(&f->tracker, i)) < f->tracker.count) {
    (void)sheaf_tracker_take(&f->tracker, sheaf_flight_arena(f), i);
    error.index = i;
    deliver(f, &error);
  }
}

/* A failure that stands for all that is left, checked. */
static void read_rest(sheaf_flight *f, const sheaf_result *r, sheaf_result *out) {
  sheaf_result made;
  *out = *heard(f, r, &made);
  if (SHEAF_IS_OK(out->status)) {
    sheaf_flight_complain(f, "answered the rest of a batch with a success: only an error may");
    *out = (sheaf_result){SHEAF_REST, SHEAF_MANAGER_FAILURE, NULL, 0, 0, {NULL, 0}};
  }
}

/* Its words are the batch's own. */
static void report_rest(sheaf_flight *f, const sheaf_result *out) {
  if (!f->report || !out->message.size) return;
  size_t shown = sheaf_utf8_cut(out->message, 2000).size;
  sheaf_error_set(f->report, out->status, "%.*s", (int)shown, out->message.data);
}

static void note_dropped(sheaf_flight *f, uint32_t *count, uint32_t index) {
  if (f->dropped_twice + f->dropped_range == 0) f->dropped_first = index;
  ++*count;
}

static void take_rest(sheaf_flight *f, const sheaf_result *r) {
  sheaf_result error;
  read_rest(f, r, &error);
  report_rest(f, &error);
  sheaf_flight_deliver_rest(f, &error);
}

/* Tells the host's callbacks of an ordinary result that comes in order, and what they `said`. False: it is
 * none, and nothing has been done. Known or not is often left to chance: so there is one branch on it. */
static ALWAYS_INLINE bool tell_ordinary(sheaf_flight *f, const sheaf_result *r, uint32_t *said) {
  if (LIKELY(r->status == SHEAF_OK)) {
    if (UNLIKELY(!is_sound(r)) || UNLIKELY(!sheaf_tracker_take_next(&f->tracker, r->index)))
      return false;
    *said = f->success(f->ctx, r->index, r);
  } else {
    if (!is_worded(r) || !is_sound(r) || !sheaf_tracker_take_next(&f->tracker, r->index))
      return false;
    f->failed++;
    *said = f->error(f->ctx, r->index, r);
  }
  return true;
}

/* Takes any result: not in order, or not ordinary. */
static NOINLINE void take_any(sheaf_flight *f, const sheaf_result *r) {
  if (!f->onward && is_ordinary_in_slots(f->request, r, false) &&
      sheaf_tracker_take_next(&f->tracker, r->index)) {
    if (f->success(f->ctx, r->index, r) != SHEAF_CONTINUE) stop(f);
    return;
  }
  if (r->index == SHEAF_REST) {
    take_rest(f, r);
    return;
  }
  switch (sheaf_tracker_take(&f->tracker, sheaf_flight_arena(f), r->index)) {
  case SHEAF_TAKEN:
    deliver(f, r);
    break;
  case SHEAF_TAKEN_BEFORE:
    note_dropped(f, &f->dropped_twice, r->index);
    break;
  case SHEAF_OUT_OF_RANGE:
    note_dropped(f, &f->dropped_range, r->index);
    break;
  default:
    end(f, SHEAF_OUT_OF_MEMORY); /* which answer is the first can no longer be told */
  }
}

/* ------------------------------------------------------------------- on many threads at once */

/* The host's word from a thread that is not the one that asked, which may be asleep. */
static void stop_parallel(sheaf_flight *f) {
  stop(f);
  sheaf_flight_wake(f);
}

static void take_parallel(sheaf_flight *f, const sheaf_result *result) {
  if (sheaf_tracker_take_parallel(&f->tracker, result->index) != SHEAF_TAKEN) {
    sheaf_flight_complain(f, "answered an index twice or out of range: dropped");
    return;
  }
  sheaf_result made;
  const sheaf_result *r = heard(f, result, &made);
  atomic_fetch_add_explicit(&f->parallel_answered, 1, memory_order_relaxed);
  if (!SHEAF_IS_OK(r->status))
    atomic_fetch_add_explicit(&f->parallel_failed, 1, memory_order_relaxed);
  if (call_host(f, r) != SHEAF_CONTINUE) stop_parallel(f);
}

/* A REST from whichever thread: index by index, as the others may still be answering. */
static void take_rest_parallel(sheaf_flight *f, const sheaf_result *r) {
  sheaf_result error;
  read_rest(f, r, &error);
  pthread_mutex_lock(&f->sleeper.lock); /* two may fail at once */
  report_rest(f, &error);
  pthread_mutex_unlock(&f->sleeper.lock);
  for (uint32_t i = 0; i < f->tracker.count && still_wanted(f); i++) {
    if (sheaf_tracker_is_taken(&f->tracker, i)) continue;
    error.index = i;
    take_parallel(f, &error);
  }
}

static uint32_t take_all_parallel(sheaf_flight *f, const sheaf_result *results, uint32_t count) {
  if (!wanted(f)) return SHEAF_STOP;
  for (uint32_t i = 0; i < count && still_wanted(f); i++) {
    if (results[i].index == SHEAF_REST) take_rest_parallel(f, &results[i]);
    else take_parallel(f, &results[i]);
  }
  return has_ended(f) ? SHEAF_STOP : SHEAF_CONTINUE;
}

static uint32_t results_parallel(sheaf_flight *f, const sheaf_result *results, uint32_t count) {
  uint32_t answer = SHEAF_STOP;
  /* First say that we are inside, then look whether it is still open; closing does it the other way
   * round, so that one of the two sees the other. */
  atomic_fetch_add(&f->inside, 1);
  if (atomic_load(&f->owner) == SHEAF_ANY_THREAD) answer = take_all_parallel(f, results, count);
  atomic_fetch_sub(&f->inside, 1);
  return answer;
}

/* ------------------------------------------------------------------------- to a stage's sink */

/* How many, from the first on, are ordinary and come in order: they are taken. Who has a sink counts
 * errors himself, if he wants to know. */
static uint32_t take_run(sheaf_flight *f, const sheaf_result *results, uint32_t count) {
  const bool believes = f->onward->flags & SHEAF_SINK_CHECKS_SLOTS;
  const sheaf_request *request = f->request;
  const uint32_t next = f->tracker.next, left = f->tracker.count - next;
  uint32_t run = 0;
  if (count > left) count = left;
  for (const sheaf_result *r = results; run < count && r->index == next + run; run++, r++) {
    if (!is_ordinary(r) && !is_ordinary_in_slots(request, r, believes)) break;
  }
  sheaf_tracker_take_run(&f->tracker, run);
  return run;
}

/* As many as are ordinary and come in order, at once; the others one by one. */
static NOINLINE uint32_t results_onward(sheaf_flight *f, const sheaf_result *results,
                                        uint32_t count) {
  for (uint32_t i = 0, run; i < count; i += run ? run : 1) {
    run = take_run(f, &results[i], count - i);
    if (run == 0) take_any(f, &results[i]);
    else if (f->onward->results(f->onward, &results[i], run) != SHEAF_CONTINUE) stop(f);
    if (UNLIKELY(!still_wanted(f))) return SHEAF_STOP;
  }
  return SHEAF_CONTINUE;
}

/* ------------------------------------------------------------------------------- the sink itself */

/* Not the common case: on another thread, which is allowed, too late, or not allowed; or nothing. */
static NOINLINE uint32_t results_elsewhere(sheaf_flight *f, const sheaf_result *results,
                                           uint32_t count) {
  uintptr_t owner = atomic_load(&f->owner);
  const char *fault = "answered from a thread that may not: refused; answer on the thread that "
                      "called batch, or use call->post";
  if (owner == SHEAF_ANY_THREAD && results) return results_parallel(f, results, count);
  if (owner == SHEAF_AT_REST) fault = "answered after its batch had returned: refused";
  else if (!results) fault = "answered with results that are NULL: refused";
  sheaf_flight_complain(f, fault);
  return SHEAF_STOP;
}

/* To the host's callbacks, of a flight that can be ended from outside. */
static NOINLINE uint32_t results_watched(sheaf_flight *f, const sheaf_result *results,
                                         uint32_t count) {
  for (const sheaf_result *r = results, *end = results + count; r < end; r++) {
    uint32_t said;
    if (UNLIKELY(!still_wanted(f))) return SHEAF_STOP;
    if (!tell_ordinary(f, r, &said)) take_any(f, r);
    else if (UNLIKELY(said != SHEAF_CONTINUE)) stop(f);
  }
  return still_wanted(f) ? SHEAF_CONTINUE : SHEAF_STOP;
}

/* On the thread that asked: to a sink, or of a flight that can be ended from outside. */
static NOINLINE uint32_t results_here(sheaf_flight *f, const sheaf_result *results,
                                      uint32_t count) {
  if (UNLIKELY(!wanted(f))) return SHEAF_STOP;
  return f->onward ? results_onward(f, results, count) : results_watched(f, results, count);
}

/* Of one that only the host's callbacks end: after what is ordinary there is nothing to look at but what
 * they said. */
static NOINLINE uint32_t results_plain(sheaf_flight *f, const sheaf_result *results,
                                       uint32_t count) {
  for (const sheaf_result *r = results, *end = results + count; r < end; r++) {
    uint32_t said;
    if (LIKELY(tell_ordinary(f, r, &said))) {
      if (LIKELY(said == SHEAF_CONTINUE)) continue;
      stop(f);
    } else {
      take_any(f, r);
    }
    if (has_ended(f)) return SHEAF_STOP;
  }
  return SHEAF_CONTINUE;
}

/* An ordinary result that comes alone, as many managers send them, has the shortest way. */
uint32_t sheaf_flight_results(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  sheaf_flight *f = (sheaf_flight *)sink;
  uintptr_t owner = atomic_load_explicit(&f->owner, memory_order_relaxed);
  uint32_t said;
  if (UNLIKELY(owner != (uintptr_t)sheaf_thread_here || !results))
    return results_elsewhere(f, results, count);
  if (f->interruptible || f->onward || has_ended(f)) return results_here(f, results, count);
  if (count != 1 || !tell_ordinary(f, results, &said)) return results_plain(f, results, count);
  if (LIKELY(said == SHEAF_CONTINUE)) return SHEAF_CONTINUE;
  stop(f);
  return SHEAF_STOP;
}
