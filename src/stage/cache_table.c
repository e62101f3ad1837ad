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

static char *key_of(const sheaf_cache_entry *e) { return (char *)(uintptr_t)(e + 1); }

sheaf_cache_entry *sheaf_cache_entry_new(sheaf_terms *terms, sheaf_str ref, uint64_t hash,
                                         const sheaf_result *result) {
  size_t key = (ref.size + 15) & ~(size_t)15;
  size_t bytes = sizeof(sheaf_cache_entry) + key + sheaf_copy_size(result);
  sheaf_cache_entry *e = ref.size > UINT32_MAX ? NULL : malloc(bytes);
  if (!e) return NULL;
  sheaf_arena arena = {.next = key_of(e) + key, .end = (char *)e + bytes};
  sheaf_copy_result(&arena, &e->result, result);
  if (ref.size) memcpy(key_of(e), ref.data, ref.size);
  sheaf_terms_share(terms);
  e->terms = terms;
  e->hash = hash;
  e->key_size = (uint32_t)ref.size;
  atomic_init(&e->holds, 1);
  e->visited = false;
  e->expires_ns = INT64_MAX;
  e->bytes = bytes;
  e->newer = e->older = NULL;
  return e;
}

void sheaf_cache_entry_release(sheaf_cache_table *t, sheaf_cache_entry *e) {
  if (atomic_fetch_sub_explicit(&e->holds, 1, memory_order_acq_rel) > 1) return;
  sheaf_terms_release(&t->terms, e->terms);
  free(e);
}

void sheaf_cache_release_all(sheaf_cache_table *t, sheaf_cache_entry *out) {
  while (out) {
    sheaf_cache_entry *next = out->older;
    sheaf_cache_entry_release(t, out);
    out = next;
  }
}

/* --------------------------------------------------------------------------------------- slots */

uint64_t sheaf_cache_hash(const sheaf_cache_table *t, sheaf_str ref) {
  return XXH3_64bits_withSeed(ref.size ? ref.data : "", ref.size, t->seed);
}

static bool is_key(const sheaf_cache_slot *slot, const sheaf_terms *q, sheaf_str ref) {
  const sheaf_cache_pending *p = sheaf_cache_slot_pending(slot);
  const sheaf_cache_entry *e = (const sheaf_cache_entry *)slot->what;
  if (p) return p->terms == q && sheaf_str_equal(p->ref, ref);
  return e->terms == q && e->key_size == ref.size &&
         (ref.size == 0 || memcmp(key_of(e), ref.data, ref.size) == 0);
}

sheaf_cache_slot *sheaf_cache_find(const sheaf_cache_shard *shard, uint64_t hash,
                                   const sheaf_terms *terms, sheaf_str ref) {
  for (size_t at = hash & shard->mask; shard->slots[at].what; at = (at + 1) & shard->mask) {
    sheaf_cache_slot *slot = &shard->slots[at];
    if (slot->hash == hash && is_key(slot, terms, ref)) return slot;
  }
  return NULL;
}

static void place(sheaf_cache_slot *slots, size_t mask, sheaf_cache_slot slot) {
  size_t at = slot.hash & mask;
  while (slots[at].what) at = (at + 1) & mask;
  slots[at] = slot;
}

/* At most three quarters are used. */
static bool make_room(sheaf_cache_shard *shard) {
  if (shard->used < (shard->mask + 1) / 4 * 3) return true;
  size_t size = (shard->mask + 1) * 2;
  sheaf_cache_slot *slots = calloc(size, sizeof *slots);
  if (!slots) return shard->used < shard->mask; /* fuller, and slower, but not full */
  for (size_t i = 0; i <= shard->mask; i++)
    if (shard->slots[i].what) place(slots, size - 1, shard->slots[i]);
  free(shard->slots);
  shard->slots = slots;
  shard->mask = size - 1;
  return true;
}

