/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From results to columns. As long as results come in the order of their indices, values go from
 * the manager's memory straight into the columns; from the first that does not, results are kept,
 * and put into the columns in order once all are there.
 */
#include "core/columns.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/columns_check.h"
#include "core/copy.h"
#include "core/manager.h"
#include "core/perform.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Where each slot's value was last found among a result's properties: mostly it is there again. */
typedef struct finding {
  uint32_t at;
  const sheaf_value *value;
} finding;

typedef struct collector {
  sheaf_columns *columns;
  const sheaf_slot *slots;
  finding *findings;
  uint32_t next;      /* the row that is to come */
  sheaf_result *held; /* by index, once one came out of order */
  sheaf_arena arena;  /* of those */
  bool out_of_memory;
} collector;

/* --------------------------------------------------------------------------------------- one row */

static bool append_error(collector *c, sheaf_status status, sheaf_str message) {
  sheaf_columns *columns = c->columns;
  if (message.size > SHEAF_MAX_VALUE_BYTES) message = sheaf_cstr(sheaf_status_message(status));
  sheaf_value text = sheaf_string(message);
  columns->statuses[c->next] = status;
  columns->failed++;
  return sheaf_column_put(&columns->messages, c->next++, &text);
}

static const sheaf_value none = {.kind = SHEAF_KIND_NONE};

static const sheaf_value *search(const sheaf_result *r, sheaf_slot slot, finding *f) {
  if (f->at < r->property_count) {
    const sheaf_property *p = &r->properties[f->at];
    if (LIKELY(p->trait == slot.trait && p->key == slot.key && p->value.kind)) return &p->value;
  }
  const sheaf_value *found = sheaf_result_find(r, slot.trait, slot.key);
  if (!found) return &none;
  f->at = (uint32_t)((const sheaf_property *)(const void *)((const char *)found -
                                                            offsetof(sheaf_property, value)) -
                     r->properties);
  return found;
}

/* Points each finding at its slot's value. Whether one of them is suspect. */
static bool find_values(const collector *c, const sheaf_result *r) {
  bool in_order = r->flags & SHEAF_RESULT_IN_SLOT_ORDER;
  uint64_t suspect = 0;
  for (uint32_t i = 0; i < c->columns->slot_count; i++) {
    finding *f = &c->findings[i];
    f->value = in_order ? &r->properties[i].value : search(r, c->slots[i], f);
    suspect |= sheaf_value_suspect(f->value);
  }
  return suspect != 0;
}

static const char *fault_of_row(const collector *c, sheaf_status *status) {
  const char *fault = NULL;
  for (uint32_t i = 0; i < c->columns->slot_count && !fault; i++)
    fault = sheaf_value_fault(c->findings[i].value, status);
  return fault;
}

/* A row whose values are to be looked for, or looked at closely. */
static bool append_found(collector *c, const sheaf_result *r) {
  sheaf_status status;
  const char *fault = find_values(c, r) ? fault_of_row(c, &status) : NULL;
  if (fault) return append_error(c, status, sheaf_cstr(fault));
  sheaf_column_node *column = c->columns->slots;
  uint32_t row = c->next++;
  for (uint32_t i = 0; i < c->columns->slot_count; i++)
    if (!sheaf_column_append(&column[i], row, c->findings[i].value)) return false;
  return true;
}

static bool append_row(collector *c, const sheaf_result *r) {
  if (UNLIKELY(!SHEAF_IS_OK(r->status))) return append_error(c, r->status, r->message);
  if (!(r->flags & SHEAF_RESULT_IN_SLOT_ORDER)) return append_found(c, r);
  const sheaf_property *p = r->properties, *end = p + c->columns->slot_count;
  uint64_t suspect = 0;
  for (; p < end; p++) suspect |= sheaf_value_suspect(&p->value);
  if (UNLIKELY(suspect)) return append_found(c, r);
  sheaf_column_node *column = c->columns->slots;
  uint32_t row = c->next++;
  for (p = r->properties; p < end; p++, column++)
    if (UNLIKELY(!sheaf_column_append(column, row, &p->value))) return false;
  return true;
}

/* --------------------------------------------------------------------------------- the callbacks */

static bool hold(collector *c, const sheaf_result *r) {
  if (!c->held) c->held = malloc((size_t)c->columns->rows * sizeof *c->held);
  if (!c->held) return false;
  sheaf_copy_result(&c->arena, &c->held[r->index], r);
  return true;
}

static uint32_t take(void *ctx, uint32_t index, const sheaf_result *r) {
  collector *c = ctx;
  bool in_order = index == c->next && !c->held;
  if (LIKELY(in_order ? append_row(c, r) : hold(c, r))) return SHEAF_CONTINUE;
  c->out_of_memory = true;
  return SHEAF_STOP;
}

static bool append_held(collector *c) {
  while (c->held && c->next < c->columns->rows)
    if (!append_row(c, &c->held[c->next])) return false;
  return true;
}

static bool finish(collector *c) {
  sheaf_columns *columns = c->columns;
  if (c->out_of_memory || !append_held(c)) return false;
  for (uint32_t i = 0; i < columns->slot_count; i++)
    if (!sheaf_column_finish(&columns->slots[i], columns->rows)) return false;
  return sheaf_column_finish(&columns->messages, columns->rows);
}

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
  collector c = {.columns = columns, .slots = q->request.slots};
  c.findings = calloc(columns->slot_count, sizeof *c.findings);
  if (!c.findings) return false;
  q->callbacks = (sheaf_callbacks){sizeof q->callbacks, 0, &c, take, take};
  (void)sheaf_manager_hold(manager); /* what is held may point to what it called static */
  columns->status = sheaf_question_ask(manager, q, true, NULL, error);
  bool filled = finish(&c);
  sheaf_manager_release(manager);
  sheaf_arena_free(&c.arena);
  free(c.held);
  free(c.findings);
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

sheaf_status sheaf_columns_batch_status(const sheaf_columns *columns) { return columns->status; }
uint32_t sheaf_columns_rows(const sheaf_columns *columns) { return columns->rows; }
uint32_t sheaf_columns_failed(const sheaf_columns *columns) { return columns->failed; }
uint32_t sheaf_columns_count(const sheaf_columns *columns) { return columns->slot_count; }

const sheaf_column *sheaf_columns_at(const sheaf_columns *columns, uint32_t slot) {
  return columns && slot < columns->slot_count ? &columns->slots[slot].view : NULL;
}

const uint32_t *sheaf_columns_statuses(const sheaf_columns *columns) { return columns->statuses; }

const sheaf_column *sheaf_columns_messages(const sheaf_columns *columns) {
  return &columns->messages.view;
}
