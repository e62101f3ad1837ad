/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include <stdlib.h>

#include <sheaf/utf8.h>

#include "core/library.h"

bool sheaf_log_enabled(const sheaf_library *library, uint32_t level) {
  return level >= library->log_level && library->log_level < SHEAF_LOG_NONE;
}

static const char *level_name(uint32_t level) {
  switch (level) {
#define CASE(upper, number, text)                                                                  \
  case number:                                                                                     \
    return text;
    SHEAF_LOG_LEVEL_MAP(CASE)
#undef CASE
  default:
    return "error";
  }
}

/* One write a line, so that lines of several threads do not mix. */
static void write_to_stderr(uint32_t level, sheaf_str source, sheaf_str message) {
  flockfile(stderr);
  fprintf(stderr, "%.*s: %s: ", (int)source.size, source.data, level_name(level));
  for (size_t i = 0; i < message.size; i++) {
    /* A manager's text must not drive the terminal. */
    unsigned char c = (unsigned char)message.data[i];
    putc_unlocked(c < 0x20 && c != '\n' && c != '\t' ? '?' : c, stderr);
  }
  putc_unlocked('\n', stderr);
  funlockfile(stderr);
}

void sheaf_log(const sheaf_library *library, uint32_t level, const char *source,
               sheaf_str message) {
  if (!sheaf_log_enabled(library, level)) return;
  sheaf_str who = sheaf_cstr(source ? source : "sheaf");
  if (!message.data && message.size > 0)
    message = sheaf_cstr("(a line with a length, whose data is NULL)");
  if (library->log) library->log(library->log_ctx, level, who, message);
  else write_to_stderr(level, who, message);
}

void sheaf_logf(const sheaf_library *library, uint32_t level, const char *source,
                const char *format, ...) {
  if (!sheaf_log_enabled(library, level)) return;
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (written < 0) return;
  size_t size = (size_t)written;
  if (size >= sizeof text)
    size = sheaf_utf8_cut(sheaf_strn(text, sizeof text - 1), sizeof text - 2).size;
  sheaf_log(library, level, source, sheaf_strn(text, size));
}
