/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include "failure.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------- statements */

/* Names stand in quotes and behind `e.`: a quoted name alone that is no column is a text to SQLite. */
char *sq_schema_statement(const sq_settings *settings, int which) {
  sqlite3_str *sql = sqlite3_str_new(NULL);
  sqlite3_str_appendall(sql, "SELECT k.position");
  if (which == SQ_ASK_RECORDS && !settings->table)
    sqlite3_str_appendall(sql, ", e.shape, e.record");
  for (uint32_t i = 0; which == SQ_ASK_RECORDS && i < settings->mapping.count; i++)
    sqlite3_str_appendf(sql, ", e.\"%w\"", settings->mapping.columns[i].column);
  sqlite3_str_appendf(sql,
                      " FROM sheaf_keys(?1) AS k CROSS JOIN main.\"%w\" AS e ON e.\"%w\" = k.key",
                      settings->table ? settings->table : "sheaf_entity",
                      settings->table ? settings->reference : "ref");
  return sqlite3_str_finish(sql);
}

/* ----------------------------------------------------------------------------------------- an own */

static sheaf_status not_own(const sq_settings *settings, sheaf_error *error) {
  return sq_failure_words(error, SHEAF_INVALID_ARGUMENT, settings->path,
                          "is an SQLite database, but none that `sheaf import` wrote: set table, "
                          "reference and columns, or make one with `sheaf import`");
}

static int read_number(sqlite3 *db, const char *sql, sqlite3_int64 *out) {
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_step(statement);
  if (rc == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
  (void)sqlite3_finalize(statement);
  return rc;
}

static int read_prefix(sqlite3 *db, char **prefix) {
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2(db, "SELECT value FROM main.sheaf_meta WHERE name = 'prefix'", -1,
                              &statement, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_step(statement);
  if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
    const unsigned char *text = rc == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
    *prefix = strdup(text ? (const char *)text : "");
    rc = *prefix ? SQLITE_OK : SQLITE_NOMEM;
  }
  (void)sqlite3_finalize(statement);
  return rc;
}

static sheaf_status check_own(const sq_settings *settings, sqlite3 *db, char **prefix,
                              sheaf_error *error) {
  sqlite3_int64 number = 0;
  int rc = read_number(db, "PRAGMA main.application_id", &number);
  if (rc == SQLITE_ROW && number != SQ_APPLICATION_ID) return not_own(settings, error);
  if (rc == SQLITE_ROW)
    rc = read_number(db, "SELECT value FROM main.sheaf_meta WHERE name = 'format'", &number);
  if (rc != SQLITE_ROW)
    return rc == SQLITE_DONE ? not_own(settings, error) : sq_failure(error, settings->path, db, rc);
  if (number != SQ_FORMAT)
    return sq_failure_words(
        error, SHEAF_UNSUPPORTED, settings->path,
        "has format %lld, and this manager reads format %d: import it again, or "
        "use the Sheaf that wrote it",
        (long long)number, SQ_FORMAT);
  rc = read_prefix(db, prefix);
  return rc == SQLITE_OK ? SHEAF_OK : sq_failure(error, settings->path, db, rc);
}

/* ---------------------------------------------------------------------------------------- a table */

/* What there is instead of what is missing: a list that SQL makes. Freed with sqlite3_free. */
static char *list_of(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  char *list = NULL;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW)
    list = sqlite3_mprintf("%.600s", sqlite3_column_text(statement, 0));
  (void)sqlite3_finalize(statement);
  return list;
}

static sheaf_status no_table(const sq_settings *settings, sqlite3 *db, sheaf_error *error) {
  char *list =
      list_of(db, "SELECT group_concat(name, ', ') FROM (SELECT name FROM main.sqlite_schema"
                  " WHERE type IN ('table', 'view') ORDER BY name)");
  sheaf_status status = sq_failure_words(error, SHEAF_INVALID_ARGUMENT, settings->path,
                                         "has no table or view '%.200s'; it has: %s",
                                         settings->table, list && *list ? list : "none");
  sqlite3_free(list);
  return status;
}

static sheaf_status no_column(const sq_settings *settings, sqlite3_stmt *all, const char *column,
                              sheaf_error *error) {
  sqlite3_str *list = sqlite3_str_new(NULL);
  for (int i = 0; i < sqlite3_column_count(all); i++)
    sqlite3_str_appendf(list, "%s%s", i ? ", " : "", sqlite3_column_name(all, i));
  char *text = sqlite3_str_finish(list);
  sheaf_status status = sq_failure_words(error, SHEAF_INVALID_ARGUMENT, settings->path,
                                         "has no column '%.200s' in '%.200s'; it has: %.600s",
                                         column, settings->table, text ? text : "");
  sqlite3_free(text);
  return status;
}

