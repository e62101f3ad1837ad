/* SPDX-License-Identifier: Apache-2.0 */
/* meter: counts what goes through, and how long it takes. */
#include "stage/meter_stage.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/cancel.h"
#include "core/extensible.h"
#include "core/thread.h"
#include "stage/types.h"

static const sheaf_status statuses[] = {
#define ROW(upper, code, lower, message) code,
    SHEAF_STATUS_MAP(ROW)
#undef ROW
};

enum { TRACE };

typedef sheaf_meter meter;
typedef sheaf_meter_shard shard;

/* ------------------------------------------------------------------------------------- a batch */

typedef struct count_sink {
  sheaf_sink sink;
  sheaf_sink *onward;
  meter *meter;
  _Atomic uint64_t answered, failed;
} count_sink;

/* The row of a status; of an unknown one that of its class. */
static size_t row_of(sheaf_status status) {
  size_t row = 0, class = 0;
  for (size_t i = 1; i < SHEAF_METER_ROWS; i++) {
    if (statuses[i] == status) row = i;
    if (statuses[i] == SHEAF_STATUS_CLASS(status) * 100) class = i;
    if (!class && statuses[i] == SHEAF_MANAGER_FAILURE) class = i;
  }
  return row ? row : class;
}

/* The sink's own thread alone counts in it, unless results come on several. */
static void bump(const sheaf_sink *sink, _Atomic uint64_t *place, uint64_t n) {
  if (sink->flags & SHEAF_PARALLEL_RESULTS)
    atomic_fetch_add_explicit(place, n, memory_order_relaxed);
  else
    atomic_store_explicit(place, atomic_load_explicit(place, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  count_sink *s = (count_sink *)sink;
  uint32_t failed = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (SHEAF_IS_OK(given[i].status)) continue;
    failed++;
    atomic_fetch_add_explicit(&s->meter->errors[row_of(given[i].status)], 1, memory_order_relaxed);
  }
  bump(sink, &s->answered, count);
  if (failed) bump(sink, &s->failed, failed);
  return s->onward->results(s->onward, given, count);
}

static void add(_Atomic uint64_t *place, uint64_t n) {
  atomic_fetch_add_explicit(place, n, memory_order_relaxed);
}

static shard *shard_of(const meter *m) {
  uintptr_t thread = (uintptr_t)sheaf_thread_here;
  return &m->shards[(thread >> 6 ^ thread >> 12) % SHEAF_METER_SHARDS];
}

/* What it is to be known of a batch that has returned. */
static void count(meter *m, shard *s, const sheaf_meter_event *e) {
  add(&s->succeeded, e->succeeded);
  if (e->failed) add(&s->failed, e->failed);
  sheaf_histogram_add(&s->size, e->size);
  sheaf_histogram_add(&s->latency, (uint64_t)(e->end_ns - e->begin_ns));
  add(&s->batches, 1);
  if (m->trace) sheaf_meter_trace(m, e);
}

/* Of a batch that was stopped: whether by a cancel or a deadline, which a host's flight turns into one. */
static sheaf_status why_stopped(const sheaf_request *request) {
  sheaf_status why = request->call->poll(request->call);
  return why ? why : SHEAF_STOPPED;
}

static sheaf_status meter_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  meter *m = self;
  shard *s = shard_of(m);
  count_sink counting = {
      {sizeof counting.sink, sink->flags & SHEAF_PARALLEL_RESULTS, results}, sink, m, 0, 0};
  sheaf_meter_event e = {.verb = request->verb,
                         .size = request->count,
                         .why = sheaf_thread_here->why,
                         .waited_ns = sheaf_thread_here->waited_ns,
                         .begin_ns = sheaf_now_ns()};
  add(&s->begun, 1);
  sheaf_status status = sheaf_stage_ask(&m->stage, 0, request, &counting.sink);
  e.end_ns = sheaf_now_ns();
  e.status = status == SHEAF_STOPPED && m->trace ? why_stopped(request) : status;
  e.failed = atomic_load_explicit(&counting.failed, memory_order_relaxed);
  e.succeeded = atomic_load_explicit(&counting.answered, memory_order_relaxed) - e.failed;
  count(m, s, &e);
  return status;
}

