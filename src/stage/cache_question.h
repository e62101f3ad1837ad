/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a reference: all that an answer depends on beside it. Equal ones are one record, so
 * that comparing keys is comparing a pointer and the reference.
 */
#ifndef SHEAF_STAGE_CACHE_QUESTION_H
#define SHEAF_STAGE_CACHE_QUESTION_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/abi.h>

typedef struct sheaf_cache_question {
  struct sheaf_cache_question *next; /* of the same bucket */
  uint64_t hash;
  uint64_t salt; /* goes into the hashes of its keys: one of SHEAF_CACHE_SALTS */
  _Atomic uint32_t holds;
  sheaf_request request; /* verb, access, flags, traits and slots; the rest is zero */
  sheaf_context context; /* without `opaque` */
} sheaf_cache_question;

/* So few that all keys of a reference can be found by trying each. */
#define SHEAF_CACHE_SALTS 64u
#define SHEAF_CACHE_BUCKETS 256u

typedef struct sheaf_cache_questions {
  pthread_mutex_t lock;
  uint64_t seed;
  uint32_t made;
  sheaf_cache_question *buckets[SHEAF_CACHE_BUCKETS];
} sheaf_cache_questions;

bool sheaf_cache_questions_init(sheaf_cache_questions *all, uint64_t seed);

/* Every question has been let go of. */
void sheaf_cache_questions_destroy(sheaf_cache_questions *all);

/* The question of a request under a context (NULL: an empty one), held for the caller. NULL: out of
 * memory. */
sheaf_cache_question *sheaf_cache_question_hold(sheaf_cache_questions *all,
                                                const sheaf_request *request,
                                                const sheaf_context *context);

/* One hold more, of what is held already. */
static inline void sheaf_cache_question_share(sheaf_cache_question *q) {
  atomic_fetch_add_explicit(&q->holds, 1, memory_order_relaxed);
}

/* Lets go of one hold. */
void sheaf_cache_question_release(sheaf_cache_questions *all, sheaf_cache_question *q);

#endif
