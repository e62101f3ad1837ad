/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for what a cache does not have, and following others who do. */
#include "core/cancel.h"
#include "core/flight.h"
#include "core/thread.h"
#include "stage/cache_run.h"
#include "stage/part.h"

/* What becomes of an index that was not there. ASKED: it is in the batch that goes down. FOLLOWED:
 * another thread asks for it. FOUND: by now it is there. RETURNED: it is missing again. */
enum { ASKED, FOLLOWED, FOUND, RETURNED };

struct sheaf_cache_want {
  uint32_t index;
  uint8_t fate;
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

/* ------------------------------------------------------------------------------------ a group */

/* Something that is done to a want, with the lock of its shard; `result` if it is answered. */
typedef void (*deed)(run *r, sheaf_cache_shard *shard, want *w, const sheaf_result *result,
                     sheaf_cache_entry **out);

/* Does it to at most a group of wants, each shard locked once. results[i], unless NULL: of wants[i]. */
static inline void each_in_its_shard(run *r, want *const *wants, const sheaf_result *results,
                                     uint32_t count, deed what) {
  sheaf_cache_table *t = &r->cache->table;
  sheaf_cache_places p;
  sheaf_cache_places_init(&p);
  for (uint32_t i = 0; i < count; i++) sheaf_cache_places_add(&p, t, hash_of(r, wants[i]), i);
  for (uint32_t s = 0; s < t->shard_count; s++) {
    if (!p.counts[s]) continue;
    sheaf_cache_shard *shard = &t->shards[s];
    sheaf_cache_entry *out = NULL;
    pthread_mutex_lock(&shard->lock);
    for (uint32_t i = 0; i < p.counts[s]; i++)
      __builtin_prefetch(&shard->slots[hash_of(r, wants[p.places[s][i]]) & shard->mask], 1);
    for (uint32_t i = 0; i < p.counts[s]; i++) {
      uint32_t place = p.places[s][i];
      what(r, shard, wants[place], results ? &results[place] : NULL, &out);
    }
    sheaf_cache_unlock(t, shard, out);
  }
}

/* Wants that the same is to be done to, gathered until there is a group of them. */
typedef struct gathering {
  deed what;
  uint32_t count;
  want *wants[SHEAF_CACHE_GROUP];
} gathering;

static inline void gather_for(gathering *g, deed what) {
  g->what = what;
  g->count = 0;
}

static void do_gathered(run *r, gathering *g) {
  each_in_its_shard(r, g->wants, NULL, g->count, g->what);
  g->count = 0;
}

static void gather(run *r, gathering *g, want *w) {
  if (g->count == SHEAF_CACHE_GROUP) do_gathered(r, g);
  g->wants[g->count++] = w;
}

/* ------------------------------------------------------------------------------------- claiming */

static void follow(run *r, want *w, sheaf_cache_pending *pending) {
  w->fate = FOLLOWED;
  r->followed_count++;
  w->u.follower = (sheaf_cache_follower){pending->followers, &r->waiter, {pending}};
  pending->followers = &w->u.follower;
}

/* Whether this batch itself asks for it: then it is there before anybody would wait. */
static bool is_own(const run *r, const sheaf_cache_pending *pending) {
  uintptr_t at = (uintptr_t)pending, begin = (uintptr_t)r->wants;
  return at >= begin && at < begin + r->want_count * sizeof *r->wants;
}

/* Looks again, and settles the fate of what was missing. */
static void settle(run *r, sheaf_cache_shard *shard, want *w, const sheaf_result *result,
                   sheaf_cache_entry **out) {
  (void)result;
  w->u.pending =
      (sheaf_cache_pending){sheaf_cache_run_terms(r, w->index), &r->request->refs[w->index], NULL};
  sheaf_cache_slot *slot =
      sheaf_cache_find_or_claim(shard, hash_of(r, w), &w->u.pending, &w->claimed);
  if (!slot) return;
  sheaf_cache_pending *pending = sheaf_cache_slot_pending(slot);
  if (pending) {
    if (!r->owes || is_own(r, pending)) follow(r, w, pending);
  } else if ((w->got = sheaf_cache_take(r, shard, slot, out))) {
    w->fate = FOUND;
    r->found_count++;
  } else { /* it was too old, and has gone */
    (void)sheaf_cache_find_or_claim(shard, hash_of(r, w), &w->u.pending, &w->claimed);
  }
}

static void claim_group(run *r, uint32_t first, uint32_t count) {
  want *group = &r->wants[first];
  gathering g;
  gather_for(&g, settle);
  for (uint32_t i = 0; i < count; i++) {
    group[i].index = r->missing[first + i];
    group[i].fate = ASKED;
    group[i].claimed = false;
    group[i].got = NULL;
    gather(r, &g, &group[i]);
  }
  do_gathered(r, &g);
  for (uint32_t i = 0; i < count; i++)
    if (group[i].fate == ASKED) r->asked[r->asked_count++] = &group[i];
}

/* One growth in place of several: a share for each shard, and somewhat more, for shares are not equal. */
static void make_room(run *r) {
  sheaf_cache_table *t = &r->cache->table;
  size_t share = r->missing_count / t->shard_count / 8 * 9;
  if (r->missing_count <= SHEAF_CACHE_GROUP) return;
  for (uint32_t s = 0; s < t->shard_count; s++) {
    sheaf_cache_shard *shard = &t->shards[s];
    pthread_mutex_lock(&shard->lock);
    sheaf_cache_reserve(shard, share < shard->most_entries ? share : shard->most_entries);
    pthread_mutex_unlock(&shard->lock);
  }
}

static void claim_all(run *r) {
  make_room(r);
  r->owes = sheaf_thread_owes() || sheaf_flight_has_gate();
  r->want_count = r->missing_count;
  r->asked_count = r->found_count = r->followed_count = 0;
  for (uint32_t i = 0; i < r->want_count; i += SHEAF_CACHE_GROUP) {
    uint32_t left = r->want_count - i;
    claim_group(r, i, left < SHEAF_CACHE_GROUP ? left : SHEAF_CACHE_GROUP);
  }
  r->missing_count = 0;
}

/* ----------------------------------------------------------------------------------- publishing */

/* Whether an answer says how this call ended, which those who asked at the same time are not given. If the
 * call goes on, a stage below has ended its own. */
static bool is_private(const run *r, const sheaf_cache_entry *e) {
  return SHEAF_STATUS_CLASS(e->result.status) == SHEAF_STATUS_CLASS(SHEAF_ENDED) &&
         sheaf_flight_look(r->waiter.flight);
}

/* Gives followers the answer, or has them ask again: there is none, or none for others than this batch. */
static void answer_followers(const run *r, want *w) {
  const bool is_ours = w->got && is_private(r, w->got);
  for (sheaf_cache_follower *f = w->u.pending.followers, *next; f; f = next) {
    sheaf_waiter *waiter = f->waiter;
    next = f->next;
    f->u.got = is_ours && waiter != &r->waiter ? NULL : w->got;
    if (f->u.got) sheaf_cache_entry_hold(f->u.got);
    f->waiter = NULL;
    sheaf_waiter_say(waiter);
  }
}

/* Makes the entry of an answer. Whether it is to be kept: not if it expires at once, nor what cannot be
 * copied, which has become an error. */
static inline bool make_entry(run *r, sheaf_cache_shard *shard, want *w,
                              const sheaf_result *result) {
  int64_t until;
  bool kept = sheaf_cache_keeps(r->cache, result, r->now, &until);
  w->got = sheaf_cache_entry_new(shard, sheaf_cache_run_terms(r, w->index), ref_of(r, w),
                                 hash_of(r, w), result);
  if (!w->got) return false;
  w->got->expires_ns = until;
  return kept && w->got->result.status == result->status;
}

/* Publishes a want's answer, and gives its claim up. Without one the claim is only given up. */
static void publish(run *r, sheaf_cache_shard *shard, want *w, const sheaf_result *result,
                    sheaf_cache_entry **out) {
  bool kept = result && make_entry(r, shard, w, result);
  if (!w->claimed) return;
  w->claimed = false;
  if (w->u.pending.terms)
    sheaf_cache_fulfil(shard, hash_of(r, w), &w->u.pending, kept ? w->got : NULL, out);
  if (w->u.pending.followers) answer_followers(r, w);
}

/* The sink of what was asked for. */
static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  run *r = (run *)sink;
  want *wants[SHEAF_CACHE_GROUP];
  r->now = sheaf_now_ns();
  for (uint32_t i = 0, n; i < count; i += n) {
    for (n = 0; n < SHEAF_CACHE_GROUP && i + n < count; n++)
      wants[n] = r->asked[given[i + n].index];
    each_in_its_shard(r, wants, given + i, n, publish);
  }
  return SHEAF_CONTINUE;
}