static bool add_slot(sheaf_cache_shard *shard, uint64_t hash, uintptr_t what) {
  if (!make_room(shard)) return false;
  place(shard->slots, shard->mask, (sheaf_cache_slot){hash, what});
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

bool sheaf_cache_claim(sheaf_cache_shard *shard, uint64_t hash, sheaf_cache_pending *pending) {
  return add_slot(shard, hash, (uintptr_t)pending | 1);
}

/* --------------------------------------------------------------------------------------- queue */

static void enqueue(sheaf_cache_shard *shard, sheaf_cache_entry *e) {
  e->newer = NULL;
  e->older = shard->newest;
  if (e->older) e->older->newer = e;
  else shard->oldest = e;
  shard->newest = e;
  shard->entries++;
  shard->bytes += e->bytes;
}

static void dequeue(sheaf_cache_shard *shard, sheaf_cache_entry *e) {
  if (shard->hand == e) shard->hand = e->newer;
  if (e->newer) e->newer->older = e->older;
  else shard->newest = e->older;
  if (e->older) e->older->newer = e->newer;
  else shard->oldest = e->newer;
  shard->entries--;
  shard->bytes -= e->bytes;
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

void sheaf_cache_remove(sheaf_cache_shard *shard, sheaf_cache_slot *slot) {
  if (!sheaf_cache_slot_pending(slot)) dequeue(shard, sheaf_cache_slot_entry(slot));
  remove_slot(shard, (size_t)(slot - shard->slots));
}

static sheaf_cache_slot *slot_of(const sheaf_cache_shard *shard, const sheaf_cache_entry *e) {
  return sheaf_cache_find(shard, e->hash, e->terms, sheaf_strn(key_of(e), e->key_size));
}

/* Takes away what is at a slot; an entry is linked to `out`. */
static void take_out(sheaf_cache_shard *shard, sheaf_cache_slot *slot, sheaf_cache_entry **out) {
  sheaf_cache_entry *e = sheaf_cache_slot_entry(slot);
  sheaf_cache_remove(shard, slot);
  if (!e) return;
  e->older = *out;
  *out = e;
}

static void make_way(sheaf_cache_shard *shard, size_t bytes, sheaf_cache_entry **out) {
  while (shard->entries >= shard->most_entries || shard->bytes > shard->most_bytes - bytes) {
    take_out(shard, slot_of(shard, next_out(shard)), out);
    atomic_fetch_add_explicit(shard->evictions, 1, memory_order_relaxed);
  }
}

bool sheaf_cache_insert(sheaf_cache_shard *shard, sheaf_cache_entry *entry, sheaf_cache_entry **out) {
  if (entry->bytes > shard->most_bytes) return false;
  make_way(shard, entry->bytes, out);
  sheaf_cache_slot *slot = slot_of(shard, entry);
  if (slot && !sheaf_cache_slot_pending(slot)) {
    take_out(shard, slot, out);
    slot = NULL;
  }
  if (slot) slot->what = (uintptr_t)entry;
  else if (!add_slot(shard, entry->hash, (uintptr_t)entry)) return false;
  sheaf_cache_entry_hold(entry);
  enqueue(shard, entry);
  return true;
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
    free(t->shards[i].slots);
  }
  sheaf_terms_table_destroy(&t->terms);
  free(t->shards);
}

/* ------------------------------------------------------------------------------------- clearing */

/* What is being asked for may be of before, and what comes of it is not kept. */
static void clear_slot(sheaf_cache_shard *shard, sheaf_cache_slot *slot, sheaf_cache_entry **out) {
  sheaf_cache_pending *pending = sheaf_cache_slot_pending(slot);
  if (pending) pending->cleared = true;
  take_out(shard, slot, out);
}

static bool is_ref(const sheaf_cache_slot *slot, sheaf_str ref) {
  const sheaf_cache_pending *p = sheaf_cache_slot_pending(slot);
  const sheaf_cache_entry *e = (const sheaf_cache_entry *)slot->what;
  return p ? sheaf_str_equal(p->ref, ref)
           : sheaf_str_equal(sheaf_strn(key_of(e), e->key_size), ref);
}

/* All that has the hash and the reference. */
static void clear_hash(sheaf_cache_shard *shard, uint64_t hash, sheaf_str ref,
                       sheaf_cache_entry **out) {
  size_t at = hash & shard->mask;
  while (shard->slots[at].what) {
    sheaf_cache_slot *slot = &shard->slots[at];
    if (slot->hash == hash && is_ref(slot, ref)) clear_slot(shard, slot, out); /* look here again */
    else at = (at + 1) & shard->mask;
  }
}

static void clear_shard(sheaf_cache_shard *shard, sheaf_cache_entry **out) {
  for (size_t at = 0; at <= shard->mask;) {
    if (shard->slots[at].what) clear_slot(shard, &shard->slots[at], out);
    else at++;
  }
}

static uint64_t count_and_release(sheaf_cache_table *t, sheaf_cache_entry *out) {
  uint64_t count = 0;
  for (const sheaf_cache_entry *e = out; e; e = e->older) count++;
  sheaf_cache_release_all(t, out);
  return count;
}

uint64_t sheaf_cache_clear(sheaf_cache_table *t, const sheaf_str *ref) {
  sheaf_cache_entry *out = NULL;
  uint32_t rounds = ref ? SHEAF_TERMS_SALTS : t->shard_count;
  uint64_t ref_hash = ref ? sheaf_cache_hash(t, *ref) : 0;
  for (uint32_t i = 0; i < rounds; i++) {
    sheaf_terms any = {.salt = (i + 1) * 0x9e3779b97f4a7c15ULL};
    uint64_t hash = sheaf_cache_key_hash(ref_hash, &any);
    sheaf_cache_shard *shard = ref ? sheaf_cache_shard_of(t, hash) : &t->shards[i];
    pthread_mutex_lock(&shard->lock);
    if (ref) clear_hash(shard, hash, *ref, &out);
    else clear_shard(shard, &out);
    pthread_mutex_unlock(&shard->lock);
  }
  return count_and_release(t, out);
}
