/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for what a cache does not have, and following others who do. */
#include "core/cancel.h"
#include "core/flight.h"
#include "core/thread.h"
#include "stage/cache_run.h"
#include "stage/part.h"

/* What becomes of an index that was not there. ASKED: it is in the batch that goes down. FOLLOWED:
 * another thread asks for it. FOUND: by now it is there. */
enum { ASKED, FOLLOWED, FOUND };

struct sheaf_cache_want {
  uint32_t index;
  uint16_t fate;
  bool claimed;           /* its pending is in the table */
  sheaf_cache_entry *got; /* held, until it is delivered */
  union {
    sheaf_cache_pending pending;   /* of what is asked */
    sheaf_cache_follower follower; /* of what is followed */
  } u;
};

typedef sheaf_cache_want want;
typedef sheaf_cache_run run;

static sheaf_str ref_of(const run *r, const want *w) { return r->request->refs[w->index]; }
static uint64_t hash_of(const run *r, const want *w) { return r->hashes[w->index]; }

static sheaf_cache_slot *find(const run *r, const sheaf_cache_shard *shard, const want *w) {
  return sheaf_cache_find(shard, hash_of(r, w), sheaf_cache_run_terms(r, w->index), ref_of(r, w));
}

/* ------------------------------------------------------------------------------------ a group */

/* Something that is done to wants, with the lock of their shard. */
typedef void (*deed)(run *r, sheaf_cache_shard *shard, want *w, void *ctx, sheaf_cache_entry **out);

/* Does it to at most a group of wants, each shard locked once. */
static void each_in_its_shard(run *r, want *const *wants, uint32_t count, deed what, void *ctx) {
  sheaf_cache_table *t = &r->cache->table;
  uint64_t hashes[SHEAF_CACHE_GROUP];
  sheaf_cache_entry *out = NULL;
  sheaf_cache_order o;
  for (uint32_t i = 0; i < count; i++) hashes[i] = hash_of(r, wants[i]);
  sheaf_cache_order_by_shard(t, hashes, count, &o);
  for (uint32_t s = 0, i = 0; s < t->shard_count; s++) {
    if (o.ends[s] == i) continue;
    sheaf_cache_shard *shard = &t->shards[s];
    pthread_mutex_lock(&shard->lock);
    for (; i < o.ends[s]; i++) what(r, shard, wants[o.order[i]], ctx, &out);
    pthread_mutex_unlock(&shard->lock);
  }
  sheaf_cache_release_all(t, out);
}

/* ------------------------------------------------------------------------------------- claiming */

static void follow(run *r, want *w, sheaf_cache_pending *pending) {
  w->fate = FOLLOWED;
  w->u.follower = (sheaf_cache_follower){pending->followers, pending, &r->waiter, NULL, false};
  pending->followers = &w->u.follower;
}

/* Whether this batch itself asks for it: then it is there before anybody would wait. */
static bool is_own(const run *r, const sheaf_cache_pending *pending) {
  uintptr_t at = (uintptr_t)pending, begin = (uintptr_t)r->wants;
  return at >= begin && at < begin + r->want_count * sizeof *r->wants;
}

/* Looks again, and settles the fate of what was missing. `ctx`: whether this thread owes. */
static void settle(run *r, sheaf_cache_shard *shard, want *w, void *ctx, sheaf_cache_entry **out) {
  const bool owes = *(const bool *)ctx;
  sheaf_cache_slot *slot = find(r, shard, w);
  sheaf_cache_pending *pending = slot ? sheaf_cache_slot_pending(slot) : NULL;
  if (pending && (!owes || is_own(r, pending))) {
    follow(r, w, pending);
  } else if (slot && !pending && (w->got = sheaf_cache_take(r, shard, slot, out))) {
    w->fate = FOUND;
  } else if (!pending) {
    w->u.pending = (sheaf_cache_pending){sheaf_cache_run_terms(r, w->index), ref_of(r, w), NULL, false};
    w->claimed = sheaf_cache_claim(shard, hash_of(r, w), &w->u.pending);
  }
}

