/* SPDX-License-Identifier: Apache-2.0 */
/* From the row that a statement has reached to values. */
#ifndef SQ_ROW_H
#define SQ_ROW_H

#include "connection.h"
#include "select.h"

typedef struct sq_record {
  sheaf_status status;       /* SHEAF_OK, or what is the matter with this one row */
  const sq_shape *shape;     /* of a success */
  const sheaf_value *values; /* likewise; they live as long as the row's room in the store */
  plugin_message message;    /* of an error, in the store */
} sq_record;

/*
 * Reads the row of SQ_ASK_RECORDS that the statement is at, the answer to `key`. Makes room for it
 * (sq_output_reserve), and for the properties that will be selected from it. An SQLite result code:
 * SQLITE_OK, or why the batch cannot go on (if `error` was filled, it says so better).
 */
int sq_row_read(sq_connection *connection, sqlite3_stmt *statement, const sq_selection *selection,
                sq_output *output, const sq_key *key, sq_record *record, sheaf_error *error);

#endif /* SQ_ROW_H */