/* ----------------------------------------------------------------------------------- going down */

/* A hold of the terms for each entry that may be made. */
static void share_terms(run *r) {
  if (r->terms) sheaf_terms_share(r->terms, r->asked_count);
  for (uint32_t i = 0; !r->terms && i < r->asked_count; i++)
    sheaf_terms_share(r->each_terms[r->asked[i]->index], 1);
}

/* Of those that have not been made. */
static void release_terms(run *r) {
  for (uint32_t i = 0; i < r->asked_count; i++)
    if (!r->asked[i]->got)
      sheaf_terms_release(&r->cache->table.terms, sheaf_cache_run_terms(r, r->asked[i]->index), 1);
}

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
  share_terms(r);
  sheaf_thread_owe();
  sheaf_status status = sheaf_stage_ask(&r->cache->stage, 0, &part.request, &r->sink);
  sheaf_thread_paid();
  release_terms(r);
  return status;
}

/* Has others ask for what nobody has answered here. */
static void give_up_claims(run *r) {
  gathering g;
  gather_for(&g, publish);
  for (uint32_t i = 0; i < r->asked_count; i++)
    if (r->asked[i]->claimed) gather(r, &g, r->asked[i]);
  do_gathered(r, &g);
}

static void let_go(run *r, sheaf_cache_shard *shard, want *w, const sheaf_result *result,
                   sheaf_cache_entry **out) {
  (void)r, (void)shard, (void)result;
  sheaf_cache_entry_let_go(w->got, out);
}

