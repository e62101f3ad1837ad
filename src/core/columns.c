/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for columns; what they are filled by is columns_take.c. */
#include "core/columns.h"

#include <stdlib.h>

#include "core/columns_take.h"
#include "core/manager.h"
#include "core/perform.h"

/* --------------------------------------------------------------------------- making and freeing */

/* `trait/key` of all slots: an array of pointers, and behind it what they point to. */
static char **make_names(const sheaf_library *library, const sheaf_slot *slots, uint32_t count) {
  size_t size = count * sizeof(char *);
  for (uint32_t i = 0; i < count; i++)
    size += sheaf_name(library, slots[i].trait).size + sheaf_name(library, slots[i].key).size + 2;
  char **names = malloc(size);
  if (!names) return NULL;
  char *out = (char *)(names + count);
  for (uint32_t i = 0; i < count; i++) {
    sheaf_str trait = sheaf_name(library, slots[i].trait), key = sheaf_name(library, slots[i].key);
    names[i] = out;
    if (trait.size) memcpy(out, trait.data, trait.size);
    out[trait.size] = '/';
    if (key.size) memcpy(out + trait.size + 1, key.data, key.size);
    out += trait.size + key.size + 2;
    out[-1] = '\0';
  }
  return names;
}

static sheaf_columns *make(sheaf_manager *manager, const sheaf_request *request) {
  uint32_t count = request->slot_count;
  sheaf_columns *columns = malloc(sizeof *columns + (size_t)count * sizeof columns->slots[0]);
  if (!columns) return NULL;
  memset(columns, 0, sizeof *columns);
  atomic_init(&columns->owners, 1);
  columns->rows = request->count;
  columns->slot_count = count;
  sheaf_column_node_init(&columns->messages, 0);
  sheaf_column_set_kind(&columns->messages, SHEAF_KIND_STRING);
  for (uint32_t i = 0; i < count; i++) {
    sheaf_column_node_init(&columns->slots[i], request->count);
    columns->slots[i].view.trait = request->slots[i].trait;
    columns->slots[i].view.key = request->slots[i].key;
  }
  columns->names = make_names(sheaf_manager_library(manager), request->slots, count);
  columns->statuses = sheaf_column_alloc((uint64_t)request->count * sizeof *columns->statuses);
  if (columns->names && columns->statuses) {
    memset(columns->statuses, 0, request->count * sizeof *columns->statuses);
    return columns;
  }
  sheaf_columns_drop(columns);
  return NULL;
}

void sheaf_columns_drop(sheaf_columns *columns) {
  if (atomic_fetch_sub(&columns->owners, 1) > 1) return;
  for (uint32_t i = 0; i < columns->slot_count; i++) sheaf_column_node_clear(&columns->slots[i]);
  sheaf_column_node_clear(&columns->messages);
  free(columns->statuses);
  free(columns->names);
  free(columns);
}

void sheaf_columns_free(sheaf_columns *columns) {
  if (columns) sheaf_columns_drop(columns);
}

/* Asks, and fills the columns. False if out of memory. */
static bool fill(sheaf_manager *manager, sheaf_question *q, sheaf_columns *columns,
                 sheaf_error *error) {
  sheaf_collector collector;
  bool filled = sheaf_collector_init(&collector, columns, q->request.slots);
  if (filled) {
    q->callbacks = (sheaf_callbacks)SHEAF_CALLBACKS_INIT;
    q->onward = &collector.sink;
    (void)sheaf_manager_hold(manager); /* what is held may point to what it called static */
    columns->status = sheaf_question_ask(manager, q, true, error);
    filled = sheaf_collector_finish(&collector);
    sheaf_manager_release(manager);
  }
  sheaf_collector_clear(&collector);
  return filled;
}

static sheaf_status check(const sheaf_request *r, sheaf_error *error) {
  if (r->slot_count && !r->trait_count && !(r->flags & SHEAF_REQUEST_ALL_TRAITS)) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "columns are of slots and of nothing else: set slots and slot_count, and "
                         "clear the request's flags and trait_count");
}

sheaf_columns *sheaf_perform_columns(sheaf_manager *manager, sheaf_id verb,
                                     const sheaf_request *request, sheaf_error *error) {
  sheaf_question q;
  if (!manager) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the manager is NULL");
    return NULL;
  }
  if (sheaf_question_read(&q, verb, request, error) || check(&q.request, error)) return NULL;
  sheaf_columns *columns = make(manager, &q.request);
  if (columns && fill(manager, &q, columns, error)) return columns;
  sheaf_columns_free(columns);
  sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for %u columns of %u rows",
                  q.request.slot_count, q.request.count);
  return NULL;
}

/* ----------------------------------------------------------------------------------- what is there */

sheaf_status sheaf_columns_batch_status(const sheaf_columns *columns) {
  return columns ? columns->status : SHEAF_INVALID_ARGUMENT;
}

uint32_t sheaf_columns_rows(const sheaf_columns *columns) { return columns ? columns->rows : 0; }
uint32_t sheaf_columns_failed(const sheaf_columns *columns) {
  return columns ? columns->failed : 0;
}

uint32_t sheaf_columns_count(const sheaf_columns *columns) {
  return columns ? columns->slot_count : 0;
}

const sheaf_column *sheaf_columns_at(const sheaf_columns *columns, uint32_t slot) {
  return columns && slot < columns->slot_count ? &columns->slots[slot].view : NULL;
}

const uint32_t *sheaf_columns_statuses(const sheaf_columns *columns) {
  return columns ? columns->statuses : NULL;
}

const sheaf_column *sheaf_columns_messages(const sheaf_columns *columns) {
  return columns ? &columns->messages.view : NULL;
}
