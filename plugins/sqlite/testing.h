/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of this folder: databases in a temporary folder, and the manager as a host has it. */
#ifndef SQ_TESTING_H
#define SQ_TESTING_H

#define _GNU_SOURCE /* mkdtemp, nftw */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static kept_log the_log;
static char folder[64];
static sheaf_library *library;

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at) {
  (void)info, (void)type, (void)at;
  return remove(path);
}

static inline int set_up(void **state) {
  (void)state;
  strcpy(folder, "/tmp/sheaf-sqlite-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  log_reset(&the_log);
  library = library_with(&the_log, SHEAF_TEST_PLUGIN_DIR "/sqlite.sheaf.json");
  return 0;
}

static inline int tear_down(void **state) {
  (void)state;
  free_library(library);
  (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return 0;
}

/* The path of a file in the folder; good until it was asked for four others. */
static inline const char *path_of(const char *name) {
  static _Thread_local char paths[4][256];
  static _Thread_local unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline sqlite3 *open_for_writing(const char *name) {
  sqlite3 *db = NULL;
  MUST(sqlite3_open(path_of(name), &db) == SQLITE_OK);
  return db;
}

/* Runs SQL on the database of a name, which is made if it is not there. */
static inline void sql(const char *name, const char *text) {
  sqlite3 *db = open_for_writing(name);
  char *message = NULL;
  if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
  sqlite3_close(db);
}

/* The tables of one of Sheaf's own, and a few rows: what an import writes, and what others may. */
static const char own_tables[] =
    "PRAGMA application_id = 0x53686561;"
    "CREATE TABLE sheaf_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE sheaf_shape(shape INTEGER, position INTEGER, trait TEXT NOT NULL, key TEXT,"
    " item INTEGER, role INTEGER NOT NULL, PRIMARY KEY(shape, position)) WITHOUT ROWID;"
    "CREATE TABLE sheaf_shape_trait(shape INTEGER, position INTEGER, trait TEXT NOT NULL,"
    " PRIMARY KEY(shape, position)) WITHOUT ROWID;"
    "CREATE TABLE sheaf_entity(ref TEXT PRIMARY KEY, shape INTEGER NOT NULL, record TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "INSERT INTO sheaf_meta VALUES('format', 1), ('prefix', 'zoo:///');"
    "INSERT INTO sheaf_shape VALUES(0, 0, 'named', 'name', 0, 0), (0, 1, 'animal', 'age', 1, 0),"
    " (0, 2, 'version', 'tag', 2, 1), (0, 3, 'version', 'old', 3, 2), (0, 4, 'bare', NULL, NULL, "
    "0);"
    "INSERT INTO sheaf_shape_trait VALUES(0, 0, 'named'), (0, 1, 'animal'), (0, 2, 'bare'),"
    " (0, 3, 'version');"
    "INSERT INTO sheaf_entity VALUES('zoo:///cat', 0, '[\"Martin\",12,\"7\",\"6\"]'),"
    " ('zoo:///dog', 0, '[\"Rex \\u0041\\ud83d\\ude00\\n\", -3.5e1, null, true]'),"
    " ('zoo:///nobody', 1, '[]');";

/* Opens a manager with `path` and up to three more settings, as NAME, VALUE, ..., NULL. */
static inline sheaf_manager *try_open(const char *name, const char *const *more,
                                      sheaf_error *error) {
  sheaf_setting settings[8];
  uint32_t count = 0;
  settings[count++] = (sheaf_setting){sheaf_cstr("path"), sheaf_string(sheaf_cstr(path_of(name)))};
  for (; more && *more; more += 2)
    settings[count++] = (sheaf_setting){sheaf_cstr(more[0]), sheaf_string(sheaf_cstr(more[1]))};
  memset(error, 0, sizeof *error);
  return sheaf_manager_open(library, "sqlite", settings, count, error);
}

#define WITH(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MAPPED(columns) WITH("table", "zoo", "reference", "ref", "columns", columns)

static inline sheaf_manager *must_open(const char *name, const char *const *more) {
  sheaf_error error;
  sheaf_manager *manager = try_open(name, more, &error);
  if (!manager) fail_msg("%s", error.message);
  return manager;
}

/* Opening fails, with such a status and such words. */
static inline void must_refuse(const char *name, const char *const *more, sheaf_status status,
                               const char *words) {
  sheaf_error error;
  if (try_open(name, more, &error)) fail_msg("%s was opened", name);
  if (!strstr(error.message, words)) fail_msg("no '%s' in: %s", words, error.message);
  if (error.status != status)
    fail_msg("%s, not %s: %s", sheaf_status_name(error.status), sheaf_status_name(status),
             error.message);
}

static inline sheaf_batch *ask(sheaf_manager *manager, sheaf_id verb, sheaf_request *request) {
  sheaf_error error = {0};
  sheaf_batch *batch = sheaf_perform_batch(manager, verb, request, &error);
  if (!batch) fail_msg("%s", error.message);
  return batch;
}

static inline sheaf_batch *resolve(sheaf_manager *manager, const sheaf_str *refs, uint32_t count) {
  sheaf_request request = sheaf_request_for(refs, count);
  return ask(manager, SHEAF_VERB_RESOLVE, &request);
}

static inline sheaf_batch *resolve_text(sheaf_manager *manager, const char *ref) {
  sheaf_str view = sheaf_cstr(ref);
  return resolve(manager, &view, 1);
}

static inline void assert_text(const sheaf_batch *batch, uint32_t i, const char *trait,
                               const char *key, const char *wanted) {
  const sheaf_value *value = sheaf_batch_value(batch, i, trait, key);
  if (!value) {
    sheaf_str message = sheaf_batch_at(batch, i)->message;
    fail_msg("no %s/%s: %.*s", trait, key, (int)message.size, message.data);
    return;
  }
  assert_int_equal(value->kind, SHEAF_KIND_STRING);
  assert_true(sheaf_str_equal(sheaf_value_str(value), sheaf_cstr(wanted)));
}

static inline void assert_error(const sheaf_batch *batch, uint32_t i, sheaf_status status,
                                const char *words) {
  const sheaf_result *result = sheaf_batch_at(batch, i);
  char message[2048];
  snprintf(message, sizeof message, "%.*s", (int)result->message.size, result->message.data);
  if (result->status != status)
    fail_msg("%s, not %s: %s", sheaf_status_name(result->status), sheaf_status_name(status),
             message);
  if (!strstr(message, words)) fail_msg("no '%s' in: %s", words, message);
}

static inline void copy_over(const char *from, const char *to, int flags) {
  char bytes[65536];
  int in = open(path_of(from), O_RDONLY), out = open(path_of(to), O_WRONLY | O_CREAT | flags, 0666);
  ssize_t got;
  MUST(in >= 0 && out >= 0);
  while ((got = read(in, bytes, sizeof bytes)) > 0) MUST(write(out, bytes, (size_t)got) == got);
  MUST(close(in) == 0 && close(out) == 0);
}

#endif /* SQ_TESTING_H */
