/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of --property: a row a reference, a column a property. Measured on the first batch, as the
 * other table is; cells are cut on a terminal, and stick out elsewhere.
 */
#include <stdlib.h>

#include "cli/cell.h"
#include "cli/format.h"
#include "cli/text.h"

/* Beyond these no column is widened for the sake of a few cells; and what is left of one at least. */
enum { MOST_REF = 60, MOST_CELL = 60, LEAST_CELL = 6, GAP = 2 };

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The key will do where no other property has the same. */
static sheaf_str title(const cli_printer *printer, uint32_t property) {
  const cli_property *p = &printer->properties[property];
  for (uint32_t i = 0; i < printer->property_count; i++) {
    if (i != property && sheaf_str_equal(printer->properties[i].key, p->key))
      return sheaf_cstr(p->text);
  }
  return p->key;
}

/* A cell's text; "-" for none. Lives until the next. */
static sheaf_str cell_text(cli_printer *printer, const cli_column_rows *rows, uint32_t i,
                           uint32_t property) {
  sheaf_cell cell = cli_row_cell(rows, i, property);
  if (!cell.column) return sheaf_cstr("-");
  printer->cell.size = 0;
  cli_cell_text(&printer->cell, cell);
  return cli_buffer_str(&printer->cell);
}

static void measure(cli_printer *printer, const cli_column_rows *rows) {
  cli_layout *layout = &printer->layout;
  layout->ref_pad = strlen("REFERENCE");
  for (uint32_t i = 0; i < rows->count; i++)
    layout->ref_pad = larger(layout->ref_pad, cli_text_width(rows->refs[i], MOST_REF));
  layout->ref_pad = smaller(layout->ref_pad, MOST_REF);
  for (uint32_t k = 0; k < printer->property_count; k++) {
    size_t width = cli_text_width(title(printer, k), MOST_CELL);
    for (uint32_t i = 0; i < rows->count; i++)
      width = larger(width, cli_text_width(cell_text(printer, rows, i, k), MOST_CELL));
    layout->widths[k] = smaller(width, MOST_CELL);
  }
}

/* Takes from the widest until all fit. */
static void fit(cli_printer *printer, size_t screen) {
  cli_layout *layout = &printer->layout;
  size_t total = layout->ref_pad, count = printer->property_count;
  for (size_t k = 0; k < count; k++) total += GAP + layout->widths[k];
  while (total > screen) {
    size_t *widest = &layout->ref_pad;
    for (size_t k = 0; k < count; k++)
      if (layout->widths[k] > *widest) widest = &layout->widths[k];
    if (*widest <= LEAST_CELL) break; /* then it is wrapped */
    --*widest;
    total--;
  }
  layout->ref_width = layout->ref_pad;
  layout->rest_width =
      screen > layout->ref_pad + GAP + LEAST_CELL ? screen - layout->ref_pad - GAP : LEAST_CELL;
}

static bool set_layout(cli_printer *printer, const cli_column_rows *rows) {
  cli_layout *layout = &printer->layout;
  size_t screen = cli_screen_width();
  layout->widths = calloc(printer->property_count, sizeof *layout->widths);
  if (!layout->widths) return false;
  layout->is_set = true;
  layout->ref_width = layout->rest_width = CLI_ANY_WIDTH;
  measure(printer, rows);
  if (screen != CLI_ANY_WIDTH) fit(printer, screen);
  return true;
}

/* One cell, the last of its row or not. */
static void put_cell(cli_printer *printer, sheaf_str text, uint32_t k, cli_cut cut) {
  const cli_layout *layout = &printer->layout;
  size_t pad = layout->widths[k];
  size_t width = layout->rest_width == CLI_ANY_WIDTH ? CLI_ANY_WIDTH : pad;
  if (k + 1 < printer->property_count) {
    cli_put_column(&printer->out, text, pad, width, cut);
    return;
  }
  (void)cli_put_cell(&printer->out, text, width, cut);
  cli_put_char(&printer->out, '\n');
}

static void put_ref(cli_printer *printer, sheaf_str ref) {
  const cli_layout *layout = &printer->layout;
  cli_put_column(&printer->out, ref, layout->ref_pad, layout->ref_width, CLI_CUT_HEAD);
}

static void put_error(cli_printer *printer, const cli_column_rows *rows, uint32_t i) {
  printer->cell.size = 0;
  cli_put_text(&printer->cell, "! ");
  cli_put_text(&printer->cell, sheaf_status_name(sheaf_columns_statuses(rows->columns)[i]));
  cli_put_text(&printer->cell, ": ");
  cli_put_str(&printer->cell, cli_row_message(rows, i));
  (void)cli_put_cell(&printer->out, cli_buffer_str(&printer->cell), printer->layout.rest_width,
                     CLI_CUT_TAIL);
  cli_put_char(&printer->out, '\n');
}

static void put_row(cli_printer *printer, const cli_column_rows *rows, uint32_t i) {
  put_ref(printer, rows->refs[i].size ? rows->refs[i] : sheaf_cstr("\"\""));
  if (!SHEAF_IS_OK(sheaf_columns_statuses(rows->columns)[i])) {
    put_error(printer, rows, i);
    return;
  }
  for (uint32_t k = 0; k < printer->property_count; k++)
    put_cell(printer, cell_text(printer, rows, i, k), k, CLI_CUT_TAIL);
}

int cli_table_columns(cli_printer *printer, const cli_column_rows *rows) {
  if (!printer->layout.is_set) {
    if (!set_layout(printer, rows)) {
      cli_error("out of memory");
      return CLI_FAILED;
    }
    put_ref(printer, sheaf_cstr("REFERENCE"));
    for (uint32_t k = 0; k < printer->property_count; k++)
      put_cell(printer, title(printer, k), k, CLI_CUT_HEAD);
  }
  for (uint32_t i = 0; i < rows->count; i++)
    if (cli_is_shown(rows, i)) put_row(printer, rows, i);
  return CLI_OK;
}
