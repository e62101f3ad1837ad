/* SPDX-License-Identifier: Apache-2.0 */
/* Databases that are not what they should be, or not any more. */
#include "testing.h"

static const char zoo[] = "CREATE TABLE zoo(ref TEXT PRIMARY KEY, name);"
                          "INSERT INTO zoo VALUES('cat', 'Martin');";

static void write_file(const char *name, const char *text) {
  FILE *file = fopen(path_of(name), "w");
  MUST(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* ---------------------------------------------------------------------------------------- opening */

static void test_files(void **state) {
  (void)state;
  must_refuse("nothing", NULL, SHEAF_NOT_FOUND, "does not exist");
  must_refuse(".", NULL, SHEAF_INVALID_ARGUMENT, "is a folder");
  must_refuse("../../dev/null", NULL, SHEAF_INVALID_ARGUMENT, "no ordinary file");
  write_file("text", "this is no database, and long enough not to be taken for an empty one\n");
  must_refuse("text", NULL, SHEAF_MANAGER_FAILURE, "is not an SQLite database");
  must_refuse("text", MAPPED("a=t/k"), SHEAF_MANAGER_FAILURE, "is not an SQLite database");
  write_file("empty", "");
  must_refuse("empty", NULL, SHEAF_INVALID_ARGUMENT, "none that `sheaf import` wrote");
  must_refuse("empty", MAPPED("a=t/k"), SHEAF_INVALID_ARGUMENT, "has no table or view 'zoo'");
}

static void test_schemas(void **state) {
  (void)state;
  sql("db", zoo);
  must_refuse("db", NULL, SHEAF_INVALID_ARGUMENT, "none that `sheaf import` wrote");
  must_refuse("db", WITH("table", "zo", "reference", "ref", "columns", "name=t/k"),
              SHEAF_INVALID_ARGUMENT, "has no table or view 'zo'; it has: zoo");
  must_refuse("db", WITH("table", "zoo", "reference", "rf", "columns", "name=t/k"),
              SHEAF_INVALID_ARGUMENT, "has no column 'rf' in 'zoo'; it has: ref, name");
  must_refuse("db", MAPPED("name=t/k,nam=t/l"), SHEAF_INVALID_ARGUMENT, "has no column 'nam'");
  sql("view", "CREATE TABLE t(a); CREATE VIEW zoo AS SELECT b AS ref FROM t;");
  must_refuse("view", MAPPED("name=t/k"), SHEAF_MANAGER_FAILURE, "no such column: b");
  sql("new", own_tables);
  sql("new", "UPDATE sheaf_meta SET value = 2 WHERE name = 'format'");
  must_refuse("new", NULL, SHEAF_UNSUPPORTED, "has format 2, and this manager reads format 1");
  sql("half", "PRAGMA application_id = 0x53686561; CREATE TABLE a(a)");
  must_refuse("half", NULL, SHEAF_MANAGER_FAILURE, "no such table: main.sheaf_meta");
}

static void test_settings(void **state) {
  sheaf_error error;
  (void)state;
  sql("db", zoo);
  must_refuse("db", WITH("table", "zoo"), SHEAF_INVALID_ARGUMENT, "reference is not");
  must_refuse("db", WITH("table", "zoo", "reference", "ref"), SHEAF_INVALID_ARGUMENT,
              "columns is not");
  must_refuse("db", WITH("reference", "ref"), SHEAF_INVALID_ARGUMENT, "set table too");
  must_refuse("db", WITH("columns", "a=t/k"), SHEAF_INVALID_ARGUMENT, "set table too");
  must_refuse("db", WITH("prefix", "x"), SHEAF_INVALID_ARGUMENT, "set table too");
  must_refuse("db", MAPPED("name"), SHEAF_INVALID_ARGUMENT, "without '='");
  must_refuse("db", WITH("busy_timeout_ms", "-1"), SHEAF_INVALID_ARGUMENT, "0 to 86400000");
  assert_null(sheaf_manager_open(library, "sqlite", NULL, 0, &error));
  assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "path"));
  sheaf_setting empty = {sheaf_cstr("path"), sheaf_string(sheaf_cstr(""))};
  assert_null(sheaf_manager_open(library, "sqlite", &empty, 1, &error));
  assert_non_null(strstr(error.message, "path is empty"));
}

