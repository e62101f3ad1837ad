/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a batch as a table of SQL's, so that one statement asks for all of them:
 *
 *     SELECT k.position, e.name FROM sheaf_keys(?1) AS k CROSS JOIN entity AS e ON e.ref = k.key
 *
 * with the keys bound as a pointer of type SQ_KEYS_POINTER. `position` is that in sq_keys.list. Of
 * equal keys that follow each other only the first is there. CROSS JOIN has SQLite go through the
 * keys in their order, and look each up in the other table.
 */
#ifndef SQ_KEYS_TABLE_H
#define SQ_KEYS_TABLE_H

#include "keys.h"

#include <sqlite3.h>

#define SQ_KEYS_POINTER "sheaf_keys"

/* Makes the table known to a connection. An SQLite result code. */
int sq_keys_table_register(sqlite3 *db);

#endif /* SQ_KEYS_TABLE_H */
