/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

#include "json.h"

#include <sheaf/utf8.h>

/* The columns of SQ_ASK_RECORDS. */
enum { SHAPE = 1, RECORD = 2, FIRST_MAPPED = 1 };

/* What reading takes. */
typedef struct reader {
  sq_connection *connection;
  sqlite3_stmt *statement;
  sq_store *store;
  const sq_key *key;
  sq_record *record;
} reader;

/* Begins the message of a row that makes no sense. */
static plugin_message *begin_message(reader *r, sheaf_status status) {
  r->record->status = status;
  r->record->message = (plugin_message){r->store->text + r->store->text_size, 0};
  return &r->record->message;
}

static void refuse(reader *r, const char *what) {
  plugin_message *message = begin_message(r, SHEAF_MANAGER_FAILURE);
  plugin_message_put(message, "the row of ");
  plugin_message_quote(message, sheaf_strn(r->key->data, r->key->size));
  plugin_message_put(message, what);
}

static int make_room(reader *r, const sq_selection *selection, sq_output *output,
                     const sq_shape *shape, size_t text) {
  size_t most = shape ? sq_selection_most(selection, shape) : 0;
  if (!sq_output_reserve(output, most, text + PLUGIN_MESSAGE_SIZE) ||
      (shape && !sq_connection_reserve_values(r->connection, shape->item_count)))
    return SQLITE_NOMEM;
  r->record->shape = shape;
  r->record->values = r->connection->values;
  return SQLITE_OK;
}

/* ------------------------------------------------------------------------ a record of Sheaf's own */

/* Copied, because strings are decoded in place and SQLite's memory goes with the next row. */
static void read_own(reader *r, size_t size) {
  const void *data = sqlite3_column_text(r->statement, RECORD);
  char *text = r->store->text + r->store->text_size;
  memcpy(text, data, size);
  text[size] = '\0';
  if (!sheaf_utf8_valid(sheaf_strn(text, size))) refuse(r, " is damaged: its record is not UTF-8");
  else if (!sq_json_read(text, size, r->connection->database->c, r->connection->values,
                         r->record->shape->item_count))
    refuse(r, " is damaged: its record is not the JSON array that its shape describes");
  else r->store->text_size += size + 1;
}

static int open_own(reader *r, const sq_selection *selection, sq_output *output,
                    sheaf_error *error) {
  sq_connection *c = r->connection;
  int rc = SQLITE_NOTFOUND;
  const sq_shape *shape = NULL;
  size_t size = 0;
  bool is_fine = sqlite3_column_type(r->statement, SHAPE) == SQLITE_INTEGER &&
                 sqlite3_column_type(r->statement, RECORD) == SQLITE_TEXT;
  if (is_fine)
    shape = sq_catalog_shape(&c->catalog, c->db, c->database->host,
                             sqlite3_column_int64(r->statement, SHAPE), &rc, error);
  if (!shape && (rc != SQLITE_NOTFOUND || error->status)) return rc;
  if (shape) {
    if (!sqlite3_column_text(r->statement, RECORD)) return SQLITE_NOMEM;
    size = (size_t)sqlite3_column_bytes(r->statement, RECORD);
  }
  rc = make_room(r, selection, output, shape, size + 1);
  if (rc != SQLITE_OK) return rc;
  if (shape) read_own(r, size);
  else
    refuse(r, is_fine ? " is damaged: it has a shape that is not there or makes no sense"
                      : " is damaged: its columns have other types than they should");
  return SQLITE_OK;
}

/* -------------------------------------------------------------------------------- a mapped row */

static const char *type_name(int type) {
  static const char *const names[] = {[SQLITE_INTEGER] = "INTEGER",
                                      [SQLITE_FLOAT] = "REAL",
                                      [SQLITE_TEXT] = "TEXT",
                                      [SQLITE_BLOB] = "BLOB"};
  return names[type];
}

static const char *kind_name(uint32_t kind) {
  return kind == SHEAF_KIND_BOOL     ? "bool (0 or 1)"
         : kind == SHEAF_KIND_INT64  ? "int64"
         : kind == SHEAF_KIND_DOUBLE ? "double"
         : kind == SHEAF_KIND_STRING ? "string"
                                     : "bytes";
}

