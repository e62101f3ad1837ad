/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two sorts of database: one that `sheaf import` wrote, and one with a table of the user's.
 *
 * Sheaf's own (format 1; application_id SQ_APPLICATION_ID; src/cli/import_store.c makes it):
 *
 *   sheaf_meta(name, value)     format: 1; prefix: what all references begin with; and more for people
 *   sheaf_entity(ref, shape, record)      a row each reference; record: its values, a JSON array
 *   sheaf_shape(shape, position, trait, key, item, role)    what the values of a record are:
 *                               value `item` is property `key` of `trait`; without key and item the
 *                               trait is there and has no properties; role: 0 always given, 1 only
 *                               when asked for by name, 2 only when all traits are asked for
 *   sheaf_shape_trait(shape, position, trait)               the trait set
 *
 * Shapes that are there never change while the file does not.
 */
#ifndef SQ_SCHEMA_H
#define SQ_SCHEMA_H

#include "catalog.h"
#include "settings.h"

#define SQ_APPLICATION_ID 0x53686561 /* "Shea" */
#define SQ_FORMAT 1

#define SQ_READ_FIELDS                                                                             \
  "SELECT trait, key, item, role FROM main.sheaf_shape WHERE shape = ?1 ORDER BY position"
#define SQ_READ_TRAITS "SELECT trait FROM main.sheaf_shape_trait WHERE shape = ?1 ORDER BY position"

/* The statements that ask about a batch of keys. */
enum {
  SQ_ASK_RECORDS = 0,  /* position, and: shape, record; or the columns of the mapping */
  SQ_ASK_PRESENCE = 1, /* position */
  SQ_STATEMENTS = 2
};

/* The text of a statement; freed with sqlite3_free. NULL: out of memory. */
char *sq_schema_statement(const sq_settings *settings, int which);

/* Looks at an open database: is it what the settings say? An own one's prefix is given in `prefix`
 * (freed by the caller). A status, `error` filled if it is none of success. */
sheaf_status sq_schema_check(const sq_settings *settings, sqlite3 *db, char **prefix,
                             sheaf_error *error);

/* The shape of the mapping. NULL: `error` says why not. */
sq_shape *sq_schema_mapped_shape(const sq_settings *settings, const sheaf_host *host,
                                 sheaf_error *error);

/* Warns if finding references takes reading the whole table. */
void sq_schema_advise(const sq_settings *settings, sqlite3 *db, const sheaf_host *host);

#endif /* SQ_SCHEMA_H */
