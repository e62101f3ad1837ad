/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a result from the manager's sink to the host's callback. The hot path of Sheaf. */
#include <time.h>

#include <sheaf/status.h>

#include "core/extensible.h"
#include "core/flight.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define KNOWN_RESULT_FLAGS 0u /* of those that must be understood */

/* Ends the flight, unless it has ended already. Any thread. */
static void end(sheaf_flight *f, sheaf_status why) {
  sheaf_status none = SHEAF_OK;
  atomic_compare_exchange_strong_explicit(&f->ended, &none, why, memory_order_relaxed,
                                          memory_order_relaxed);
}

static bool deadline_passed(const sheaf_flight *f, clockid_t clock) {
  struct timespec now;
  if (!f->call.deadline_ns) return false;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= f->call.deadline_ns;
}

static sheaf_status look_outside(sheaf_flight *f, clockid_t clock) {
  if (sheaf_cancel_is_set(f->call.cancel)) end(f, SHEAF_CANCELLED);
  else if (deadline_passed(f, clock)) end(f, SHEAF_DEADLINE);
  return atomic_load_explicit(&f->ended, memory_order_relaxed);
}

sheaf_status sheaf_flight_poll(sheaf_flight *f) {
  sheaf_status ended = atomic_load_explicit(&f->ended, memory_order_relaxed);
  if (ended || !f->interruptible) return ended;
  return look_outside(f, CLOCK_MONOTONIC);
}

/* Whether answers are still wanted. The coarse clock is late by a few milliseconds and costs a
 * fifth: this runs with every answer. */
static bool wanted(sheaf_flight *f) {
  if (atomic_load_explicit(&f->ended, memory_order_relaxed)) return false;
  return LIKELY(!f->interruptible) || !look_outside(f, CLOCK_MONOTONIC_COARSE);
}

/* Whether entry i answers slot i, as the result's flag says. */
static bool in_slot_order(const sheaf_request *request, const sheaf_result *r) {
  if (r->property_count != request->slot_count) return false;
  for (uint32_t i = 0; i < r->property_count; i++) {
    const sheaf_property *p = &r->properties[i];
    if (p->trait != request->slots[i].trait || p->key != request->slots[i].key) return false;
  }
  return true;
}

/* What is wrong with a result that has something unusual about it; NULL: nothing. */
static const char *fault_of(const sheaf_flight *f, const sheaf_result *r) {
  if (r->flags & SHEAF_MUST_UNDERSTAND & ~KNOWN_RESULT_FLAGS)
    return "the manager's answer has a flag that this library does not know: use a newer libsheaf";
  if (r->property_count && !r->properties)
    return "the manager's answer counts properties and has none";
  if ((r->flags & SHEAF_RESULT_IN_SLOT_ORDER) && !in_slot_order(f->request, r))
    return "the manager's answer says that it is in slot order and is not";
  return NULL;
}

static uint32_t deliver_error(sheaf_flight *f, const sheaf_result *r) {
  sheaf_result error = *r;
  if (!error.message.data || error.message.size == 0)
    error.message = sheaf_cstr(sheaf_status_message(error.status));
  f->failed++;
  return f->error ? f->error(f->ctx, error.index, &error) : SHEAF_CONTINUE;
}

static uint32_t deliver_fault(sheaf_flight *f, const sheaf_result *r, const char *fault) {
  sheaf_status status = r->flags & SHEAF_MUST_UNDERSTAND & ~KNOWN_RESULT_FLAGS
                            ? SHEAF_UNSUPPORTED
                            : SHEAF_MANAGER_FAILURE;
  sheaf_result error = {r->index, status, NULL, 0, SHEAF_RESULT_STATIC, sheaf_cstr(fault)};
  return deliver_error(f, &error);
}

static bool unusual(const sheaf_result *r) {
  const uint32_t flags = (SHEAF_MUST_UNDERSTAND & ~KNOWN_RESULT_FLAGS) | SHEAF_RESULT_IN_SLOT_ORDER;
  return (r->flags & flags) || (!r->properties && r->property_count);
}

uint32_t sheaf_flight_deliver(sheaf_flight *f, const sheaf_result *r) {
  if (UNLIKELY(unusual(r))) {
    const char *fault = fault_of(f, r);
    if (fault) return deliver_fault(f, r, fault);
  }
  if (UNLIKELY(!SHEAF_IS_OK(r->status))) return deliver_error(f, r);
  return LIKELY(f->success) ? f->success(f->ctx, r->index, r) : SHEAF_CONTINUE;
}

void sheaf_flight_deliver_rest(sheaf_flight *f, const sheaf_result *result) {
  sheaf_result error = *result;
  uint32_t i = 0;
  while ((i = sheaf_tracker_unanswered(&f->tracker, i)) < f->tracker.count) {
    (void)sheaf_tracker_take(&f->tracker, sheaf_flight_arena(f), i);
    error.index = i;
    if (deliver_error(f, &error) == SHEAF_CONTINUE) continue;
    end(f, SHEAF_STOPPED);
    return;
  }
}

/* A failure that stands for all that is left. */
static void take_rest(sheaf_flight *f, const sheaf_result *r) {
  sheaf_result failure = *r;
  if (SHEAF_IS_OK(failure.status)) {
    sheaf_flight_complain(f, "answered the rest of a batch with a success: only an error may");
    failure = (sheaf_result){SHEAF_REST, SHEAF_MANAGER_FAILURE, NULL, 0, SHEAF_RESULT_STATIC,
                             {NULL, 0}};
  }
  sheaf_str text = failure.message;
  if (f->report && text.size && text.data)
    sheaf_error_set(f->report, failure.status, "%.*s", text.size > 2000 ? 2000 : (int)text.size,
                    text.data);
  sheaf_flight_deliver_rest(f, &failure);
}

