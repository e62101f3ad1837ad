/* SPDX-License-Identifier: Apache-2.0 */
/* circuit: after some failures in a row nobody is asked any more, but for a probe now and then. */
#include "core/cancel.h"
#include "stage/refuse.h"
#include "stage/statuses.h"
#include "stage/types.h"

enum { FAILURES, INTERVAL, STATUSES, SETTINGS };
enum { REFUSED, OPENED };

#define MILLISECOND INT64_C(1000000)

typedef struct circuit {
  sheaf_stage stage;
  int64_t most, interval_ns;
  sheaf_statuses statuses;
  _Atomic int64_t failures; /* in a row */
  _Atomic int64_t probe_ns; /* when the next batch may pass; 0: the circuit is closed, all may */
} circuit;

/* Looks at what passes. */
typedef struct judging {
  sheaf_sink sink;
  sheaf_sink *onward;
  const circuit *c;
  _Atomic uint32_t answered, bad;
} judging;

static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  judging *j = (judging *)sink;
  uint32_t bad = 0;
  for (uint32_t i = 0; i < count; i++)
    if (!SHEAF_IS_OK(given[i].status)) bad += sheaf_statuses_have(&j->c->statuses, given[i].status);
  atomic_fetch_add_explicit(&j->answered, count, memory_order_relaxed);
  if (bad) atomic_fetch_add_explicit(&j->bad, bad, memory_order_relaxed);
  return j->onward->results(j->onward, given, count);
}

/* Whether a batch may pass; if not, `wait_ns` is for how long. While the circuit is open one batch an
 * interval may, whoever comes first. */
static bool may_pass(circuit *c, int64_t *wait_ns) {
  int64_t probe = atomic_load_explicit(&c->probe_ns, memory_order_relaxed), now;
  if (probe == 0) return true;
  now = sheaf_now_ns();
  if (now >= probe && atomic_compare_exchange_strong(&c->probe_ns, &probe, now + c->interval_ns))
    return true;
  *wait_ns = now < probe ? probe - now : c->interval_ns;
  return probe == 0; /* closed meanwhile */
}

static void failed(circuit *c) {
  if (atomic_fetch_add(&c->failures, 1) + 1 < c->most) return;
  int64_t closed = 0;
  if (atomic_compare_exchange_strong(&c->probe_ns, &closed, sheaf_now_ns() + c->interval_ns))
    sheaf_stage_count(&c->stage, OPENED, 1);
}

static void succeeded(circuit *c) {
  if (atomic_load_explicit(&c->failures, memory_order_relaxed)) atomic_store(&c->failures, 0);
  if (atomic_load_explicit(&c->probe_ns, memory_order_relaxed)) atomic_store(&c->probe_ns, 0);
}

/* A batch of which every reference failed with one of the statuses is a failure. What the host ended
 * itself says nothing about the manager. */
static void judge(circuit *c, judging *j, sheaf_status status) {
  uint32_t answered = atomic_load(&j->answered);
  if (status == SHEAF_STOPPED || status == SHEAF_CANCELLED || answered == 0) return;
  if (answered == atomic_load(&j->bad)) failed(c);
  else succeeded(c);
}

static sheaf_status circuit_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  circuit *c = self;
  int64_t wait_ns;
  if (!may_pass(c, &wait_ns)) {
    sheaf_stage_count(&c->stage, REFUSED, request->count);
    return sheaf_stage_refuse(request, sink, SHEAF_UNAVAILABLE,
                              "the circuit is open: what was asked before failed", wait_ns);
  }
  judging j = {{sizeof j.sink, sink->flags & SHEAF_PARALLEL_RESULTS, results}, sink, c, 0, 0};
  sheaf_status status = sheaf_stage_ask(&c->stage, 0, request, &j.sink);
  judge(c, &j, status);
  return status;
}

static const sheaf_setting_info settings[SETTINGS] = {
    [FAILURES] = {"failures", "5", "After how many failed batches in a row the circuit opens.",
                  SHEAF_KIND_INT64, 0},
    [INTERVAL] = {"interval_ms", "1000",
                  "How often, while it is open, a batch may try, in milliseconds.",
                  SHEAF_KIND_INT64, 0},
    [STATUSES] = {"statuses", "unavailable, overloaded, manager_failure, no_result, deadline",
                  "A batch failed if all its references failed with one of these errors.",
                  SHEAF_KIND_STRING, 0}};

static const sheaf_stage_counter_info counters[] = {
    [REFUSED] = {"refused", "References that failed at once because the circuit was open."},
    [OPENED] = {"opened", "How often the circuit opened."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "circuit", "Circuit breaker",
    "After some failures in a row batches fail at once, and one an interval tries again.", settings,
    SETTINGS);

static sheaf_status circuit_open(void *self, const sheaf_value *values,
                                 const sheaf_stage_options *options, sheaf_error *error) {
  enum { DAY_MS = 86400000 };
  circuit *c = self;
  const sheaf_stage_type *type = &sheaf_stage_circuit;
  sheaf_status status;
  (void)options;
  (void)((status = sheaf_stage_number(type, values, FAILURES, 1, 1000000, &c->most, error)) ||
         (status = sheaf_stage_number(type, values, INTERVAL, 1, DAY_MS, &c->interval_ns, error)) ||
         (status = sheaf_statuses_read(&c->statuses, type, values, STATUSES, error)));
  c->interval_ns *= MILLISECOND;
  return status;
}

const sheaf_stage_type sheaf_stage_circuit = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                              .size = sizeof(circuit),
                                              .counters = counters,
                                              .counter_count = 2,
                                              .open = circuit_open,
                                              .batch = circuit_batch};
