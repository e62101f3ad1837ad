/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a batch up in a cache, and delivering. */
#include <sheaf/status.h>

#include "stage/cache_run.h"

/* --------------------------------------------------------------------------------- by shards */

static uint32_t shard_number(const sheaf_cache_table *t, uint64_t hash) {
  return (uint32_t)(sheaf_cache_shard_of(t, hash) - t->shards);
}

void sheaf_cache_order_by_shard(const sheaf_cache_table *t, const uint64_t *hashes, uint32_t count,
                                sheaf_cache_order *o) {
  uint32_t at = 0;
  if (t->shard_count == 1) {
    for (uint32_t i = 0; i < count; i++) o->order[i] = i;
    o->ends[0] = count;
    return;
  }
  memset(o->ends, 0, sizeof o->ends);
  for (uint32_t i = 0; i < count; i++) o->ends[shard_number(t, hashes[i])]++;
  for (uint32_t s = 0; s < t->shard_count; s++) {
    uint32_t size = o->ends[s];
    o->ends[s] = at;
    at += size;
  }
  for (uint32_t i = 0; i < count; i++) o->order[o->ends[shard_number(t, hashes[i])]++] = i;
}

/* ---------------------------------------------------------------------------------- delivering */

void sheaf_cache_flush(sheaf_cache_run *r) {
  if (r->ready && r->said == SHEAF_CONTINUE)
    r->said = r->onward->results(r->onward, r->results, r->ready);
  for (uint32_t i = 0; i < r->ready; i++)
    if (r->entries[i]) sheaf_cache_entry_release(&r->cache->table, r->entries[i]);
  r->ready = 0;
}

void sheaf_cache_put(sheaf_cache_run *r, uint32_t index, sheaf_cache_entry *entry) {
  if (r->ready == SHEAF_CACHE_GROUP) sheaf_cache_flush(r);
  r->entries[r->ready] = entry;
  r->results[r->ready] = entry->result;
  r->results[r->ready++].index = index;
}

void sheaf_cache_put_error(sheaf_cache_run *r, uint32_t index, sheaf_status status) {
  if (r->ready == SHEAF_CACHE_GROUP) sheaf_cache_flush(r);
  r->entries[r->ready] = NULL;
  r->results[r->ready++] = (sheaf_result){index, status, NULL, 0, SHEAF_RESULT_STATIC,
                                          sheaf_cstr(sheaf_status_message(status))};
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
  sheaf_cache_remove(shard, slot);
  e->older = *out;
  *out = e;
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_EXPIRED, 1);
  return NULL;
}

/* The indices first + places[i] in their shard; what is there goes to found[places[i]]. */
static void look_in(sheaf_cache_run *r, sheaf_cache_shard *shard, uint32_t first,
                    const uint32_t *places, uint32_t count, sheaf_cache_entry **found) {
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
    sheaf_cache_slot *slot = sheaf_cache_find(shard, r->hashes[index],
                                              sheaf_cache_run_terms(r, index),
                                              r->request->refs[index]);
    if (slot && !sheaf_cache_slot_pending(slot))
      found[places[i]] = sheaf_cache_take(r, shard, slot, &out);
  }
  pthread_mutex_unlock(&shard->lock);
  sheaf_cache_release_all(&r->cache->table, out);
}

static void look_up_group(sheaf_cache_run *r, uint32_t first, uint32_t count) {
  sheaf_cache_table *t = &r->cache->table;
  sheaf_cache_entry *found[SHEAF_CACHE_GROUP] = {NULL};
  sheaf_cache_order o;
  uint32_t missing = r->missing_count;
  for (uint32_t i = first; i < first + count; i++)
    r->hashes[i] = sheaf_cache_key_hash(sheaf_cache_hash(t, r->request->refs[i]),
                                        sheaf_cache_run_terms(r, i));
  sheaf_cache_order_by_shard(t, r->hashes + first, count, &o);
  for (uint32_t s = 0, begin = 0; s < t->shard_count; begin = o.ends[s++])
    if (o.ends[s] > begin)
      look_in(r, &t->shards[s], first, o.order + begin, o.ends[s] - begin, found);
  for (uint32_t i = 0; i < count; i++) {
    if (found[i]) sheaf_cache_put(r, first + i, found[i]);
    else r->missing[r->missing_count++] = first + i;
  }
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_HITS, count - (r->missing_count - missing));
  sheaf_cache_flush(r);
}

void sheaf_cache_look_up(sheaf_cache_run *r) {
  for (uint32_t i = 0; i < r->request->count && r->said == SHEAF_CONTINUE; i += SHEAF_CACHE_GROUP) {
    uint32_t left = r->request->count - i;
    look_up_group(r, i, left < SHEAF_CACHE_GROUP ? left : SHEAF_CACHE_GROUP);
  }
}
