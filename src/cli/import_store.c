/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of an imported database: plugins/sqlite/schema.h says what they hold. Rows that have the
 * same properties share a shape, so that a row holds values only.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/import.h"
#include "cli/import_format.h"
#include "cli/json.h"

/* Without a journal: until it has its name, nobody misses the file. */
static const char settings[] =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA encoding = 'UTF-8';";

/* The view is for people: one row a property, with the sqlite3 command or any other tool. */
static const char tables[] =
    "BEGIN;"
    "CREATE TABLE sheaf_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE sheaf_shape(shape INTEGER, position INTEGER, trait TEXT NOT NULL, key TEXT,"
    " item INTEGER, role INTEGER NOT NULL, PRIMARY KEY(shape, position)) WITHOUT ROWID;"
    "CREATE TABLE sheaf_shape_trait(shape INTEGER, position INTEGER, trait TEXT NOT NULL,"
    " PRIMARY KEY(shape, position)) WITHOUT ROWID;"
    "CREATE TABLE sheaf_entity(ref TEXT PRIMARY KEY, shape INTEGER NOT NULL, record TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE VIEW sheaf_property AS SELECT e.ref, s.trait, s.key,"
    " json_extract(e.record, '$[' || s.item || ']') AS value,"
    " json_type(e.record, '$[' || s.item || ']') AS type, s.role"
    " FROM sheaf_entity AS e JOIN sheaf_shape AS s ON s.shape = e.shape;";

static int failed(const import_store *store) {
  cli_error("import: cannot write '%s': %s", store->path, sqlite3_errmsg(store->db));
  return CLI_FAILED;
}

static int no_memory(void) {
  cli_error("out of memory");
  return CLI_FAILED;
}

static int execute(const import_store *store, const char *sql) {
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CLI_OK : failed(store);
}

static int prepare(const import_store *store, const char *sql, sqlite3_stmt **out) {
  return sqlite3_prepare_v2(store->db, sql, -1, out, NULL) == SQLITE_OK ? CLI_OK : failed(store);
}

