/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to the database, with its prepared statements, the shapes that it has met and the
 * memory that batches are answered from. One thread at a time has it: see pool.h.
 */
#ifndef SQ_CONNECTION_H
#define SQ_CONNECTION_H

#include "keys_table.h"
#include "output.h"
#include "schema.h"

#include <locale.h>

/* What all connections of a manager share; never changes once it is made. */
typedef struct sq_database {
  const sheaf_host *host;
  sq_settings settings;
  sq_shape *mapped_shape; /* NULL: one of Sheaf's own */
  locale_t c;             /* the C locale */
} sq_database;

typedef struct sq_connection {
  struct sq_connection *next; /* in the pool */
  const sq_database *database;
  sqlite3 *db;
  sqlite3_stmt *statements[SQ_STATEMENTS]; /* NULL: not prepared yet */
  sq_catalog catalog;
  char *own_prefix; /* of one of Sheaf's own; else NULL */
  unsigned version; /* of the data that the shapes belong to */
  size_t longest;   /* of a text that it can hold */

  sq_store store;
  sheaf_value *values; /* of the row at hand */
  uint32_t value_capacity;

  /* While a batch is answered. */
  const sheaf_call *call;
  int64_t busy_ns; /* how long it has waited for locks */
} sq_connection;

/* Opens one. `call` NULL: there is none to end it. NULL: `error` says why not. */
sq_connection *sq_connection_open(const sq_database *database, const sheaf_call *call,
                                  sheaf_error *error);

/* NULL is fine. */
void sq_connection_close(sq_connection *connection);

/* Is the file that it reads no longer the one of that name? */
bool sq_connection_is_stale(const sq_connection *connection);

/* A statement (SQ_ASK_...), prepared. NULL: `error` says why not. */
sqlite3_stmt *sq_connection_statement(sq_connection *connection, int which, sheaf_error *error);

/* Once a statement has given its first row: forgets what was known of a file that has changed. */
void sq_connection_refresh(sq_connection *connection);

/* Room for `count` values; false: out of memory. */
bool sq_connection_reserve_values(sq_connection *connection, uint32_t count);

/* What its references begin with. */
sheaf_str sq_connection_prefix(const sq_connection *connection);

#endif /* SQ_CONNECTION_H */
