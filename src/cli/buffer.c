/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/signals.h"

/* A buffer with a descriptor is written out when it holds this much. */
enum { WRITE_AT = 64 * 1024 };

static bool reserve(cli_buffer *out, size_t more) {
  if (more <= out->capacity - out->size) return true;
  size_t wanted = out->capacity ? out->capacity : 256;
  while (wanted - out->size < more) {
    if (wanted > SIZE_MAX / 2) {
      out->error = ENOMEM;
      return false;
    }
    wanted *= 2;
  }
  char *bigger = realloc(out->data, wanted);
  if (!bigger) {
    out->error = ENOMEM;
    return false;
  }
  out->data = bigger;
  out->capacity = wanted;
  return true;
}

void cli_write(cli_buffer *out, const void *data_, size_t size) {
  const char *data = data_;
  while (size > 0 && !out->error) {
    ssize_t written = write(out->fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      out->error = errno;
      return;
    }
    data += written;
    size -= (size_t)written;
  }
}

void cli_flush(cli_buffer *out) {
  if (out->fd < 0) return;
  cli_write(out, out->data, out->size);
  out->size = 0;
}

void cli_put(cli_buffer *out, const void *data, size_t size) {
  if (out->error || size == 0) return;
  if (out->fd >= 0 && out->size + size > WRITE_AT) {
    cli_flush(out);
    if (size > WRITE_AT) { /* a value of many megabytes is not copied once more */
      cli_write(out, data, size);
      return;
    }
  }
  if (out->error || !reserve(out, size)) return;
  memcpy(out->data + out->size, data, size);
  out->size += size;
}

void cli_put_char(cli_buffer *out, char c) { cli_put(out, &c, 1); }

void cli_put_text(cli_buffer *out, const char *text) { cli_put(out, text, strlen(text)); }

void cli_put_str(cli_buffer *out, sheaf_str text) { cli_put(out, text.data, text.size); }

void cli_put_repeated(cli_buffer *out, char c, size_t count) {
  while (count-- > 0) cli_put_char(out, c);
}

void cli_put_format(cli_buffer *out, const char *format, ...) {
  char text[256]; /* numbers and fixed words only: nothing longer is formatted through here */
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size > 0) cli_put(out, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}

int cli_finish(cli_buffer *out) {
  cli_flush(out);
  if (!out->error) return CLI_OK;
  if (out->error == ENOMEM && out->fd < 0) cli_error("out of memory");
  else if (out->error != EPIPE || !cli_pipe_broke())
    cli_error("cannot write to standard output: %s", strerror(out->error));
  return CLI_FAILED;
}

void cli_buffer_free(cli_buffer *out) { free(out->data); }
