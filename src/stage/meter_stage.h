/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the stage `meter`. */
#ifndef SHEAF_STAGE_METER_STAGE_H
#define SHEAF_STAGE_METER_STAGE_H

#include <stdio.h>

#include <sheaf/meter.h>

#include "stage/histogram.h"
#include "stage/stage.h"

/* Threads count in one of these, so that they seldom share a line of memory. */
#define SHEAF_METER_SHARDS 8u

typedef struct sheaf_meter_shard {
  _Alignas(64) _Atomic uint64_t begun;
  _Atomic uint64_t batches, succeeded, failed;
  sheaf_histogram size, latency;
} sheaf_meter_shard;

enum {
#define SHEAF_METER_COUNT(upper, code, lower, message) SHEAF_METER_ROW_##upper,
  SHEAF_STATUS_MAP(SHEAF_METER_COUNT)
#undef SHEAF_METER_COUNT
      SHEAF_METER_ROWS
};

typedef struct sheaf_meter {
  sheaf_stage stage;
  sheaf_meter_shard *shards;
  _Atomic uint64_t errors[SHEAF_METER_ROWS]; /* by the row of their status */
  FILE *trace;                               /* NULL: none */
  const char *trace_path;                    /* the setting */
  atomic_bool trace_failed;                  /* which has been logged */
} sheaf_meter;

/* Its counters. */
enum { SHEAF_METER_UNTRACED };

/* All that has been counted. */
typedef struct sheaf_meter_sums {
  uint64_t begun, batches, succeeded, failed;
  sheaf_histogram_sum size, latency;
} sheaf_meter_sums;

void sheaf_meter_read(const sheaf_meter *meter, sheaf_meter_sums *sums);

/* A batch, for the trace: in nanoseconds of CLOCK_MONOTONIC. */
typedef struct sheaf_meter_event {
  sheaf_id verb;
  uint32_t size;
  uint64_t succeeded, failed;
  sheaf_status status;
  const char *why;
  int64_t waited_ns, begin_ns, end_ns;
} sheaf_meter_event;

/* A trace in Chrome's trace event format: its beginning (`error` says why there cannot be one), a batch,
 * its end. Each batch is in the file when it has returned, so that whatever ends the process leaves what
 * there was until then. What cannot be written is logged, once, and counted. */
sheaf_status sheaf_meter_trace_open(sheaf_meter *meter, const char *path, sheaf_error *error);
void sheaf_meter_trace(sheaf_meter *meter, const sheaf_meter_event *event);
void sheaf_meter_trace_close(sheaf_meter *meter);

#endif
