/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once: which indices of a batch have been answered. As long as answers come in order this
 * is one number; the first that does not brings a bitmap. Where the host allowed results from many
 * threads at once, the bitmap is there from the start and atomic.
 */
#ifndef SHEAF_CORE_TRACKER_H
#define SHEAF_CORE_TRACKER_H

#include <stdatomic.h>

#include <sheaf/abi.h>

#include "core/arena.h"

typedef struct sheaf_tracker {
  uint32_t count;
  uint32_t next;     /* without a bitmap: all below have been answered; with one: `count` */
  uint32_t answered; /* with a bitmap: how many; not kept by the atomic form */
  _Atomic uint64_t *bits;
} sheaf_tracker;

enum {
  SHEAF_TAKEN,        /* the first answer for its index */
  SHEAF_TAKEN_BEFORE, /* a second one */
  SHEAF_OUT_OF_RANGE,
  SHEAF_NO_BITMAP /* out of memory: this answer cannot be taken */
};

static inline void sheaf_tracker_start(sheaf_tracker *t, uint32_t count) {
  t->count = count;
  t->next = 0;
  t->answered = 0;
  t->bits = NULL;
}

/* Brings the bitmap. False if out of memory. */
bool sheaf_tracker_use_bits(sheaf_tracker *t, sheaf_arena *arena);

/* Anything but the next index in order. */
int sheaf_tracker_take_slow(sheaf_tracker *t, sheaf_arena *arena, uint32_t index);

/* Takes an answer for the next index in order; false if that is not the one. */
static inline bool sheaf_tracker_take_next(sheaf_tracker *t, uint32_t index) {
  if (index != t->next || index >= t->count) return false;
  t->next = index + 1;
  return true;
}

/* Takes answers for the next `run` indices in order; there must be as many below `count`. */
static inline void sheaf_tracker_take_run(sheaf_tracker *t, uint32_t run) { t->next += run; }

/* Takes an answer for an index. One thread at a time. */
static inline int sheaf_tracker_take(sheaf_tracker *t, sheaf_arena *arena, uint32_t index) {
  if (sheaf_tracker_take_next(t, index)) return SHEAF_TAKEN;
  return sheaf_tracker_take_slow(t, arena, index);
}

/* Whether an index in range has been answered; the bitmap must be there. */
static inline bool sheaf_tracker_is_taken(const sheaf_tracker *t, uint32_t index) {
  uint64_t word = atomic_load_explicit(&t->bits[index / 64], memory_order_relaxed);
  return word >> (index % 64) & 1;
}

/* The same from many threads at once; the bitmap must be there. */
int sheaf_tracker_take_parallel(sheaf_tracker *t, uint32_t index);

/* The first unanswered index at or after `from`; `count` if there is none. */
uint32_t sheaf_tracker_unanswered(const sheaf_tracker *t, uint32_t from);

/* How many indices have been answered. */
static inline uint32_t sheaf_tracker_answered(const sheaf_tracker *t) {
  return t->bits ? t->answered : t->next;
}

#endif
