/* SPDX-License-Identifier: Apache-2.0 */
/* What a stack has counted, as Prometheus text: all samples of a metric stand together. */
#include <inttypes.h>
#include <stdlib.h>

#include <sheaf/status.h>

#include "core/manager.h"
#include "stage/meter_stage.h"
#include "stage/types.h"

typedef struct writer {
  sheaf_meter_write_fn write;
  void *ctx;
} writer;

__attribute__((format(printf, 2, 3))) static void put(const writer *w, const char *format, ...) {
  char text[600];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size > 0)
    w->write(w->ctx, sheaf_strn(text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1));
}

/* Something that is done to each stage of a type, with its place in the stack. */
typedef void (*visit)(const writer *w, sheaf_manager *m, const char *at, const void *ctx);

static void each(const writer *w, sheaf_manager *m, const sheaf_stage_type *type, const char *at,
                 visit what, const void *ctx) {
  if (!m->stage) return;
  if (((const sheaf_stage *)m->self)->type == type) what(w, m, at, ctx);
  sheaf_manager *child;
  for (uint32_t i = 0; (child = sheaf_stage_child(m, i)); i++) {
    char place[SHEAF_STAGE_MOST_DEEP * 11];
    int size = snprintf(place, sizeof place, "%s.%" PRIu32, at, i);
    if (size < 0 || (size_t)size >= sizeof place) return; /* never: so many levels fit */
    each(w, child, type, place, what, ctx);
  }
}

/* ---------------------------------------------------------------------------------- counters */

static void write_counter(const writer *w, sheaf_manager *m, const char *at, const void *which) {
  const sheaf_stage *stage = m->self;
  uint32_t i = *(const uint32_t *)which;
  put(w, "sheaf_%s_%s_total{at=\"%s\"} %" PRIu64 "\n", stage->type->info.factory->id,
      stage->type->counters[i].name, at,
      atomic_load_explicit(&stage->counts[i], memory_order_relaxed));
}

static void count_one(const writer *w, sheaf_manager *m, const char *at, const void *count) {
  (void)w, (void)m, (void)at;
  ++*(uint32_t *)(uintptr_t)count;
}

static uint32_t count_of(sheaf_manager *top, const sheaf_stage_type *type) {
  uint32_t count = 0;
  each(NULL, top, type, "0", count_one, &count);
  return count;
}

static void write_counters(const writer *w, sheaf_manager *top, const sheaf_stage_type *type) {
  for (uint32_t i = 0; i < type->counter_count; i++) {
    const char *id = type->info.factory->id, *name = type->counters[i].name;
    put(w, "# HELP sheaf_%s_%s_total %s\n# TYPE sheaf_%s_%s_total counter\n", id, name,
        type->counters[i].doc, id, name);
    each(w, top, type, "0", write_counter, &i);
  }
}

/* ------------------------------------------------------------------------------------- meters */

static void write_batches(const writer *w, sheaf_manager *m, const char *at, const void *ctx) {
  sheaf_meter_sums *sums = (sheaf_meter_sums *)(uintptr_t)ctx;
  sheaf_meter_read(m->self, sums);
  put(w, "sheaf_meter_in_flight{at=\"%s\"} %" PRIu64 "\n", at, sums->begun - sums->batches);
}

static void write_results(const writer *w, sheaf_manager *m, const char *at, const void *ctx) {
  sheaf_meter_sums *sums = (sheaf_meter_sums *)(uintptr_t)ctx;
  const sheaf_meter *meter = m->self;
  uint32_t row = 0;
  sheaf_meter_read(meter, sums);
  put(w, "sheaf_meter_results_total{at=\"%s\",status=\"ok\"} %" PRIu64 "\n", at, sums->succeeded);
#define ROW(upper, code, lower, message)                                                           \
  if (row > 0 && meter->errors[row])                                                               \
    put(w, "sheaf_meter_results_total{at=\"%s\",status=\"" #lower "\"} %" PRIu64 "\n", at,         \
        atomic_load_explicit(&meter->errors[row], memory_order_relaxed));                          \
  row++;
  SHEAF_STATUS_MAP(ROW)
#undef ROW
}

