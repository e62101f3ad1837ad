/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog.h"

#include "schema.h"

#include <sheaf/utf8.h>
#include <stdlib.h>

void sq_shape_free(sq_shape *shape) {
  if (!shape) return;
  free(shape->fields);
  free(shape->traits);
  free(shape);
}

/* ------------------------------------------------------------------------------- reading a shape */

/* What reading takes. */
typedef struct reader {
  sqlite3_stmt *statement;
  const sheaf_host *host;
  sheaf_error *error;
  sq_shape *shape;
} reader;

/* Room for one more element at the end of `*array`, which doubles. */
static bool grow(void *array, uint32_t count, size_t size) {
  void **at = array;
  if (count & (count - 1)) return true; /* there is room up to the next power of two */
  void *bigger = realloc(*at, (count ? count * (size_t)2 : 1) * size);
  if (bigger) *at = bigger;
  return bigger != NULL;
}

/* The id of a name in a column; 0: it is no name, or `error` says why there is none. */
static sheaf_id name_at(reader *r, int column) {
  sheaf_id id = 0;
  const char *data = (const char *)sqlite3_column_text(r->statement, column);
  sheaf_str name = sheaf_strn(data, (size_t)sqlite3_column_bytes(r->statement, column));
  if (!data || name.size == 0 || name.size > 1024 || memchr(data, '\0', name.size) ||
      !sheaf_utf8_valid(name))
    return 0;
  (void)r->host->intern(r->host, &name, 1, &id, r->error);
  return id;
}

/* trait, key, item, role */
static int add_field(reader *r) {
  sq_shape *shape = r->shape;
  sq_field field = {name_at(r, 0), 0, SQ_NO_ITEM, SQ_ALWAYS};
  sqlite3_int64 role = sqlite3_column_int64(r->statement, 3);
  if (!field.trait || role < SQ_ALWAYS || role > SQ_WITH_ALL) return SQLITE_NOTFOUND;
  field.role = (uint32_t)role;
  if (sqlite3_column_type(r->statement, 1) != SQLITE_NULL) {
    field.key = name_at(r, 1);
    field.item = shape->item_count++;
    /* Items are numbered for readers of the tables; that they are numbered in order is relied on. */
    if (!field.key || sqlite3_column_int64(r->statement, 2) != field.item) return SQLITE_NOTFOUND;
  }
  if (!grow(&shape->fields, shape->field_count, sizeof field)) return SQLITE_NOMEM;
  shape->fields[shape->field_count++] = field;
  return SQLITE_OK;
}

static int add_trait(reader *r) {
  sq_shape *shape = r->shape;
  sheaf_property property = {name_at(r, 0), 0, sheaf_none()};
  if (!property.trait) return SQLITE_NOTFOUND;
  if (!grow(&shape->traits, shape->trait_count, sizeof property)) return SQLITE_NOMEM;
  shape->traits[shape->trait_count++] = property;
  return SQLITE_OK;
}

/* All rows of a statement about a shape. */
static int read_rows(reader *r, sqlite3_stmt *statement, int64_t number, int (*add)(reader *)) {
  r->statement = statement;
  int rc = sqlite3_bind_int64(statement, 1, number);
  while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) rc = add(r);
  (void)sqlite3_reset(statement);
  return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int prepare(sq_catalog *catalog, sqlite3 *db) {
  if (catalog->read_traits) return SQLITE_OK;
  int rc = SQLITE_OK;
  if (!catalog->read_fields)
    rc = sqlite3_prepare_v3(db, SQ_READ_FIELDS, -1, SQLITE_PREPARE_PERSISTENT,
                            &catalog->read_fields, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_prepare_v3(db, SQ_READ_TRAITS, -1, SQLITE_PREPARE_PERSISTENT,
                            &catalog->read_traits, NULL);
  return rc;
}

static int read_shape(sq_catalog *catalog, sqlite3 *db, const sheaf_host *host, int64_t number,
                      sq_shape *shape, sheaf_error *error) {
  reader r = {NULL, host, error, shape};
  int rc = prepare(catalog, db);
  if (rc == SQLITE_OK) rc = read_rows(&r, catalog->read_fields, number, add_field);
  if (rc == SQLITE_OK) rc = read_rows(&r, catalog->read_traits, number, add_trait);
  /* A trait set that is empty, and not one that is to be made up. */
  if (rc == SQLITE_OK && !shape->traits && !grow(&shape->traits, 0, sizeof *shape->traits))
    rc = SQLITE_NOMEM;
  return rc;
}

/* ------------------------------------------------------------------------------------ the shapes */

static int make_room(sq_catalog *catalog, int64_t number) {
  if (number < 0 || number >= SQ_MOST_SHAPES) return SQLITE_NOTFOUND;
  if (number < catalog->capacity) return SQLITE_OK;
  uint32_t capacity = catalog->capacity ? catalog->capacity : 64;
  while (capacity <= number) capacity *= 2;
  sq_shape **shapes = realloc(catalog->shapes, capacity * sizeof *shapes);
  if (!shapes) return SQLITE_NOMEM;
  for (uint32_t i = catalog->capacity; i < capacity; i++) shapes[i] = NULL;
  catalog->shapes = shapes;
  catalog->capacity = capacity;
  return SQLITE_OK;
}

const sq_shape *sq_catalog_shape(sq_catalog *catalog, sqlite3 *db, const sheaf_host *host,
                                 int64_t number, int *rc, sheaf_error *error) {
  if (number >= 0 && number < catalog->capacity && catalog->shapes[number])
    return catalog->shapes[number];
  *rc = make_room(catalog, number);
  if (*rc != SQLITE_OK) return NULL;
  sq_shape *shape = calloc(1, sizeof *shape);
  *rc = shape ? read_shape(catalog, db, host, number, shape, error) : SQLITE_NOMEM;
  if (*rc != SQLITE_OK) {
    sq_shape_free(shape);
    return NULL;
  }
  return catalog->shapes[number] = shape;
}

void sq_catalog_clear(sq_catalog *catalog) {
  for (uint32_t i = 0; i < catalog->capacity; i++) {
    sq_shape_free(catalog->shapes[i]);
    catalog->shapes[i] = NULL;
  }
}

void sq_catalog_free(sq_catalog *catalog) {
  sq_catalog_clear(catalog);
  free(catalog->shapes);
  (void)sqlite3_finalize(catalog->read_fields);
  (void)sqlite3_finalize(catalog->read_traits);
  *catalog = (sq_catalog){0};
}
