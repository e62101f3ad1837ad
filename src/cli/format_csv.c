/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as RFC 4180 has it: lines end with CRLF, fields are quoted where they must be. One row a
 * property, and not one a reference with a column for each: which columns there are would be known
 * only at the end of the input. With --property it is known, and then it is a column for each.
 */
#include <inttypes.h>

#include "cli/cell.h"
#include "cli/format.h"
#include "cli/text.h"

static void put_field(cli_buffer *out, sheaf_str text) {
  bool must_quote = false;
  for (size_t i = 0; i < text.size && !must_quote; i++) {
    char c = text.data[i];
    must_quote = c == ',' || c == '"' || c == '\r' || c == '\n';
  }
  if (must_quote) cli_put_char(out, '"');
  for (size_t i = 0; i < text.size;) {
    const char *quote = must_quote ? memchr(text.data + i, '"', text.size - i) : NULL;
    size_t size = quote ? (size_t)(quote - text.data) + 1 - i : text.size - i;
    cli_put_utf8(out, sheaf_strn(text.data + i, size));
    if (quote) cli_put_char(out, '"');
    i += size;
  }
  if (must_quote) cli_put_char(out, '"');
}

static void put_next_field(cli_buffer *out, sheaf_str text) {
  cli_put_char(out, ',');
  put_field(out, text);
}

static void begin(cli_printer *printer) {
  const char *columns = "trait,key,value";
  if (printer->verb == SHEAF_VERB_EXISTS) columns = "exists";
  if (printer->verb == SHEAF_VERB_TRAITS) columns = "trait";
  cli_put_text(&printer->out, "index,ref,status");
  for (uint32_t i = 0; i < printer->property_count; i++)
    put_next_field(&printer->out, sheaf_cstr(printer->properties[i].text));
  if (printer->property_count == 0) {
    cli_put_char(&printer->out, ',');
    cli_put_text(&printer->out, columns);
  }
  cli_put_text(&printer->out, ",message\r\n");
}

/* `index,ref,status` */
static void put_row_start(cli_printer *printer, uint64_t index, sheaf_str ref,
                          sheaf_status status) {
  cli_put_format(&printer->out, "%" PRIu64, index);
  put_next_field(&printer->out, ref);
  put_next_field(&printer->out, sheaf_cstr(sheaf_status_name(status)));
}

static void put_start(cli_printer *printer, const cli_rows *rows, uint32_t i, sheaf_status status) {
  put_row_start(printer, rows->first + i, rows->refs[i], status);
}

static void put_error(cli_printer *printer, const sheaf_result *error) {
  cli_put_repeated(&printer->out, ',', printer->verb == SHEAF_VERB_RESOLVE ? 3 : 1);
  put_next_field(&printer->out, cli_result_message(error));
  cli_put_text(&printer->out, "\r\n");
}

/* `,trait,key,value,` of one property. */
static void put_property(cli_printer *printer, const sheaf_property *property) {
  cli_buffer *out = &printer->out;
  put_next_field(out, sheaf_name(printer->library, property->trait));
  put_next_field(out, sheaf_name(printer->library, property->key));
  printer->cell.size = 0;
  cli_put_value(&printer->cell, &property->value);
  put_next_field(out, cli_buffer_str(&printer->cell));
}

static void put_trait(cli_printer *printer, const cli_rows *rows, uint32_t i,
                      const sheaf_result *record, uint32_t at) {
  bool is_resolve = printer->verb == SHEAF_VERB_RESOLVE;
  for (; at < record->property_count; at = cli_next_of_trait(record, at)) {
    put_start(printer, rows, i, SHEAF_OK);
    if (is_resolve) put_property(printer, &record->properties[at]);
    else put_next_field(&printer->out, sheaf_name(printer->library, record->properties[at].trait));
    cli_put_text(&printer->out, ",\r\n");
    if (!is_resolve) return;
  }
}

static void put_record(cli_printer *printer, const cli_rows *rows, uint32_t i,
                       const sheaf_result *record) {
  uint32_t first = cli_next_trait(record, 0);
  if (printer->verb == SHEAF_VERB_EXISTS) {
    put_start(printer, rows, i, SHEAF_OK);
    cli_put_text(&printer->out, sheaf_record_exists(record) ? ",true,\r\n" : ",false,\r\n");
  } else if (first == record->property_count) {
    put_start(printer, rows, i, SHEAF_OK);
    cli_put_text(&printer->out, printer->verb == SHEAF_VERB_RESOLVE ? ",,,,\r\n" : ",,\r\n");
  } else {
    for (uint32_t k = first; k < record->property_count; k = cli_next_trait(record, k + 1)) {
      put_trait(printer, rows, i, record, k);
    }
  }
}

static void put_rows(cli_printer *printer, const cli_rows *rows) {
  for (uint32_t i = 0; i < rows->count; i++) {
    const sheaf_result *result = cli_row(rows, i);
    if (!result) continue;
    if (SHEAF_IS_OK(result->status)) {
      put_record(printer, rows, i, result);
    } else {
      put_start(printer, rows, i, result->status);
      put_error(printer, result);
    }
  }
}

static int put_columns(cli_printer *printer, const cli_column_rows *rows) {
  const uint32_t *statuses = sheaf_columns_statuses(rows->columns);
  for (uint32_t i = 0; i < rows->count; i++) {
    if (!cli_is_shown(rows, i)) continue;
    put_row_start(printer, rows->first + i, rows->refs[i], statuses[i]);
    for (uint32_t k = 0; k < printer->property_count; k++) {
      printer->cell.size = 0;
      cli_cell_text(&printer->cell, cli_row_cell(rows, i, k));
      put_next_field(&printer->out, cli_buffer_str(&printer->cell));
    }
    if (SHEAF_IS_OK(statuses[i])) cli_put_char(&printer->out, ',');
    else put_next_field(&printer->out, cli_row_message(rows, i));
    cli_put_text(&printer->out, "\r\n");
  }
  return CLI_OK;
}

const cli_format cli_format_csv = {"csv", begin, put_rows, put_columns, NULL};