int import_store_open(import_store *store, const sheaf_library *library,
                      const import_target *target) {
  char identity[64];
  store->library = library;
  store->path = target->temporary;
  sheaf_index_init(&store->shapes, sheaf_index_seed());
  if (sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
    return failed(store);
  (void)snprintf(identity, sizeof identity, "PRAGMA application_id = %d;", IMPORT_APPLICATION_ID);
  int status = execute(store, settings);
  if (status == CLI_OK) status = execute(store, identity);
  if (status == CLI_OK) status = execute(store, tables);
  if (status == CLI_OK)
    status = prepare(store, "INSERT INTO sheaf_entity VALUES(?1, ?2, ?3)", &store->entity);
  if (status == CLI_OK)
    status =
        prepare(store, "INSERT INTO sheaf_shape VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &store->field);
  if (status == CLI_OK)
    status = prepare(store, "INSERT INTO sheaf_shape_trait VALUES(?1, ?2, ?3)", &store->trait);
  return status;
}

/* ----------------------------------------------------------------------------------------- binding */

/* What goes wrong in binding is told by `run`. */
static void note(import_store *store, int rc) {
  if (store->bind_rc == SQLITE_OK) store->bind_rc = rc;
}

static void bind_str(import_store *store, sqlite3_stmt *statement, int at, sheaf_str text) {
  note(store, sqlite3_bind_text64(statement, at, text.size ? text.data : "", text.size,
                                  SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_number(import_store *store, sqlite3_stmt *statement, int at, int64_t number) {
  note(store, sqlite3_bind_int64(statement, at, number));
}

static int run(import_store *store, sqlite3_stmt *statement) {
  bool ok = store->bind_rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_DONE;
  int status = ok ? CLI_OK : failed(store);
  (void)sqlite3_reset(statement);
  (void)sqlite3_clear_bindings(statement);
  store->bind_rc = SQLITE_OK;
  return status;
}

/* ---------------------------------------------------------------------------------------- the shape */

/* Every row has the ids of its fields and traits: as bytes they tell shapes apart. */
static sheaf_str key_of(const import_store *store, const import_row *row) {
  cli_buffer *key = store->key;
  key->size = 0;
  for (uint32_t i = 0; i < row->field_count; i++) {
    uint32_t parts[] = {row->fields[i].trait, row->fields[i].key, row->fields[i].role};
    cli_put(key, parts, sizeof parts);
  }
  cli_put(key, "\0\0\0", 4); /* no id: between the fields and the traits */
  for (uint32_t i = 0; i < row->trait_count; i++)
    cli_put(key, &row->traits[i].trait, sizeof row->traits[i].trait);
  return cli_buffer_str(key);
}

static int write_fields(import_store *store, uint32_t shape, const import_row *row) {
  uint32_t item = 0;
  int status = CLI_OK;
  for (uint32_t i = 0; i < row->field_count && status == CLI_OK; i++) {
    const import_field *field = &row->fields[i];
    bind_number(store, store->field, 1, shape);
    bind_number(store, store->field, 2, i);
    bind_str(store, store->field, 3, sheaf_name(store->library, field->trait));
    if (field->key) {
      bind_str(store, store->field, 4, sheaf_name(store->library, field->key));
      bind_number(store, store->field, 5, item++);
    }
    bind_number(store, store->field, 6, field->role);
    status = run(store, store->field);
  }
  return status;
}

static int write_traits(import_store *store, uint32_t shape, const import_row *row) {
  int status = CLI_OK;
  for (uint32_t i = 0; i < row->trait_count && status == CLI_OK; i++) {
    bind_number(store, store->trait, 1, shape);
    bind_number(store, store->trait, 2, i);
    bind_str(store, store->trait, 3, sheaf_name(store->library, row->traits[i].trait));
    status = run(store, store->trait);
  }
  return status;
}

/* Keeps what the index borrows. */
static char *keep(import_store *store, sheaf_str key) {
  if (store->shape_count == store->shape_capacity) {
    uint32_t capacity = store->shape_capacity ? store->shape_capacity * 2 : 64;
    char **bigger = realloc(store->shape_keys, capacity * sizeof *bigger);
    if (!bigger) return NULL;
    store->shape_keys = bigger;
    store->shape_capacity = capacity;
  }
  char *copy = malloc(key.size + 1);
  if (!copy) return NULL;
  memcpy(copy, key.data, key.size);
  return store->shape_keys[store->shape_count++] = copy;
}

static int shape_of(import_store *store, const import_row *row, uint32_t *shape) {
  sheaf_str key = key_of(store, row);
  if (store->key->error) return no_memory();
  *shape = sheaf_index_find(&store->shapes, key);
  if (*shape != SHEAF_INDEX_NONE) return CLI_OK;
  *shape = store->shape_count;
  key.data = keep(store, key);
  if (!key.data || !sheaf_index_put(&store->shapes, key, *shape)) return no_memory();
  int status = write_fields(store, *shape, row);
  return status == CLI_OK ? write_traits(store, *shape, row) : status;
}

/* ---------------------------------------------------------------------------------------- the record */

/* False: the format does not hold such a value. */
static bool put_value(cli_buffer *json, const sheaf_value *value) {
  switch (value->kind) {
  case SHEAF_KIND_DOUBLE:
    if (isnan(value->u.real)) return false;
    /* Read back as an infinity, which JSON has no word for. */
    if (isinf(value->u.real)) cli_put_text(json, value->u.real < 0 ? "-9e999" : "9e999");
    else cli_json_double(json, value->u.real);
    return true;
  case SHEAF_KIND_BOOL:
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_STRING:
    cli_json_value(json, value);
    return true;
  default:
    return false;
  }
}

static int unfit(const import_store *store, const import_row *row, const import_field *field) {
  sheaf_str trait = sheaf_name(store->library, field->trait);
  sheaf_str key = sheaf_name(store->library, field->key);
  cli_error(
      "import: %.*s of '%.*s' in '%.*s' is of kind %s: only strings, numbers and booleans can be "
      "imported",
      (int)key.size, key.data, (int)trait.size, trait.data, (int)row->ref.size, row->ref.data,
      sheaf_kind_name(field->value->kind));
  return CLI_FAILED;
}

static int put_record(const import_store *store, const import_row *row) {
  cli_buffer *json = store->json;
  json->size = 0;
  cli_put_char(json, '[');
  for (uint32_t i = 0; i < row->field_count; i++) {
    if (!row->fields[i].key) continue;
    if (json->size > 1) cli_put_char(json, ',');
    if (!put_value(json, row->fields[i].value)) return unfit(store, row, &row->fields[i]);
  }
  cli_put_char(json, ']');
  return json->error ? no_memory() : CLI_OK;
}

int import_store_add(import_store *store, const import_row *row) {
  uint32_t shape = 0;
  int status = shape_of(store, row, &shape);
  if (status == CLI_OK) status = put_record(store, row);
  if (status != CLI_OK) return status;
  bind_str(store, store->entity, 1, row->ref);
  bind_number(store, store->entity, 2, shape);
  bind_str(store, store->entity, 3, cli_buffer_str(store->json));
  return run(store, store->entity);
}

/* ---------------------------------------------------------------------------------------- the ending */

int import_store_finish(import_store *store, sheaf_str prefix, const char *source, uint64_t rows) {
  sqlite3_stmt *meta = NULL;
  int status =
      prepare(store,
              "INSERT INTO sheaf_meta VALUES('format', ?1), ('prefix', ?2), ('source', ?3),"
              " ('sheaf', ?4), ('references', ?5)",
              &meta);
  if (status == CLI_OK) {
    bind_number(store, meta, 1, IMPORT_FORMAT);
    bind_str(store, meta, 2, prefix);
    bind_str(store, meta, 3, sheaf_cstr(source));
    bind_str(store, meta, 4, sheaf_cstr(sheaf_version()));
    bind_number(store, meta, 5, (sqlite3_int64)rows);
    status = run(store, meta);
  }
  (void)sqlite3_finalize(meta);
  if (status == CLI_OK) status = execute(store, "COMMIT");
  import_store_free(store);
  return status;
}

void import_store_free(import_store *store) {
  (void)sqlite3_finalize(store->entity);
  (void)sqlite3_finalize(store->field);
  (void)sqlite3_finalize(store->trait);
  (void)sqlite3_close(store->db);
  store->entity = store->field = store->trait = NULL;
  store->db = NULL;
  for (uint32_t i = 0; i < store->shape_count; i++) free(store->shape_keys[i]);
  free(store->shape_keys);
  store->shape_keys = NULL;
  store->shape_count = store->shape_capacity = 0;
  sheaf_index_free(&store->shapes);
}
