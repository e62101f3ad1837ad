/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a batch up in a cache, and delivering. */
#include <sheaf/index.h>
#include <sheaf/status.h>

#include "stage/cache_run.h"

/* ---------------------------------------------------------------------------------- delivering */

void sheaf_cache_flush(sheaf_cache_run *r) {
  if (r->ready && r->said == SHEAF_CONTINUE)
    r->said = r->onward->results(r->onward, r->results, r->ready);
  r->ready = 0;
}

void sheaf_cache_put(sheaf_cache_run *r, uint32_t index, const sheaf_cache_entry *entry) {
  if (r->ready == SHEAF_CACHE_DELIVERED) sheaf_cache_flush(r);
  r->results[r->ready] = entry->result;
  r->results[r->ready++].index = index;
}

void sheaf_cache_put_error(sheaf_cache_run *r, uint32_t index, sheaf_status status) {
  if (r->ready == SHEAF_CACHE_DELIVERED) sheaf_cache_flush(r);
  r->results[r->ready++] = (sheaf_result){
      index, status, NULL, 0, SHEAF_RESULT_STATIC, sheaf_cstr(sheaf_status_message(status))};
}

/* ---------------------------------------------------------------------------------- looking up */

sheaf_cache_entry *sheaf_cache_take(sheaf_cache_run *r, sheaf_cache_shard *shard,
                                    sheaf_cache_slot *slot, sheaf_cache_entry **out) {
  sheaf_cache_entry *e = sheaf_cache_slot_entry(slot);
  if (__builtin_expect(r->now < e->expires_ns, 1)) {
    e->visited = true;
    sheaf_cache_entry_hold(e);
    return e;
  }
  sheaf_cache_remove(shard, slot, out);
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_EXPIRED, 1);
  return NULL;
}

/* The indices first + places[i] in their shard; what is there goes to found[places[i]]. */
static void look_in(sheaf_cache_run *r, sheaf_cache_shard *shard, uint32_t first,
                    const uint8_t *places, uint32_t count, sheaf_cache_entry **found) {
  const uint64_t *hashes = r->hashes + first;
  sheaf_cache_entry *out = NULL;
  pthread_mutex_lock(&shard->lock);
  for (uint32_t i = 0; i < count; i++)
    __builtin_prefetch(&shard->slots[hashes[places[i]] & shard->mask]);
  for (uint32_t i = 0; i < count; i++) {
    uintptr_t what = shard->slots[hashes[places[i]] & shard->mask].what;
    __builtin_prefetch((const void *)(what & ~(uintptr_t)1));
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t index = first + places[i];
    sheaf_cache_slot *slot = sheaf_cache_find(
        shard, r->hashes[index], sheaf_cache_run_terms(r, index), r->request->refs[index]);
    if (slot && !sheaf_cache_slot_pending(slot))
      found[places[i]] = sheaf_cache_take(r, shard, slot, &out);
  }
  sheaf_cache_unlock(&r->cache->table, shard, out);
}

/* Lets go of what was found there. */
static void leave(sheaf_cache_run *r, sheaf_cache_shard *shard, const uint8_t *places,
                  uint32_t count, sheaf_cache_entry *const *found) {
  sheaf_cache_entry *out = NULL;
  pthread_mutex_lock(&shard->lock);
  for (uint32_t i = 0; i < count; i++)
    if (found[places[i]]) sheaf_cache_entry_let_go(found[places[i]], &out);
  sheaf_cache_unlock(&r->cache->table, shard, out);
}

static void hash_keys(sheaf_cache_run *r, uint32_t first, uint32_t count) {
  const sheaf_cache_table *t = &r->cache->table;
  for (uint32_t i = first; i < first + count; i++) sheaf_index_prefetch(r->request->refs[i]);
  for (uint32_t i = first; i < first + count; i++)
    r->hashes[i] =
        sheaf_cache_key_hash(sheaf_cache_hash(t, r->request->refs[i]), sheaf_cache_run_terms(r, i));
}

/* Delivers what was found of a group, and lets go of it. */
static void deliver_found(sheaf_cache_run *r, uint32_t first, uint32_t count,
                          sheaf_cache_entry *const *found, const sheaf_cache_places *p) {
  sheaf_cache_table *t = &r->cache->table;
  for (uint32_t i = 0; i < count; i++)
    if (found[i]) sheaf_cache_put(r, first + i, found[i]);
  sheaf_cache_flush(r);
  for (uint32_t s = 0; s < t->shard_count; s++)
    if (p->counts[s]) leave(r, &t->shards[s], p->places[s], p->counts[s], found);
}

static void look_up_group(sheaf_cache_run *r, uint32_t first, uint32_t count) {
  sheaf_cache_table *t = &r->cache->table;
  sheaf_cache_entry *found[SHEAF_CACHE_GROUP];
  sheaf_cache_places p;
  uint32_t missing = r->missing_count;
  hash_keys(r, first, count);
  memset(found, 0, count * sizeof *found);
  sheaf_cache_places_init(&p);
  for (uint32_t i = 0; i < count; i++) sheaf_cache_places_add(&p, t, r->hashes[first + i], i);
  for (uint32_t s = 0; s < t->shard_count; s++)
    if (p.counts[s]) look_in(r, &t->shards[s], first, p.places[s], p.counts[s], found);
  for (uint32_t i = 0; i < count; i++)
    if (!found[i]) r->missing[r->missing_count++] = first + i;
  missing = r->missing_count - missing;
  if (missing == count) return;
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_HITS, count - missing);
  deliver_found(r, first, count, found, &p);
}

void sheaf_cache_look_up(sheaf_cache_run *r) {
  const uint32_t count = r->request->count;
  for (uint32_t i = 0, n; i < count && r->said == SHEAF_CONTINUE; i += n) {
    n = count - i < SHEAF_CACHE_GROUP ? count - i : SHEAF_CACHE_GROUP;
    r->guessed = i > 0 && r->missing_count == i;
    if (!r->guessed) {
      look_up_group(r, i, n);
      continue;
    }
    hash_keys(r, i, n);
    for (uint32_t k = i; k < i + n; k++) r->missing[r->missing_count++] = k;
  }
}
