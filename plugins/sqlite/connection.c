/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include "failure.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* How many of SQLite's steps lie between two looks at whether the call is to end. A key takes about
 * fifteen, so that is well below a millisecond. */
enum { STEPS_A_POLL = 1000 };

/* How long to wait before another try at a lock. */
#define BUSY_NAP_NS 2000000

/* -------------------------------------------------------------------------------- waits and ends */

static int should_end(void *data) {
  const sq_connection *connection = data;
  const sheaf_call *call = connection->call;
  return call && call->poll(call) != SHEAF_OK;
}

/* Called by SQLite when somebody else holds a lock. 0: give up. */
static int wait_for_lock(void *data, int tries) {
  (void)tries;
  sq_connection *connection = data;
  const sheaf_call *call = connection->call;
  if (connection->busy_ns >= connection->database->settings.busy_timeout_ms * 1000000) return 0;
  connection->busy_ns += BUSY_NAP_NS;
  if (call) return call->wait(call, BUSY_NAP_NS) == SHEAF_OK;
  struct timespec nap = {0, BUSY_NAP_NS};
  (void)nanosleep(&nap, NULL);
  return 1;
}

/* ---------------------------------------------------------------------------------------- opening */

/* SQLite says no more of a folder than of a missing file. */
static sheaf_status check_file(const char *path, sheaf_error *error) {
  struct stat info;
  if (stat(path, &info) != 0)
    return errno == ENOENT || errno == ENOTDIR
               ? sq_failure_words(error, SHEAF_NOT_FOUND, path, "does not exist")
               : sq_failure_words(error, SHEAF_IO_ERROR, path, "cannot be looked at: %s",
                                  strerror(errno));
  if (S_ISDIR(info.st_mode))
    return sq_failure_words(error, SHEAF_INVALID_ARGUMENT, path, "is a folder: path wants a file");
  if (!S_ISREG(info.st_mode))
    return sq_failure_words(error, SHEAF_INVALID_ARGUMENT, path, "is no ordinary file");
  return SHEAF_OK;
}

static int set_up(sq_connection *connection) {
  sqlite3 *db = connection->db;
  (void)sqlite3_extended_result_codes(db, 1);
  (void)sqlite3_busy_handler(db, wait_for_lock, connection);
  sqlite3_progress_handler(db, STEPS_A_POLL, should_end, connection);
  /* The file may be anybody's: its views must not reach further than its tables. */
  (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  connection->longest = (size_t)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1);
  return sq_keys_table_register(db);
}

static sheaf_status open_file(sq_connection *connection, sheaf_error *error) {
  const char *path = connection->database->settings.path;
  sheaf_status status = check_file(path, error);
  if (status != SHEAF_OK) return status;
  int rc = sqlite3_open_v2(path, &connection->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) rc = set_up(connection);
  if (rc != SQLITE_OK) return sq_failure(error, path, connection->db, rc);
  status = sq_schema_check(&connection->database->settings, connection->db, &connection->own_prefix,
                           error);
  /* So that a wrong mapping is told at once, and a file whose schema cannot be read. */
  if (status == SHEAF_OK && !sq_connection_statement(connection, SQ_ASK_RECORDS, error))
    status = error->status;
  return status;
}

sq_connection *sq_connection_open(const sq_database *database, const sheaf_call *call,
                                  sheaf_error *error) {
  sq_connection *connection = calloc(1, sizeof *connection);
  if (!connection) {
    (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
    return NULL;
  }
  connection->database = database;
  connection->call = call;
  sheaf_status status = open_file(connection, error);
  connection->call = NULL;
  if (status == SHEAF_OK) return connection;
  sq_connection_close(connection);
  return NULL;
}

void sq_connection_close(sq_connection *connection) {
  if (!connection) return;
  for (int i = 0; i < SQ_STATEMENTS; i++) (void)sqlite3_finalize(connection->statements[i]);
  sq_catalog_free(&connection->catalog);
  (void)sqlite3_close(connection->db);
  sq_store_free(&connection->store);
  free(connection->values);
  free(connection->own_prefix);
  free(connection);
}

/* ------------------------------------------------------------------------------------------ using */

bool sq_connection_is_stale(const sq_connection *connection) {
  int moved = 0;
  int rc = sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return rc != SQLITE_OK || moved;
}

sqlite3_stmt *sq_connection_statement(sq_connection *connection, int which, sheaf_error *error) {
  const sq_settings *settings = &connection->database->settings;
  sqlite3_stmt **statement = &connection->statements[which];
  if (*statement) return *statement;
  char *sql = sq_schema_statement(settings, which);
  int rc =
      sql ? sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL)
          : SQLITE_NOMEM;
  if (rc != SQLITE_OK) (void)sq_failure(error, settings->path, connection->db, rc);
  sqlite3_free(sql);
  return *statement;
}

void sq_connection_refresh(sq_connection *connection) {
  unsigned version = 0;
  (void)sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
  if (version != connection->version) sq_catalog_clear(&connection->catalog);
  connection->version = version;
}

bool sq_connection_reserve_values(sq_connection *connection, uint32_t count) {
  if (count <= connection->value_capacity) return true;
  sheaf_value *values = malloc(count * sizeof *values);
  if (!values) return false;
  free(connection->values);
  connection->values = values;
  connection->value_capacity = count;
  return true;
}

sheaf_str sq_connection_prefix(const sq_connection *connection) {
  return connection->own_prefix ? sheaf_cstr(connection->own_prefix)
                                : connection->database->settings.prefix;
}
