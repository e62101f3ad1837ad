/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cell.h"

#include <inttypes.h>

#include "cli/json.h"

static void put_list(cli_buffer *out, sheaf_cell list) {
  uint64_t size = sheaf_cell_size(list);
  cli_put_char(out, '[');
  for (uint64_t i = 0; i < size; i++) {
    if (i > 0) cli_put_char(out, ',');
    cli_cell_json(out, sheaf_cell_item(list, i));
  }
  cli_put_char(out, ']');
}

void cli_cell_json(cli_buffer *out, sheaf_cell cell) {
  switch (sheaf_cell_kind(cell)) {
  case SHEAF_KIND_BOOL:
    cli_put_text(out, sheaf_cell_bool(cell) ? "true" : "false");
    return;
  case SHEAF_KIND_INT64:
    cli_put_format(out, "%" PRId64, sheaf_cell_int64(cell));
    return;
  case SHEAF_KIND_DOUBLE:
    cli_json_double(out, sheaf_cell_double(cell));
    return;
  case SHEAF_KIND_STRING:
    cli_json_string(out, sheaf_cell_str(cell));
    return;
  case SHEAF_KIND_BYTES:
    cli_put_char(out, '"');
    cli_put_base64(out, sheaf_cell_str(cell));
    cli_put_char(out, '"');
    return;
  case SHEAF_KIND_LIST:
    put_list(out, cell);
    return;
  default:
    cli_put_text(out, "null");
    return;
  }
}

void cli_cell_text(cli_buffer *out, sheaf_cell cell) {
  switch (sheaf_cell_kind(cell)) {
  case SHEAF_KIND_NONE:
    return;
  case SHEAF_KIND_STRING:
    cli_put_str(out, sheaf_cell_str(cell));
    return;
  case SHEAF_KIND_BYTES:
    cli_put_base64(out, sheaf_cell_str(cell));
    return;
  case SHEAF_KIND_DOUBLE:
    cli_put_double(out, sheaf_cell_double(cell));
    return;
  default:
    cli_cell_json(out, cell);
    return;
  }
}
