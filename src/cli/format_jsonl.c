/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object a reference, one line each. */
#include <inttypes.h>

#include "cli/cell.h"
#include "cli/format.h"
#include "cli/json.h"

static void begin(cli_printer *printer) { (void)printer; }

/* The properties of the trait that begins at `i`, as an object. */
static void put_trait(cli_printer *printer, const sheaf_result *record, uint32_t i) {
  cli_buffer *out = &printer->out;
  cli_json_string(out, sheaf_name(printer->library, record->properties[i].trait));
  cli_put_text(out, ":{");
  bool is_first = true;
  for (; i < record->property_count; i = cli_next_of_trait(record, i)) {
    const sheaf_property *property = &record->properties[i];
    if (property->key == 0) continue; /* says only that the trait is there */
    if (!is_first) cli_put_char(out, ',');
    is_first = false;
    cli_json_string(out, sheaf_name(printer->library, property->key));
    cli_put_char(out, ':');
    cli_json_value(out, &property->value);
  }
  cli_put_char(out, '}');
}

static void put_properties(cli_printer *printer, const sheaf_result *record) {
  cli_json_member(&printer->out, "traits");
  cli_put_char(&printer->out, '{');
  uint32_t first = cli_next_trait(record, 0);
  for (uint32_t i = first; i < record->property_count; i = cli_next_trait(record, i + 1)) {
    if (i > first) cli_put_char(&printer->out, ',');
    put_trait(printer, record, i);
  }
  cli_put_char(&printer->out, '}');
}

static void put_trait_set(cli_printer *printer, const sheaf_result *record) {
  cli_json_member(&printer->out, "traits");
  cli_put_char(&printer->out, '[');
  uint32_t first = cli_next_trait(record, 0);
  for (uint32_t i = first; i < record->property_count; i = cli_next_trait(record, i + 1)) {
    if (i > first) cli_put_char(&printer->out, ',');
    cli_json_string(&printer->out, sheaf_name(printer->library, record->properties[i].trait));
  }
  cli_put_char(&printer->out, ']');
}

static void put_record(cli_printer *printer, const sheaf_result *record) {
  if (printer->verb == SHEAF_VERB_EXISTS) {
    cli_json_member(&printer->out, "exists");
    cli_put_text(&printer->out, sheaf_record_exists(record) ? "true" : "false");
  } else if (printer->verb == SHEAF_VERB_TRAITS) {
    put_trait_set(printer, record);
  } else {
    put_properties(printer, record);
  }
}

static void put_start(cli_buffer *out, uint64_t index, sheaf_str ref, sheaf_status status) {
  cli_put_format(out, "{\"index\":%" PRIu64, index);
  cli_json_member(out, "ref");
  cli_json_string(out, ref);
  cli_json_member(out, "status");
  cli_json_cstr(out, sheaf_status_name(status));
}

static void put_rows(cli_printer *printer, const cli_rows *rows) {
  cli_buffer *out = &printer->out;
  for (uint32_t i = 0; i < rows->count; i++) {
    const sheaf_result *result = cli_row(rows, i);
    if (!result) continue;
    put_start(out, rows->first + i, rows->refs[i], result->status);
    if (SHEAF_IS_OK(result->status)) {
      put_record(printer, result);
    } else {
      cli_json_member(out, "message");
      cli_json_string(out, cli_result_message(result));
    }
    cli_put_text(out, "}\n");
  }
}

/* Whether property k is there, and the first of its trait that is. */
static bool is_first_of_trait(const cli_printer *printer, const cli_column_rows *rows, uint32_t i,
                              uint32_t k) {
  if (!cli_row_cell(rows, i, k).column) return false;
  for (uint32_t before = 0; before < k; before++) {
    bool same = sheaf_str_equal(printer->properties[before].trait, printer->properties[k].trait);
    if (same && cli_row_cell(rows, i, before).column) return false;
  }
  return true;
}

/* The properties of property `first`'s trait, as an object. */
static void put_trait_cells(cli_printer *printer, const cli_column_rows *rows, uint32_t i,
                            uint32_t first) {
  sheaf_str trait = printer->properties[first].trait;
  cli_buffer *out = &printer->out;
  cli_json_string(out, trait);
  cli_put_text(out, ":{");
  for (uint32_t k = first; k < printer->property_count; k++) {
    sheaf_cell cell = cli_row_cell(rows, i, k);
    if (!cell.column || !sheaf_str_equal(printer->properties[k].trait, trait)) continue;
    if (k > first) cli_put_char(out, ',');
    cli_json_string(out, printer->properties[k].key);
    cli_put_char(out, ':');
    cli_cell_json(out, cell);
  }
  cli_put_char(out, '}');
}

static void put_cells(cli_printer *printer, const cli_column_rows *rows, uint32_t i) {
  const char *comma = "";
  cli_json_member(&printer->out, "traits");
  cli_put_char(&printer->out, '{');
  for (uint32_t k = 0; k < printer->property_count; k++) {
    if (!is_first_of_trait(printer, rows, i, k)) continue;
    cli_put_text(&printer->out, comma);
    comma = ",";
    put_trait_cells(printer, rows, i, k);
  }
  cli_put_char(&printer->out, '}');
}

static int put_columns(cli_printer *printer, const cli_column_rows *rows) {
  const uint32_t *statuses = sheaf_columns_statuses(rows->columns);
  for (uint32_t i = 0; i < rows->count; i++) {
    if (!cli_is_shown(rows, i)) continue;
    put_start(&printer->out, rows->first + i, rows->refs[i], statuses[i]);
    if (SHEAF_IS_OK(statuses[i])) {
      put_cells(printer, rows, i);
    } else {
      cli_json_member(&printer->out, "message");
      cli_json_string(&printer->out, cli_row_message(rows, i));
    }
    cli_put_text(&printer->out, "}\n");
  }
  return CLI_OK;
}

const cli_format cli_format_jsonl = {"jsonl", begin, put_rows, put_columns, NULL};