static void claim_group(run *r, uint32_t first, uint32_t count) {
  bool owes = sheaf_thread_owes() || sheaf_flight_has_gate();
  want *wants[SHEAF_CACHE_GROUP] = {NULL};
  for (uint32_t i = 0; i < count; i++) {
    wants[i] = &r->wants[first + i];
    wants[i]->index = r->missing[first + i];
    wants[i]->fate = ASKED;
    wants[i]->claimed = false;
    wants[i]->got = NULL;
  }
  each_in_its_shard(r, wants, count, settle, &owes);
  for (uint32_t i = 0; i < count; i++)
    if (wants[i]->fate == ASKED) r->asked[r->asked_count++] = wants[i];
}

static void claim_all(run *r) {
  r->want_count = r->missing_count;
  r->asked_count = 0;
  for (uint32_t i = 0; i < r->want_count; i += SHEAF_CACHE_GROUP) {
    uint32_t left = r->want_count - i;
    claim_group(r, i, left < SHEAF_CACHE_GROUP ? left : SHEAF_CACHE_GROUP);
  }
  r->missing_count = 0;
}

/* ----------------------------------------------------------------------------------- publishing */

/* Gives followers the answer; NULL: has them ask again. */
static void answer_followers(want *w, sheaf_cache_entry *entry) {
  for (sheaf_cache_follower *f = w->u.pending.followers, *next; f; f = next) {
    next = f->next;
    if (entry) sheaf_cache_entry_hold(entry);
    f->got = entry;
    f->done = true;
    sheaf_waiter_say(f->waiter);
  }
}

/* Others, who asked at the same time, are not given what says how this call ended. */
static bool is_common(const sheaf_cache_entry *e) {
  return SHEAF_STATUS_CLASS(e->result.status) != SHEAF_STATUS_CLASS(SHEAF_ENDED);
}

/* Publishes what a want has got, perhaps nothing, and gives its claim up. One that expires at once is not
 * kept. */
static void publish(run *r, sheaf_cache_shard *shard, want *w, void *ctx, sheaf_cache_entry **out) {
  (void)ctx;
  if (!w->claimed) return;
  w->claimed = false;
  if (!w->u.pending.cleared &&
      (!w->got || w->got->expires_ns == 0 || !sheaf_cache_insert(shard, w->got, out)))
    sheaf_cache_remove(shard, find(r, shard, w));
  answer_followers(w, w->got && is_common(w->got) ? w->got : NULL);
}

static void publish_group(run *r, want *const *wants, uint32_t count) {
  each_in_its_shard(r, wants, count, publish, NULL);
}

/* The answer of a want, to be published. */
static void make_entry(run *r, want *w, const sheaf_result *result) {
  int64_t until;
  bool kept = sheaf_cache_keeps(r->cache, result, r->now, &until);
  w->got = sheaf_cache_entry_new(sheaf_cache_run_terms(r, w->index), ref_of(r, w), hash_of(r, w),
                                 result);
  /* What cannot be copied has become an error. */
  if (w->got) w->got->expires_ns = kept && w->got->result.status == result->status ? until : 0;
}

/* The sink of what was asked for. */
static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  run *r = (run *)sink;
  want *wants[SHEAF_CACHE_GROUP];
  r->now = sheaf_now_ns();
  for (uint32_t i = 0, n; i < count; i += n) {
    for (n = 0; n < SHEAF_CACHE_GROUP && i + n < count; n++) {
      wants[n] = r->asked[given[i + n].index];
      make_entry(r, wants[n], &given[i + n]);
    }
    publish_group(r, wants, n);
  }
  return SHEAF_CONTINUE;
}

/* ----------------------------------------------------------------------------------- going down */

/* Asks for what is to be asked; what comes is for our own sink, by the part's indices. */
static sheaf_status ask(run *r) {
  sheaf_part part;
  uint32_t *indices = sheaf_stage_scratch(r->request, r->asked_count * sizeof *indices);
  sheaf_part_init(&part, r->request, &r->sink);
  if (!indices || !sheaf_part_reserve(&part, r->asked_count)) return SHEAF_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < r->asked_count; i++) indices[i] = r->asked[i]->index;
  sheaf_part_take(&part, indices, r->asked_count);
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_MISSES, r->asked_count);
  r->sink = (sheaf_sink){sizeof r->sink, 0, results};
  sheaf_thread_owe();
  sheaf_status status = sheaf_stage_ask(&r->cache->stage, 0, &part.request, &r->sink);
  sheaf_thread_paid();
  return status;
}

