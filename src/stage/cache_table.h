/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a cache keeps its answers: a hash table in shards, each with a lock, a share of the room, and a
 * queue that says who goes first when it is full.
 *
 * The queue is SIEVE's (Zhang and others, NSDI 2024): first in first out, but a hand that moves from the
 * oldest to the newest spares once those that have been hit since it last came by. A hit writes one
 * byte and moves nothing.
 *
 * A key that somebody is just asking for has a `pending` in its place; others who want it follow that.
 */
#ifndef SHEAF_STAGE_CACHE_TABLE_H
#define SHEAF_STAGE_CACHE_TABLE_H

#include "core/wait.h"
#include "stage/terms.h"

#define SHEAF_CACHE_SHARDS 8u /* the most that a table has */

/* An answer. In one piece: the key's bytes are behind it, and what its result points to. */
typedef struct sheaf_cache_entry {
  sheaf_result result;
  sheaf_terms *terms;     /* held */
  uint64_t hash;
  uint32_t key_size;
  _Atomic uint32_t holds; /* the table's, and of those who hand it out */
  bool visited;           /* hit since the hand came by */
  int64_t expires_ns;     /* CLOCK_MONOTONIC; INT64_MAX: never */
  size_t bytes;
  struct sheaf_cache_entry *newer, *older; /* in the queue */
} sheaf_cache_entry;

/* One who wants a key that another is asking for. */
typedef struct sheaf_cache_follower {
  struct sheaf_cache_follower *next;
  struct sheaf_cache_pending *pending; /* that it follows, until it is done */
  sheaf_waiter *waiter;
  sheaf_cache_entry *got; /* when `done`: the answer, held for it; NULL: it has to ask again */
  bool done;              /* under the shard's lock, until which its waiter is said to */
} sheaf_cache_follower;

/* A key that is being asked for. */
typedef struct sheaf_cache_pending {
  sheaf_terms *terms;
  sheaf_str ref;
  sheaf_cache_follower *followers;
  bool cleared; /* what comes is not kept, and not given to those who come later */
} sheaf_cache_pending;

/* An entry, a pending (with its lowest bit set), or nothing (0). */
typedef struct sheaf_cache_slot {
  uint64_t hash;
  uintptr_t what;
} sheaf_cache_slot;

typedef struct sheaf_cache_shard {
  _Alignas(64) pthread_mutex_t lock;
  sheaf_cache_slot *slots;
  size_t mask, used;
  sheaf_cache_entry *newest, *oldest, *hand;
  uint64_t entries, bytes;
  uint64_t most_entries, most_bytes;
  _Atomic uint64_t *evictions; /* the stage's counter */
} sheaf_cache_shard;

typedef struct sheaf_cache_table {
  sheaf_terms_table terms;
  uint64_t seed;
  uint32_t shard_count; /* a power of two */
  sheaf_cache_shard *shards;
} sheaf_cache_table;

/* A table of at most so many entries and bytes, which counts those that had to go. False: out of memory;
 * then nothing is to be destroyed. */
bool sheaf_cache_table_init(sheaf_cache_table *t, uint64_t most_entries, uint64_t most_bytes,
                            _Atomic uint64_t *evictions);
void sheaf_cache_table_destroy(sheaf_cache_table *t);

/* The hash of a reference, of which the keys' are made. */
uint64_t sheaf_cache_hash(const sheaf_cache_table *t, sheaf_str ref);

static inline uint64_t sheaf_cache_key_hash(uint64_t ref_hash, const sheaf_terms *q) {
  return ref_hash ^ q->salt;
}

static inline sheaf_cache_shard *sheaf_cache_shard_of(const sheaf_cache_table *t, uint64_t hash) {
  return &t->shards[hash >> 48 & (t->shard_count - 1)];
}

/* A new entry, a copy of `result`, held once and in no table. NULL: out of memory. */
sheaf_cache_entry *sheaf_cache_entry_new(sheaf_terms *terms, sheaf_str ref, uint64_t hash,
                                         const sheaf_result *result);
void sheaf_cache_entry_release(sheaf_cache_table *t, sheaf_cache_entry *entry);

static inline void sheaf_cache_entry_hold(sheaf_cache_entry *e) {
  atomic_fetch_add_explicit(&e->holds, 1, memory_order_relaxed);
}

/* ---- with the shard's lock held ---- */

/* The slot of a key; NULL if it is not there. */
sheaf_cache_slot *sheaf_cache_find(const sheaf_cache_shard *shard, uint64_t hash,
                                   const sheaf_terms *terms, sheaf_str ref);

static inline sheaf_cache_pending *sheaf_cache_slot_pending(const sheaf_cache_slot *slot) {
  return slot->what & 1 ? (sheaf_cache_pending *)(slot->what - 1) : NULL;
}

static inline sheaf_cache_entry *sheaf_cache_slot_entry(const sheaf_cache_slot *slot) {
  return slot->what & 1 ? NULL : (sheaf_cache_entry *)slot->what;
}

/* Puts a pending where there is nothing. False: out of memory. */
bool sheaf_cache_claim(sheaf_cache_shard *shard, uint64_t hash, sheaf_cache_pending *pending);

/* Takes away what is at a slot. An entry's hold of the table's is the caller's then. */
void sheaf_cache_remove(sheaf_cache_shard *shard, sheaf_cache_slot *slot);

/*
 * Puts an entry in, in place of the pending of its key or where there is nothing, and takes a hold of it
 * for the table. What has to go for it is linked by `older` into `*out`, for the caller to release when
 * it has left the lock. False, and the key is as it was: it is larger than the shard, or there is no
 * memory.
 */
bool sheaf_cache_insert(sheaf_cache_shard *shard, sheaf_cache_entry *entry, sheaf_cache_entry **out);

/* ---- without it ---- */

/* Releases what was linked by `older`. */
void sheaf_cache_release_all(sheaf_cache_table *t, sheaf_cache_entry *out);

/* Takes away whatever is kept of a reference, or (ref NULL) of all. How many. */
uint64_t sheaf_cache_clear(sheaf_cache_table *t, const sheaf_str *ref);

#endif
