/* SPDX-License-Identifier: Apache-2.0 */
/* batch: a batch goes down as the batches that a chain of batchers makes of it, in order. */
#include "stage/batch.h"

#include "stage/overlap.h"
#include "stage/part.h"

typedef struct batch_stage {
  sheaf_stage stage;
  sheaf_batchers *chain;
  uint32_t overlap; /* batches at once */
  sheaf_workers workers;
  bool made; /* they are */
} batch_stage;

/* The longest batch. */
static uint32_t longest(const sheaf_shape *shape) {
  uint32_t most = 0;
  for (uint32_t b = 0; b < shape->batch_count; b++) {
    uint32_t size = shape->ends[b] - sheaf_shape_begin(shape, b);
    if (size > most) most = size;
  }
  return most;
}

/* Whether the batch is to go down as it came. */
static bool is_whole(const sheaf_shape *shape) {
  if (shape->batch_count != 1) return false;
  uint32_t moved = 0;
  for (uint32_t i = 0; i < shape->count; i++) moved |= shape->order[i] ^ i;
  return moved == 0;
}

static sheaf_status ask_parts(const sheaf_stage *stage, const sheaf_request *request,
                              sheaf_sink *sink, const sheaf_shape *shape) {
  sheaf_part part;
  sheaf_status first = SHEAF_OK;
  sheaf_part_init(&part, request, sink);
  if (!sheaf_part_reserve(&part, longest(shape)))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory to cut a batch", 0);
  sheaf_stage_reason before = sheaf_stage_because((sheaf_stage_reason){"cut", 0});
  for (uint32_t b = 0; b < shape->batch_count && first != SHEAF_STOPPED; b++) {
    uint32_t begin = sheaf_shape_begin(shape, b);
    sheaf_part_take(&part, shape->order + begin, shape->ends[b] - begin);
    sheaf_status status = sheaf_stage_ask(stage, 0, &part.request, &part.sink);
    if (!first || status == SHEAF_STOPPED) first = status;
  }
  (void)sheaf_stage_because(before);
  return first;
}

static sheaf_status batch_run(void *self, const sheaf_request *request, sheaf_sink *sink) {
  batch_stage *b = self;
  sheaf_arena arena = {0};
  sheaf_shape shape;
  sheaf_error error;
  sheaf_status status;
  if (b->chain->step_count == 0) return sheaf_stage_ask(&b->stage, 0, request, sink);
  error.message[0] = '\0';
  status = sheaf_chain_run(b->chain, request, &arena, &shape, &error);
  if (status) status = sheaf_stage_fail(request, sink, status, error.message, 0);
  else if (is_whole(&shape)) status = sheaf_stage_ask(&b->stage, 0, request, sink);
  else if (b->overlap > 1 && shape.batch_count > 1)
    status = sheaf_overlap_ask(&b->stage, &b->workers, b->overlap, request, sink, &shape);
  else status = ask_parts(&b->stage, request, sink, &shape);
  sheaf_arena_free(&arena);
  return status;
}

static sheaf_status batch_open(void *self, const sheaf_value *settings,
                               const sheaf_stage_options *options, sheaf_error *error) {
  batch_stage *b = self;
  int64_t overlap;
  sheaf_status status =
      sheaf_stage_number(&sheaf_stage_batch, settings, SHEAF_BATCH_OVERLAP, 1, 64, &overlap, error);
  if (status) return status;
  b->overlap = (uint32_t)overlap;
  /* The host's functions may take time, and who overlaps waits. */
  if (options->batcher_count || overlap > 1) b->stage.description.flags = 0;
  b->made = sheaf_workers_init(&b->workers, b->overlap);
  if (!b->made) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  return sheaf_chain_make(b->stage.library, settings, options->batchers, options->batcher_count,
                          &b->chain, error);
}

static void batch_close(void *self) {
  batch_stage *b = self;
  if (b->made) sheaf_workers_close(&b->workers);
  if (b->stage.child_count) sheaf_batchers_free(b->chain);
  else sheaf_chain_discard(b->chain);
}

static const sheaf_setting_info settings[] = {
    [SHEAF_BATCH_BATCHERS] =
        {"batchers", "",
         "A chain of batchers, such as by(scheme) | size(100). Empty: one batch "
         "of all.",
         SHEAF_KIND_STRING, 0},
    [SHEAF_BATCH_INVARIANT] = {"invariant", "error",
                               "What becomes of a batcher that loses, repeats or invents an index: "
                               "error, warn or off; the last two mend what it made.",
                               SHEAF_KIND_STRING, 0},
    [SHEAF_BATCH_ON_FAILURE] = {"on_failure", "fail",
                                "What becomes of a batcher that fails: fail, or skip it.",
                                SHEAF_KIND_STRING, 0},
    [SHEAF_BATCH_KEEP_EMPTY] = {"keep_empty", "false", "Whether empty batches go down too.",
                                SHEAF_KIND_BOOL, 0},
    [SHEAF_BATCH_OVERLAP] = {"overlap", "1", "How many batches are on their way at once, at most.",
                             SHEAF_KIND_INT64, 0}};

static const sheaf_factory factory =
    SHEAF_STAGE_FACTORY("batch", "Batchers", "Cuts batches by a chain of batchers.", settings,
                        sizeof settings / sizeof *settings);

const sheaf_stage_type sheaf_stage_batch = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .size = sizeof(batch_stage),
                                            .open = batch_open,
                                            .batch = batch_run,
                                            .close = batch_close};
