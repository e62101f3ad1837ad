/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of shapes: how one is built, and what is wrong with it. */
#ifndef SHEAF_STAGE_SHAPE_H
#define SHEAF_STAGE_SHAPE_H

#include <sheaf/batchers.h>

#include "core/arena.h"

struct sheaf_shape_builder {
  sheaf_arena *arena;
  uint32_t *own;         /* room for twice as many indices; NULL until the first is added */
  const uint32_t *order; /* `own`, or a borrowed one that is only cut */
  uint32_t *ends;
  uint32_t limit; /* how many indices there are */
  uint32_t count, batch_count, batch_room;
  bool excess;           /* more were added than there is room for */
  uint32_t first_excess; /* which */
  bool out_of_memory;
};

/* An empty list for `count` indices. All memory comes from the arena. */
void sheaf_shape_begin_list(sheaf_shape_builder *b, sheaf_arena *arena, uint32_t count);

/* Makes the list one over `order` as it is, to be cut. */
void sheaf_shape_borrow(sheaf_shape_builder *b, const uint32_t *order);

/* Ends a batch at `end` of the borrowed order. False: out of memory. */
bool sheaf_shape_cut(sheaf_shape_builder *b, uint32_t end);

/* What has been built. It lives as long as the arena. */
sheaf_shape sheaf_shape_of(const sheaf_shape_builder *b);

/* What a batcher did to an index that it should not have. */
enum { SHEAF_SHAPE_SOUND, SHEAF_SHAPE_DROPPED, SHEAF_SHAPE_REPEATED, SHEAF_SHAPE_INVENTED };

/* Looks whether each index is there exactly once: the first fault, and its index. False: out of
 * memory. */
bool sheaf_shape_check(const sheaf_shape_builder *b, uint32_t *fault, uint32_t *index);

/* Makes it sound: leaves out what is there twice or is no index, and adds what is missing as a batch
 * at the end. False: out of memory. */
bool sheaf_shape_mend(sheaf_shape_builder *b);

/* Drops the empty batches of a shape whose ends may be written to. */
void sheaf_shape_drop_empty(sheaf_shape *shape, uint32_t *ends);

#endif
