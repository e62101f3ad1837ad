/* SPDX-License-Identifier: Apache-2.0 */
#include "core/perform.h"

#include <sheaf/status.h>

#include "core/copy.h"
#include "core/extensible.h"
#include "core/flight.h"
#include "core/hints.h"
#include "core/manager.h"

/* ------------------------------------------------------------------------------- the arguments */

static COLD sheaf_status invalid(sheaf_error *error, const char *what) {
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s", what);
}

static bool is_whole(sheaf_str text) { return text.data || text.size == 0; }

static bool is_whole_record(const sheaf_record *record) {
  return record->properties || record->property_count == 0;
}

static sheaf_status check_context(const sheaf_context *context, sheaf_error *error) {
  sheaf_context c;
  if (!context) return SHEAF_OK;
  sheaf_status status = SHEAF_TAKE_STRUCT(&c, context, 0, "sheaf_context", error);
  if (status) return status;
  if (!is_whole(c.share_key) || !is_whole(c.authority) || !is_whole(c.state))
    return invalid(error,
                   "the share_key, authority or state of a sheaf_context has a size, and its "
                   "data is NULL");
  if (c.locale && !is_whole_record(c.locale))
    return invalid(error, "sheaf_context.locale counts properties, and they are NULL");
  return SHEAF_OK;
}

/* What a request has for each index besides the reference. */
static NOINLINE sheaf_status check_each(const sheaf_request *r, sheaf_error *error) {
  for (uint32_t i = 0; i < r->count; i++) {
    sheaf_status status = r->contexts ? check_context(r->contexts[i], error) : SHEAF_OK;
    if (status) return status;
    if (r->inputs && !is_whole_record(&r->inputs[i]))
      return invalid(error,
                     "an entry of sheaf_request.inputs counts properties, and they are NULL");
  }
  return SHEAF_OK;
}

static ALWAYS_INLINE sheaf_status check_request(const sheaf_request *r, sheaf_error *error) {
  if (r->count >= SHEAF_REST)
    return invalid(error, "sheaf_request.count is too large: at most 2,147,483,647");
  if (r->count && !r->refs)
    return invalid(error, "sheaf_request.refs is NULL, and its count is not 0");
  if ((r->flags & SHEAF_REQUEST_ALL_TRAITS) && (r->trait_count || r->slot_count))
    return invalid(error,
                   "the request asks for all traits and for single ones: clear its flags, or "
                   "trait_count and slot_count");
  if (r->trait_count && !r->traits)
    return invalid(error, "sheaf_request.traits is NULL, and trait_count is not 0");
  if (r->slot_count && !r->slots)
    return invalid(error, "sheaf_request.slots is NULL, and slot_count is not 0");
  for (uint32_t i = 0; i < r->trait_count; i++)
    if (!r->traits[i])
      return invalid(error, "an entry of sheaf_request.traits is 0, which is no name");
  for (uint32_t i = 0; i < r->slot_count; i++)
    if (!r->slots[i].trait || !r->slots[i].key)
      return invalid(error, "an entry of sheaf_request.slots has no trait or no key");
  return UNLIKELY(r->contexts || r->inputs) ? check_each(r, error) : SHEAF_OK;
}

/*
 * What a host hands in it has mostly written a moment ago, one field after another. A load that spans two of
 * those stores has to wait until both have reached the cache, which is a third of all that the core takes for
 * a batch of one. So it is loaded as it was stored; volatile, since compilers join neighbours. What later
 * minors append comes along behind.
 */
static void copy_request(sheaf_request *to, const sheaf_request *request) {
  const volatile sheaf_request *from = request;
  enum { END = offsetof(sheaf_request, call) + sizeof from->call };
  to->struct_size = sizeof *to;
  to->flags = from->flags;
  to->access = from->access;
  to->refs = from->refs;
  to->contexts = from->contexts;
  to->inputs = from->inputs;
  to->traits = from->traits;
  to->slots = from->slots;
  to->count = from->count;
  to->trait_count = from->trait_count;
  to->slot_count = from->slot_count;
  to->reserved = from->reserved;
  to->call = from->call;
  memcpy((char *)to + END, (const char *)request + END, sizeof *to - END);
}

static ALWAYS_INLINE sheaf_status take_request(sheaf_request *to, const sheaf_request *request,
                                               sheaf_error *error) {
  if (UNLIKELY(!SHEAF_IS_OWN_STRUCT(to, request, SHEAF_KNOWN_REQUEST_FLAGS)))
    return sheaf_copy_struct(to, sizeof *to, request, SHEAF_SIZE_AT_BIRTH(*to),
                             SHEAF_KNOWN_REQUEST_FLAGS, "sheaf_request", error);
  copy_request(to, request);
  return SHEAF_OK;
}

