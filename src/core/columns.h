/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a sheaf_columns. */
#ifndef SHEAF_CORE_COLUMNS_H
#define SHEAF_CORE_COLUMNS_H

#include <stdatomic.h>

#include "core/columns_node.h"

struct sheaf_columns {
  _Atomic uint32_t owners; /* the host, and each array that was exported */
  sheaf_status status;
  uint32_t rows, failed, slot_count;
  uint32_t *statuses;
  char **names; /* `trait/key` of each slot, in one piece of memory with the array */
  sheaf_column_node messages;
  sheaf_column_node slots[];
};

/* One owner less; the last one frees. Any thread. */
void sheaf_columns_drop(sheaf_columns *columns);

#endif
