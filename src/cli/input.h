/* SPDX-License-Identifier: Apache-2.0 */
/* The references that a command is asked about, a batch at a time: arguments, and the lines of
 * standard input wherever `-` stands among them. */
#ifndef SHEAF_CLI_INPUT_H
#define SHEAF_CLI_INPUT_H

#include "cli/buffer.h"

/* One batch of references. Its memory is used again for the next. */
typedef struct cli_refs {
  cli_buffer bytes; /* all of them, one behind the other */
  sheaf_str *views; /* `count` of them, into `bytes`, once the batch is complete */
  uint32_t count;
  uint32_t capacity;
} cli_refs;

#define CLI_REFS_INIT {CLI_BUFFER_MEMORY, NULL, 0, 0}

typedef struct cli_input {
  char **arguments; /* references and "-", up to a NULL */
  int wake_fd;      /* becomes readable when waiting for input is to end; -1: never */
  bool reading;     /* in the middle of standard input */
  bool at_end;      /* standard input has been read to its end: a second "-" adds nothing */
  char *chunk;      /* what was read and not yet used: [begin, end) */
  size_t begin, end;
} cli_input;

/* `arguments` must outlive the input. */
void cli_input_init(cli_input *input, char **arguments, int wake_fd);

/*
 * Fills `refs` with the next batch, `most` references or fewer at the end; none: that was all.
 * A line ends with "\n" or "\r\n" and may hold anything else; an empty one is a reference too, so
 * that line n is reference n - 1. The last may lack its end. CLI_OK; CLI_FAILED after saying why;
 * CLI_INTERRUPTED if `wake_fd` ended it.
 */
int cli_input_next(cli_input *input, uint32_t most, cli_refs *refs);

void cli_input_free(cli_input *input);
void cli_refs_free(cli_refs *refs);

#endif