/* Without the memory for an answer there is none. */
static void deliver_group(run *r, want *group, uint32_t count) {
  gathering held;
  gather_for(&held, let_go);
  for (uint32_t i = 0; i < count; i++) __builtin_prefetch(group[i].got, 1);
  for (uint32_t i = 0; i < count; i++) {
    want *w = &group[i];
    if (w->fate == FOLLOWED || w->fate == RETURNED) continue;
    if (!w->got) {
      sheaf_cache_put_error(r, w->index, SHEAF_OUT_OF_MEMORY);
      continue;
    }
    sheaf_cache_put(r, w->index, w->got);
    gather(r, &held, w);
  }
  sheaf_cache_flush(r);
  do_gathered(r, &held);
}

static void deliver_asked(run *r) {
  sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_HITS, r->found_count);
  for (uint32_t i = 0; i < r->want_count; i += SHEAF_CACHE_GROUP) {
    uint32_t left = r->want_count - i;
    deliver_group(r, &r->wants[i], left < SHEAF_CACHE_GROUP ? left : SHEAF_CACHE_GROUP);
  }
}

/* ------------------------------------------------------------------------------------ following */

/* Whether what is followed is there. `leave`: else it is followed no longer. */
static bool is_done(run *r, want *w, bool leave) {
  sheaf_cache_shard *shard = sheaf_cache_shard_of(&r->cache->table, hash_of(r, w));
  sheaf_cache_follower *f = &w->u.follower;
  pthread_mutex_lock(&shard->lock);
  bool done = !f->waiter;
  if (!done && leave) {
    sheaf_cache_follower **link = &f->u.pending->followers;
    while (*link != f) link = &(*link)->next;
    *link = f->next;
  }
  pthread_mutex_unlock(&shard->lock);
  return done;
}

/* Takes the answer over that was followed; NULL, perhaps, of one that was given up. False: there is none. */
static bool take_followed(run *r, want *w) {
  if (!is_done(r, w, true)) return false;
  w->got = w->u.follower.u.got;
  return true;
}

/* `why` the wait ended, if it is not there. */
static void deliver_followed(run *r, want *w, sheaf_status why) {
  if (!take_followed(r, w)) {
    sheaf_cache_put_error(r, w->index, why);
  } else if (w->got) {
    sheaf_cache_put(r, w->index, w->got);
    sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_SHARED, 1);
  } else {
    r->missing[r->missing_count++] = w->index; /* it was given up: ask again */
  }
}

static void release_followed(run *r) {
  gathering held;
  gather_for(&held, let_go);
  for (uint32_t i = 0; r->followed_count && i < r->want_count; i++)
    if (r->wants[i].fate == FOLLOWED && r->wants[i].got) gather(r, &held, &r->wants[i]);
  do_gathered(r, &held);
}

/* Waits for what others ask for, and delivers it. Nothing is owed now. */
static sheaf_status await_followed(run *r) {
  sheaf_status why = SHEAF_OK;
  for (uint32_t i = 0; r->followed_count && i < r->want_count; i++) {
    want *w = &r->wants[i];
    if (w->fate != FOLLOWED) continue;
    while (!why && r->said == SHEAF_CONTINUE && !is_done(r, w, false)) {
      sheaf_cache_flush(r); /* what there is need not wait */
      if (r->said == SHEAF_CONTINUE) why = sheaf_waiter_wait(&r->waiter, INT64_MAX);
    }
    deliver_followed(r, w, why);
  }
  sheaf_cache_flush(r);
  release_followed(r);
  return why;
}

/* ----------------------------------------------------------------------------------- altogether */

/* What was taken to be missing, and is not, is not to wait for what is: gives the claims up, and has all
 * but that looked for again. Nothing has been asked yet. */
static void return_claims(run *r) {
  give_up_claims(r);
  for (uint32_t i = 0; i < r->want_count; i++) {
    want *w = &r->wants[i];
    if (w->fate == FOUND) continue;
    if (w->fate == FOLLOWED && take_followed(r, w) && w->got) {
      w->fate = FOUND;
      sheaf_stage_count(&r->cache->stage, SHEAF_CACHE_SHARED, 1);
      continue;
    }
    w->fate = RETURNED;
    r->missing[r->missing_count++] = w->index;
  }
}

static sheaf_status fetch_once(run *r) {
  sheaf_status status = SHEAF_OK;
  claim_all(r);
  bool wrong = r->guessed && r->found_count;
  r->guessed = false;
  if (wrong) return_claims(r);
  else if (r->asked_count) status = ask(r);
  if (!wrong) give_up_claims(r);
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
