/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that no thread has at the moment. */
#ifndef SQ_POOL_H
#define SQ_POOL_H

#include "connection.h"

#include <pthread.h>

/* More than that are closed when they come back. */
#define SQ_MOST_IDLE 64u

typedef struct sq_pool {
  const sq_database *database;
  pthread_mutex_t lock; /* of the next two; nothing is done while it is held but this */
  sq_connection *idle;
  uint32_t count;
} sq_pool;

/* An errno, or 0. */
int sq_pool_init(sq_pool *pool, const sq_database *database);
void sq_pool_free(sq_pool *pool);

/* A connection to the file that has the name now, for a batch of `call`. NULL: `error` says why there
 * is none. */
sq_connection *sq_pool_take(sq_pool *pool, const sheaf_call *call, sheaf_error *error);

/* Gives it back; `is_sound` false: something is the matter with it, and it is closed. */
void sq_pool_give(sq_pool *pool, sq_connection *connection, bool is_sound);

#endif /* SQ_POOL_H */
