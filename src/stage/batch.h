/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of the stage `batch`, which chains share. */
#ifndef SHEAF_STAGE_BATCH_H
#define SHEAF_STAGE_BATCH_H

#include "stage/chain.h"
#include "stage/types.h"

enum {
  SHEAF_BATCH_BATCHERS,
  SHEAF_BATCH_INVARIANT,
  SHEAF_BATCH_ON_FAILURE,
  SHEAF_BATCH_KEEP_EMPTY,
  SHEAF_BATCH_OVERLAP
};

/* Makes a chain from the values of those settings. On failure the host's batchers stay the host's. */
sheaf_status sheaf_chain_make(sheaf_library *library, const sheaf_value *settings,
                              const sheaf_batcher *const *own, uint32_t own_count,
                              sheaf_batchers **out, sheaf_error *error);

#endif
