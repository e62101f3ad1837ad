/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object a reference, one line each. */
#include <inttypes.h>

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

static void put_rows(cli_printer *printer, const cli_rows *rows) {
  cli_buffer *out = &printer->out;
  for (uint32_t i = 0; i < rows->count; i++) {
    const sheaf_result *result = cli_row(rows, i);
    if (!result) continue;
    cli_put_format(out, "{\"index\":%" PRIu64, rows->first + i);
    cli_json_member(out, "ref");
    cli_json_string(out, rows->refs[i]);
    cli_json_member(out, "status");
    cli_json_cstr(out, sheaf_status_name(result->status));
    if (SHEAF_IS_OK(result->status)) {
      put_record(printer, result);
    } else {
      cli_json_member(out, "message");
      cli_json_string(out, cli_result_message(result));
    }
    cli_put_text(out, "}\n");
  }
}

const cli_format cli_format_jsonl = {"jsonl", begin, put_rows};
