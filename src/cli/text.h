/* SPDX-License-Identifier: Apache-2.0 */
/* Text from managers and files as it can be shown: any bytes at all go in. */
#ifndef SHEAF_CLI_TEXT_H
#define SHEAF_CLI_TEXT_H

#include <sheaf/utf8.h>

#include "cli/buffer.h"

/* What cli_utf8_next gives for bytes that are no character. */
#define CLI_NOT_UTF8 SHEAF_UTF8_BAD

/* The code point at the start of `size` >= 1 bytes; returns how many of them it is. */
static inline size_t cli_utf8_next(const char *data, size_t size, uint32_t *code) {
  const char *at = data;
  *code = sheaf_utf8_next(&at, data + size);
  return (size_t)(at - data);
}

/* The text, with U+FFFD for what is not UTF-8. */
void cli_put_utf8(cli_buffer *out, sheaf_str text);

/* Must have been called before the functions below; they ask the C library how wide characters
 * are. */
void cli_text_prepare(void);

/* Which end of a text that is too wide is given up: a trait's tail tells more than its head. */
typedef enum cli_cut { CLI_CUT_TAIL, CLI_CUT_HEAD } cli_cut;

/* No limit to a width. */
#define CLI_ANY_WIDTH SIZE_MAX

/* How many columns a text takes when shown by cli_put_cell; counting ends soon after `enough`. */
size_t cli_text_width(sheaf_str text, size_t enough);

/* Writes a text for a terminal and returns how many columns it takes: at most `width`, the rest cut
 * and marked with an ellipsis. Control characters, and those that change the direction of writing,
 * are shown as escapes: a value cannot play tricks on the terminal. */
size_t cli_put_cell(cli_buffer *out, sheaf_str text, size_t width, cli_cut cut);

/* The same, filled up with blanks to `pad` columns, and two more. */
void cli_put_column(cli_buffer *out, sheaf_str text, size_t pad, size_t width, cli_cut cut);

#endif