/* `out` is zero. */
static NOINLINE sheaf_status read_call(sheaf_call *out, const sheaf_call *call,
                                       sheaf_error *error) {
  sheaf_status status = SHEAF_TAKE_STRUCT(out, call, 0, "sheaf_call", error);
  if (!status && out->deadline_ns < 0)
    return invalid(error,
                   "sheaf_call.deadline_ns is negative: it is a time of CLOCK_MONOTONIC, see "
                   "sheaf_deadline_in");
  return status ? status : check_context(out->context, error);
}

/* The manager begins with the first reference: it comes from memory while the flight is made ready. */
static ALWAYS_INLINE void fetch_first(const sheaf_request *request) {
  if (request->count == 0 || request->refs[0].size == 0) return;
  __builtin_prefetch(request->refs[0].data);
  __builtin_prefetch(request->refs[0].data + request->refs[0].size - 1);
}

static ALWAYS_INLINE sheaf_status read_question(sheaf_question *q, sheaf_id verb,
                                                const sheaf_request *request, sheaf_error *error) {
  if (!request) return invalid(error, "the request is NULL");
  sheaf_status status = take_request(&q->request, request, error);
  if (!status) status = check_request(&q->request, error);
  if (UNLIKELY(status)) return status;
  fetch_first(&q->request);
  memset(&q->call, 0, sizeof q->call);
  if (UNLIKELY(q->request.call)) status = read_call(&q->call, q->request.call, error);
  q->request.verb = verb;
  q->onward = NULL;
  return status;
}

sheaf_status sheaf_question_read(sheaf_question *q, sheaf_id verb, const sheaf_request *request,
                                 sheaf_error *error) {
  return read_question(q, verb, request, error);
}

/* ------------------------------------------- a serialized manager's results, kept for afterwards */

typedef struct recording {
  sheaf_arena *arena;
  sheaf_result *results; /* in order of arrival; room for all */
  uint32_t count;
} recording;

static uint32_t record(void *ctx, uint32_t index, const sheaf_result *result) {
  recording *r = ctx;
  (void)index;
  sheaf_copy_result(r->arena, &r->results[r->count++], result);
  return SHEAF_CONTINUE;
}

/* Nobody calls out holding a lock: the results are kept while the gate is held, and delivered by a
 * flight of their own, which is open all along, once it has been left. */
static COLD sheaf_status fly_recorded(sheaf_thread *thread, sheaf_manager *m, sheaf_question *q,
                                      const sheaf_callbacks *callbacks, sheaf_summary *summary,
                                      sheaf_error *error) {
  sheaf_arena arena = {0}; /* not the thread's: calls inside the batch come and go there */
  recording r = {&arena, NULL, 0};
  r.results = sheaf_arena_alloc(&arena, ((size_t)q->request.count + 1) * sizeof *r.results);
  sheaf_flight *f = r.results ? sheaf_flight_open(thread, m, q, callbacks, error) : NULL;
  if (!f) {
    sheaf_arena_free(&arena);
    return SHEAF_OUT_OF_MEMORY;
  }
  const sheaf_callbacks keep = {sizeof keep, 0, &r, record, record};
  q->onward = NULL;
  sheaf_status status = sheaf_flight_ask(thread, m, q, &keep, NULL, error);
  f->interruptible = false; /* what was answered in time is delivered, however late it is now */
  (void)f->sink.results(&f->sink, r.results, r.count);
  sheaf_status delivered = sheaf_flight_close(f, status, NULL, summary);
  sheaf_arena_free(&arena);
  return delivered ? delivered : status;
}

/* Without the memory for a flight: every index hears of it all the same. */
static COLD sheaf_status fail_all(const sheaf_question *q, const sheaf_callbacks *callbacks,
                                  sheaf_summary *summary, sheaf_error *error) {
  sheaf_str text = sheaf_cstr(sheaf_status_message(SHEAF_OUT_OF_MEMORY));
  sheaf_result result = {0, SHEAF_OUT_OF_MEMORY, NULL, 0, SHEAF_RESULT_STATIC, text};
  uint32_t answer = SHEAF_CONTINUE;
  for (; result.index < q->request.count && answer == SHEAF_CONTINUE; result.index++) {
    if (q->onward) answer = q->onward->results(q->onward, &result, 1);
    else if (callbacks->error) answer = callbacks->error(callbacks->ctx, result.index, &result);
  }
  if (summary) {
    summary->succeeded = 0;
    summary->failed = result.index;
  }
  if (answer != SHEAF_CONTINUE) return SHEAF_STOPPED;
  return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a batch");
}

