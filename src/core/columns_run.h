/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Managers answer many references at once, and their results are mostly alike: the same properties
 * at the same places, with values of the same kinds. A run is what one slot finds in such results.
 * It goes into its column in one loop, in two steps: it is read, and what is read is written behind
 * the column's end; once the runs of all slots have been read, and nothing is wrong with any value,
 * they are appended.
 */
#ifndef SHEAF_CORE_COLUMNS_RUN_H
#define SHEAF_CORE_COLUMNS_RUN_H

#include "core/columns_node.h"

/* One bit a row. */
#define SHEAF_LONGEST_RUN 64u

typedef struct sheaf_column_run {
  const sheaf_result *results; /* records with more than `at` properties each */
  uint32_t count;              /* 1 to SHEAF_LONGEST_RUN */
  uint32_t at;                 /* the value of each is that of properties[at] */
  uint64_t row;                /* of the first, at or behind the column's end */
  sheaf_slot slot;
  /* What reading found. */
  bool one_by_one; /* the column cannot have them all at once */
  uint64_t has;    /* bit k: result k has a value */
  uint64_t bits;   /* of a column of bools */
  uint64_t end;    /* of a column of texts: how many bytes there are then */
} sheaf_column_run;

/* False if the values are not all where they are looked for, or something is wrong with one: the
 * results are to be looked at one by one then; no more has changed than that rows that were passed
 * over may have been filled in. */
bool sheaf_run_read(sheaf_column_run *run, sheaf_column_node *node);

/* Appends what was read. False if out of memory, as sheaf_column_put. */
bool sheaf_run_append(const sheaf_column_run *run, sheaf_column_node *node);

#endif
