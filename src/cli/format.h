/* SPDX-License-Identifier: Apache-2.0 */
/* How results are printed: as a table, as JSON lines, as CSV, as an Arrow stream; a batch at a time, in
 * input order. With --property a batch comes as columns. */
#ifndef SHEAF_CLI_FORMAT_H
#define SHEAF_CLI_FORMAT_H

#include "cli/buffer.h"

/* What was asked. The verb's id, for what its records hold differs. */
typedef sheaf_id cli_verb;

/* The answered part of the input that is to be printed now. */
typedef struct cli_rows {
  uint64_t first; /* the index, in the whole input, of refs[0] */
  const sheaf_str *refs;
  const sheaf_batch *batch;
  uint32_t count;
  bool without_cancelled; /* print only what was answered before Ctrl-C */
} cli_rows;

/* The same where --property was given. */
typedef struct cli_column_rows {
  uint64_t first;
  const sheaf_str *refs;
  const sheaf_columns *columns;
  uint32_t count;
  bool without_cancelled;
} cli_column_rows;

/* A --property. */
typedef struct cli_property {
  const char *text; /* TRAIT/KEY, as given */
  sheaf_str trait, key;
} cli_property;

/* The columns of the table, set from the first batch: up to how many columns of the terminal a cell
 * is filled with blanks, and where it is cut (CLI_ANY_WIDTH: never). */
typedef struct cli_layout {
  bool is_set;
  size_t ref_pad, trait_pad, key_pad;
  size_t ref_width, trait_width, key_width, value_width;
  size_t rest_width; /* of all that follows the reference */
  size_t *widths;    /* of each --property's column */
} cli_layout;

typedef struct cli_printer cli_printer;

/* What fails in these, but for `columns`, is found in the printer's buffers. */
typedef struct cli_format {
  const char *name;
  void (*begin)(cli_printer *printer);
  void (*rows)(cli_printer *printer, const cli_rows *rows); /* NULL: only columns */
  int (*columns)(cli_printer *printer,
                 const cli_column_rows *rows); /* an exit status, and all is said */
  void (*end)(cli_printer *printer);           /* NULL: nothing to do */
} cli_format;

struct cli_printer {
  const cli_format *format;
  const sheaf_library *library;
  cli_verb verb;
  cli_buffer out;
  cli_buffer cell; /* of the table, used again and again */
  cli_layout layout;
  const cli_property *properties; /* of --property */
  uint32_t property_count;
  /* The first batch's columns, which say what an Arrow stream's columns are; NULL: none yet. */
  const sheaf_columns *first_columns;
  struct cli_arrow *arrow; /* format_arrow.c's own */
};

extern const cli_format cli_format_table, cli_format_jsonl, cli_format_csv, cli_format_arrow;

/* The format of that name; NULL: none. */
const cli_format *cli_format_find(const char *name);

/* NULL if this build can write Arrow streams, else why not. */
const char *cli_arrow_is_missing(void);

/* Whether row i is to be printed. */
bool cli_is_shown(const cli_column_rows *rows, uint32_t i);

/* The message of a row that failed, or its status's own. */
sheaf_str cli_row_message(const cli_column_rows *rows, uint32_t i);

/* What a row has of a property. */
sheaf_cell cli_row_cell(const cli_column_rows *rows, uint32_t i, uint32_t property);

/* The table's way with columns (format_table_columns.c). */
int cli_table_columns(cli_printer *printer, const cli_column_rows *rows);

/* The result of rows->refs[i], or NULL if it is not to be printed. */
const sheaf_result *cli_row(const cli_rows *rows, uint32_t i);

/* An error's message, or its status's own. */
sheaf_str cli_result_message(const sheaf_result *result);

/*
 * A record's properties are printed by trait: each trait once, in the order in which they first
 * appear, though a manager may scatter its properties; those of kind none are not there at all. The
 * index, `from` or behind it, of the first property of a trait; property_count: there is no other.
 */
uint32_t cli_next_trait(const sheaf_result *record, uint32_t from);

/* The index of the next property of the same trait behind `present`; property_count: no other. */
uint32_t cli_next_of_trait(const sheaf_result *record, uint32_t present);

/* A value as plain text: strings as they are, bytes in base64, lists as JSON. */
void cli_put_value(cli_buffer *out, const sheaf_value *value);

/* The width that a table may take: $COLUMNS, or the terminal's if standard output is one, else
 * CLI_ANY_WIDTH. */
size_t cli_screen_width(void);

#endif
