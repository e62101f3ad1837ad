/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tracker.h"

/* The owner's plain access to a word that only the parallel form shares. */
static uint64_t word_at(const sheaf_tracker *t, uint32_t w) {
  return atomic_load_explicit(&t->bits[w], memory_order_relaxed);
}

static void set_word(sheaf_tracker *t, uint32_t w, uint64_t value) {
  atomic_store_explicit(&t->bits[w], value, memory_order_relaxed);
}

bool sheaf_tracker_use_bits(sheaf_tracker *t, sheaf_arena *arena) {
  uint32_t words = t->count / 64 + 1, full = t->next / 64;
  t->bits = sheaf_arena_alloc(arena, words * sizeof *t->bits);
  if (!t->bits) return false;
  for (uint32_t w = 0; w < words; w++) set_word(t, w, w < full ? UINT64_MAX : 0);
  set_word(t, full, ((uint64_t)1 << (t->next % 64)) - 1);
  t->answered = t->next;
  t->next = t->count; /* the fast path never matches again */
  return true;
}

int sheaf_tracker_take_slow(sheaf_tracker *t, sheaf_arena *arena, uint32_t index) {
  if (index >= t->count) return SHEAF_OUT_OF_RANGE;
  if (!t->bits) {
    if (index < t->next) return SHEAF_TAKEN_BEFORE;
    if (!sheaf_tracker_use_bits(t, arena)) return SHEAF_NO_BITMAP;
  }
  uint64_t word = word_at(t, index / 64), bit = (uint64_t)1 << (index % 64);
  if (word & bit) return SHEAF_TAKEN_BEFORE;
  set_word(t, index / 64, word | bit);
  t->answered++;
  return SHEAF_TAKEN;
}

int sheaf_tracker_take_parallel(sheaf_tracker *t, uint32_t index) {
  if (index >= t->count) return SHEAF_OUT_OF_RANGE;
  uint64_t bit = (uint64_t)1 << (index % 64);
  uint64_t before = atomic_fetch_or_explicit(&t->bits[index / 64], bit, memory_order_relaxed);
  return before & bit ? SHEAF_TAKEN_BEFORE : SHEAF_TAKEN;
}

uint32_t sheaf_tracker_unanswered(const sheaf_tracker *t, uint32_t from) {
  if (!t->bits) return from > t->next ? from : t->next;
  while (from < t->count) {
    uint64_t open = ~word_at(t, from / 64) >> (from % 64);
    if (open) {
      from += (uint32_t)__builtin_ctzll(open);
      return from < t->count ? from : t->count;
    }
    uint32_t following = (from / 64 + 1) * 64;
    if (following < from) break; /* wrapped */
    from = following;
  }
  return t->count;
}
