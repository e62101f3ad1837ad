/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

/* What became of an attempt to take one reference. */
enum take { TAKE_GOT, TAKE_END, TAKE_FAILED, TAKE_INTERRUPTED };

void cli_input_init(cli_input *input, char **arguments, int wake_fd) {
  *input = (cli_input){.arguments = arguments, .wake_fd = wake_fd};
}

/* Sleeps until standard input has something to read: false if the other descriptor woke us. */
static bool wait_for_input(const cli_input *input) {
  struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {input->wake_fd, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
  return fds[1].revents == 0;
}

static enum take fail(const char *what, int number) {
  cli_error("%s: %s", what, strerror(number));
  return TAKE_FAILED;
}

static enum take fill_chunk(cli_input *input) {
  if (!input->chunk && !(input->chunk = malloc(CHUNK))) return fail("reading", ENOMEM);
  if (!wait_for_input(input)) return TAKE_INTERRUPTED;
  ssize_t got;
  do got = read(STDIN_FILENO, input->chunk, CHUNK);
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail("cannot read references from standard input", errno);
  input->begin = 0;
  input->end = (size_t)got;
  return got ? TAKE_GOT : TAKE_END;
}

/* Makes the bytes from `start` on the next reference. Until the batch is complete a view holds only
 * its size, for the bytes may still move. */
static enum take add_ref(cli_refs *refs, size_t start) {
  if (refs->bytes.error) return fail("reading references", refs->bytes.error);
  if (refs->count == refs->capacity) {
    /* A batch has fewer than SHEAF_REST references, so that this does not overflow. */
    uint32_t bigger = refs->capacity ? refs->capacity * 2 : 64;
    sheaf_str *views = realloc(refs->views, bigger * sizeof *views);
    if (!views) return fail("reading references", ENOMEM);
    refs->views = views;
    refs->capacity = bigger;
  }
  refs->views[refs->count++] = sheaf_strn(NULL, refs->bytes.size - start);
  return TAKE_GOT;
}

/* Moves what the chunk has of the present line into `refs`; true once the line is complete. */
static bool take_piece(cli_input *input, cli_refs *refs) {
  size_t rest = input->end - input->begin;
  if (rest == 0) return false;
  const char *piece = input->chunk + input->begin;
  const char *newline = memchr(piece, '\n', rest);
  size_t size = newline ? (size_t)(newline - piece) : rest;
  cli_put(&refs->bytes, piece, size);
  input->begin += size + (newline != NULL);
  return newline != NULL;
}

static enum take take_line(cli_input *input, cli_refs *refs) {
  size_t start = refs->bytes.size;
  while (!take_piece(input, refs)) {
    if (refs->bytes.error) return fail("reading references", refs->bytes.error);
    enum take taken = fill_chunk(input);
    if (taken == TAKE_GOT) continue;
    if (taken != TAKE_END || refs->bytes.size == start) return taken;
    return add_ref(refs, start); /* a last line without its end; its "\r" is part of it */
  }
  if (refs->bytes.size > start && refs->bytes.data[refs->bytes.size - 1] == '\r')
    refs->bytes.size--;
  return add_ref(refs, start);
}

static enum take take_argument(cli_input *input, cli_refs *refs) {
  size_t start = refs->bytes.size;
  cli_put_text(&refs->bytes, *input->arguments++);
  return add_ref(refs, start);
}

static enum take take_ref(cli_input *input, cli_refs *refs) {
  for (;;) {
    if (input->reading) {
      enum take taken = take_line(input, refs);
      if (taken != TAKE_END) return taken;
      input->reading = false;
      input->at_end = true;
    }
    if (!*input->arguments) return TAKE_END;
    if (strcmp(*input->arguments, "-") != 0) return take_argument(input, refs);
    input->arguments++;
    input->reading = !input->at_end;
  }
}

int cli_input_next(cli_input *input, uint32_t most, cli_refs *refs) {
  refs->bytes.size = 0;
  refs->count = 0;
  enum take taken = TAKE_GOT;
  while (refs->count < most && taken == TAKE_GOT) taken = take_ref(input, refs);
  if (taken == TAKE_FAILED) return CLI_FAILED;
  if (taken == TAKE_INTERRUPTED) return CLI_INTERRUPTED;
  const char *at = refs->bytes.data;
  for (uint32_t i = 0; i < refs->count; at += refs->views[i++].size) refs->views[i].data = at;
  return CLI_OK;
}

void cli_input_free(cli_input *input) { free(input->chunk); }

void cli_refs_free(cli_refs *refs) {
  cli_buffer_free(&refs->bytes);
  free(refs->views);
}
