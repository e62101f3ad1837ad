/* SPDX-License-Identifier: Apache-2.0 */
#include "keys_table.h"

enum { POSITION, KEY, KEYS };

typedef struct cursor {
  sqlite3_vtab_cursor base; /* first */
  const sq_keys *keys;
  uint32_t at;
} cursor;

static int connect_table(sqlite3 *db, void *data, int count, const char *const *arguments,
                         sqlite3_vtab **out, char **error) {
  (void)data, (void)count, (void)arguments, (void)error;
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE keys(position INTEGER, key TEXT, keys HIDDEN)");
  if (rc != SQLITE_OK) return rc;
  /* Of no use to a view or trigger of the database's. */
  (void)sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  *out = sqlite3_malloc(sizeof **out);
  if (!*out) return SQLITE_NOMEM;
  memset(*out, 0, sizeof **out);
  return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table) {
  sqlite3_free(table);
  return SQLITE_OK;
}

/* There is one way to go through it: with the keys that are its argument. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
  (void)table;
  for (int i = 0; i < info->nConstraint; i++) {
    if (info->aConstraint[i].iColumn != KEYS || !info->aConstraint[i].usable ||
        info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
      continue;
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    info->estimatedCost = 1;
    info->estimatedRows = 1000;
    return SQLITE_OK;
  }
  return SQLITE_CONSTRAINT;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **out) {
  (void)table;
  cursor *c = sqlite3_malloc(sizeof *c);
  if (!c) return SQLITE_NOMEM;
  memset(c, 0, sizeof *c);
  *out = &c->base;
  return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base) {
  sqlite3_free(base);
  return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *name, int count,
                  sqlite3_value **values) {
  (void)plan, (void)name;
  cursor *c = (cursor *)base;
  c->keys = count == 1 ? sqlite3_value_pointer(values[0], SQ_KEYS_POINTER) : NULL;
  c->at = 0;
  return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
  cursor *c = (cursor *)base;
  c->at = sq_keys_run_end(c->keys, c->at);
  return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base) {
  const cursor *c = (const cursor *)base;
  return !c->keys || c->at >= c->keys->count;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *out, int number) {
  const cursor *c = (const cursor *)base;
  const sq_key *key = &c->keys->list[c->at];
  if (number == POSITION) sqlite3_result_int64(out, c->at);
  else if (number == KEY) sqlite3_result_text(out, key->data, (int)key->size, SQLITE_STATIC);
  else sqlite3_result_null(out);
  return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *out) {
  *out = ((const cursor *)base)->at;
  return SQLITE_OK;
}

/* Without xCreate: the table is there in every connection, and nowhere else. */
static const sqlite3_module module = {.iVersion = 1,
                                      .xConnect = connect_table,
                                      .xBestIndex = best_index,
                                      .xDisconnect = disconnect_table,
                                      .xOpen = open_cursor,
                                      .xClose = close_cursor,
                                      .xFilter = filter,
                                      .xNext = next,
                                      .xEof = at_end,
                                      .xColumn = column,
                                      .xRowid = row_id};

int sq_keys_table_register(sqlite3 *db) {
  return sqlite3_create_module(db, "sheaf_keys", &module, NULL);
}
