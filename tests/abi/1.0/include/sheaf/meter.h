/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/meter.h: what the stage `meter` has measured. A meter sees what goes through the place of the
 * stack where it is: one on top measures what the host sees, one at the bottom what the manager does.
 */
#ifndef SHEAF_METER_H
#define SHEAF_METER_H

#include <sheaf/stage.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of many values: quantiles are right to an eighth of their value. All 0 where there were none.
 * Frozen. */
typedef struct sheaf_meter_quantiles {
  uint64_t count, sum;
  uint64_t least, most;
  uint64_t p50, p90, p99, p999;
} sheaf_meter_quantiles;

/* What was measured since the meter was opened. Extensible. */
typedef struct sheaf_meter_snapshot {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t batches;   /* that have returned */
  uint64_t in_flight; /* that have not */
  uint64_t succeeded; /* results */
  uint64_t failed;
  sheaf_meter_quantiles size;       /* elements a batch */
  sheaf_meter_quantiles latency_ns; /* nanoseconds a batch, from its arrival to its return */
} sheaf_meter_snapshot;

/* How often a status was a result's. Frozen. */
typedef struct sheaf_meter_error {
  sheaf_status status;
  uint32_t reserved; /* 0 */
  uint64_t count;
} sheaf_meter_error;

#define SHEAF_METER_EXTENSION "sheaf.stage.meter/1"

/* The functions of a meter; `self` is the interface's. They count what the moment has; a batch that is
 * just returning may be in one number and not yet in another. Extensible. */
typedef struct sheaf_meter_table {
  uint32_t struct_size;
  uint32_t flags;

  /* Fills `out`, whose struct_size is set. SHEAF_OK, or SHEAF_INVALID_ARGUMENT. [any-thread] */
  sheaf_status (*snapshot)(void *self, sheaf_meter_snapshot *out) SHEAF_NOEXCEPT;

  /* The errors that there were, by status, at most `room` of them. How many there are. A status that
   * this library does not know counts as the first of its class. [any-thread] */
  uint32_t (*errors)(void *self, sheaf_meter_error *out, uint32_t room) SHEAF_NOEXCEPT;
} sheaf_meter_table;

/* Takes a piece of text, which dies when it returns. */
typedef void (*sheaf_meter_write_fn)(void *ctx, sheaf_str text) SHEAF_NOEXCEPT;

/*
 * Writes what the stages of a stack have counted, and its meters measured, as Prometheus text (exposition
 * format 0.0.4), from the stage `top` down, piece by piece. Each sample has a label `at`, the place of the
 * stage: "0" is the top, "0.0" its first child, and so on. SHEAF_OK; SHEAF_CLOSED: the stack is closed;
 * SHEAF_INVALID_ARGUMENT: `top` is NULL or no stage, or `write` is NULL. [any-thread]
 */
SHEAF_API sheaf_status sheaf_meter_prometheus(sheaf_manager *top, sheaf_meter_write_fn write,
                                              void *ctx) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_METER_H */