static void refuse_column(reader *r, uint32_t item, const char *has) {
  const sq_column *column = &r->connection->database->settings.mapping.columns[item];
  plugin_message *message = begin_message(r, SHEAF_ENTITY_RESOLUTION_ERROR);
  plugin_message_put(message, "column ");
  plugin_message_quote(message, sheaf_cstr(column->column));
  plugin_message_put(message, " of ");
  plugin_message_quote(message, sheaf_strn(r->key->data, r->key->size));
  plugin_message_put(message, " holds ");
  plugin_message_put(message, has);
  if (column->kind == SHEAF_KIND_NONE) return;
  plugin_message_put(message, ", and is to be ");
  plugin_message_put(message, kind_name(column->kind));
}

/* The value of a number that is to be of a kind; of kind none if it cannot be. */
static sheaf_value number_as(sqlite3_stmt *statement, int column, int type, uint32_t kind) {
  if (type == SQLITE_FLOAT)
    return kind == SHEAF_KIND_NONE || kind == SHEAF_KIND_DOUBLE
               ? sheaf_double(sqlite3_column_double(statement, column))
               : sheaf_none();
  int64_t number = sqlite3_column_int64(statement, column);
  if (kind == SHEAF_KIND_BOOL && (number == 0 || number == 1)) return sheaf_bool(number == 1);
  if (kind == SHEAF_KIND_DOUBLE) return sheaf_double((double)number);
  return kind == SHEAF_KIND_NONE || kind == SHEAF_KIND_INT64 ? sheaf_int64(number) : sheaf_none();
}

/* The bytes of a text or blob, copied. */
static sheaf_str copy_bytes(reader *r, int column) {
  const void *data = sqlite3_column_blob(r->statement, column);
  sheaf_str copy = {r->store->text + r->store->text_size,
                    (size_t)sqlite3_column_bytes(r->statement, column)};
  if (copy.size) memcpy(r->store->text + r->store->text_size, data, copy.size);
  r->store->text_size += copy.size;
  return copy;
}

static bool read_item(reader *r, uint32_t item) {
  int column = FIRST_MAPPED + (int)item;
  int type = sqlite3_column_type(r->statement, column);
  uint32_t kind = r->connection->database->settings.mapping.columns[item].kind;
  sheaf_value *value = &r->connection->values[item];
  *value = sheaf_none();
  if (type == SQLITE_NULL) return true;
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
    *value = number_as(r->statement, column, type, kind);
  } else if (type == SQLITE_TEXT && (!kind || kind == SHEAF_KIND_STRING)) {
    *value = sheaf_string(copy_bytes(r, column));
    if (!sheaf_utf8_valid(sheaf_value_str(value))) {
      refuse_column(r, item, "TEXT that is not UTF-8");
      return false;
    }
  } else if (type == SQLITE_BLOB && (!kind || kind == SHEAF_KIND_BYTES)) {
    sheaf_str bytes = copy_bytes(r, column);
    *value = sheaf_bytes(bytes.data, bytes.size);
  }
  if (value->kind != SHEAF_KIND_NONE) return true;
  refuse_column(r, item, type_name(type));
  return false;
}

/* How many bytes the texts and blobs of a row take; *rc: SQLITE_NOMEM if they could not be had. */
static size_t text_size(sqlite3_stmt *statement, uint32_t count, int *rc) {
  size_t size = 0;
  for (int i = FIRST_MAPPED; i < FIRST_MAPPED + (int)count; i++) {
    int type = sqlite3_column_type(statement, i);
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) continue;
    /* Of a database in UTF-16 this is where the text is converted. */
    if (type == SQLITE_TEXT && !sqlite3_column_text(statement, i)) *rc = SQLITE_NOMEM;
    size += (size_t)sqlite3_column_bytes(statement, i);
  }
  return size;
}

static int open_mapped(reader *r, const sq_selection *selection, sq_output *output) {
  const sq_shape *shape = r->connection->database->mapped_shape;
  int rc = SQLITE_OK;
  size_t size = text_size(r->statement, shape->item_count, &rc);
  if (rc == SQLITE_OK) rc = make_room(r, selection, output, shape, size);
  if (rc != SQLITE_OK) return rc;
  for (uint32_t i = 0; i < shape->item_count; i++)
    if (!read_item(r, i)) break;
  return SQLITE_OK;
}

int sq_row_read(sq_connection *connection, sqlite3_stmt *statement, const sq_selection *selection,
                sq_output *output, const sq_key *key, sq_record *record, sheaf_error *error) {
  reader r = {connection, statement, &connection->store, key, record};
  *record = (sq_record){.status = SHEAF_OK};
  if (connection->database->mapped_shape) return open_mapped(&r, selection, output);
  return open_own(&r, selection, output, error);
}
