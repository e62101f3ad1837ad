/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdlib.h>

#include "cli/buffer.h"
#include "cli/log.h"

static void print_error(const char *format, va_list arguments) {
  static const char start[] = "sheaf: ";
  char line[4096]; /* a sheaf_error's message is half as long */
  memcpy(line, start, sizeof start);
  vsnprintf(line + sizeof start - 1, sizeof line - sizeof start + 1, format, arguments);
  cli_put_stderr(line);
}

void cli_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_error(format, arguments);
  va_end(arguments);
}

int cli_usage(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_error(format, arguments);
  va_end(arguments);
  return CLI_USAGE;
}

int cli_print(const char *text) {
  cli_buffer out = CLI_BUFFER_STDOUT;
  cli_write(&out, text, strlen(text));
  return cli_finish(&out);
}

bool cli_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out) {
  uint64_t number = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (digit > most || number > (most - digit) / 10) return false;
    number = number * 10 + digit;
  }
  if (number < least) return false;
  *out = number;
  return true;
}
