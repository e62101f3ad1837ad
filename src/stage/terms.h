/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terms under which a reference is asked for: all that an answer depends on beside it. Equal ones
 * are one record, so that comparing them is comparing a pointer. For a cache's keys, and for calls that
 * may share a batch.
 */
#ifndef SHEAF_STAGE_TERMS_H
#define SHEAF_STAGE_TERMS_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/abi.h>

typedef struct sheaf_terms {
  struct sheaf_terms *next; /* of the same bucket */
  uint64_t hash;
  uint64_t salt; /* goes into the hashes of its keys: one of SHEAF_TERMS_SALTS */
  _Atomic uint32_t holds;
  sheaf_request request; /* verb, access, flags, traits and slots; the rest is zero */
  sheaf_context context; /* without `opaque` */
} sheaf_terms;

/* So few that all keys of a reference can be found by trying each. */
#define SHEAF_TERMS_SALTS 64u
#define SHEAF_TERMS_BUCKETS 256u

typedef struct sheaf_terms_table {
  pthread_mutex_t lock;
  uint64_t seed;
  uint32_t made;
  sheaf_terms *buckets[SHEAF_TERMS_BUCKETS];
} sheaf_terms_table;

bool sheaf_terms_table_init(sheaf_terms_table *all, uint64_t seed);

/* All have been let go of. */
void sheaf_terms_table_destroy(sheaf_terms_table *all);

/* The terms of a request under a context (NULL: an empty one), held for the caller. NULL: out of
 * memory. */
sheaf_terms *sheaf_terms_hold(sheaf_terms_table *all, const sheaf_request *request,
                              const sheaf_context *context);

/* So many holds more, of what is held already. */
static inline void sheaf_terms_share(sheaf_terms *q, uint32_t holds) {
  atomic_fetch_add_explicit(&q->holds, holds, memory_order_relaxed);
}

/* Lets go of so many holds. */
void sheaf_terms_release(sheaf_terms_table *all, sheaf_terms *q, uint32_t holds);

#endif
