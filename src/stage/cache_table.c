/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/cache_table.h"

#include <stdlib.h>

#include <sheaf/index.h>

#include "core/copy.h"

/* A table has many shards if each has room for so many entries and bytes. */
#define ENTRIES_A_SHARD 1024u
#define BYTES_A_SHARD ((uint64_t)1 << 20)
#define FIRST_SLOTS 64u

/* ------------------------------------------------------------------------------------- entries */

_Static_assert(sizeof(sheaf_cache_entry) % 16 == 0, "what is behind an entry is aligned");

static char *key_of(const sheaf_cache_entry *e) { return (char *)(uintptr_t)(e + 1); }

sheaf_cache_entry *sheaf_cache_entry_new(sheaf_cache_shard *shard, sheaf_terms *terms,
                                         sheaf_str ref, uint64_t hash, const sheaf_result *result) {
  bool is_static = result->flags & SHEAF_RESULT_STATIC;
  size_t key = (ref.size + 15) & ~(size_t)15;
  size_t bytes = sizeof(sheaf_cache_entry) + key + (is_static ? 0 : sheaf_copy_size(result));
  uint16_t place;
  if (ref.size > UINT32_MAX || bytes / 16 > UINT32_MAX) return NULL;
  sheaf_cache_entry *e = sheaf_cache_pool_take(&shard->pool, bytes, &place);
  if (!e) return NULL;
  e->terms = terms;
  e->hash = hash;
  e->key_size = (uint32_t)ref.size;
  e->holds = 1;
  e->pieces = (uint32_t)(bytes / 16);
  e->place = place;
  e->visited = false;
  if (is_static) {
    e->result = *result;
  } else {
    sheaf_arena arena = {.next = key_of(e) + key, .end = (char *)e + bytes};
    sheaf_copy_result(&arena, &e->result, result);
  }
  if (ref.size) memcpy(key_of(e), ref.data, ref.size);
  return e;
}

/* Most have the terms of the one before. */
void sheaf_cache_unlock(sheaf_cache_table *t, sheaf_cache_shard *shard, sheaf_cache_entry *out) {
  while (out) {
    sheaf_terms *terms = out->terms;
    uint32_t holds = 0;
    for (; out && out->terms == terms; holds++) {
      sheaf_cache_entry *next = out->older;
      sheaf_cache_pool_give(&shard->pool, out, sheaf_cache_entry_bytes(out), out->place);
      out = next;
    }
    sheaf_terms_release(&t->terms, terms, holds);
  }
  pthread_mutex_unlock(&shard->lock);
}

/* --------------------------------------------------------------------------------------- slots */

uint64_t sheaf_cache_hash(const sheaf_cache_table *t, sheaf_str ref) {
  return XXH3_64bits_withSeed(ref.size ? ref.data : "", ref.size, t->seed);
}

static bool is_key(const sheaf_cache_slot *slot, const sheaf_terms *q, sheaf_str ref) {
  const sheaf_cache_pending *p = sheaf_cache_slot_pending(slot);
  const sheaf_cache_entry *e = (const sheaf_cache_entry *)slot->what;
  if (p) return p->terms == q && sheaf_str_equal(*p->ref, ref);
  return e->terms == q && e->key_size == ref.size &&
         (ref.size == 0 || memcmp(key_of(e), ref.data, ref.size) == 0);
}

/* The slot of a key, or the free one where it would be. */
static inline sheaf_cache_slot *place_of(const sheaf_cache_shard *shard, uint64_t hash,
                                         const sheaf_terms *terms, sheaf_str ref) {
  sheaf_cache_slot *slots = shard->slots;
  size_t mask = shard->mask, at = hash & mask;
  while (slots[at].what && !(slots[at].hash == hash && is_key(&slots[at], terms, ref)))
    at = (at + 1) & mask;
  return &slots[at];
}

sheaf_cache_slot *sheaf_cache_find(const sheaf_cache_shard *shard, uint64_t hash,
                                   const sheaf_terms *terms, sheaf_str ref) {
  sheaf_cache_slot *slot = place_of(shard, hash, terms, ref);
  return slot->what ? slot : NULL;
}

static void put_in(sheaf_cache_slot *slots, size_t mask, sheaf_cache_slot slot) {
  size_t at = slot.hash & mask;
  while (slots[at].what) at = (at + 1) & mask;
  slots[at] = slot;
}

/* At most half are used: a search that goes on is one that the processor guesses wrong. */
static inline bool has_room(const sheaf_cache_shard *shard, size_t size, size_t more) {
  return shard->used + more <= size / 2;
}

/* Without memory it gets fuller, and slower. */
void sheaf_cache_reserve(sheaf_cache_shard *shard, size_t more) {
  size_t size = shard->mask + 1;
  while (!has_room(shard, size, more)) size *= 2;
  if (size == shard->mask + 1) return;
  sheaf_cache_slot *slots = calloc(size, sizeof *slots);
  if (!slots) return;
  for (size_t i = 0; i <= shard->mask; i++)
    if (shard->slots[i].what) put_in(slots, size - 1, shard->slots[i]);
  free(shard->slots);
  shard->slots = slots;
  shard->mask = size - 1;
}

