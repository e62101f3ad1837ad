/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three verbs: one statement a batch, which joins the keys (keys_table.h) to the entities. Its
 * rows come in the order of the keys. A row is held back until the next is there, for a second one
 * with the same reference would make the first wrong.
 */
#include "manager.h"

#include "failure.h"
#include "row.h"

#include <sheaf/utf8.h>

typedef struct batch {
  sq_manager *manager;
  const sheaf_request *request;
  sq_connection *connection;
  sq_selection selection;
  sq_keys keys;
  sq_output output;
  int rc; /* SQLite's */
  sheaf_error error;

  bool is_pending; /* `pending` is the answer to keys.list[position] */
  uint32_t position;
  sheaf_result pending;
} batch;

/* -------------------------------------------------------------------------------------- answering */

/* Sends what was held back, to its key and all that are equal. */
static void settle(batch *b) {
  if (!b->is_pending) return;
  b->is_pending = false;
  uint32_t end = sq_keys_run_end(&b->keys, b->position);
  for (uint32_t i = b->position; i < end && !b->output.stopped; i++) {
    b->pending.index = b->keys.list[i].index;
    b->keys.list[i].index |= SQ_ANSWERED;
    sq_output_add(&b->output, &b->pending);
  }
}

static void hold(batch *b, uint32_t position, sheaf_status status, uint32_t flags) {
  b->is_pending = true;
  b->position = position;
  b->pending = (sheaf_result){0, status, NULL, 0, flags, {NULL, 0}};
}

static void hold_message(batch *b, uint32_t position, sheaf_status status, plugin_message message) {
  hold(b, position, status, 0);
  b->pending.message = sheaf_strn(message.data, message.size);
  b->connection->store.text_size += message.size;
}

/* A second row for the key that is held back: no telling which is right. */
static void refuse_second(batch *b) {
  static const char words[] = "more than one row has this reference";
  if (b->request->verb == SHEAF_VERB_EXISTS) return;
  hold(b, b->position, SHEAF_ENTITY_RESOLUTION_ERROR, 0);
  b->pending.message = sheaf_strn(words, sizeof words - 1);
}

static const sheaf_property *presence(bool exists) {
  static const sheaf_property yes = {
      SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, {SHEAF_KIND_BOOL, 0, 0, {.integer = 1}}};
  static const sheaf_property no = {
      SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, {SHEAF_KIND_BOOL, 0, 0, {.integer = 0}}};
  return exists ? &yes : &no;
}

static void hold_record(batch *b, uint32_t position, const sq_record *record) {
  sq_store *store = &b->connection->store;
  sheaf_property *out = store->properties + store->property_count;
  const sheaf_property *properties = out;
  uint32_t count;
  if (b->request->verb == SHEAF_VERB_RESOLVE) {
    count = sq_selection_take(&b->selection, record->shape, record->values, out);
  } else if (record->shape->traits) {
    properties = record->shape->traits;
    count = record->shape->trait_count;
  } else {
    count = sq_selection_traits(record->shape, record->values, out);
  }
  bool in_order = b->selection.slots_only && b->request->verb == SHEAF_VERB_RESOLVE;
  hold(b, position, SHEAF_OK, in_order ? SHEAF_RESULT_IN_SLOT_ORDER : 0);
  b->pending.properties = count ? properties : NULL;
  b->pending.property_count = count;
  if (properties == out) store->property_count += count;
}

/* The row that the statement has reached. */
static void take_row(batch *b, sqlite3_stmt *statement) {
  uint32_t position = (uint32_t)sqlite3_column_int64(statement, 0);
  sq_record record;
  if (b->is_pending && b->position == position) {
    refuse_second(b);
    return;
  }
  settle(b);
  if (b->request->verb == SHEAF_VERB_EXISTS) {
    hold(b, position, SHEAF_OK, SHEAF_RESULT_STATIC);
    b->pending.properties = presence(true);
    b->pending.property_count = 1;
    return;
  }
  b->rc = sq_row_read(b->connection, statement, &b->selection, &b->output, &b->keys.list[position],
                      &record, &b->error);
  if (b->rc != SQLITE_OK) return;
  if (record.status == SHEAF_OK) hold_record(b, position, &record);
  else hold_message(b, position, record.status, record.message);
}

/* ---------------------------------------------------------------------------- what was not found */

static const char *judge(sheaf_str ref, sheaf_str prefix, sheaf_status *status) {
  *status = SHEAF_MALFORMED_ENTITY_REFERENCE;
  if (!sheaf_str_starts_with(ref, prefix)) {
    *status = SHEAF_INVALID_ENTITY_REFERENCE;
    return " is not a reference of this database: they begin with ";
  }
  if (!sheaf_utf8_valid(ref)) return " is not UTF-8";
  if (prefix.size && ref.size == prefix.size) return " names no entity: its name comes behind ";
  *status = SHEAF_ENTITY_RESOLUTION_ERROR;
  return " is not in the database";
}

static bool refuse_missing(batch *b, uint32_t index) {
  sheaf_str ref = b->request->refs[index], prefix = sq_connection_prefix(b->connection);
  sheaf_status status;
  const char *what = judge(ref, prefix, &status);
  if (b->request->verb == SHEAF_VERB_EXISTS && status == SHEAF_ENTITY_RESOLUTION_ERROR) {
    sheaf_result result = {index, SHEAF_OK, presence(false), 1, SHEAF_RESULT_STATIC, {NULL, 0}};
    sq_output_add(&b->output, &result);
    return true;
  }
  if (!sq_output_reserve(&b->output, 0, PLUGIN_MESSAGE_SIZE)) return false;
  sq_store *store = &b->connection->store;
  plugin_message message = {store->text + store->text_size, 0};
  plugin_message_quote(&message, ref);
  plugin_message_put(&message, what);
  if (what[strlen(what) - 1] == ' ') plugin_message_quote(&message, prefix);
  sq_output_error(&b->output, index, status, message);
  return true;
}

