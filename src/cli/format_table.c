/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for people: a row a property, what is the same as in the row above left blank. Rows are
 * printed as batches come, so the columns are measured on the first and keep their widths: later
 * cells are cut on a terminal, and stick out elsewhere.
 */
#include "cli/format.h"
#include "cli/text.h"

/* Beyond these the columns of an unlimited table are not widened for the sake of a few cells. */
enum { MOST_REF = 60, MOST_TRAIT = 60, MOST_KEY = 30 };

/* No table is narrower than this; a narrower terminal wraps it. */
enum { LEAST_SCREEN = 40, GAP = 2 };

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void measure(const cli_printer *printer, const cli_rows *rows, cli_layout *layout) {
  layout->ref_pad = strlen("REFERENCE");
  layout->trait_pad = strlen("TRAIT");
  layout->key_pad = strlen("PROPERTY");
  for (uint32_t i = 0; i < rows->count; i++) {
    const sheaf_result *result = cli_row(rows, i);
    if (!result) continue;
    layout->ref_pad = larger(layout->ref_pad, cli_text_width(rows->refs[i], MOST_REF));
    for (uint32_t k = 0; SHEAF_IS_OK(result->status) && k < result->property_count; k++) {
      sheaf_str trait = sheaf_name(printer->library, result->properties[k].trait);
      sheaf_str key = sheaf_name(printer->library, result->properties[k].key);
      layout->trait_pad = larger(layout->trait_pad, cli_text_width(trait, MOST_TRAIT));
      layout->key_pad = larger(layout->key_pad, cli_text_width(key, MOST_KEY));
    }
  }
  layout->ref_pad = smaller(layout->ref_pad, MOST_REF);
  layout->trait_pad = smaller(layout->trait_pad, MOST_TRAIT);
  layout->key_pad = smaller(layout->key_pad, MOST_KEY);
}

/* Shares `room` between two columns: what one does not need goes to the other. */
static void share(size_t room, size_t *a, size_t *b) {
  if (*a + *b <= room) return;
  size_t half = room / 2;
  if (*a <= half) *b = room - *a;
  else if (*b <= half) *a = room - *b;
  else {
    *a = half;
    *b = room - half;
  }
}

/* Narrows the columns until the row fits the screen with room for its last cell. */
static void fit(cli_layout *layout, size_t screen, cli_verb verb) {
  size_t none = 0;
  screen = larger(screen, LEAST_SCREEN);
  if (verb == SHEAF_VERB_RESOLVE) {
    size_t room = screen - 3 * GAP - screen * 3 / 10;
    if (layout->ref_pad + layout->trait_pad + layout->key_pad > room) {
      layout->key_pad = smaller(layout->key_pad, larger(8, room / 4));
    }
    share(room - layout->key_pad, &layout->ref_pad, &layout->trait_pad);
  } else {
    share(screen - GAP - screen / 4, &layout->ref_pad, &none);
  }
  layout->ref_width = layout->ref_pad;
  layout->trait_width = layout->trait_pad;
  layout->key_width = layout->key_pad;
  layout->rest_width = screen - layout->ref_pad - GAP;
  layout->value_width = layout->rest_width - layout->trait_pad - layout->key_pad - 2 * GAP;
}

static void set_layout(cli_printer *printer, const cli_rows *rows) {
  cli_layout *layout = &printer->layout;
  size_t screen = cli_screen_width();
  layout->is_set = true;
  measure(printer, rows, layout);
  if (screen != CLI_ANY_WIDTH) fit(layout, screen, printer->verb);
  else {
    layout->ref_width = layout->trait_width = layout->key_width = CLI_ANY_WIDTH;
    layout->value_width = layout->rest_width = CLI_ANY_WIDTH;
  }
}

static void put_ref(cli_printer *printer, sheaf_str ref) {
  const cli_layout *layout = &printer->layout;
  cli_put_column(&printer->out, ref, layout->ref_pad, layout->ref_width, CLI_CUT_HEAD);
}

static void put_trait(cli_printer *printer, sheaf_str trait) {
  const cli_layout *layout = &printer->layout;
  cli_put_column(&printer->out, trait, layout->trait_pad, layout->trait_width, CLI_CUT_HEAD);
}