static bool add_slot(sheaf_cache_shard *shard, uint64_t hash, uintptr_t what) {
  sheaf_cache_reserve(shard, 1);
  if (shard->used == shard->mask) return false; /* one stays free, to end a search */
  put_in(shard->slots, shard->mask, (sheaf_cache_slot){hash, what});
  shard->used++;
  return true;
}

/* Closes the gap, so that there are no graves: what was pushed along by it moves back. */
static void remove_slot(sheaf_cache_shard *shard, size_t gap) {
  size_t mask = shard->mask;
  for (size_t at = (gap + 1) & mask; shard->slots[at].what; at = (at + 1) & mask) {
    size_t home = shard->slots[at].hash & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    shard->slots[gap] = shard->slots[at];
    gap = at;
  }
  shard->slots[gap].what = 0;
  shard->used--;
}

sheaf_cache_slot *sheaf_cache_find_or_claim(sheaf_cache_shard *shard, uint64_t hash,
                                            sheaf_cache_pending *pending, bool *claimed) {
  sheaf_cache_slot *slot = place_of(shard, hash, pending->terms, *pending->ref);
  if (slot->what) return slot;
  *claimed = has_room(shard, shard->mask + 1, 1);
  if (!*claimed) {
    *claimed = add_slot(shard, hash, (uintptr_t)pending | 1);
    return NULL;
  }
  *slot = (sheaf_cache_slot){hash, (uintptr_t)pending | 1};
  shard->used++;
  return NULL;
}

/* --------------------------------------------------------------------------------------- queue */

static void enqueue(sheaf_cache_shard *shard, sheaf_cache_entry *e) {
  e->newer = NULL;
  e->older = shard->newest;
  if (e->older) e->older->newer = e;
  else shard->oldest = e;
  shard->newest = e;
  shard->entries++;
  shard->bytes += sheaf_cache_entry_bytes(e);
}

static void dequeue(sheaf_cache_shard *shard, sheaf_cache_entry *e) {
  if (shard->hand == e) shard->hand = e->newer;
  if (e->newer) e->newer->older = e->older;
  else shard->newest = e->older;
  if (e->older) e->older->newer = e->newer;
  else shard->oldest = e->newer;
  shard->entries--;
  shard->bytes -= sheaf_cache_entry_bytes(e);
}

/* Whose turn it is to go. */
static sheaf_cache_entry *next_out(sheaf_cache_shard *shard) {
  sheaf_cache_entry *e = shard->hand ? shard->hand : shard->oldest;
  while (e->visited) {
    e->visited = false;
    e = e->newer ? e->newer : shard->oldest;
  }
  shard->hand = e;
  return e;
}

/* Where in the table a thing is that is there. */
static sheaf_cache_slot *slot_of(const sheaf_cache_shard *shard, uint64_t hash, uintptr_t what) {
  size_t at = hash & shard->mask;
  while (shard->slots[at].what != what) at = (at + 1) & shard->mask;
  return &shard->slots[at];
}

void sheaf_cache_remove(sheaf_cache_shard *shard, sheaf_cache_slot *slot, sheaf_cache_entry **out) {
  sheaf_cache_entry *e = sheaf_cache_slot_entry(slot);
  remove_slot(shard, (size_t)(slot - shard->slots));
  if (!e) return;
  dequeue(shard, e);
  sheaf_cache_entry_let_go(e, out);
}

static inline void make_way(sheaf_cache_shard *shard, size_t bytes, sheaf_cache_entry **out) {
  while (shard->entries >= shard->most_entries || shard->bytes > shard->most_bytes - bytes) {
    const sheaf_cache_entry *e = next_out(shard);
    sheaf_cache_remove(shard, slot_of(shard, e->hash, (uintptr_t)e), out);
    atomic_fetch_add_explicit(shard->evictions, 1, memory_order_relaxed);
  }
}

bool sheaf_cache_insert(sheaf_cache_shard *shard, sheaf_cache_entry *entry,
                        sheaf_cache_entry **out) {
  if (sheaf_cache_entry_bytes(entry) > shard->most_bytes) return false;
  make_way(shard, sheaf_cache_entry_bytes(entry), out);
  sheaf_cache_slot *slot = sheaf_cache_find(shard, entry->hash, entry->terms,
                                            sheaf_strn(key_of(entry), entry->key_size));
  if (slot) sheaf_cache_remove(shard, slot, out);
  if (!add_slot(shard, entry->hash, (uintptr_t)entry)) return false;
  sheaf_cache_entry_hold(entry);
  enqueue(shard, entry);
  return true;
}

void sheaf_cache_fulfil(sheaf_cache_shard *shard, uint64_t hash, const sheaf_cache_pending *pending,
                        sheaf_cache_entry *entry, sheaf_cache_entry **out) {
  bool fits = entry && sheaf_cache_entry_bytes(entry) <= shard->most_bytes;
  if (fits) make_way(shard, sheaf_cache_entry_bytes(entry), out);
  sheaf_cache_slot *slot = slot_of(shard, hash, (uintptr_t)pending | 1);
  if (!fits) {
    sheaf_cache_remove(shard, slot, out);
    return;
  }
  slot->what = (uintptr_t)entry;
  sheaf_cache_entry_hold(entry);
  enqueue(shard, entry);
}