/* Answers for all that no row has answered. The keys say which were answered, but they may be in
 * another order, and references that could not be found are not among them. */
static void refuse_rest(batch *b) {
  uint32_t words = b->request->count / 64 + 1;
  uint64_t *found = b->request->call->scratch(b->request->call, words * sizeof *found);
  bool ok = found != NULL;
  if (ok) memset(found, 0, words * sizeof *found);
  for (uint32_t i = 0; ok && i < b->keys.count; i++) {
    uint32_t index = b->keys.list[i].index;
    if (index & SQ_ANSWERED) found[(index & ~SQ_ANSWERED) / 64] |= (uint64_t)1 << (index % 64);
  }
  for (uint32_t i = 0; ok && i < b->request->count && !b->output.stopped; i++)
    if (!(found[i / 64] >> (i % 64) & 1)) ok = refuse_missing(b, i);
  if (!ok) b->rc = SQLITE_NOMEM;
}

/* -------------------------------------------------------------------------------------- the batch */

static bool fill(batch *b, int rc) {
  b->rc = rc;
  return rc == SQLITE_OK;
}

static void run(batch *b, sqlite3_stmt *statement) {
  if (!fill(b, sqlite3_bind_pointer(statement, 1, &b->keys, SQ_KEYS_POINTER, NULL))) return;
  for (bool is_first = true;; is_first = false) {
    b->rc = sqlite3_step(statement);
    if (b->rc != SQLITE_ROW) break;
    if (is_first) sq_connection_refresh(b->connection);
    b->rc = SQLITE_OK;
    take_row(b, statement);
    if (b->rc != SQLITE_OK || b->output.stopped) break;
  }
  if (b->rc == SQLITE_DONE) b->rc = SQLITE_OK;
  /* Words are SQLite's of the moment: before the statement is reset. */
  if (b->rc != SQLITE_OK && !b->error.status)
    (void)sq_failure(&b->error, b->manager->database.settings.path, b->connection->db, b->rc);
  settle(b);
  (void)sqlite3_reset(statement);
  (void)sqlite3_clear_bindings(statement);
  if (b->rc == SQLITE_OK && !b->output.stopped) refuse_rest(b);
  sq_output_send(&b->output);
}

static sheaf_status fail(batch *b, sheaf_sink *sink) {
  sheaf_status ended = b->request->call->poll(b->request->call);
  if (ended != SHEAF_OK) return ended;
  if (!b->error.status)
    (void)sq_failure(&b->error, b->manager->database.settings.path, NULL, b->rc);
  sheaf_status status = sq_failure_in_batch(b->error.status);
  return sheaf_emit_failure(sink, status, sheaf_cstr(b->error.message),
                            status == SHEAF_UNAVAILABLE ? SHEAF_RESULT_RETRYABLE : 0);
}

static sheaf_status answer(batch *b, sheaf_sink *sink) {
  bool presence_only = b->request->verb == SHEAF_VERB_EXISTS;
  sheaf_str prefix = b->manager->database.settings.prefix; /* of one of Sheaf's own: none */
  sq_connection *connection = b->connection;
  sq_output_init(&b->output, sink, &connection->store);
  sqlite3_stmt *statement = sq_connection_statement(
      connection, presence_only ? SQ_ASK_PRESENCE : SQ_ASK_RECORDS, &b->error);
  if (!statement) return fail(b, sink);
  if (!sq_selection_init(&b->selection, b->request) ||
      !sq_keys_take(&b->keys, b->request, prefix, connection->longest))
    b->rc = SQLITE_NOMEM;
  else run(b, statement);
  return b->rc == SQLITE_OK ? SHEAF_OK : fail(b, sink);
}

/* Why none of it can be answered; NULL: all can be asked. */
static const char *refusal(const sheaf_request *request, sheaf_status *status) {
  *status = SHEAF_UNSUPPORTED;
  if (request->access >= SHEAF_ACCESS_COUNT) return "a mode of access that is not known here";
  *status = SHEAF_ENTITY_ACCESS_ERROR;
  /* Whether an entity exists is a question of reading it. */
  if (request->access == SHEAF_ACCESS_READ || request->verb == SHEAF_VERB_EXISTS) return NULL;
  return "the database holds entities as they are for reading, and no others";
}

sheaf_status sq_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  batch b; /* not zeroed: it is large */
  sheaf_status status;
  const char *why = refusal(request, &status);
  if (request->count == 0) return SHEAF_OK;
  if (why) {
    (void)sheaf_emit_failure(sink, status, sheaf_cstr(why), 0);
    return SHEAF_OK; /* the batch is in order; its elements are not */
  }
  b.manager = self;
  b.request = request;
  b.rc = SQLITE_OK;
  b.error.status = SHEAF_OK;
  b.is_pending = false;
  b.connection = sq_pool_take(&b.manager->pool, request->call, &b.error);
  if (!b.connection) return fail(&b, sink);
  status = answer(&b, sink);
  sq_pool_give(&b.manager->pool, b.connection, b.rc == SQLITE_OK || b.rc == SQLITE_INTERRUPT);
  return status;
}
