/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a cache beside asking it. */
#include "core/cancel.h"
#include "core/perform.h"
#include "stage/cache_run.h"
#include "stage/share.h"

static sheaf_status stats(void *self, sheaf_cache_stats *out) {
  const sheaf_cache *c = self;
  if (!out || out->struct_size < sizeof *out) return SHEAF_INVALID_ARGUMENT;
  const _Atomic uint64_t *counts = c->stage.counts;
  *out = (sheaf_cache_stats){.struct_size = out->struct_size,
                             .hits = counts[SHEAF_CACHE_HITS],
                             .misses = counts[SHEAF_CACHE_MISSES],
                             .shared = counts[SHEAF_CACHE_SHARED],
                             .evictions = counts[SHEAF_CACHE_EVICTIONS],
                             .expired = counts[SHEAF_CACHE_EXPIRED]};
  for (uint32_t i = 0; i < c->table.shard_count; i++) {
    sheaf_cache_shard *shard = &c->table.shards[i];
    pthread_mutex_lock(&shard->lock);
    out->entries += shard->entries;
    out->bytes += shard->bytes;
    pthread_mutex_unlock(&shard->lock);
  }
  return SHEAF_OK;
}

/* Puts an entry where there is none, nor any on its way; with the lock of its shard. */
static void put_if_absent(sheaf_cache_shard *shard, sheaf_cache_entry *e, sheaf_str ref,
                          int64_t now, sheaf_cache_entry **out) {
  sheaf_cache_slot *slot = sheaf_cache_find(shard, e->hash, e->terms, ref);
  const sheaf_cache_entry *there = slot ? sheaf_cache_slot_entry(slot) : NULL;
  if (!slot || (there && now >= there->expires_ns)) (void)sheaf_cache_insert(shard, e, out);
}

/* Keeps a result, whose terms' hold goes with it. */
static sheaf_status keep(sheaf_cache_table *t, sheaf_terms *terms, sheaf_str ref,
                         const sheaf_result *result, int64_t now, int64_t until,
                         sheaf_error *error) {
  uint64_t hash = sheaf_cache_key_hash(sheaf_cache_hash(t, ref), terms);
  sheaf_cache_shard *shard = sheaf_cache_shard_of(t, hash);
  sheaf_cache_entry *out = NULL;
  sheaf_status status = SHEAF_OK;
  pthread_mutex_lock(&shard->lock);
  sheaf_cache_entry *e = sheaf_cache_entry_new(shard, terms, ref, hash, result);
  if (!e) {
    sheaf_cache_unlock(t, shard, NULL);
    sheaf_terms_release(&t->terms, terms, 1);
    return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for the cache");
  }
  e->expires_ns = until;
  if (e->result.status == result->status) put_if_absent(shard, e, ref, now, &out);
  else
    status = sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "result %u: %.*s", result->index,
                             (int)e->result.message.size, e->result.message.data);
  sheaf_cache_entry_let_go(e, &out);
  sheaf_cache_unlock(t, shard, out);
  return status;
}

static sheaf_status prime_one(sheaf_cache *c, const sheaf_request *request,
                              const sheaf_result *result, sheaf_error *error) {
  int64_t until, now = sheaf_now_ns();
  if (result->index >= request->count)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "a result has index %u, and there are %u",
                           result->index, request->count);
  if (!sheaf_cache_keeps(c, result, now, &until)) return SHEAF_OK;
  const sheaf_context *context = sheaf_share_context(request, result->index);
  sheaf_terms *terms = sheaf_terms_hold(&c->table.terms, request, context);
  if (!terms) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for the cache");
  return keep(&c->table, terms, request->refs[result->index], result, now, until, error);
}

static sheaf_status prime(void *self, const sheaf_request *request, const sheaf_result *given,
                          uint32_t count, sheaf_error *error) {
  sheaf_cache *c = self;
  sheaf_question q; /* the request checked, and at full size */
  if (count && !given)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the results are NULL");
  sheaf_status status = sheaf_question_read(&q, request ? request->verb : 0, request, error);
  if (status) return status;
  q.request.call = &q.call;
  if (q.request.inputs || !(sheaf_stage_verb_flags(&c->stage, q.request.verb) & SHEAF_VERB_PURE))
    return sheaf_error_set(error, SHEAF_UNSUPPORTED,
                           "only what is asked by a pure verb, and without inputs, is kept");
  for (uint32_t i = 0; i < count && !status; i++)
    status = prime_one(c, &q.request, &given[i], error);
  return status;
}

static uint64_t clear_ref(void *self, sheaf_str ref) {
  return sheaf_cache_clear(&((sheaf_cache *)self)->table, &ref);
}

static uint64_t clear(void *self) { return sheaf_cache_clear(&((sheaf_cache *)self)->table, NULL); }

const sheaf_cache_functions sheaf_cache_extension = {
    sizeof(sheaf_cache_functions), 0, stats, prime, clear_ref, clear};
