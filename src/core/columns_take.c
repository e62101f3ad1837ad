/* SPDX-License-Identifier: Apache-2.0 */
#include "core/columns_take.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/columns_check.h"
#include "core/copy.h"
#include "core/flight.h"
#include "core/slots.h"

/* --------------------------------------------------------------------------------------- one row */

static bool append_error(sheaf_collector *c, sheaf_status status, sheaf_str message) {
  sheaf_columns *columns = c->columns;
  if (message.size > SHEAF_MAX_VALUE_BYTES) message = sheaf_cstr(sheaf_status_message(status));
  sheaf_value text = sheaf_string(message);
  columns->statuses[c->next] = status;
  columns->failed++;
  return sheaf_column_put(&columns->messages, c->next++, &text);
}

static const sheaf_value none = {.kind = SHEAF_KIND_NONE};

/* The value was not where it was looked for, but at `at`. */
static void look_there(sheaf_collector *c, sheaf_finding *f, uint32_t at) {
  f->run.at = at;
  c->most_at = 0;
  c->in_place = true;
  for (uint32_t i = 0; i < c->columns->slot_count; i++) {
    at = c->findings[i].run.at;
    if (at != i) c->in_place = false;
    if (at > c->most_at) c->most_at = at;
  }
}

/* Mostly it is where it was the last time. */
static const sheaf_value *search(sheaf_collector *c, sheaf_finding *f, const sheaf_result *r) {
  const sheaf_slot slot = f->run.slot;
  if (f->run.at < r->property_count) {
    const sheaf_property *p = &r->properties[f->run.at];
    if (p->trait == slot.trait && p->key == slot.key && p->value.kind) return &p->value;
  }
  const sheaf_value *found = sheaf_result_find(r, slot.trait, slot.key);
  if (!found) return &none;
  const char *property = (const char *)found - offsetof(sheaf_property, value);
  look_there(c, f, (uint32_t)((const sheaf_property *)(const void *)property - r->properties));
  return found;
}

/* Points each finding at its slot's value. Whether one of them is suspect. */
static bool find_values(sheaf_collector *c, const sheaf_result *r) {
  bool in_order = r->flags & SHEAF_RESULT_IN_SLOT_ORDER;
  uint64_t suspect = 0;
  for (uint32_t i = 0; i < c->columns->slot_count; i++) {
    sheaf_finding *f = &c->findings[i];
    f->value = in_order ? &r->properties[i].value : search(c, f, r);
    suspect |= sheaf_value_suspect(f->value);
  }
  return suspect != 0;
}

/* What is wrong with a record; NULL: nothing, and its values have been found. */
static const char *fault_of_row(sheaf_collector *c, const sheaf_result *r, sheaf_status *status) {
  const char *fault = NULL;
  *status = SHEAF_MANAGER_FAILURE;
  if ((r->flags & SHEAF_RESULT_IN_SLOT_ORDER) &&
      !sheaf_answers_slots(r, c->slots, c->columns->slot_count))
    return SHEAF_NOT_IN_SLOT_ORDER;
  if (!find_values(c, r)) return NULL;
  for (uint32_t i = 0; i < c->columns->slot_count && !fault; i++)
    fault = sheaf_value_fault(c->findings[i].value, status);
  return fault;
}

static bool append_row(sheaf_collector *c, const sheaf_result *r) {
  sheaf_status status;
  if (!SHEAF_IS_OK(r->status)) return append_error(c, r->status, r->message);
  const char *fault = fault_of_row(c, r, &status);
  if (fault) return append_error(c, status, sheaf_cstr(fault));
  sheaf_column_node *column = c->columns->slots;
  uint32_t row = c->next++;
  for (uint32_t i = 0; i < c->columns->slot_count; i++)
    if (!sheaf_column_append(&column[i], row, c->findings[i].value)) return false;
  return true;
}

/* --------------------------------------------------------------------------------- rows together */

/* Whether each slot's property may be where it was found the last time. Of what is said to be in slot
 * order, reading sees whether it is, if that is where it looks. */
