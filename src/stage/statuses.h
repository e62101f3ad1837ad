/* SPDX-License-Identifier: Apache-2.0 */
/* A setting that lists statuses by name: "unavailable, overloaded". */
#ifndef SHEAF_STAGE_STATUSES_H
#define SHEAF_STAGE_STATUSES_H

#include "stage/stage.h"

/* As many as there are names. */
enum { SHEAF_STATUSES_MOST = 48 };

typedef struct sheaf_statuses {
  sheaf_status list[SHEAF_STATUSES_MOST];
  uint32_t count;
} sheaf_statuses;

/* Reads setting i: names of errors, with commas or spaces between them. One that is unknown is an
 * error that lists what there is; so is none at all, unless that is the setting's default. */
sheaf_status sheaf_statuses_read(sheaf_statuses *statuses, const sheaf_stage_type *type,
                                 const sheaf_value *settings, uint32_t i, sheaf_error *error);

static inline bool sheaf_statuses_have(const sheaf_statuses *statuses, sheaf_status status) {
  for (uint32_t i = 0; i < statuses->count; i++)
    if (statuses->list[i] == status) return true;
  return false;
}

#endif
