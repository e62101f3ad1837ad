/* SPDX-License-Identifier: Apache-2.0 */
/* meter: counts what goes through, and how long it takes. */
#include <sheaf/meter.h>

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/cancel.h"
#include "core/extensible.h"
#include "core/thread.h"
#include "stage/histogram.h"
#include "stage/stage.h"

/* Threads count in one of these, so that they seldom share a line of memory. */
#define SHARDS 8u

typedef struct shard {
  _Alignas(64) _Atomic uint64_t begun;
  _Atomic uint64_t batches, succeeded, failed;
  sheaf_histogram size, latency;
} shard;

static const sheaf_status statuses[] = {
#define ROW(upper, code, lower, message) code,
    SHEAF_STATUS_MAP(ROW)
#undef ROW
};
#define STATUSES (sizeof statuses / sizeof *statuses)

typedef struct meter {
  sheaf_stage stage;
  shard *shards;
  _Atomic uint64_t errors[STATUSES];
} meter;

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
  for (size_t i = 1; i < STATUSES; i++) {
    if (statuses[i] == status) row = i;
    if (statuses[i] == SHEAF_STATUS_CLASS(status) * 100) class = i;
    if (!class && statuses[i] == SHEAF_MANAGER_FAILURE) class = i;
  }
  return row ? row : class;
}

/* The sink's own thread alone counts in it, unless results come on several. */
static void bump(const sheaf_sink *sink, _Atomic uint64_t *place, uint64_t n) {
  if (sink->flags & SHEAF_PARALLEL_RESULTS) atomic_fetch_add_explicit(place, n, memory_order_relaxed);
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
  return &m->shards[(thread >> 6 ^ thread >> 12) % SHARDS];
}

static sheaf_status meter_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  meter *m = self;
  shard *s = shard_of(m);
  count_sink counting = {
      {sizeof counting.sink, sink->flags & SHEAF_PARALLEL_RESULTS, results}, sink, m, 0, 0};
  add(&s->begun, 1);
  int64_t begin = sheaf_now_ns();
  sheaf_status status = sheaf_stage_ask(&m->stage, 0, request, &counting.sink);
  int64_t took = sheaf_now_ns() - begin;
  uint64_t failed = atomic_load_explicit(&counting.failed, memory_order_relaxed);
  add(&s->succeeded, atomic_load_explicit(&counting.answered, memory_order_relaxed) - failed);
  if (failed) add(&s->failed, failed);
  sheaf_histogram_add(&s->size, request->count);
  sheaf_histogram_add(&s->latency, (uint64_t)took);
  add(&s->batches, 1);
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

static sheaf_status snapshot(void *self, sheaf_meter_snapshot *out) {
  const meter *m = self;
  if (!out || out->struct_size < sizeof *out) return SHEAF_INVALID_ARGUMENT;
  sheaf_histogram_sum size = {0}, latency = {0};
  uint64_t begun = 0;
  *out = (sheaf_meter_snapshot){.struct_size = out->struct_size};
  for (uint32_t i = 0; i < SHARDS; i++) {
    const shard *s = &m->shards[i];
    out->batches += s->batches; /* before `begun`: never more have returned than have begun */
    begun += s->begun;
    out->succeeded += s->succeeded;
    out->failed += s->failed;
    sheaf_histogram_read(&size, &s->size);
    sheaf_histogram_read(&latency, &s->latency);
  }
  out->in_flight = begun - out->batches;
  out->size = quantiles(&size);
  out->latency_ns = quantiles(&latency);
  return SHEAF_OK;
}

static uint32_t errors(void *self, sheaf_meter_error *out, uint32_t room) {
  meter *m = self;
  uint32_t count = 0;
  for (size_t i = 1; i < STATUSES; i++) {
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
  (void)settings, (void)options;
  m->shards = aligned_alloc(64, SHARDS * sizeof *m->shards);
  if (!m->shards) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  memset(m->shards, 0, SHARDS * sizeof *m->shards);
  return SHEAF_OK;
}

static void meter_close(void *self) { free(((meter *)self)->shards); }

static const sheaf_factory factory =
    SHEAF_STAGE_FACTORY("meter", "Meter", "Counts batches, results and errors, and measures time.",
                        NULL, 0);

const sheaf_stage_type sheaf_stage_meter = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .size = sizeof(meter),
                                            .open = meter_open,
                                            .batch = meter_batch,
                                            .get_extension = meter_get_extension,
                                            .close = meter_close};
