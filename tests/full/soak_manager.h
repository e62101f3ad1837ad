/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The soak's own manager: answers at random, rightly and wrongly, by every way there is. What a batch
 * is to be follows from its soak_plan, which reaches it as the context's `opaque`.
 */
#ifndef SHEAF_TESTS_SOAK_MANAGER_H
#define SHEAF_TESTS_SOAK_MANAGER_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/sheaf.h>

enum { SOAK_WORKERS = 2, SOAK_DEEPEST = 2 };

/* splitmix64 */
typedef struct soak_random {
  uint64_t state;
} soak_random;

static inline uint64_t soak_next(soak_random *random) {
  uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline uint32_t soak_below(soak_random *random, uint32_t n) {
  return (uint32_t)(soak_next(random) % n);
}

static inline bool soak_one_in(soak_random *random, uint32_t n) {
  return soak_below(random, n) == 0;
}

/* One batch. */
typedef struct soak_plan {
  soak_random random; /* the batch's; its workers have their own */
  uint32_t nonce;     /* in every answer: whose it is */
  unsigned depth;     /* of calls inside calls */
  const sheaf_request *request;
  pthread_t workers[SOAK_WORKERS]; /* of call->hold; the host joins them */
  uint64_t worker_seeds[SOAK_WORKERS];
  uint32_t worker_count;
  sheaf_manager *other; /* to ask from inside the batch; NULL: none */
} soak_plan;

/* The plugin: the managers "chaos", "chaos-serialized". */
const sheaf_plugin *soak_plugin(void);

/* The value that the answer for an index holds. */
static inline int64_t soak_value(const soak_plan *plan, uint32_t index) {
  return (int64_t)((uint64_t)plan->nonce << 32 | index);
}

/* Managers made and destroyed since the process began. */
extern atomic_long soak_created, soak_destroyed;

/* Asks as a host, and judges; the test's. For managers that ask another. */
void soak_ask(sheaf_manager *manager, soak_random *random, unsigned depth);

#endif
