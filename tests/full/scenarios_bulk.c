/* SPDX-License-Identifier: Apache-2.0 */
/* Results in bulk: columns, and what they are exported as; iterators. */
#include <stdio.h>

#include "scenarios.h"
#include "scenarios_manager.h"

enum { ROWS = 300, CHUNK = 70 };

static const sheaf_slot slots[] = {{SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE},
                                   {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS}};

/* What scenarios_manager.c answers. */
static sheaf_str text_of(uint64_t row, char *out) {
  return sheaf_strn(out, (size_t)sprintf(out, "the answer for %u", (unsigned)row));
}

static sheaf_request request_for(const sheaf_str *refs, uint32_t count) {
  sheaf_request request = sheaf_request_for(refs, count);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = 2;
  return request;
}

/* --------------------------------------------------------------------------------------- columns */

/* A row that failed has its status and its words, and no values; the others have theirs. */
static void judge_row(const sheaf_columns *columns, uint32_t row) {
  char wanted[40];
  sheaf_status status = sheaf_columns_statuses(columns)[row];
  sheaf_cell text = sheaf_column_cell(sheaf_columns_at(columns, 0), row);
  sheaf_cell list = sheaf_column_cell(sheaf_columns_at(columns, 1), row);
  sheaf_cell message = sheaf_column_cell(sheaf_columns_messages(columns), row);
  if (status) {
    scenario_index_failed("a row", status);
    scenario_must(!text.column && !list.column && message.column, "a row that failed says why");
    return;
  }
  scenario_must(text.column && list.column && !message.column, "a row is whole");
  scenario_must(sheaf_str_equal(sheaf_cell_str(text), text_of(row, wanted)), "a text is as sent");
  scenario_must(sheaf_cell_size(list) == 2, "a list is as long as was sent");
  sheaf_cell number = sheaf_cell_item(list, 0);
  scenario_must(sheaf_cell_kind(number) == SHEAF_KIND_INT64 && sheaf_cell_int64(number) == row,
                "a list holds what was sent");
}

static void judge_columns(const sheaf_columns *columns) {
  uint32_t failed = 0;
  for (uint32_t row = 0; row < ROWS; row++) {
    judge_row(columns, row);
    failed += sheaf_columns_statuses(columns)[row] != SHEAF_OK;
  }
  scenario_must(sheaf_columns_rows(columns) == ROWS && sheaf_columns_failed(columns) == failed,
                "the columns count rightly");
}

/* The columns are freed first: what is exported stands on its own. */
static void hand_over(sheaf_columns *columns) {
  sheaf_error error = {0};
  struct ArrowSchema schema;
  struct ArrowArray array;
  sheaf_status status = sheaf_columns_export(columns, &schema, &array, &error);
  sheaf_columns_free(columns);
  if (status) {
    scenario_failed("sheaf_columns_export", status, &error);
    return;
  }
  scenario_must(schema.n_children == 4 && array.n_children == 4 && array.length == ROWS,
                "the array is as the columns were");
  schema.release(&schema);
  array.release(&array);
}

static void ask_for_columns(sheaf_manager *manager) {
  static const sheaf_str refs[ROWS];
  sheaf_error error = {0};
  sheaf_request request = request_for(refs, ROWS);
  sheaf_columns *columns = sheaf_resolve_columns(manager, &request, &error);
  if (!columns) {
    scenario_failed("sheaf_resolve_columns", error.status, &error);
    return;
  }
  sheaf_status status = sheaf_columns_batch_status(columns);
  if (status) scenario_failed("its batch", status, &error);
  judge_columns(columns);
  hand_over(columns);
}

static void ask_three_times(sheaf_manager *manager) {
  for (int i = 0; i < 3; i++) ask_for_columns(manager);
}

void scenario_columns(void) { scenario_with_local(ANSWERS_IN_ORDER, ask_three_times); }
void scenario_columns_backwards(void) { scenario_with_local(ANSWERS_BACKWARDS, ask_three_times); }

/* ------------------------------------------------------------------------------------- iterators */

/* References without end, but for `left`. */
typedef struct letters {
  uint32_t left;
  char text[2];
} letters;

static sheaf_status next_letter(void *ctx, sheaf_str *ref) {
  letters *l = ctx;
  if (l->left == 0) return SHEAF_STOPPED;
  l->text[0] = (char)('a' + l->left-- % 26);
  *ref = sheaf_strn(l->text, 1);
  return SHEAF_OK;
}

static uint32_t iterator_flags;

/* What came of one call: another result, a whole sub-batch that failed, or the end. */
static bool hear(sheaf_iterator *it, const sheaf_result *result, bool *times) {
  char wanted[40];
  uint64_t index = sheaf_iterator_index(it);
  scenario_must(index < ROWS && !times[index], "an index has one result");
  times[index] = true;
  if (!SHEAF_IS_OK(result->status)) {
    scenario_index_failed("an iterator's result", result->status);
    return true;
  }
  const sheaf_value *text = sheaf_result_find(result, slots[0].trait, slots[0].key);
  scenario_must(text && sheaf_str_equal(sheaf_value_str(text), text_of(index % CHUNK, wanted)),
                "a result is that of its index");
  return true;
}

static void iterate(sheaf_iterator *it) {
  bool times[ROWS] = {false};
  uint32_t heard = 0, failures = 0;
  sheaf_error error = {0};
  const sheaf_result *result;
  sheaf_status status;
  while ((status = sheaf_iterator_next(it, &result, &error)) || result) {
    if (result) heard += hear(it, result, times);
    else scenario_failed("sheaf_iterator_next", status, &error);
    /* A source that failed says so for ever; a sub-batch that failed does so once. */
    if (status && ++failures > ROWS / CHUNK + 1) return;
  }
  scenario_must(heard == ROWS, "every reference has a result");
}

static void ask_by_iterator(sheaf_manager *manager) {
  sheaf_error error = {0};
  letters source = {ROWS, ""};
  sheaf_request request = request_for(NULL, 0);
  sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
  options.flags = iterator_flags;
  options.chunk_size = CHUNK;
  options.source = next_letter;
  options.source_ctx = &source;
  sheaf_iterator *it = sheaf_resolve_iterator(manager, &request, &options, &error);
  if (!it) {
    scenario_failed("sheaf_resolve_iterator", error.status, &error);
    return;
  }
  iterate(it);
  sheaf_iterator_free(it);
}

static void run_iterator(uint32_t flags) {
  iterator_flags = flags;
  scenario_with_local(ANSWERS_BACKWARDS, ask_by_iterator);
}

void scenario_iterator(void) { run_iterator(0); }
void scenario_iterator_arriving(void) { run_iterator(SHEAF_ITERATOR_AS_THEY_ARRIVE); }
void scenario_iterator_ahead(void) { run_iterator(SHEAF_ITERATOR_PREFETCH); }
void scenario_iterator_arriving_ahead(void) {
  run_iterator(SHEAF_ITERATOR_PREFETCH | SHEAF_ITERATOR_AS_THEY_ARRIVE);
}
