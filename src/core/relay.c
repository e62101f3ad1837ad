/* SPDX-License-Identifier: Apache-2.0 */
#include "core/relay.h"

#include "core/flight.h"
#include "core/manager.h"
#include "core/perform.h"

/* Whether the manager may answer on the flight that the stages were asked by: nobody between it and
 * the host looks at its answers, so that one tracker is enough. */
static bool may_join(const sheaf_manager *m, const sheaf_flight *f, const sheaf_request *request,
                     const sheaf_sink *sink) {
  return request == f->request && sink == &f->sink && m->current && !m->serialized;
}

/* The manager answers on the stages' flight; whoever complains, blames it. */
static sheaf_status join(sheaf_manager *m, sheaf_flight *f, const sheaf_request *request,
                         sheaf_sink *sink) {
  atomic_store_explicit(&f->blamed, m, memory_order_relaxed);
  sheaf_status status = m->table.batch(m->self, request, sink);
  sheaf_flight_drain(f); /* a stage that waits for the batch waits for its threads too */
  return sheaf_returned(m->stage, status);
}

/* On a flight of its own. The first failure's words are the host's to hear. */
static sheaf_status fly(sheaf_manager *m, const sheaf_flight *outer, const sheaf_request *request,
                        sheaf_sink *sink) {
  sheaf_question q;
  sheaf_error why;
  q.request = *request;
  q.request.struct_size = sizeof q.request;
  q.call = *request->call;
  q.callbacks = (sheaf_callbacks)SHEAF_CALLBACKS_INIT;
  q.callbacks.flags = sink->flags & SHEAF_PARALLEL_RESULTS;
  q.onward = sink;
  sheaf_error *report = outer ? outer->report : NULL;
  sheaf_status status = sheaf_question_ask(m, &q, false, report ? &why : NULL);
  if (status && report && !report->status) *report = why;
  return status;
}

sheaf_status sheaf_relay(sheaf_manager *m, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_flight *f = sheaf_flight_of_call(request->call);
  if (f && sheaf_manager_serves(m, request->verb)) {
    if (m->stage) return m->table.batch(m->self, request, sink);
    if (may_join(m, f, request, sink)) return join(m, f, request, sink);
  }
  return fly(m, f, request, sink);
}
