/* SPDX-License-Identifier: Apache-2.0 */
/* The stages that there are, by id: a line each. */
#ifndef SHEAF_STAGE_TYPES_H
#define SHEAF_STAGE_TYPES_H

#include "stage/stage.h"

#define SHEAF_STAGE_MAP(XX)                                                                        \
  XX(batch)                                                                                        \
  XX(cache)                                                                                        \
  XX(circuit)                                                                                      \
  XX(dedupe)                                                                                       \
  XX(fallback)                                                                                     \
  XX(limit)                                                                                        \
  XX(linger)                                                                                       \
  XX(meter)                                                                                        \
  XX(parallel)                                                                                     \
  XX(retry)                                                                                        \
  XX(route)                                                                                        \
  XX(timeout)

#define SHEAF_STAGE_DECLARE(id) extern const sheaf_stage_type sheaf_stage_##id;
SHEAF_STAGE_MAP(SHEAF_STAGE_DECLARE)
#undef SHEAF_STAGE_DECLARE

#endif
