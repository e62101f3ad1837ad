/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/shape.h"

/* Batches a builder takes beyond one an index: enough for any sense in empty ones. */
#define SPARE_BATCHES 65536u

void sheaf_shape_begin_list(sheaf_shape_builder *b, sheaf_arena *arena, uint32_t count) {
  memset(b, 0, sizeof *b);
  b->arena = arena;
  b->limit = count;
}

void sheaf_shape_borrow(sheaf_shape_builder *b, const uint32_t *order) { b->order = order; }

static bool make_room(sheaf_shape_builder *b) {
  if (b->batch_count < b->batch_room) return true;
  uint32_t room = b->batch_room ? b->batch_room * 2 : 64;
  uint32_t *ends = sheaf_arena_alloc(b->arena, (size_t)room * sizeof *ends);
  if (!ends) {
    b->out_of_memory = true;
    return false;
  }
  if (b->batch_count) memcpy(ends, b->ends, b->batch_count * sizeof *ends);
  b->ends = ends;
  b->batch_room = room;
  return true;
}

bool sheaf_shape_cut(sheaf_shape_builder *b, uint32_t end) {
  if (!make_room(b)) return false;
  b->ends[b->batch_count++] = b->count = end;
  return true;
}

/* As many again as there are: a batcher that repeats everything can still be mended as it meant. */
static size_t room_for(const sheaf_shape_builder *b) { return (size_t)b->limit * 2 + 1; }

static bool own_order(sheaf_shape_builder *b) {
  if (b->own) return true;
  b->own = sheaf_arena_alloc(b->arena, room_for(b) * sizeof *b->own);
  b->order = b->own;
  b->out_of_memory |= !b->own;
  return b->own != NULL;
}

sheaf_status sheaf_shape_add(sheaf_shape_builder *b, const uint32_t *indices, uint32_t count) {
  if (!b || (!indices && count > 0)) return SHEAF_INVALID_ARGUMENT;
  if (b->batch_count > b->limit && b->batch_count - b->limit >= SPARE_BATCHES) return SHEAF_LIMIT;
  if (!own_order(b)) return SHEAF_OUT_OF_MEMORY;
  size_t left = room_for(b) - b->count;
  uint32_t taken = count < left ? count : (uint32_t)left;
  if (taken) memcpy(b->own + b->count, indices, taken * sizeof *indices);
  if (count > taken && !b->excess) {
    b->excess = true;
    b->first_excess = indices[taken];
  }
  if (!sheaf_shape_cut(b, b->count + taken)) return SHEAF_OUT_OF_MEMORY;
  return count > taken ? SHEAF_LIMIT : SHEAF_OK;
}

sheaf_shape sheaf_shape_of(const sheaf_shape_builder *b) {
  return (sheaf_shape){sizeof(sheaf_shape), 0, b->order, b->ends, b->count, b->batch_count};
}

/* ---------------------------------------------------------------------------------- soundness */

static bool test_and_set(uint64_t *bits, uint32_t i) {
  uint64_t bit = (uint64_t)1 << (i % 64), before = bits[i / 64] & bit;
  bits[i / 64] |= bit;
  return before != 0;
}

static uint64_t *new_bits(const sheaf_shape_builder *b) {
  size_t size = ((size_t)b->limit / 64 + 1) * sizeof(uint64_t);
  uint64_t *bits = sheaf_arena_alloc(b->arena, size);
  return bits ? memset(bits, 0, size) : NULL;
}

static uint32_t first_missing(const uint64_t *seen, uint32_t limit) {
  uint32_t i = 0;
  while (i < limit && (seen[i / 64] >> (i % 64) & 1)) i++;
  return i;
}

bool sheaf_shape_check(const sheaf_shape_builder *b, uint32_t *fault, uint32_t *index) {
  uint64_t *seen = new_bits(b);
  if (!seen) return false;
  *fault = SHEAF_SHAPE_SOUND;
  for (uint32_t i = 0; i < b->count && !*fault; i++) {
    *index = b->order[i];
    if (*index >= b->limit) *fault = SHEAF_SHAPE_INVENTED;
    else if (test_and_set(seen, *index)) *fault = SHEAF_SHAPE_REPEATED;
  }
  if (!*fault && b->count < b->limit) {
    *fault = SHEAF_SHAPE_DROPPED;
    *index = first_missing(seen, b->limit);
  } else if (!*fault && b->excess) {
    *index = b->first_excess;
    *fault = *index < b->limit ? SHEAF_SHAPE_REPEATED : SHEAF_SHAPE_INVENTED;
  }
  return true;
}

bool sheaf_shape_mend(sheaf_shape_builder *b) {
  uint64_t *seen = new_bits(b);
  if (!seen || !own_order(b)) return false;
  uint32_t kept = 0, read = 0;
  for (uint32_t batch = 0; batch < b->batch_count; batch++) {
    for (; read < b->ends[batch]; read++)
      if (b->own[read] < b->limit && !test_and_set(seen, b->own[read]))
        b->own[kept++] = b->own[read];
    b->ends[batch] = kept;
  }
  b->count = kept;
  b->excess = false;
  if (kept == b->limit) return true;
  for (uint32_t i = 0; i < b->limit; i++)
    if (!test_and_set(seen, i)) b->own[kept++] = i;
  return sheaf_shape_cut(b, kept);
}

void sheaf_shape_drop_empty(sheaf_shape *shape, uint32_t *ends) {
  uint32_t kept = 0;
  for (uint32_t b = 0, begin = 0; b < shape->batch_count; b++) {
    uint32_t end = ends[b];
    if (end > begin) ends[kept++] = end;
    begin = end;
  }
  shape->batch_count = kept;
}
