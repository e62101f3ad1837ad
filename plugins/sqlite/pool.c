/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

int sq_pool_init(sq_pool *pool, const sq_database *database) {
  *pool = (sq_pool){.database = database};
  return pthread_mutex_init(&pool->lock, NULL);
}

static sq_connection *pop(sq_pool *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  sq_connection *connection = pool->idle;
  if (connection) {
    pool->idle = connection->next;
    pool->count--;
  }
  (void)pthread_mutex_unlock(&pool->lock);
  return connection;
}

void sq_pool_free(sq_pool *pool) {
  for (sq_connection *c; (c = pop(pool));) sq_connection_close(c);
  (void)pthread_mutex_destroy(&pool->lock);
}

sq_connection *sq_pool_take(sq_pool *pool, const sheaf_call *call, sheaf_error *error) {
  sq_connection *connection;
  /* A file that was put in the place of ours is another file: the old one would go on answering. */
  while ((connection = pop(pool)) && sq_connection_is_stale(connection))
    sq_connection_close(connection);
  if (!connection) connection = sq_connection_open(pool->database, call, error);
  if (!connection) return NULL;
  connection->call = call;
  connection->busy_ns = 0;
  return connection;
}

void sq_pool_give(sq_pool *pool, sq_connection *connection, bool is_sound) {
  connection->call = NULL;
  sq_store_trim(&connection->store);
  if (is_sound) {
    (void)pthread_mutex_lock(&pool->lock);
    bool has_room = pool->count < SQ_MOST_IDLE;
    if (has_room) {
      connection->next = pool->idle;
      pool->idle = connection;
      pool->count++;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    if (has_room) return;
  }
  sq_connection_close(connection);
}