/* Buckets at powers of two, whose edges the histogram has: values up to 2^k - 1. */
static void write_histogram(const writer *w, const char *name, const char *at,
                            const sheaf_histogram_sum *sum, uint32_t from, uint32_t to,
                            double unit) {
  uint64_t below = 0;
  for (uint32_t power = from, b = 0; power <= to; power++) {
    uint64_t edge = ((uint64_t)1 << power) - 1;
    for (; b < SHEAF_HISTOGRAM_BUCKETS && sheaf_histogram_top(b) <= edge; b++)
      below += sum->buckets[b];
    put(w, "%s_bucket{at=\"%s\",le=\"%.10g\"} %" PRIu64 "\n", name, at, (double)edge * unit, below);
  }
  put(w,
      "%s_bucket{at=\"%s\",le=\"+Inf\"} %" PRIu64
      "\n%s_sum{at=\"%s\"} %.10g\n%s_count{at=\"%s\"} %" PRIu64 "\n",
      name, at, sum->count, name, at, (double)sum->sum * unit, name, at, sum->count);
}

static void write_sizes(const writer *w, sheaf_manager *m, const char *at, const void *ctx) {
  sheaf_meter_sums *sums = (sheaf_meter_sums *)(uintptr_t)ctx;
  sheaf_meter_read(m->self, sums);
  write_histogram(w, "sheaf_meter_batch_size", at, &sums->size, 1, 20, 1);
}

static void write_times(const writer *w, sheaf_manager *m, const char *at, const void *ctx) {
  sheaf_meter_sums *sums = (sheaf_meter_sums *)(uintptr_t)ctx;
  sheaf_meter_read(m->self, sums);
  write_histogram(w, "sheaf_meter_batch_seconds", at, &sums->latency, 10, 36, 1e-9);
}

static void write_meters(const writer *w, sheaf_manager *top, sheaf_meter_sums *sums) {
  static const struct {
    const char *name, *type, *doc;
    visit write;
  } metrics[] = {
      {"sheaf_meter_in_flight", "gauge", "Batches that have not returned.", write_batches},
      {"sheaf_meter_results_total", "counter", "Results, by status.", write_results},
      {"sheaf_meter_batch_size", "histogram", "References a batch.", write_sizes},
      {"sheaf_meter_batch_seconds", "histogram", "Time a batch.", write_times}};
  for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
    put(w, "# HELP %s %s\n# TYPE %s %s\n", metrics[i].name, metrics[i].doc, metrics[i].name,
        metrics[i].type);
    each(w, top, &sheaf_stage_meter, "0", metrics[i].write, sums);
  }
}

/* ------------------------------------------------------------------------------------ altogether */

static sheaf_status write_all(const writer *w, sheaf_manager *top) {
  static const sheaf_stage_type *const types[] = {
#define ROW(id) &sheaf_stage_##id,
      SHEAF_STAGE_MAP(ROW)
#undef ROW
  };
  sheaf_meter_sums *sums = malloc(sizeof *sums);
  if (!sums) return SHEAF_OUT_OF_MEMORY;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (count_of(top, types[i])) write_counters(w, top, types[i]);
  if (count_of(top, &sheaf_stage_meter)) write_meters(w, top, sums);
  free(sums);
  return SHEAF_OK;
}

sheaf_status sheaf_meter_prometheus(sheaf_manager *top, sheaf_meter_write_fn write, void *ctx) {
  const writer w = {write, ctx};
  if (!top || !top->stage || !write) return SHEAF_INVALID_ARGUMENT;
  sheaf_status status = sheaf_manager_hold(top) ? write_all(&w, top) : SHEAF_CLOSED;
  sheaf_manager_release(top);
  return status;
}
