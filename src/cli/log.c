/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log.h"

#include <pthread.h>
#include <stdlib.h>

/* A line kept back. */
typedef struct line {
  struct line *next;
  size_t message; /* where in `text` the message begins, behind source and level */
  char text[];
} line;

/* The process has one standard error and so one log. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_holding;
static line *first, **last = &first;

static const char *level_name(uint32_t level) {
  if (level < SHEAF_LOG_INFO) return "debug";
  if (level < SHEAF_LOG_WARNING) return "info";
  return level < SHEAF_LOG_ERROR ? "warning" : "error";
}

static line *make_line(uint32_t level, sheaf_str source, sheaf_str message) {
  const char *name = level_name(level);
  size_t head = source.size + strlen(name) + 4;
  line *made = malloc(sizeof *made + head + message.size + 1);
  if (!made) return NULL;
  snprintf(made->text, head + 1, "%.*s: %s: ", (int)source.size, source.data, name);
  if (message.size > 0) memcpy(made->text + head, message.data, message.size);
  made->text[head + message.size] = '\0';
  made->message = head;
  made->next = NULL;
  return made;
}

void cli_put_stderr(const char *text) {
  flockfile(stderr);
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    putc_unlocked((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, stderr);
  }
  putc_unlocked('\n', stderr);
  funlockfile(stderr);
}

void cli_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx;
  line *made = make_line(level, source, message);
  if (!made) return;
  pthread_mutex_lock(&lock);
  bool held = is_holding;
  if (held) {
    *last = made;
    last = &made->next;
  }
  pthread_mutex_unlock(&lock);
  if (held) return;
  cli_put_stderr(made->text);
  free(made);
}

void cli_log_hold(void) {
  pthread_mutex_lock(&lock);
  is_holding = true;
  pthread_mutex_unlock(&lock);
}

void cli_log_release(const char *said) {
  pthread_mutex_lock(&lock);
  line *held = first;
  first = NULL;
  last = &first;
  is_holding = false;
  pthread_mutex_unlock(&lock);
  while (held) {
    line *next = held->next;
    if (!strstr(said, held->text + held->message)) cli_put_stderr(held->text);
    free(held);
    held = next;
  }
}
