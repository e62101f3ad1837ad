/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of the plugin: its factory, and the life of a manager. */
#include "manager.h"

#include <stdlib.h>

#ifndef SQ_VERSION
#define SQ_VERSION "0.1.0"
#endif

static void destroy(void *self) {
  sq_manager *manager = self;
  sq_pool_free(&manager->pool);
  sq_shape_free(manager->database.mapped_shape);
  if (manager->database.c) freelocale(manager->database.c);
  sq_settings_free(&manager->database.settings);
  free(manager->prefix_text);
  free(manager);
}

static const sheaf_description *describe(void *self) { return &((sq_manager *)self)->description; }

static const sheaf_manager_table table = {
    .struct_size = sizeof table, .describe = describe, .batch = sq_batch, .destroy = destroy};

static bool no_memory(sheaf_error *error) {
  (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  return false;
}

static bool read_settings(sq_manager *manager, const sheaf_value *values, uint32_t count,
                          sheaf_error *error) {
  sq_database *database = &manager->database;
  if (!sq_settings_read(&database->settings, values, count, error)) return false;
  if (!database->settings.table) return true;
  database->mapped_shape = sq_schema_mapped_shape(&database->settings, database->host, error);
  return database->mapped_shape != NULL;
}

/* Opens a first connection: what is wrong with the file or the mapping is told now. */
static bool connect_first(sq_manager *manager, sheaf_error *error) {
  const sq_database *database = &manager->database;
  sq_connection *connection = sq_connection_open(database, NULL, error);
  if (!connection) return false;
  sheaf_str prefix = sq_connection_prefix(connection);
  manager->prefix_text = malloc(prefix.size + 1);
  if (!manager->prefix_text) {
    sq_connection_close(connection);
    return no_memory(error);
  }
  if (prefix.size) memcpy(manager->prefix_text, prefix.data, prefix.size);
  manager->prefix = sheaf_strn(manager->prefix_text, prefix.size);
  if (database->mapped_shape) sq_schema_advise(&database->settings, connection->db, database->host);
  sq_pool_give(&manager->pool, connection, true);
  return true;
}

static void set_up_description(sq_manager *manager) {
  enum { FLAGS = SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT };
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, FLAGS}, {SHEAF_VERB_EXISTS, FLAGS}, {SHEAF_VERB_TRAITS, FLAGS}};
  manager->description = (sheaf_description){.struct_size = sizeof manager->description,
                                             .verbs = verbs,
                                             .verb_count = sizeof verbs / sizeof *verbs,
                                             .prefixes = &manager->prefix,
                                             .prefix_count = manager->prefix.size ? 1 : 0};
}

static bool set_up(sq_manager *manager, const sheaf_value *values, uint32_t count,
                   sheaf_error *error) {
  if (!sqlite3_threadsafe()) {
    (void)sheaf_error_set(error, SHEAF_UNSUPPORTED,
                          "this SQLite was built for one thread only: install another");
    return false;
  }
  manager->database.c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!manager->database.c) return no_memory(error);
  if (!read_settings(manager, values, count, error) || !connect_first(manager, error)) return false;
  set_up_description(manager);
  return true;
}

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  (void)factory;
  sheaf_error own; /* `error` may be NULL, and the status is needed */
  own.status = SHEAF_OK;
  sq_manager *manager = calloc(1, sizeof *manager);
  if (!manager || sq_pool_init(&manager->pool, &manager->database) != 0) {
    free(manager);
    return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  }
  manager->database.host = host;
  if (!set_up(manager, settings, setting_count, &own)) {
    destroy(manager);
    return sheaf_error_set(error, own.status, "%s", own.message);
  }
  *out = (sheaf_interface){&table, manager};
  return SHEAF_OK;
}

static const sheaf_factory factory = {
    .struct_size = sizeof factory,
    .id = "sqlite",
    .display_name = "SQLite",
    .version = SQ_VERSION,
    .description = "Entities in an SQLite database: one that `sheaf import` wrote, or any table or "
                   "view; read only",
    .settings = sq_setting_infos,
    .setting_count = SQ_SETTING_COUNT,
    .create = create};

SHEAF_PLUGIN(0, 0, &factory)