static void note_dropped(sheaf_flight *f, uint32_t *count, uint32_t index) {
  if (f->dropped_twice + f->dropped_range == 0) f->dropped_first = index;
  ++*count;
}

/* An answer that could not be taken. */
static void drop(sheaf_flight *f, const sheaf_result *r, int why) {
  if (r->index == SHEAF_REST) take_rest(f, r);
  else if (why == SHEAF_TAKEN_BEFORE) note_dropped(f, &f->dropped_twice, r->index);
  else if (why == SHEAF_OUT_OF_RANGE) note_dropped(f, &f->dropped_range, r->index);
  else end(f, SHEAF_OUT_OF_MEMORY); /* it cannot be told any more which answer is the first */
}

/* From many threads at once. */
static uint32_t deliver_parallel(sheaf_flight *f, const sheaf_result *r) {
  const char *fault = unusual(r) ? fault_of(f, r) : NULL;
  sheaf_result error = *r;
  if (fault) {
    error = (sheaf_result){r->index, SHEAF_MANAGER_FAILURE, NULL, 0, SHEAF_RESULT_STATIC,
                           sheaf_cstr(fault)};
  } else if (SHEAF_IS_OK(r->status)) {
    return f->success ? f->success(f->ctx, r->index, r) : SHEAF_CONTINUE;
  }
  atomic_fetch_add_explicit(&f->parallel_failed, 1, memory_order_relaxed);
  if (!error.message.data || error.message.size == 0)
    error.message = sheaf_cstr(sheaf_status_message(error.status));
  return f->error ? f->error(f->ctx, error.index, &error) : SHEAF_CONTINUE;
}

static void take_parallel(sheaf_flight *f, const sheaf_result *r) {
  if (sheaf_tracker_take_parallel(&f->tracker, r->index) != SHEAF_TAKEN) {
    sheaf_flight_complain(f, "answered an index twice or out of range: dropped");
    return;
  }
  atomic_fetch_add_explicit(&f->parallel_answered, 1, memory_order_relaxed);
  if (deliver_parallel(f, r) != SHEAF_CONTINUE) end(f, SHEAF_STOPPED);
}

/* A REST from whichever thread: index by index, as the others may still be answering. */
static void take_rest_parallel(sheaf_flight *f, const sheaf_result *r) {
  sheaf_result error = *r;
  if (SHEAF_IS_OK(error.status)) error.status = SHEAF_MANAGER_FAILURE;
  for (uint32_t i = 0; i < f->tracker.count && wanted(f); i++) {
    if (sheaf_tracker_take_parallel(&f->tracker, i) != SHEAF_TAKEN) continue;
    error.index = i;
    atomic_fetch_add_explicit(&f->parallel_answered, 1, memory_order_relaxed);
    if (deliver_parallel(f, &error) != SHEAF_CONTINUE) end(f, SHEAF_STOPPED);
  }
}

static uint32_t results_parallel(sheaf_flight *f, const sheaf_result *results, uint32_t count) {
  uint32_t answer = SHEAF_CONTINUE;
  /* First say that we are inside, then look whether it is still open; closing does it the other way
   * round, so that one of the two sees the other. */
  atomic_fetch_add(&f->inside, 1);
  if (atomic_load(&f->owner) != SHEAF_ANY_THREAD) answer = SHEAF_STOP;
  for (uint32_t i = 0; i < count && answer == SHEAF_CONTINUE; i++) {
    if (!wanted(f)) answer = SHEAF_STOP;
    else if (results[i].index == SHEAF_REST) take_rest_parallel(f, &results[i]);
    else take_parallel(f, &results[i]);
  }
  if (!wanted(f)) answer = SHEAF_STOP;
  atomic_fetch_sub(&f->inside, 1);
  return answer;
}

/* Not on the thread that asked: allowed, too late, or not allowed. */
static uint32_t results_elsewhere(sheaf_flight *f, const sheaf_result *results, uint32_t count) {
  uintptr_t owner = atomic_load(&f->owner);
  if (owner == SHEAF_ANY_THREAD && results) return results_parallel(f, results, count);
  sheaf_flight_complain(f, owner == SHEAF_AT_REST
                               ? "answered after its batch had returned: refused"
                               : "answered from a thread that may not: refused; answer on the "
                                 "thread that called batch, or use call->post");
  return SHEAF_STOP;
}

uint32_t sheaf_flight_results(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  sheaf_flight *f = (sheaf_flight *)sink;
  uintptr_t owner = atomic_load_explicit(&f->owner, memory_order_relaxed);
  if (UNLIKELY(owner != (uintptr_t)sheaf_thread_here || !results))
    return results_elsewhere(f, results, count);
  if (UNLIKELY(!wanted(f))) return SHEAF_STOP;
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_result *r = &results[i];
    int taken = sheaf_tracker_take(&f->tracker, sheaf_flight_arena(f), r->index);
    if (UNLIKELY(taken != SHEAF_TAKEN)) drop(f, r, taken);
    else if (UNLIKELY(sheaf_flight_deliver(f, r) != SHEAF_CONTINUE)) end(f, SHEAF_STOPPED);
    else continue;
    if (atomic_load_explicit(&f->ended, memory_order_relaxed)) return SHEAF_STOP;
  }
  return SHEAF_CONTINUE;
}