/* A relative path is that of the working folder at the time. */
static void test_relative_path(void **state) {
  char before[1024];
  sheaf_error error;
  (void)state;
  sql("own", own_tables);
  MUST(getcwd(before, sizeof before) && chdir(folder) == 0);
  sheaf_setting setting = {sheaf_cstr("path"), sheaf_string(sheaf_cstr("own"))};
  sheaf_manager *manager = sheaf_manager_open(library, "sqlite", &setting, 1, &error);
  MUST(chdir(before) == 0);
  if (!manager) fail_msg("%s", error.message);
  sheaf_batch *batch = resolve_text(manager, "zoo:///cat");
  assert_text(batch, 0, "named", "name", "Martin");
  sheaf_batch_free(batch);
}

/* ----------------------------------------------------------------------------------------- locked */

static void test_locked(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", WITH("busy_timeout_ms", "30"));
  sqlite3 *writer = open_for_writing("own");
  MUST(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
  sheaf_batch *batch = resolve_text(manager, "zoo:///cat");
  assert_error(batch, 0, SHEAF_UNAVAILABLE, "is locked by another program");
  assert_true(sheaf_batch_at(batch, 0)->flags & SHEAF_RESULT_RETRYABLE);
  sheaf_batch_free(batch);
  must_refuse("own", WITH("busy_timeout_ms", "0"), SHEAF_UNAVAILABLE, "is locked by another");
  MUST(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
  sqlite3_close(writer);
  batch = resolve_text(manager, "zoo:///cat");
  assert_text(batch, 0, "named", "name", "Martin");
  sheaf_batch_free(batch);
}

/* Waiting for a lock ends with the call. */
static void test_locked_and_deadline(void **state) {
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_str ref = sheaf_cstr("zoo:///cat");
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", WITH("busy_timeout_ms", "60000"));
  sqlite3 *writer = open_for_writing("own");
  MUST(sqlite3_exec(writer, "BEGIN EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK);
  sheaf_request request = sheaf_request_for(&ref, 1);
  call.deadline_ns = sheaf_deadline_in(50 * 1000000);
  request.call = &call;
  int64_t began = now_ms();
  sheaf_batch *batch = ask(manager, SHEAF_VERB_RESOLVE, &request);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_DEADLINE);
  assert_true(now_ms() - began < 30000);
  sheaf_batch_free(batch);
  sqlite3_close(writer);
}

/* ------------------------------------------------------------------------------- changed underneath */

static void test_written(void **state) {
  (void)state;
  sql("db", zoo);
  sheaf_manager *manager = must_open("db", MAPPED("name=named/name"));
  sheaf_batch *batch = resolve_text(manager, "cat");
  assert_text(batch, 0, "named", "name", "Martin");
  sheaf_batch_free(batch);
  sql("db", "UPDATE zoo SET name = 'Tom'; ALTER TABLE zoo ADD COLUMN more");
  batch = resolve_text(manager, "cat");
  assert_text(batch, 0, "named", "name", "Tom");
  sheaf_batch_free(batch);
  sql("db", "ALTER TABLE zoo RENAME COLUMN name TO title");
  batch = resolve_text(manager, "cat");
  assert_error(batch, 0, SHEAF_MANAGER_FAILURE, "name");
  sheaf_batch_free(batch);
  sql("db", "DROP TABLE zoo");
  batch = resolve_text(manager, "cat");
  assert_error(batch, 0, SHEAF_MANAGER_FAILURE, "has no table or view 'zoo'");
  sheaf_batch_free(batch);
}

static const char other_own[] =
    "UPDATE sheaf_shape SET trait = 'titled' WHERE trait = 'named';"
    "UPDATE sheaf_entity SET record = '[\"Other\",1,\"7\",\"6\"]' WHERE ref = 'zoo:///cat'";

/* By rename, as `sheaf import` does it; by a copy into the same file; then taken away. */
static void test_replaced(void **state) {
  (void)state;
  sql("own", own_tables);
  sql("other", own_tables);
  sql("other", other_own);
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_batch *batch = resolve_text(manager, "zoo:///cat");
  assert_text(batch, 0, "named", "name", "Martin");
  sheaf_batch_free(batch);

  copy_over("other", "third", O_TRUNC);
  MUST(rename(path_of("third"), path_of("own")) == 0);
  batch = resolve_text(manager, "zoo:///cat");
  assert_text(batch, 0, "titled", "name", "Other");
  sheaf_batch_free(batch);

  sql("third", own_tables);
  sql("third", "UPDATE sheaf_meta SET value = value; UPDATE sheaf_meta SET value = value;");
  copy_over("third", "own", O_TRUNC);
  batch = resolve_text(manager, "zoo:///cat");
  assert_text(batch, 0, "named", "name", "Martin");
  sheaf_batch_free(batch);

  MUST(unlink(path_of("own")) == 0);
  batch = resolve_text(manager, "zoo:///cat");
  assert_error(batch, 0, SHEAF_UNAVAILABLE, "does not exist");
  assert_true(sheaf_batch_at(batch, 0)->flags & SHEAF_RESULT_RETRYABLE);
  sheaf_batch_free(batch);
  sql("own", zoo);
  batch = resolve_text(manager, "zoo:///cat");
  assert_error(batch, 0, SHEAF_MANAGER_FAILURE, "none that `sheaf import` wrote");
  sheaf_batch_free(batch);
}

/* ---------------------------------------------------------------------------------------- damaged */

enum { ROWS = 5000 };

/* Large enough that it is not all in SQLite's memory. */
static void make_large(const char *name) {
  sql(name, own_tables);
  sql(name, "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 4999)"
            " INSERT INTO sheaf_entity SELECT 'test:///' || n, 0,"
            " printf('[\"%.*c\",%d,\"1\",\"1\"]', 900, 'x', n) FROM c");
}

static void test_truncated(void **state) {
  (void)state;
  make_large("own");
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_str *refs = make_refs(ROWS);
  struct stat info;
  MUST(stat(path_of("own"), &info) == 0);
  for (int parts = 8; parts >= 0; parts--) {
    MUST(truncate(path_of("own"), info.st_size * parts / 9 + (parts ? 100 : 0)) == 0);
    sheaf_batch *batch = resolve(manager, refs, ROWS);
    /* At least one batch of each is over; whatever could be read before may be answered. */
    if (sheaf_batch_failed(batch) == 0) fail_msg("at %d ninths nothing failed", parts);
    if (SHEAF_STATUS_CLASS(sheaf_batch_status(batch)) != 3 &&
        sheaf_batch_status(batch) != SHEAF_IO_ERROR)
      fail_msg("at %d ninths: %s", parts, sheaf_status_name(sheaf_batch_status(batch)));
    sheaf_batch_free(batch);
  }
  make_large("again");
  MUST(rename(path_of("again"), path_of("own")) == 0);
  sheaf_batch *batch = resolve(manager, refs, ROWS);
  assert_int_equal(sheaf_batch_failed(batch), 0);
  sheaf_batch_free(batch);
  free(refs);
}

/* Bytes changed by chance: any answer will do, and no crash. */
static void test_garbled(void **state) {
  (void)state;
  make_large("sound");
  sheaf_str *refs = make_refs(ROWS);
  uint32_t seed = 1;
  for (int round = 0; round < 30; round++) {
    sheaf_error error;
    copy_over("sound", "own", O_TRUNC);
    sheaf_manager *manager = round % 2 ? try_open("own", NULL, &error) : NULL;
    int fd = open(path_of("own"), O_WRONLY);
    for (int i = 0; i < 2000; i++) {
      seed = seed * 1103515245u + 12345u;
      char byte = (char)(seed >> 16);
      MUST(pwrite(fd, &byte, 1, 100 + seed % (round < 10 ? 40000 : 4000000)) == 1);
    }
    MUST(close(fd) == 0);
    if (!manager) manager = try_open("own", NULL, &error);
    if (!manager) continue;
    sheaf_batch *batch = resolve(manager, refs, ROWS);
    assert_int_equal(sheaf_batch_count(batch), ROWS);
    sheaf_batch_free(batch);
    MUST(sheaf_manager_close(manager) == SHEAF_OK);
  }
  free(refs);
}

/* Tables that somebody else wrote, and wrongly: one row's fault is one row's error. */
static void test_wrong_rows(void **state) {
  static const sheaf_str refs[] = {
      SHEAF_STR("zoo:///cat"), SHEAF_STR("zoo:///a"), SHEAF_STR("zoo:///b"), SHEAF_STR("zoo:///c"),
      SHEAF_STR("zoo:///d"),   SHEAF_STR("zoo:///e"), SHEAF_STR("zoo:///f"), SHEAF_STR("zoo:///g"),
      SHEAF_STR("zoo:///h"),   SHEAF_STR("zoo:///i"), SHEAF_STR("zoo:///j")};
  enum { REFS = sizeof refs / sizeof *refs };
  (void)state;
  sql("own", own_tables);
  sql("own", "INSERT INTO sheaf_entity VALUES('zoo:///a', 0, '[1]'), ('zoo:///b', 0, 'x'),"
             " ('zoo:///c', -1, '[]'), ('zoo:///d', 99999999999, '[]'), ('zoo:///e', 'x', '[]'),"
             " ('zoo:///f', 0, x'5b'), ('zoo:///g', 0, CAST(x'5b22ff22' AS TEXT)),"
             " ('zoo:///h', 5, '[1]'), ('zoo:///i', 6, '[1]'), ('zoo:///j', 7, '[1]');"
             "INSERT INTO sheaf_shape VALUES(5, 0, '', 'k', 0, 0), (6, 0, 't', 'k', 3, 0),"
             " (7, 0, 't', 'k', 0, 9);");
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_batch *batch = resolve(manager, refs, REFS);
  assert_text(batch, 0, "named", "name", "Martin");
  for (uint32_t i = 1; i < REFS; i++) assert_error(batch, i, SHEAF_MANAGER_FAILURE, "is damaged");
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  sheaf_batch_free(batch);
}

/* Shapes that come later are found. */
static void test_new_shape(void **state) {
  (void)state;
  sql("own", own_tables);
  sheaf_manager *manager = must_open("own", NULL);
  sheaf_batch_free(resolve_text(manager, "zoo:///cat"));
  sql("own", "INSERT INTO sheaf_shape VALUES(900, 0, 'fresh', 'k', 0, 0);"
             "INSERT INTO sheaf_entity VALUES('zoo:///new', 900, '[true]')");
  sheaf_batch *batch = resolve_text(manager, "zoo:///new");
  assert_int_equal(sheaf_batch_value(batch, 0, "fresh", "k")->kind, SHEAF_KIND_BOOL);
  sheaf_batch_free(batch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_files),         TEST(test_schemas),    TEST(test_settings),
      TEST(test_relative_path), TEST(test_locked),     TEST(test_locked_and_deadline),
      TEST(test_written),       TEST(test_replaced),   TEST(test_truncated),
      TEST(test_garbled),       TEST(test_wrong_rows), TEST(test_new_shape)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
