/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From results to columns. As long as results come in the order of their indices, values go from
 * the manager's memory straight into the columns; what comes too early is kept, and put into the
 * columns in order once all are there.
 */
#ifndef SHEAF_CORE_COLUMNS_TAKE_H
#define SHEAF_CORE_COLUMNS_TAKE_H

#include "core/arena.h"
#include "core/columns.h"
#include "core/columns_run.h"

/* What is known of a slot. */
typedef struct sheaf_finding {
  sheaf_column_run run; /* run.at is where its value was last found among a result's properties */
  const sheaf_value *value; /* of the row at hand */
} sheaf_finding;

typedef struct sheaf_collector {
  sheaf_sink sink; /* takes results that a flight has checked: each index once */
  sheaf_columns *columns;
  const sheaf_slot *slots;
  sheaf_finding *findings; /* one a slot */
  uint32_t most_at;        /* the greatest of their run.at */
  bool in_place;           /* run.at of each is as in slot order */
  uint32_t next;           /* the row that is to come */
  sheaf_result *held;      /* by index: what came too early */
  sheaf_arena arena;       /* of it */
  bool out_of_memory;
} sheaf_collector;

/* `slots` are those of the columns. False if out of memory. Freed with sheaf_collector_clear. */
bool sheaf_collector_init(sheaf_collector *collector, sheaf_columns *columns,
                          const sheaf_slot *slots);
void sheaf_collector_clear(sheaf_collector *collector);

/* All has been answered: ends the columns. False if memory ran out, now or before. */
bool sheaf_collector_finish(sheaf_collector *collector);

#endif
