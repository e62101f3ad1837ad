/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results on their way up, of which some errors are held back, for the stage to make good: it asks
 * again, or somebody else. What it cannot make good it lets go.
 */
#ifndef SHEAF_STAGE_HELD_H
#define SHEAF_STAGE_HELD_H

#include "core/arena.h"
#include "stage/part.h"

typedef struct sheaf_held {
  sheaf_sink sink; /* for the results of the whole batch; passes the others on to `onward` */
  sheaf_sink *onward;
  const sheaf_request *whole;
  bool (*wants)(void *ctx, const sheaf_result *error); /* whether to hold it back */
  void *ctx;
  sheaf_arena arena;
  sheaf_result *errors; /* held back, copied */
  uint32_t *indices;    /* of those last asked for again */
  uint32_t count;
  uint32_t passed; /* errors that went on */
  sheaf_part part;
} sheaf_held;

/* To be freed. */
void sheaf_held_init(sheaf_held *held, const sheaf_request *whole, sheaf_sink *onward,
                     bool (*wants)(void *ctx, const sheaf_result *error), void *ctx);

/* Asks child i for what is held back: its answers come as the first ones did, and may be held back in
 * turn. Answers as sheaf_stage_ask; SHEAF_OUT_OF_MEMORY also if there was no memory to ask, and then
 * what is held back still is. */
sheaf_status sheaf_held_ask(sheaf_held *held, const sheaf_stage *stage, uint32_t i);

/* Lets go of what is held back. SHEAF_CONTINUE, or SHEAF_STOP. */
uint32_t sheaf_held_let_go(sheaf_held *held);

void sheaf_held_free(sheaf_held *held);

#endif
