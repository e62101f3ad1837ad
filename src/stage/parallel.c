/* SPDX-License-Identifier: Apache-2.0 */
/* parallel: a large batch goes down in pieces, on several threads at once. */
#include "stage/overlap.h"
#include "stage/types.h"

#define MOST_THREADS 64

enum { THREADS, MIN_SIZE };
enum { SPLIT };

typedef struct parallel {
  sheaf_stage stage;
  sheaf_workers workers;
  bool made;
  uint32_t threads, min_size;
} parallel;

/* In `pieces` of nearly the same size. */
static bool cut(const sheaf_request *request, uint32_t pieces, sheaf_shape *shape) {
  uint32_t *order = sheaf_stage_scratch(request, ((size_t)request->count + pieces) * sizeof *order);
  if (!order) return false;
  uint32_t *ends = order + request->count;
  for (uint32_t i = 0; i < request->count; i++) order[i] = i;
  for (uint32_t p = 0; p < pieces; p++)
    ends[p] = (uint32_t)((uint64_t)request->count * (p + 1) / pieces);
  *shape = (sheaf_shape){sizeof *shape, 0, order, ends, request->count, pieces};
  return true;
}

static sheaf_status parallel_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  parallel *p = self;
  uint32_t pieces = request->count / p->min_size;
  sheaf_shape shape;
  if (pieces > p->threads) pieces = p->threads;
  if (pieces < 2) return sheaf_stage_ask(&p->stage, 0, request, sink);
  if (!cut(request, pieces, &shape))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for a batch", 0);
  sheaf_stage_count(&p->stage, SPLIT, 1);
  return sheaf_overlap_ask(&p->stage, &p->workers, pieces, request, sink, &shape);
}

static sheaf_status parallel_open(void *self, const sheaf_value *settings,
                                  const sheaf_stage_options *options, sheaf_error *error) {
  parallel *p = self;
  int64_t threads, min_size;
  (void)options;
  sheaf_status status = sheaf_stage_number(&sheaf_stage_parallel, settings, THREADS, 1,
                                           MOST_THREADS, &threads, error);
  if (!status)
    status = sheaf_stage_number(&sheaf_stage_parallel, settings, MIN_SIZE, 1, INT32_MAX, &min_size,
                                error);
  if (status) return status;
  p->threads = (uint32_t)threads;
  p->min_size = (uint32_t)min_size;
  p->made = sheaf_workers_init(&p->workers, p->threads);
  return p->made ? SHEAF_OK : sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
}

static void parallel_close(void *self) {
  parallel *p = self;
  if (p->made) sheaf_workers_close(&p->workers);
}

static const sheaf_setting_info settings[] = {
    [THREADS] = {"threads", "4", "The most threads for a batch, the one that asks included.",
                 SHEAF_KIND_INT64, 0},
    [MIN_SIZE] = {"min_size", "1000", "The least references of a piece.", SHEAF_KIND_INT64, 0}};

static const sheaf_stage_counter_info counters[] = {
    [SPLIT] = {"split", "Batches that went down in pieces."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "parallel", "Parallel", "Large batches go down in pieces, on several threads at once.",
    settings, sizeof settings / sizeof *settings);

const sheaf_stage_type sheaf_stage_parallel = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                               .flags = SHEAF_STAGE_MAY_WAIT,
                                               .counters = counters,
                                               .counter_count = 1,
                                               .size = sizeof(parallel),
                                               .open = parallel_open,
                                               .batch = parallel_batch,
                                               .close = parallel_close};