static bool has_column(sqlite3_stmt *all, const char *column) {
  for (int i = 0; i < sqlite3_column_count(all); i++)
    if (sqlite3_stricmp(sqlite3_column_name(all, i), column) == 0) return true;
  return false;
}

static sheaf_status check_columns(const sq_settings *settings, sqlite3_stmt *all,
                                  sheaf_error *error) {
  const sq_mapping *mapping = &settings->mapping;
  if (!has_column(all, settings->reference))
    return no_column(settings, all, settings->reference, error);
  for (uint32_t i = 0; i < mapping->count; i++)
    if (!has_column(all, mapping->columns[i].column))
      return no_column(settings, all, mapping->columns[i].column, error);
  return SHEAF_OK;
}

/* 1 if there is a table or view of that name, 0 if not; else a result code's negative. */
static int has_table(sqlite3 *db, const char *table) {
  sqlite3_stmt *statement = NULL;
  int rc = sqlite3_prepare_v2(db,
                              "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') "
                              "AND name = ?1 COLLATE NOCASE",
                              -1, &statement, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
  if (rc == SQLITE_OK) rc = sqlite3_step(statement);
  (void)sqlite3_finalize(statement);
  return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -rc;
}

static sheaf_status check_table(const sq_settings *settings, sqlite3 *db, sheaf_error *error) {
  sqlite3_stmt *all = NULL;
  int there = has_table(db, settings->table);
  if (there < 0) return sq_failure(error, settings->path, db, -there);
  if (!there) return no_table(settings, db, error);
  char *sql = sqlite3_mprintf("SELECT * FROM main.\"%w\"", settings->table);
  int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &all, NULL) : SQLITE_NOMEM;
  sheaf_status status = rc == SQLITE_OK ? check_columns(settings, all, error)
                                        : sq_failure(error, settings->path, db, rc);
  (void)sqlite3_finalize(all);
  sqlite3_free(sql);
  return status;
}

sheaf_status sq_schema_check(const sq_settings *settings, sqlite3 *db, char **prefix,
                             sheaf_error *error) {
  *prefix = NULL;
  return settings->table ? check_table(settings, db, error)
                         : check_own(settings, db, prefix, error);
}

/* ------------------------------------------------------------------------------------ the mapping */

static bool intern(const sq_mapping *mapping, const sheaf_host *host, sq_field *fields,
                   sheaf_error *error) {
  for (uint32_t i = 0; i < mapping->count; i++) {
    sheaf_str names[] = {sheaf_cstr(mapping->columns[i].trait),
                         sheaf_cstr(mapping->columns[i].key)};
    sheaf_id ids[2];
    if (host->intern(host, names, 2, ids, error) != SHEAF_OK) return false;
    fields[i] = (sq_field){ids[0], ids[1], i, SQ_ALWAYS};
  }
  return true;
}

sq_shape *sq_schema_mapped_shape(const sq_settings *settings, const sheaf_host *host,
                                 sheaf_error *error) {
  uint32_t count = settings->mapping.count;
  sq_shape *shape = calloc(1, sizeof *shape);
  if (shape) shape->fields = calloc(count + (size_t)1, sizeof *shape->fields);
  if (!shape || !shape->fields) {
    (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  } else if (intern(&settings->mapping, host, shape->fields, error)) {
    shape->field_count = shape->item_count = count;
    return shape;
  }
  sq_shape_free(shape);
  return NULL;
}

/* ----------------------------------------------------------------------------------------- advice */

/* A line of a query's plan that means going through a whole table. */
static bool is_scan(const char *detail) {
  return strstr(detail, "AUTOMATIC") ||
         (strncmp(detail, "SCAN ", 5) == 0 && strncmp(detail, "SCAN k ", 7) != 0);
}

void sq_schema_advise(const sq_settings *settings, sqlite3 *db, const sheaf_host *host) {
  sqlite3_stmt *plan = NULL;
  char *ask = sq_schema_statement(settings, SQ_ASK_RECORDS);
  char *sql = ask ? sqlite3_mprintf("EXPLAIN QUERY PLAN %s", ask) : NULL;
  bool scans = false;
  if (sql && sqlite3_prepare_v2(db, sql, -1, &plan, NULL) == SQLITE_OK)
    while (!scans && sqlite3_step(plan) == SQLITE_ROW) {
      const char *detail = (const char *)sqlite3_column_text(plan, 3);
      scans = detail && is_scan(detail);
    }
  (void)sqlite3_finalize(plan);
  sqlite3_free(sql);
  sqlite3_free(ask);
  if (!scans) return;
  char *words =
      sqlite3_mprintf("'%.200s' in '%.200s' has no index that serves: each batch reads the "
                      "whole table; CREATE INDEX on it",
                      settings->reference, settings->table);
  if (words) host->log(host, SHEAF_LOG_WARNING, sheaf_cstr(words));
  sqlite3_free(words);
}
