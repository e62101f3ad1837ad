/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sqlite manager against what one writes without it: a prepared SELECT of the same row for each
 * key, each a transaction of its own (autocommit). A million rows, imported; keys by chance; both
 * asked in turn, in rounds. The database is in the system's memory, and time is processor time.
 *
 *     perftest/sqlite_paired [FOLDER [ROUNDS [ROWS]]]
 *
 * The database stays in FOLDER for the next time. Standard output is JSON, a line a round and size of
 * batch: nanoseconds a key.
 */
#define _GNU_SOURCE
#include <sheaf/sheaf.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { KEYS = 10000, REF_ROOM = 48 };

static uint32_t rows = 1000000; /* two an entity: with its version and without */

static void must(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "sqlite_paired: %s\n", what);
  exit(2);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(void) {
  static uint64_t x = 0x9e3779b97f4a7c15u;
  x ^= x << 13;
  x ^= x >> 7;
  return x ^= x << 17;
}

/* ------------------------------------------------------------------------------------ the database */

/* Names without order, as asset ids are. */
static uint32_t name_of(uint32_t entity) { return entity * 2654435761u; }

static void write_library(const char *path) {
  FILE *out = fopen(path, "w");
  must(out != NULL, "cannot write the library");
  fputs("{\"entities\":{", out);
  for (uint32_t i = 0; i < rows / 2; i++)
    fprintf(out,
            "%s\"asset/%08x\":{\"versions\":[{\"traits\":{\"named\":{\"name\":\"Asset %u\"},"
            "\"located\":{\"url\":\"file:///mnt/projects/show/asset/%u.usd\"},"
            "\"sized\":{\"bytes\":%u,\"final\":%s}}}]}",
            i ? "," : "", name_of(i), i, i, i * 7, i % 3 ? "true" : "false");
  fputs("}}\n", out);
  must(fclose(out) == 0, "cannot write the library");
}

static void make_database(const char *program, const char *folder, const char *database) {
  char library[4200], command[16000];
  if (access(database, F_OK) == 0) return;
  const char *slash = strrchr(program, '/');
  snprintf(library, sizeof library, "%s/library.json", folder);
  write_library(library);
  snprintf(command, sizeof command, "'%.*s../bin/sheaf' import --from '%s' --to '%s' >&2",
           slash ? (int)(slash - program) + 1 : 0, program, library, database);
  must(system(command) == 0, "sheaf import failed");
  (void)unlink(library);
}

/* ---------------------------------------------------------------------------------------- the peers */

static char (*texts)[REF_ROOM];
static sheaf_str *refs;

static void choose_keys(uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row = (uint32_t)(next_random() % rows);
    int size = snprintf(texts[i], REF_ROOM, "bal:///asset/%08x%s", name_of(row / 2),
                        row % 2 ? "?v=1" : "");
    refs[i] = sheaf_strn(texts[i], (size_t)size);
  }
}

static uint64_t bytes_seen;

static double one_by_one(sqlite3_stmt *select, uint32_t count) {
  uint32_t found = 0;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    sqlite3_bind_text(select, 1, refs[i].data, (int)refs[i].size, SQLITE_STATIC);
    if (sqlite3_step(select) == SQLITE_ROW) {
      found++;
      bytes_seen += (uint64_t)sqlite3_column_int64(select, 0);
      if (sqlite3_column_text(select, 1)) bytes_seen += (uint64_t)sqlite3_column_bytes(select, 1);
    }
    sqlite3_reset(select);
  }
  double took = now_ns() - start;
  must(found == count, "SELECT did not find all");
  return took / count;
}

static uint32_t take(void *ctx, uint32_t index, const sheaf_result *record) SHEAF_NOEXCEPT {
  (void)ctx, (void)index;
  bytes_seen += record->property_count + sheaf_value_str(&record->properties[1].value).size;
  return SHEAF_CONTINUE;
}

static double in_batches(sheaf_manager *manager, uint32_t count, uint32_t batch) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  uint32_t found = 0;
  callbacks.success = take;
  double start = now_ns();
  for (uint32_t at = 0; at < count; at += batch) {
    sheaf_summary summary = SHEAF_SUMMARY_INIT;
    sheaf_request request = sheaf_request_for(refs + at, count - at < batch ? count - at : batch);
    must(sheaf_resolve(manager, &request, &callbacks, &summary, NULL) == SHEAF_OK,
         "resolve failed");
    found += summary.succeeded;
  }
  double took = now_ns() - start;
  must(found == count, "the manager did not find all");
  return took / count;
}

/* -------------------------------------------------------------------------------------- the rounds */

static void compare_at(sheaf_manager *manager, sqlite3_stmt *select, uint32_t batch,
                       uint32_t round) {
  double single = 0, batched = 0;
  /* Neither is always the first, and neither gets keys whose pages the other has just read. */
  for (uint32_t k = 0; k < 2; k++) {
    choose_keys(KEYS);
    if (k == round % 2) single = one_by_one(select, KEYS);
    else batched = in_batches(manager, KEYS, batch);
  }
  printf("{\"batch\": %u, \"round\": %u, \"select_ns\": %.1f, \"manager_ns\": %.1f}\n", batch,
         round, single, batched);
}

static sheaf_manager *open_manager(sheaf_library *library, const char *database) {
  sheaf_error error;
  sheaf_setting setting = {sheaf_cstr("path"), sheaf_string(sheaf_cstr(database))};
  sheaf_manager *manager = sheaf_manager_open(library, "sqlite", &setting, 1, &error);
  must(manager != NULL, manager ? "" : error.message);
  return manager;
}

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : "/tmp";
  uint32_t rounds = argc > 2 ? (uint32_t)atoi(argv[2]) : 9;
  static const uint32_t batches[] = {1, 10, 100, 1000, 10000};
  char database[4200];
  sqlite3 *db;
  sqlite3_stmt *select;
  if (argc > 3) rows = (uint32_t)atoi(argv[3]);
  must(rounds >= 1 && rows >= 2 * KEYS, "ROUNDS is 1 or more, ROWS 20000 or more");
  texts = malloc(KEYS * sizeof *texts);
  refs = malloc(KEYS * sizeof *refs);
  must(texts && refs, "out of memory");
  snprintf(database, sizeof database, "%s/sheaf-perftest-%u.sqlite", folder, rows);
  make_database(argv[0], folder, database);
  sheaf_library *library = sheaf_library_new(NULL, NULL);
  sheaf_manager *manager = open_manager(library, database);
  must(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
               SQLITE_OK &&
           sqlite3_prepare_v3(db, "SELECT shape, record FROM sheaf_entity WHERE ref = ?1", -1,
                              SQLITE_PREPARE_PERSISTENT, &select, NULL) == SQLITE_OK,
       "cannot open the database");
  for (uint32_t i = 0; i < 5; i++) { /* warms up */
    choose_keys(KEYS);
    (void)in_batches(manager, KEYS, KEYS);
    (void)one_by_one(select, KEYS);
  }
  for (uint32_t round = 0; round < rounds; round++)
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
      compare_at(manager, select, batches[i], round);
  sqlite3_finalize(select);
  sqlite3_close(db);
  (void)sheaf_library_free(library);
  free(texts);
  free(refs);
  return bytes_seen == 0; /* so that nothing is thought useless */
}
