/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text being written: to a file descriptor, in pieces of bounded size, or kept in memory. The first
 * failure is remembered and ends all writing, so that nobody checks each piece.
 */
#ifndef SHEAF_CLI_BUFFER_H
#define SHEAF_CLI_BUFFER_H

#include "cli/cli.h"

typedef struct cli_buffer {
  char *data;
  size_t size, capacity;
  int fd;    /* -1: all is kept in `data` */
  int error; /* an errno, or 0 */
} cli_buffer;

/* In memory, and to standard output. Freed with cli_buffer_free. */
#define CLI_BUFFER_MEMORY {NULL, 0, 0, -1, 0}
#define CLI_BUFFER_STDOUT {NULL, 0, 0, 1, 0}

void cli_put(cli_buffer *out, const void *data, size_t size);
void cli_put_char(cli_buffer *out, char c);
void cli_put_text(cli_buffer *out, const char *text);
void cli_put_str(cli_buffer *out, sheaf_str text);
/* `count` times the same character. */
void cli_put_repeated(cli_buffer *out, char c, size_t count);
__attribute__((format(printf, 2, 3))) void cli_put_format(cli_buffer *out, const char *format, ...);

/* Past the buffer, which is empty, to its descriptor: needs no memory. */
void cli_write(cli_buffer *out, const void *data, size_t size);

/* Writes out what is held. */
void cli_flush(cli_buffer *out);

/* Flushes, and says on standard error what went wrong, if something did: CLI_OK or CLI_FAILED. A
 * reader that is gone is not worth a message: see cli_pipe_broke. */
int cli_finish(cli_buffer *out);

static inline sheaf_str cli_buffer_str(const cli_buffer *buffer) {
  return sheaf_strn(buffer->data, buffer->size);
}

void cli_buffer_free(cli_buffer *out);

#endif