/* ------------------------------------------------------------------------------------ the table */

bool sheaf_cache_table_init(sheaf_cache_table *t, uint64_t most_entries, uint64_t most_bytes,
                            _Atomic uint64_t *evictions) {
  bool large = most_entries / SHEAF_CACHE_SHARDS >= ENTRIES_A_SHARD &&
               most_bytes / SHEAF_CACHE_SHARDS >= BYTES_A_SHARD;
  uint32_t wanted = large ? SHEAF_CACHE_SHARDS : 1, made = 0;
  t->seed = sheaf_index_seed();
  t->shard_count = wanted;
  t->shards = aligned_alloc(64, wanted * sizeof *t->shards);
  if (!t->shards) return false;
  memset(t->shards, 0, wanted * sizeof *t->shards);
  for (; made < wanted; made++) {
    sheaf_cache_shard *s = &t->shards[made];
    s->evictions = evictions;
    s->most_entries = most_entries / wanted;
    s->most_bytes = most_bytes / wanted;
    s->pool.room = s->most_bytes + s->most_bytes / 4; /* sizes are rounded up */
    s->mask = FIRST_SLOTS - 1;
    s->slots = calloc(FIRST_SLOTS, sizeof *s->slots);
    if (!s->slots) break;
    if (pthread_mutex_init(&s->lock, NULL)) {
      free(s->slots);
      break;
    }
  }
  if (made == wanted && sheaf_terms_table_init(&t->terms, t->seed)) return true;
  for (; made > 0; made--) {
    pthread_mutex_destroy(&t->shards[made - 1].lock);
    free(t->shards[made - 1].slots);
  }
  free(t->shards);
  return false;
}

void sheaf_cache_table_destroy(sheaf_cache_table *t) {
  (void)sheaf_cache_clear(t, NULL);
  for (uint32_t i = 0; i < t->shard_count; i++) {
    pthread_mutex_destroy(&t->shards[i].lock);
    sheaf_cache_pool_destroy(&t->shards[i].pool);
    free(t->shards[i].slots);
  }
  sheaf_terms_table_destroy(&t->terms);
  free(t->shards);
}

/* ------------------------------------------------------------------------------------- clearing */

/* What is being asked for may be of before, and what comes of it is not kept. How many entries it was. */
static uint64_t clear_slot(sheaf_cache_shard *shard, sheaf_cache_slot *slot,
                           sheaf_cache_entry **out) {
  sheaf_cache_pending *pending = sheaf_cache_slot_pending(slot);
  if (pending) pending->terms = NULL;
  sheaf_cache_remove(shard, slot, out);
  return pending ? 0 : 1;
}

static bool is_ref(const sheaf_cache_slot *slot, sheaf_str ref) {
  const sheaf_cache_pending *p = sheaf_cache_slot_pending(slot);
  const sheaf_cache_entry *e = (const sheaf_cache_entry *)slot->what;
  return p ? sheaf_str_equal(*p->ref, ref)
           : sheaf_str_equal(sheaf_strn(key_of(e), e->key_size), ref);
}

/* All that has the hash and the reference. */
static uint64_t clear_hash(sheaf_cache_shard *shard, uint64_t hash, sheaf_str ref,
                           sheaf_cache_entry **out) {
  size_t at = hash & shard->mask;
  uint64_t count = 0;
  while (shard->slots[at].what) {
    sheaf_cache_slot *slot = &shard->slots[at];
    if (slot->hash == hash && is_ref(slot, ref))
      count += clear_slot(shard, slot, out); /* look here again */
    else at = (at + 1) & shard->mask;
  }
  return count;
}

static uint64_t clear_shard(sheaf_cache_shard *shard, sheaf_cache_entry **out) {
  uint64_t count = 0;
  for (size_t at = 0; at <= shard->mask;) {
    if (shard->slots[at].what) count += clear_slot(shard, &shard->slots[at], out);
    else at++;
  }
  return count;
}

uint64_t sheaf_cache_clear(sheaf_cache_table *t, const sheaf_str *ref) {
  uint64_t count = 0;
  uint32_t rounds = ref ? SHEAF_TERMS_SALTS : t->shard_count;
  uint64_t ref_hash = ref ? sheaf_cache_hash(t, *ref) : 0;
  for (uint32_t i = 0; i < rounds; i++) {
    sheaf_terms any = {.salt = (i + 1) * 0x9e3779b97f4a7c15ULL};
    uint64_t hash = sheaf_cache_key_hash(ref_hash, &any);
    sheaf_cache_shard *shard = ref ? sheaf_cache_shard_of(t, hash) : &t->shards[i];
    sheaf_cache_entry *out = NULL;
    pthread_mutex_lock(&shard->lock);
    count += ref ? clear_hash(shard, hash, *ref, &out) : clear_shard(shard, &out);
    sheaf_cache_unlock(t, shard, out);
  }
  return count;
}