/* `relayed`: a stage asks, on the way down. */
static ALWAYS_INLINE sheaf_status ask(sheaf_manager *m, sheaf_question *q,
                                      const sheaf_callbacks *callbacks, bool ours, bool relayed,
                                      sheaf_summary *summary, sheaf_error *error) {
  sheaf_thread *thread = sheaf_thread_self();
  if (UNLIKELY(!thread)) return fail_all(q, callbacks, summary, error);
  if (error) error->status = SHEAF_OK, error->message[0] = '\0';
  sheaf_mark mark = sheaf_arena_mark(&thread->scratch);
  sheaf_summary counts = SHEAF_SUMMARY_INIT;
  unsigned outer = thread->outer;
  if (!relayed) thread->outer = thread->seated;
  sheaf_status status = UNLIKELY(m->serialized) && !ours
                            ? fly_recorded(thread, m, q, callbacks, &counts, error)
                            : sheaf_flight_ask(thread, m, q, callbacks, &counts, error);
  thread->outer = outer;
  sheaf_arena_release(&thread->scratch, mark);
  if (UNLIKELY(status == SHEAF_OUT_OF_MEMORY) && counts.succeeded + counts.failed == 0)
    return fail_all(q, callbacks, summary, error);
  if (summary) {
    summary->succeeded = counts.succeeded;
    summary->failed = counts.failed;
  }
  return status;
}

sheaf_status sheaf_question_ask(sheaf_manager *m, sheaf_question *q, bool ours,
                                sheaf_error *error) {
  return ask(m, q, &q->callbacks, ours, !ours, NULL, error);
}

sheaf_status sheaf_perform(sheaf_manager *manager, sheaf_id verb, const sheaf_request *request,
                           const sheaf_callbacks *callbacks, sheaf_summary *summary,
                           sheaf_error *error) {
  sheaf_question q;
  if (summary && summary->struct_size < sizeof *summary)
    return invalid(error, "sheaf_summary.struct_size is not set: begin with SHEAF_SUMMARY_INIT");
  if (summary) summary->succeeded = summary->failed = 0;
  if (!manager) return invalid(error, "the manager is NULL");
  if (!callbacks) return invalid(error, "the callbacks are NULL");
  sheaf_status status = read_question(&q, verb, request, error);
  if (!status && UNLIKELY(!SHEAF_IS_OWN_STRUCT(callbacks, callbacks, 0))) {
    status = SHEAF_TAKE_STRUCT(&q.callbacks, callbacks, 0, "sheaf_callbacks", error);
    callbacks = &q.callbacks;
  }
  return status ? status : ask(manager, &q, callbacks, false, false, summary, error);
}

/* --------------------------------------------------------------------------------------- flush */

static sheaf_status call_flush(sheaf_manager *m, sheaf_flight *f, sheaf_error *error) {
  if (m->serialized) {
    if (sheaf_flight_in_gate(m, f)) return SHEAF_BUSY;
    sheaf_status status = sheaf_gate_enter(&m->gate, f);
    if (status) return status;
  }
  sheaf_status status = m->table.flush(m->self, &f->call, error);
  sheaf_flight_settle(f);
  if (m->serialized) sheaf_gate_leave(&m->gate, f);
  return status;
}

static sheaf_status flush(sheaf_manager *m, const sheaf_question *q, sheaf_error *error) {
  sheaf_thread *thread = sheaf_thread_self();
  if (!thread) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a flush");
  sheaf_error why = {0};
  sheaf_mark mark = sheaf_arena_mark(&thread->scratch);
  sheaf_flight *f =
      sheaf_flight_open(thread, m, q, &q->callbacks, NULL); /* of nothing: for its call */
  sheaf_status status = f ? call_flush(m, f, &why) : SHEAF_OUT_OF_MEMORY;
  if (f) (void)sheaf_flight_close(f, SHEAF_OK, NULL, NULL);
  sheaf_arena_release(&thread->scratch, mark);
  if (SHEAF_IS_OK(status)) return SHEAF_OK;
  why.message[sizeof why.message - 1] = '\0';
  return sheaf_error_set(error, status, "manager '%s': %s", sheaf_manager_id(m),
                         why.message[0] ? why.message : sheaf_status_message(status));
}

sheaf_status sheaf_manager_flush(sheaf_manager *manager, const sheaf_call *call,
                                 sheaf_error *error) {
  sheaf_question q;
  memset(&q, 0, sizeof q);
  if (!manager) return invalid(error, "the manager is NULL");
  sheaf_status status = call ? read_call(&q.call, call, error) : SHEAF_OK;
  if (status) return status;
  status = sheaf_manager_hold(manager)
               ? flush(manager, &q, error)
               : sheaf_error_set(error, SHEAF_CLOSED, "the manager is closed");
  sheaf_manager_release(manager);
  return status;
}
