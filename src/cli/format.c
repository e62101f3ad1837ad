/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/text.h"

const cli_format *cli_format_find(const char *name) {
  const cli_format *const formats[] = {&cli_format_table, &cli_format_jsonl, &cli_format_csv,
                                       &cli_format_arrow};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    if (strcmp(formats[i]->name, name) == 0) return formats[i];
  }
  return NULL;
}

const sheaf_result *cli_row(const cli_rows *rows, uint32_t i) {
  const sheaf_result *result = sheaf_batch_at(rows->batch, i);
  if (result && result->status == SHEAF_CANCELLED && rows->without_cancelled) return NULL;
  return result;
}

bool cli_is_shown(const cli_column_rows *rows, uint32_t i) {
  return !rows->without_cancelled || sheaf_columns_statuses(rows->columns)[i] != SHEAF_CANCELLED;
}

sheaf_cell cli_row_cell(const cli_column_rows *rows, uint32_t i, uint32_t property) {
  return sheaf_column_cell(sheaf_columns_at(rows->columns, property), i);
}

sheaf_str cli_row_message(const cli_column_rows *rows, uint32_t i) {
  sheaf_cell cell = sheaf_column_cell(sheaf_columns_messages(rows->columns), i);
  sheaf_str text = cell.column ? sheaf_cell_str(cell) : sheaf_strn(NULL, 0);
  if (text.size > 0) return text;
  return sheaf_cstr(sheaf_status_message(sheaf_columns_statuses(rows->columns)[i]));
}

sheaf_str cli_result_message(const sheaf_result *result) {
  if (result->message.size > 0) return result->message;
  return sheaf_cstr(sheaf_status_message(result->status));
}

/* Key 0 says that the trait is there; a key without a value says nothing. */
static bool is_present(const sheaf_property *property) {
  return property->key == 0 || property->value.kind != SHEAF_KIND_NONE;
}

static bool appears_before(const sheaf_result *record, uint32_t i) {
  for (uint32_t k = i; k-- > 0;) { /* backwards: mostly the one before is of the same trait */
    const sheaf_property *before = &record->properties[k];
    if (before->trait == record->properties[i].trait && is_present(before)) return true;
  }
  return false;
}

uint32_t cli_next_trait(const sheaf_result *record, uint32_t from) {
  while (from < record->property_count &&
         (!is_present(&record->properties[from]) || appears_before(record, from))) {
    from++;
  }
  return from;
}

uint32_t cli_next_of_trait(const sheaf_result *record, uint32_t present) {
  sheaf_id trait = record->properties[present].trait;
  uint32_t i = present + 1;
  while (i < record->property_count &&
         (record->properties[i].trait != trait || !is_present(&record->properties[i]))) {
    i++;
  }
  return i;
}

void cli_put_value(cli_buffer *out, const sheaf_value *value) {
  switch (value->kind) {
  case SHEAF_KIND_STRING:
    cli_put_str(out, sheaf_value_str(value));
    return;
  case SHEAF_KIND_BYTES:
    cli_put_base64(out, sheaf_value_str(value));
    return;
  case SHEAF_KIND_DOUBLE:
    cli_put_double(out, value->u.real);
    return;
  case SHEAF_KIND_BOOL:
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_LIST:
    cli_json_value(out, value);
    return;
  default:
    return; /* none, and kinds born later */
  }
}

size_t cli_screen_width(void) {
  const char *columns = getenv("COLUMNS");
  uint64_t width;
  if (columns && cli_parse_number(columns, 1, 65535, &width)) return width;
  if (!isatty(STDOUT_FILENO)) return CLI_ANY_WIDTH;
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}
