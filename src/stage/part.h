/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a batch: some of its indices, asked for as a batch of their own, whose results come back
 * at their places. What batch, retry, route and the like are made of.
 *
 *     sheaf_part part;
 *     sheaf_part_init(&part, request, sink);
 *     if (!sheaf_part_reserve(&part, most)) ...out of memory
 *     for (each part) {
 *       sheaf_part_take(&part, indices, count);
 *       status = sheaf_stage_ask(stage, 0, &part.request, &part.sink);
 *     }
 *
 * References, contexts and inputs are gathered, a pointer or two an index; where the indices follow
 * each other, not even that.
 */
#ifndef SHEAF_STAGE_PART_H
#define SHEAF_STAGE_PART_H

#include "stage/stage.h"

typedef struct sheaf_part {
  sheaf_sink sink;       /* for the part's results; passes them on to `onward` */
  sheaf_request request; /* the part's */
  const sheaf_request *whole;
  sheaf_sink *onward;      /* takes them at their places in the whole */
  const uint32_t *indices; /* places in the whole; NULL: from `first` on */
  uint32_t first;
  uint32_t room;
  sheaf_str *refs; /* what is gathered goes here */
  const sheaf_context **contexts;
  sheaf_record *inputs;
} sheaf_part;

/* An empty part, of the whole's call, flags and verb. */
void sheaf_part_init(sheaf_part *part, const sheaf_request *whole, sheaf_sink *onward);

/* Makes room to gather `count` indices, in the call's scratch. False: out of memory. */
bool sheaf_part_reserve(sheaf_part *part, uint32_t count);

/* From now on the part is these indices, at most as many as were reserved. They must live until it has
 * been asked. Not while it is being asked. */
void sheaf_part_take(sheaf_part *part, const uint32_t *indices, uint32_t count);

/* The place in the whole of the part's index i. */
static inline uint32_t sheaf_part_place(const sheaf_part *part, uint32_t i) {
  return part->indices ? part->indices[i] : part->first + i;
}

#endif
