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

#define SHEAF_CACHE_GROUP 64u /* indices that are dealt with at once */

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
  uint32_t *missing;       /* indices */
  uint64_t *hashes;        /* by index */
  sheaf_cache_want *wants; /* of what was missing */
  uint32_t want_count, asked_count;
  sheaf_cache_want **asked; /* by index of the batch that goes down */
  sheaf_waiter waiter;

  /* What is ready to be delivered, and what the sink said. */
  uint32_t ready, said;
  sheaf_cache_entry *entries[SHEAF_CACHE_GROUP]; /* held; NULL of an error */
  sheaf_result results[SHEAF_CACHE_GROUP];
} sheaf_cache_run;

/* The terms under which an index is asked for. */
static inline sheaf_terms *sheaf_cache_run_terms(const sheaf_cache_run *r, uint32_t i) {
  return r->terms ? r->terms : r->each_terms[i];
}

/* At most a group's places, by their shard, so that each shard is locked once. Those of shard s are
 * order[begin..ends[s]), begin being the end of the one before. */
typedef struct sheaf_cache_order {
  uint32_t order[SHEAF_CACHE_GROUP];
  uint32_t ends[SHEAF_CACHE_SHARDS];
} sheaf_cache_order;

/* hashes[i]: of place i. */
void sheaf_cache_order_by_shard(const sheaf_cache_table *t, const uint64_t *hashes, uint32_t count,
                                sheaf_cache_order *order);

/* The entry of a slot, held. NULL: it is too old, and has gone to `out`. With the lock held. */
sheaf_cache_entry *sheaf_cache_take(sheaf_cache_run *r, sheaf_cache_shard *shard,
                                    sheaf_cache_slot *slot, sheaf_cache_entry **out);

/* Gathers an answer, whose hold goes with it, or an error; delivers when there are many. */
void sheaf_cache_put(sheaf_cache_run *r, uint32_t index, sheaf_cache_entry *entry);
void sheaf_cache_put_error(sheaf_cache_run *r, uint32_t index, sheaf_status status);

/* Delivers what has gathered. After a stop it is only let go. */
void sheaf_cache_flush(sheaf_cache_run *r);

/* Looks everything up and delivers what is there; the rest is `missing`. */
void sheaf_cache_look_up(sheaf_cache_run *r);

/* Asks for what is missing, or follows who does, until nothing is. */
sheaf_status sheaf_cache_fetch(sheaf_cache_run *r);

/* Whether, and until when, a result is kept. */
bool sheaf_cache_keeps(const sheaf_cache *c, const sheaf_result *result, int64_t now, int64_t *until);

/* The interface SHEAF_CACHE_EXTENSION (cache_extension.c). */
extern const sheaf_cache_functions sheaf_cache_extension;

#endif