/* The last cell of a row. */
static void put_last(cli_printer *printer, sheaf_str text, size_t width, cli_cut cut) {
  (void)cli_put_cell(&printer->out, text, width, cut);
  cli_put_char(&printer->out, '\n');
}

static void put_header(cli_printer *printer) {
  const cli_layout *layout = &printer->layout;
  cli_buffer *out = &printer->out;
  put_ref(printer, sheaf_cstr("REFERENCE"));
  if (printer->verb == SHEAF_VERB_EXISTS) cli_put_text(out, "EXISTS\n");
  if (printer->verb == SHEAF_VERB_TRAITS) cli_put_text(out, "TRAIT\n");
  if (printer->verb != SHEAF_VERB_RESOLVE) return;
  put_trait(printer, sheaf_cstr("TRAIT"));
  cli_put_column(out, sheaf_cstr("PROPERTY"), layout->key_pad, layout->key_width, CLI_CUT_TAIL);
  cli_put_text(out, "VALUE\n");
}

/* The key and the value of a property. */
static void put_property(cli_printer *printer, const sheaf_property *property) {
  const cli_layout *layout = &printer->layout;
  if (property->key == 0) {
    cli_put_text(&printer->out, "-\n");
    return;
  }
  sheaf_str key = sheaf_name(printer->library, property->key);
  cli_put_column(&printer->out, key, layout->key_pad, layout->key_width, CLI_CUT_TAIL);
  printer->cell.size = 0;
  cli_put_value(&printer->cell, &property->value);
  put_last(printer, cli_buffer_str(&printer->cell), layout->value_width, CLI_CUT_TAIL);
}

static void put_traits(cli_printer *printer, sheaf_str ref, const sheaf_result *record) {
  uint32_t count = record->property_count;
  for (uint32_t i = cli_next_trait(record, 0); i < count; i = cli_next_trait(record, i + 1)) {
    sheaf_str trait = sheaf_name(printer->library, record->properties[i].trait);
    for (uint32_t k = i; k < count; k = cli_next_of_trait(record, k)) {
      put_ref(printer, ref);
      ref = sheaf_strn(NULL, 0);
      if (printer->verb == SHEAF_VERB_TRAITS) {
        put_last(printer, trait, printer->layout.rest_width, CLI_CUT_HEAD);
        break;
      }
      put_trait(printer, trait);
      trait = sheaf_strn(NULL, 0);
      put_property(printer, &record->properties[k]);
    }
  }
}

static void put_error(cli_printer *printer, const sheaf_result *error) {
  cli_buffer *cell = &printer->cell;
  cell->size = 0;
  cli_put_text(cell, "! ");
  cli_put_text(cell, sheaf_status_name(error->status));
  cli_put_text(cell, ": ");
  cli_put_str(cell, cli_result_message(error));
  put_last(printer, cli_buffer_str(cell), printer->layout.rest_width, CLI_CUT_TAIL);
}

static void put_result(cli_printer *printer, sheaf_str ref, const sheaf_result *result) {
  if (ref.size == 0) ref = sheaf_cstr("\"\""); /* an empty reference would look like "as above" */
  bool is_list = SHEAF_IS_OK(result->status) && printer->verb != SHEAF_VERB_EXISTS;
  if (is_list && cli_next_trait(result, 0) < result->property_count) {
    put_traits(printer, ref, result);
    return;
  }
  put_ref(printer, ref);
  if (!SHEAF_IS_OK(result->status)) put_error(printer, result);
  else if (is_list) cli_put_text(&printer->out, "-\n");
  else cli_put_text(&printer->out, sheaf_record_exists(result) ? "yes\n" : "no\n");
}

static void begin(cli_printer *printer) {
  (void)printer; /* the header waits for the first batch: its columns do */
  cli_text_prepare();
}

static void put_rows(cli_printer *printer, const cli_rows *rows) {
  if (!printer->layout.is_set) {
    set_layout(printer, rows);
    put_header(printer);
  }
  for (uint32_t i = 0; i < rows->count; i++) {
    const sheaf_result *result = cli_row(rows, i);
    if (result) put_result(printer, rows->refs[i], result);
  }
}

const cli_format cli_format_table = {"table", begin, put_rows, cli_table_columns, NULL};