/* Has others ask for what nobody has answered here. */
static void give_up_claims(run *r) {
  for (uint32_t i = 0; i < r->asked_count; i++)
    if (r->asked[i]->claimed) publish_group(r, &r->asked[i], 1);
}

/* Without the memory for an answer there is none. */
static void deliver_asked(run *r) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < r->want_count; i++) {
    want *w = &r->wants[i];
    if (w->fate == FOLLOWED) continue;
    if (w->got) sheaf_cache_put(r, w->index, w->got);
    else sheaf_cache_put_error(r, w->index, SHEAF_OUT_OF_MEMORY);
    found += w->fate == FOUND;
  }
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_HITS, found);
  sheaf_cache_flush(r);
}

/* ------------------------------------------------------------------------------------ following */

/* Whether what is followed is there. `leave`: else it is followed no longer. */
static bool is_done(run *r, want *w, bool leave) {
  sheaf_cache_shard *shard = sheaf_cache_shard_of(&r->cache->table, hash_of(r, w));
  sheaf_cache_follower *f = &w->u.follower;
  pthread_mutex_lock(&shard->lock);
  bool done = f->done;
  if (!done && leave) {
    sheaf_cache_follower **link = &f->pending->followers;
    while (*link != f) link = &(*link)->next;
    *link = f->next;
  }
  pthread_mutex_unlock(&shard->lock);
  return done;
}

/* `why` the wait ended, if it is not there. */
static void deliver_followed(run *r, want *w, sheaf_status why) {
  if (!is_done(r, w, true)) {
    sheaf_cache_put_error(r, w->index, why);
  } else if (w->u.follower.got) {
    sheaf_cache_put(r, w->index, w->u.follower.got);
    sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_SHARED, 1);
  } else {
    r->missing[r->missing_count++] = w->index; /* it was given up: ask again */
  }
}

/* Waits for what others ask for, and delivers it. Nothing is owed now. */
static sheaf_status await_followed(run *r) {
  sheaf_status why = SHEAF_OK;
  for (uint32_t i = 0; i < r->want_count; i++) {
    want *w = &r->wants[i];
    if (w->fate != FOLLOWED) continue;
    while (!why && r->said == SHEAF_CONTINUE && !is_done(r, w, false)) {
      sheaf_cache_flush(r); /* what there is need not wait */
      if (r->said == SHEAF_CONTINUE) why = sheaf_waiter_wait(&r->waiter, INT64_MAX);
    }
    deliver_followed(r, w, why);
  }
  sheaf_cache_flush(r);
  return why;
}

/* ----------------------------------------------------------------------------------- altogether */

static sheaf_status fetch_once(run *r) {
  sheaf_status status = SHEAF_OK;
  claim_all(r);
  if (r->asked_count) status = ask(r);
  give_up_claims(r);
  deliver_asked(r);
  sheaf_status why = await_followed(r);
  return status ? status : why;
}

static bool reserve(run *r) {
  r->wants = sheaf_stage_scratch(r->request, r->missing_count * sizeof *r->wants);
  r->asked = sheaf_stage_scratch(r->request, r->missing_count * sizeof *r->asked);
  return r->wants && r->asked;
}

sheaf_status sheaf_cache_fetch(run *r) {
  sheaf_status first = SHEAF_OK;
  if (!reserve(r)) {
    for (uint32_t i = 0; i < r->missing_count; i++)
      sheaf_cache_put_error(r, r->missing[i], SHEAF_OUT_OF_MEMORY);
    sheaf_cache_flush(r);
    return SHEAF_OUT_OF_MEMORY;
  }
  while (r->said == SHEAF_CONTINUE && r->missing_count) {
    sheaf_status status = fetch_once(r);
    if (!first) first = status;
  }
  return first;
}