static inline bool is_alike(const sheaf_collector *c, const sheaf_result *r) {
  if (!SHEAF_IS_OK(r->status)) return false;
  if (r->flags & SHEAF_RESULT_IN_SLOT_ORDER)
    return c->in_place && r->property_count == c->columns->slot_count;
  return r->property_count > c->most_at;
}

/* How many of the results, from the first on, can be read together. All of a flight's group are of
 * successive rows. */
static uint32_t run_length(const sheaf_collector *c, const sheaf_result *results, uint32_t count) {
  uint32_t n = 0;
  if (results->index != c->next) return 0;
  if (count > SHEAF_LONGEST_RUN) count = SHEAF_LONGEST_RUN;
  while (n < count && is_alike(c, &results[n])) n++;
  return n;
}

/* Whether all slots' values are where they were the last time, and sound. */
static bool read_runs(sheaf_collector *c, const sheaf_result *results, uint32_t count) {
  for (uint32_t i = 0; i < c->columns->slot_count; i++) {
    sheaf_column_run *run = &c->findings[i].run;
    run->results = results;
    run->count = count;
    run->row = c->next;
    if (!sheaf_run_read(run, &c->columns->slots[i])) return false;
  }
  return true;
}

static bool append_rows(sheaf_collector *c, const sheaf_result *results, uint32_t count) {
  if (!read_runs(c, results, count)) {
    for (uint32_t k = 0; k < count; k++)
      if (!append_row(c, &results[k])) return false;
    return true;
  }
  c->next += count;
  for (uint32_t i = 0; i < c->columns->slot_count; i++)
    if (!sheaf_run_append(&c->findings[i].run, &c->columns->slots[i])) return false;
  return true;
}

/* -------------------------------------------------------------------------------------- the sink */

static bool hold(sheaf_collector *c, const sheaf_result *r) {
  if (!c->held) c->held = malloc((size_t)c->columns->rows * sizeof *c->held);
  if (!c->held) return false;
  sheaf_copy_result(&c->arena, &c->held[r->index], r);
  return true;
}

static bool take(sheaf_collector *c, const sheaf_result *r) {
  return r->index == c->next ? append_row(c, r) : hold(c, r);
}

static uint32_t take_all(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  sheaf_collector *c = (sheaf_collector *)sink;
  while (count > 0) {
    uint32_t n = run_length(c, results, count);
    if (!(n > 0 ? append_rows(c, results, n) : take(c, results))) {
      c->out_of_memory = true;
      return SHEAF_STOP;
    }
    if (n == 0) n = 1;
    results += n;
    count -= n;
  }
  return SHEAF_CONTINUE;
}

/* ---------------------------------------------------------------------------- beginning and end */

bool sheaf_collector_init(sheaf_collector *c, sheaf_columns *columns, const sheaf_slot *slots) {
  uint32_t count = columns->slot_count;
  *c = (sheaf_collector){.columns = columns, .slots = slots, .in_place = true};
  c->sink = (sheaf_sink){sizeof c->sink, SHEAF_SINK_CHECKS_SLOTS, take_all};
  c->findings = calloc(count, sizeof *c->findings);
  if (!c->findings) return false;
  /* As it is in slot order, and likely otherwise. */
  for (uint32_t i = 0; i < count; i++) c->findings[i].run.at = c->most_at = i;
  for (uint32_t i = 0; i < count; i++) c->findings[i].run.slot = slots[i];
  return true;
}

void sheaf_collector_clear(sheaf_collector *c) {
  sheaf_arena_free(&c->arena);
  free(c->held);
  free(c->findings);
}

/* What has not been appended yet has been held. */
static bool append_held(sheaf_collector *c) {
  while (c->held && c->next < c->columns->rows)
    if (!append_row(c, &c->held[c->next])) return false;
  return true;
}

bool sheaf_collector_finish(sheaf_collector *c) {
  sheaf_columns *columns = c->columns;
  if (c->out_of_memory || !append_held(c)) return false;
  for (uint32_t i = 0; i < columns->slot_count; i++)
    if (!sheaf_column_finish(&columns->slots[i], columns->rows)) return false;
  return sheaf_column_finish(&columns->messages, columns->rows);
}
