/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the stage `cache`.
 *
 * A batch is looked up first, and what is there is delivered (cache_look.c). Of the rest, each key is
 * claimed, unless another thread is asking for it: that is followed. What was claimed is asked for in
 * one batch; the answers are published as they come, and delivered when all have been, for nobody calls
 * out owing another thread an answer. What was followed is waited for last (cache_fetch.c). A thread
 * that owes an answer already, further out, follows nobody, and asks for itself.
 */
#ifndef SHEAF_STAGE_CACHE_H
#define SHEAF_STAGE_CACHE_H

#include <sheaf/cache.h>

#include "stage/cache_table.h"
#include "stage/stage.h"

#define SHEAF_CACHE_GROUP 256u /* indices that are dealt with at once, so that a lock serves many */
#define SHEAF_CACHE_DELIVERED 64u /* that are delivered at once */

/* Its counters. */
enum {
  SHEAF_CACHE_HITS,
  SHEAF_CACHE_MISSES,
  SHEAF_CACHE_SHARED,
  SHEAF_CACHE_EVICTIONS,
  SHEAF_CACHE_EXPIRED
};

typedef struct sheaf_cache {
  sheaf_stage stage;
  sheaf_cache_table table;
  int64_t ttl_ns, error_ttl_ns; /* INT64_MAX: for good */
  bool errors;                  /* are kept too */
  bool made;                    /* the table is */
} sheaf_cache;

typedef struct sheaf_cache_want sheaf_cache_want;

/* A batch on its way. */
typedef struct sheaf_cache_run {
  sheaf_sink sink; /* takes what was asked for */
  sheaf_cache *cache;
  const sheaf_request *request;
  sheaf_sink *onward;
  int64_t now;
  sheaf_terms *terms;       /* of all; NULL: `each_terms` has each index's */
  sheaf_terms **each_terms; /* `held` of them are held */
  uint32_t held;
  uint32_t missing_count;
  bool guessed;      /* what is missing was not looked up to the end: see sheaf_cache_look_up */
  uint32_t *missing; /* indices */
  uint64_t *hashes;  /* by index */
  sheaf_cache_want *wants;                                       /* of what was missing */
  uint32_t want_count, asked_count, found_count, followed_count; /* of these */
  bool owes;                                                     /* the thread: it follows nobody */
  sheaf_cache_want **asked; /* by index of the batch that goes down */
  sheaf_waiter waiter;

  /* What is ready to be delivered, and what the sink said. */
  uint32_t ready, said;
  sheaf_result results[SHEAF_CACHE_DELIVERED];
} sheaf_cache_run;

/* The terms under which an index is asked for. */
static inline sheaf_terms *sheaf_cache_run_terms(const sheaf_cache_run *r, uint32_t i) {
  return r->terms ? r->terms : r->each_terms[i];
}

/* At most a group's places, by their shard, so that each shard is locked once. */
typedef struct sheaf_cache_places {
  uint32_t counts[SHEAF_CACHE_SHARDS];
  uint8_t places[SHEAF_CACHE_SHARDS][SHEAF_CACHE_GROUP];
} sheaf_cache_places;

static inline void sheaf_cache_places_init(sheaf_cache_places *p) {
  memset(p->counts, 0, sizeof p->counts);
}

/* `hash`: the key's at that place. */
static inline void sheaf_cache_places_add(sheaf_cache_places *p, const sheaf_cache_table *t,
                                          uint64_t hash, uint32_t place) {
  uint32_t s = sheaf_cache_shard_number(t, hash);
  p->places[s][p->counts[s]++] = (uint8_t)place;
}

/* The entry of a slot, held. NULL: it is too old, and has gone to `out`. With the lock held. */
sheaf_cache_entry *sheaf_cache_take(sheaf_cache_run *r, sheaf_cache_shard *shard,
                                    sheaf_cache_slot *slot, sheaf_cache_entry **out);

/* Gathers an answer, which is to be held until the next flush, or an error; delivers when there are many. */
void sheaf_cache_put(sheaf_cache_run *r, uint32_t index, const sheaf_cache_entry *entry);
void sheaf_cache_put_error(sheaf_cache_run *r, uint32_t index, sheaf_status status);

/* Delivers what has gathered. After a stop it is only forgotten. */
void sheaf_cache_flush(sheaf_cache_run *r);

/* Looks everything up and delivers what is there; the rest is `missing`. Where nothing of a first group is
 * there, the rest is taken to be missing as well: what asks for it looks again in any case. */
void sheaf_cache_look_up(sheaf_cache_run *r);

/* Asks for what is missing, or follows who does, until nothing is. */
sheaf_status sheaf_cache_fetch(sheaf_cache_run *r);

/* Whether, and until when, a result is kept. */
static inline bool sheaf_cache_keeps(const sheaf_cache *c, const sheaf_result *result, int64_t now,
                                     int64_t *until) {
  bool ok = SHEAF_IS_OK(result->status);
  int64_t ttl = ok ? c->ttl_ns : c->error_ttl_ns;
  *until = ttl > INT64_MAX - now ? INT64_MAX : now + ttl;
  if (ok) return true;
  return c->errors &&
         SHEAF_STATUS_CLASS(result->status) == SHEAF_STATUS_CLASS(SHEAF_UNKNOWN_ERROR) &&
         !(result->flags & SHEAF_RESULT_RETRYABLE);
}

/* The interface SHEAF_CACHE_EXTENSION (cache_extension.c). */
extern const sheaf_cache_functions sheaf_cache_extension;

#endif
