/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sheaf import`: what a manager answers about the references of a library, written into an SQLite
 * database that the `sqlite` manager answers the same from. Its parts, in the order of the work:
 * the references (import_refs.c), the file that is to be (import_target.c), asking (import_ask.c),
 * the tables (import_store.c), and a bar that shows how far it is (import_progress.c).
 */
#ifndef SHEAF_CLI_IMPORT_H
#define SHEAF_CLI_IMPORT_H

#include <sheaf/index.h>
#include <sqlite3.h>
#include <time.h>

#include "cli/buffer.h"
#include "cli/common.h"

/* --------------------------------------------------------------------------------- the references */

/* What a library holds, read from its JSON: for entity `x` with n versions that is x, x?v=1 to
 * x?v=n. */
typedef struct import_names {
  char *text;         /* all names, each with a NUL behind it */
  uint32_t *versions; /* by entity */
  size_t text_size, text_capacity;
  uint32_t count, capacity;
} import_names;

/* Reads them. False: the file is no JSON object with entities, or cannot be read; the manager that
 * opens it says why. `status` is CLI_FAILED if memory ran out, which was said. */
bool import_names_read(import_names *names, const char *path, int *status);
void import_names_free(import_names *names);

/* Full references in the order of their bytes, none twice. */
typedef struct import_refs {
  sheaf_str *views;
  char *text;
  uint32_t count;
} import_refs;

/* Makes them. CLI_OK, or CLI_FAILED after saying why. */
int import_refs_make(import_refs *refs, const import_names *names, sheaf_str prefix);
void import_refs_free(import_refs *refs);

/* --------------------------------------------------------------------------------------- the file */

/* The database is made under another name beside the one that it is to have, which it takes when it
 * is whole. */
typedef struct import_target {
  char *path;
  char *temporary; /* NULL: there is none (any more) */
  int fd;          /* of the temporary file, locked; -1: none */
} import_target;

/* CLI_OK; or a status after saying why the file cannot be made: `path` is something that must not be
 * replaced, or another import is making it. Closed with import_target_close in any case. */
int import_target_open(import_target *target, const char *path, bool force);

/* The temporary file is whole: it gets its name, and is safe on disk. CLI_OK, or CLI_FAILED. */
int import_target_finish(import_target *target);

/* Removes the temporary file unless import_target_finish has been. */
void import_target_close(import_target *target);

/* ------------------------------------------------------------------------------------- the tables */

/* Of one property of a row: when it is given. */
enum { IMPORT_ALWAYS = 0, IMPORT_BY_NAME = 1, IMPORT_WITH_ALL = 2 };

typedef struct import_field {
  sheaf_id trait, key; /* key 0: the trait is there, and has no properties */
  uint32_t role;
  const sheaf_value *value;
} import_field;

/* What is known of one reference. */
typedef struct import_row {
  sheaf_str ref;
  const import_field *fields;
  const sheaf_property *traits; /* with key 0 */
  uint32_t field_count, trait_count;
} import_row;

typedef struct import_store {
  const sheaf_library *library; /* for names */
  const char *path;             /* for messages */
  sqlite3 *db;
  sqlite3_stmt *entity, *field, *trait;
  int bind_rc;        /* of the statement that is being filled in */
  sheaf_index shapes; /* from what makes a shape to its number */
  char **shape_keys;  /* what the index borrows */
  uint32_t shape_count, shape_capacity;
  cli_buffer *json, *key; /* used again for each row */
} import_store;

/* Opens the temporary file and makes its tables. All: CLI_OK, or CLI_FAILED after saying why. */
int import_store_open(import_store *store, const sheaf_library *library,
                      const import_target *target);
int import_store_add(import_store *store, const import_row *row);
/* Writes the table of what the database is, and closes it. */
int import_store_finish(import_store *store, sheaf_str prefix, const char *source, uint64_t rows);
void import_store_free(import_store *store);

/* ------------------------------------------------------------------------------------ the progress */

/* A bar on standard error, if that is a terminal. */
typedef struct import_progress {
  uint64_t total;
  struct timespec drawn; /* when */
  bool is_shown;         /* there is a bar on the line now */
  bool is_terminal;
} import_progress;

void import_progress_start(import_progress *progress, uint64_t total);
void import_progress_draw(import_progress *progress, uint64_t done);
/* Takes the bar away, so that other text may be written. */
void import_progress_end(import_progress *progress);

/* ------------------------------------------------------------------------------------- the asking */

typedef struct import_counts {
  uint64_t imported, refused;
  char first_refused[512]; /* which was the first that the manager has no answer for, and why */
} import_counts;

/* Asks the manager about all references, and stores what it says. CLI_OK, CLI_FAILED after saying
 * why, or CLI_INTERRUPTED if `cancel` was thrown. */
int import_ask(sheaf_manager *manager, const import_refs *refs, sheaf_cancel *cancel,
               import_store *store, import_progress *progress, import_counts *counts);

#endif
