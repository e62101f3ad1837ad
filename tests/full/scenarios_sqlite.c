/* SPDX-License-Identifier: Apache-2.0 */
/* The sqlite manager, with a database that an import made and with a table of anybody's. */
#include <sqlite3.h>
#include <stdio.h>

#include "scenarios.h"
#include "scenarios_import.h"

/* More than the manager sorts before it asks. */
enum { MANY = 520 };

static sheaf_str path_of(char *out, const char *name) {
  return sheaf_strn(out, (size_t)snprintf(out, SCENARIO_PATH, "%s/%s", scenario_folder, name));
}

/* Whatever the manager can do; what has no answer is no failure to the verbs used for it. */
static void use(sheaf_manager *manager, const sheaf_str *refs, uint32_t count, sheaf_str missing) {
  sheaf_str many[MANY];
  sheaf_str odd[2] = {refs[0], missing};
  sheaf_interface none;
  for (uint32_t i = 0; i < MANY; i++) many[i] = refs[i * 7 % count];
  scenario_ask(manager, refs, count, 0);
  scenario_ask(manager, many, MANY, 0);
  scenario_collect(manager, many, MANY);
  scenario_collect_verb(manager, SHEAF_VERB_EXISTS, odd, 2);
  scenario_collect_verb(manager, SHEAF_VERB_TRAITS, refs, count);
  scenario_must(sheaf_manager_get_extension(manager, "none/1", &none) == SHEAF_UNSUPPORTED,
                "the manager has no such extension");
  scenario_flush(manager);
  scenario_must(sheaf_manager_close(manager) == SHEAF_OK, "the manager can be closed");
}

static void run(const sheaf_setting *settings, uint32_t setting_count, const sheaf_str *refs,
                uint32_t count, sheaf_str missing) {
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  sheaf_manager *manager = scenario_open(library, "sqlite", settings, setting_count);
  if (manager) use(manager, refs, count, missing);
  scenario_library_free(library);
}

void scenario_sqlite_imported(void) {
  static const sheaf_str refs[] = {SHEAF_STR("bal:///b"), SHEAF_STR("bal:///a"),
                                   SHEAF_STR("bal:///a?v=1")};
  char path[SCENARIO_PATH];
  sheaf_setting setting = {SHEAF_STR("path"), sheaf_string(path_of(path, "imported.sqlite"))};
  run(&setting, 1, refs, 3, sheaf_cstr("bal:///c"));
}

void scenario_sqlite_table_prepare(void) {
  char path[SCENARIO_PATH];
  sqlite3 *db = NULL;
  (void)path_of(path, "table.sqlite");
  scenario_must(
      sqlite3_open(path, &db) == SQLITE_OK &&
          sqlite3_exec(db,
                       "CREATE TABLE IF NOT EXISTS zoo(id TEXT PRIMARY KEY, name TEXT, age INTEGER,"
                       " weight REAL, raw BLOB, tame INTEGER);"
                       "INSERT OR REPLACE INTO zoo VALUES('cat', 'Martin', 12, 4.5, x'00ff', 1),"
                       " ('dog', 'Rex', 3, NULL, NULL, 0)",
                       NULL, NULL, NULL) == SQLITE_OK &&
          sqlite3_close(db) == SQLITE_OK,
      "a database can be made");
}

void scenario_sqlite_table(void) {
  static const sheaf_str refs[] = {SHEAF_STR("zoo:///dog"), SHEAF_STR("zoo:///cat")};
  char path[SCENARIO_PATH];
  sheaf_setting settings[] = {
      {SHEAF_STR("path"), sheaf_string(path_of(path, "table.sqlite"))},
      {SHEAF_STR("table"), sheaf_string(sheaf_cstr("zoo"))},
      {SHEAF_STR("reference"), sheaf_string(sheaf_cstr("id"))},
      {SHEAF_STR("prefix"), sheaf_string(sheaf_cstr("zoo:///"))},
      {SHEAF_STR("columns"),
       sheaf_string(sheaf_cstr("name=named/name, age=animal/age, weight=animal/weight as double,"
                               " raw=file/raw, tame=\"animal\"/tame as bool"))}};
  run(settings, 5, refs, 2, sheaf_cstr("zoo:///owl"));
}

/* What is wrong with a database or a mapping is told as ever, or that there is no memory. */
void scenario_sqlite_refusals(void) {
  char path[SCENARIO_PATH];
  sheaf_setting settings[] = {{SHEAF_STR("path"), sheaf_string(sheaf_cstr("nowhere.sqlite"))},
                              {SHEAF_STR("table"), sheaf_string(sheaf_cstr("zo"))},
                              {SHEAF_STR("reference"), sheaf_string(sheaf_cstr("id"))},
                              {SHEAF_STR("columns"), sheaf_string(sheaf_cstr("name=named/name"))}};
  sheaf_error error = {0};
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  scenario_must(!sheaf_manager_open(library, "sqlite", settings, 1, &error), "there is no file");
  scenario_refused(SHEAF_NOT_FOUND, &error);
  settings[0].value = sheaf_string(path_of(path, "table.sqlite"));
  scenario_must(!sheaf_manager_open(library, "sqlite", settings, 4, &error), "there is no table");
  scenario_refused(SHEAF_INVALID_ARGUMENT, &error);
  settings[1].value = sheaf_string(sheaf_cstr("zoo"));
  settings[3].value = sheaf_string(sheaf_cstr("name=named/name, nam=named/x"));
  scenario_must(!sheaf_manager_open(library, "sqlite", settings, 4, &error), "there is no column");
  scenario_refused(SHEAF_INVALID_ARGUMENT, &error);
  scenario_library_free(library);
}
