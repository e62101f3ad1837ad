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
  uint32_t count;       /* held back */
  uint32_t passed;      /* errors that went on */
  uint32_t recovered;   /* of those last asked for again: how many did not fail again */
  sheaf_status status;  /* of what was asked last */
  sheaf_status first;   /* the first failure that was not made good */
  sheaf_part part;
} sheaf_held;

/* To be ended. */
void sheaf_held_init(sheaf_held *held, const sheaf_request *whole, sheaf_sink *onward,
                     bool (*wants)(void *ctx, const sheaf_result *error), void *ctx);

/* Asks child i for the whole batch. Whether anything is held back, and may be asked again for. */
bool sheaf_held_ask(sheaf_held *held, const sheaf_stage *stage, uint32_t i);

/* Asks child i for what is held back: its answers come as the first ones did, and may be held back in
 * turn. Answers as sheaf_held_ask; false also if there was no memory to ask. */
bool sheaf_held_ask_again(sheaf_held *held, const sheaf_stage *stage, uint32_t i);

/* Lets go of what is still held back. The status of the batch. */
sheaf_status sheaf_held_end(sheaf_held *held);

#endif
