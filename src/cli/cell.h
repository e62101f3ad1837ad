/* SPDX-License-Identifier: Apache-2.0 */
/* Values that stand in columns, printed as those that stand in results are. */
#ifndef SHEAF_CLI_CELL_H
#define SHEAF_CLI_CELL_H

#include "cli/buffer.h"

/* As JSON: bytes as a string in base64, no value as null. */
void cli_cell_json(cli_buffer *out, sheaf_cell cell);

/* As plain text: strings as they are, bytes in base64, lists as JSON, no value as nothing. */
void cli_cell_text(cli_buffer *out, sheaf_cell cell);

#endif