/* ---------------------------------------------------------------------------------- reading it */

static sheaf_meter_quantiles quantiles(const sheaf_histogram_sum *sum) {
  return (sheaf_meter_quantiles){sum->count,
                                 sum->sum,
                                 sum->least,
                                 sum->most,
                                 sheaf_histogram_quantile(sum, 0.5),
                                 sheaf_histogram_quantile(sum, 0.9),
                                 sheaf_histogram_quantile(sum, 0.99),
                                 sheaf_histogram_quantile(sum, 0.999)};
}

void sheaf_meter_read(const meter *m, sheaf_meter_sums *sums) {
  memset(sums, 0, sizeof *sums);
  for (uint32_t i = 0; i < SHEAF_METER_SHARDS; i++) {
    const shard *s = &m->shards[i];
    sums->batches += s->batches; /* before `begun`: never more have returned than have begun */
    sums->begun += s->begun;
    sums->succeeded += s->succeeded;
    sums->failed += s->failed;
    sheaf_histogram_read(&sums->size, &s->size);
    sheaf_histogram_read(&sums->latency, &s->latency);
  }
}

static sheaf_status snapshot(void *self, sheaf_meter_snapshot *out) {
  sheaf_meter_sums sums;
  if (!out || out->struct_size < sizeof *out) return SHEAF_INVALID_ARGUMENT;
  sheaf_meter_read(self, &sums);
  *out = (sheaf_meter_snapshot){.struct_size = out->struct_size,
                                .batches = sums.batches,
                                .in_flight = sums.begun - sums.batches,
                                .succeeded = sums.succeeded,
                                .failed = sums.failed,
                                .size = quantiles(&sums.size),
                                .latency_ns = quantiles(&sums.latency)};
  return SHEAF_OK;
}

static uint32_t errors(void *self, sheaf_meter_error *out, uint32_t room) {
  meter *m = self;
  uint32_t count = 0;
  for (size_t i = 1; i < SHEAF_METER_ROWS; i++) {
    uint64_t n = atomic_load_explicit(&m->errors[i], memory_order_relaxed);
    if (n == 0) continue;
    if (count < room) out[count] = (sheaf_meter_error){statuses[i], 0, n};
    count++;
  }
  return count;
}

static sheaf_status meter_get_extension(void *self, const char *id, sheaf_interface *out) {
  static const sheaf_meter_table table = {sizeof table, 0, snapshot, errors};
  if (strcmp(id, SHEAF_METER_EXTENSION) != 0) return SHEAF_UNSUPPORTED;
  *out = (sheaf_interface){&table, self};
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------ the stage */

static sheaf_status meter_open(void *self, const sheaf_value *settings,
                               const sheaf_stage_options *options, sheaf_error *error) {
  meter *m = self;
  (void)options;
  m->shards = aligned_alloc(64, SHEAF_METER_SHARDS * sizeof *m->shards);
  if (!m->shards) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  memset(m->shards, 0, SHEAF_METER_SHARDS * sizeof *m->shards);
  if (settings[TRACE].kind == SHEAF_KIND_NONE) return SHEAF_OK;
  m->stage.description.flags = 0; /* writing a file takes its time */
  return sheaf_meter_trace_open(m, settings[TRACE].u.data, error);
}

static void meter_close(void *self) {
  meter *m = self;
  if (m->trace) sheaf_meter_trace_close(m);
  free(m->shards);
}

static const sheaf_setting_info settings_info[] = {
    [TRACE] = {"trace", NULL,
               "A file to write a trace of all batches to, in Chrome's trace event format.",
               SHEAF_KIND_STRING, 0}};

static const sheaf_stage_counter_info counters[] = {
    [SHEAF_METER_UNTRACED] = {"untraced", "Batches that could not be written to the trace."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "meter", "Meter", "Counts batches, results and errors, and measures time.", settings_info, 1);

const sheaf_stage_type sheaf_stage_meter = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .size = sizeof(meter),
                                            .counters = counters,
                                            .counter_count = 1,
                                            .open = meter_open,
                                            .batch = meter_batch,
                                            .get_extension = meter_get_extension,
                                            .close = meter_close};
