/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON being written. A library would not do: integers have all their 64 bits here, strings may
 * hold NULs and bytes that are not UTF-8, and nothing is built in memory first.
 */
#ifndef SHEAF_CLI_JSON_H
#define SHEAF_CLI_JSON_H

#include "cli/buffer.h"

/* A string with its quotes; U+FFFD for what is not UTF-8. */
void cli_json_string(cli_buffer *out, sheaf_str text);

/* The same, null for NULL. */
void cli_json_cstr(cli_buffer *out, const char *text);

/* A number that reads back as the same double and shows that it is one (12.0); null for NaN and the
 * infinities, which JSON lacks. */
void cli_json_double(cli_buffer *out, double d);

/* Any value: bytes as a string in base64, none and kinds born later as null. */
void cli_json_value(cli_buffer *out, const sheaf_value *value);

/* `,"name":` for a member that is not the first. `name` needs no escaping. */
void cli_json_member(cli_buffer *out, const char *name);

/* Base64 with padding, without quotes. */
void cli_put_base64(cli_buffer *out, sheaf_str bytes);

/* The shortest of the decimal forms that read back as the same double; NaN, Infinity, -Infinity. */
void cli_put_double(cli_buffer *out, double d);

#endif
