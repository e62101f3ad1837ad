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
#include "stage/cache_pool.h"
#include "stage/terms.h"

#define SHEAF_CACHE_SHARDS 8u /* the most that a table has */

/* An answer. In one piece: the key's bytes are behind it, and what its result points to. */
typedef struct sheaf_cache_entry {
  sheaf_result result;
  sheaf_terms *terms; /* held */
  uint64_t hash;
  int64_t expires_ns;                      /* CLOCK_MONOTONIC; INT64_MAX: never */
  struct sheaf_cache_entry *newer, *older; /* in the queue */
  uint32_t key_size;
  uint32_t holds;  /* the table's, and of those who hand it out; under the shard's lock, of which a
                      group of them needs one, where each would need an atomic of its own */
  uint32_t pieces; /* of 16 bytes, that it takes */
  uint16_t place;  /* of the pool's */
  bool visited;    /* hit since the hand came by */
} sheaf_cache_entry;

static inline size_t sheaf_cache_entry_bytes(const sheaf_cache_entry *e) {
  return (size_t)e->pieces * 16;
}

/* One who wants a key that another is asking for. Both this and the next are small: there may be one for
 * each reference of a batch. */
typedef struct sheaf_cache_follower {
  struct sheaf_cache_follower *next;
  sheaf_waiter *waiter; /* NULL when it is done, under the shard's lock; it has been said to then */
  union {
    struct sheaf_cache_pending *pending; /* that it follows, until it is done */
    sheaf_cache_entry *got; /* then: the answer, held for it; NULL: it has to ask again */
  } u;
} sheaf_cache_follower;

/* A key that is being asked for. */
typedef struct sheaf_cache_pending {
  sheaf_terms
      *terms; /* NULL: it was cleared. What comes is not kept, nor given to those who come later */
  const sheaf_str *ref;
  sheaf_cache_follower *followers;
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
  sheaf_cache_pool pool;       /* of its entries */
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

static inline uint32_t sheaf_cache_shard_number(const sheaf_cache_table *t, uint64_t hash) {
  return hash >> 48 & (t->shard_count - 1);
}

static inline sheaf_cache_shard *sheaf_cache_shard_of(const sheaf_cache_table *t, uint64_t hash) {
  return &t->shards[sheaf_cache_shard_number(t, hash)];
}

/* ---- with the shard's lock held ---- */

/* A new entry, a copy of `result`, held once and in no table; when it expires is the caller's to say. It
 * takes a hold of the terms over. NULL: out of memory, and the terms are the caller's still. */
sheaf_cache_entry *sheaf_cache_entry_new(sheaf_cache_shard *shard, sheaf_terms *terms,
                                         sheaf_str ref, uint64_t hash, const sheaf_result *result);

static inline void sheaf_cache_entry_hold(sheaf_cache_entry *e) { e->holds++; }

/* Lets go of a hold. An entry that nobody holds any more is linked by `older` into `*out`, to be freed
 * when the lock is left: sheaf_cache_unlock. */
static inline void sheaf_cache_entry_let_go(sheaf_cache_entry *e, sheaf_cache_entry **out) {
  if (--e->holds) return;
  e->older = *out;
  *out = e;
}

/* The slot of a key; NULL if it is not there. */
sheaf_cache_slot *sheaf_cache_find(const sheaf_cache_shard *shard, uint64_t hash,
                                   const sheaf_terms *terms, sheaf_str ref);

static inline sheaf_cache_pending *sheaf_cache_slot_pending(const sheaf_cache_slot *slot) {
  return slot->what & 1 ? (sheaf_cache_pending *)(slot->what - 1) : NULL;
}

static inline sheaf_cache_entry *sheaf_cache_slot_entry(const sheaf_cache_slot *slot) {
  return slot->what & 1 ? NULL : (sheaf_cache_entry *)slot->what;
}

/* Makes room for so many more keys, as far as there is memory. */
void sheaf_cache_reserve(sheaf_cache_shard *shard, size_t more);

/* The slot of a pending's key; NULL if it was not there. Then the pending is now, unless there is no memory
 * for it, of which `*claimed` tells. */
sheaf_cache_slot *sheaf_cache_find_or_claim(sheaf_cache_shard *shard, uint64_t hash,
                                            sheaf_cache_pending *pending, bool *claimed);

/* Puts an entry in place of a pending that is in the table; one that is larger than the shard, or NULL,
 * only takes the pending away. What has to go for it: as sheaf_cache_insert. */
void sheaf_cache_fulfil(sheaf_cache_shard *shard, uint64_t hash, const sheaf_cache_pending *pending,
                        sheaf_cache_entry *entry, sheaf_cache_entry **out);

/* Takes away what is at a slot, and lets go of the table's hold. */
void sheaf_cache_remove(sheaf_cache_shard *shard, sheaf_cache_slot *slot, sheaf_cache_entry **out);

/*
 * Puts an entry in where there is nothing, or another entry of its key, and takes a hold of it for the
 * table. What has to go for it and is held by nobody is linked by `older` into `*out`. False: it is larger
 * than the shard, or there is no memory for a key more.
 */
bool sheaf_cache_insert(sheaf_cache_shard *shard, sheaf_cache_entry *entry,
                        sheaf_cache_entry **out);

/* Frees what was linked by `older`, and leaves the lock. */
void sheaf_cache_unlock(sheaf_cache_table *t, sheaf_cache_shard *shard, sheaf_cache_entry *out);

/* ---- without it ---- */

/* Takes away whatever is kept of a reference, or (ref NULL) of all. How many. */
uint64_t sheaf_cache_clear(sheaf_cache_table *t, const sheaf_str *ref);

#endif
