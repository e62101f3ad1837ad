/* SPDX-License-Identifier: Apache-2.0 */
#include "log_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <sheaf/utf8.h>

struct sheafpy_log {
  _Atomic uint32_t level;
  pthread_mutex_t mutex; /* of all below; never held while anything else is waited for */
  pthread_cond_t changed;
  sheafpy_line *first, **end;
  size_t lines, bytes;
  uint64_t dropped;
};

sheafpy_log *sheafpy_log_new(void) {
  sheafpy_log *queue = calloc(1, sizeof *queue);
  if (!queue) return NULL;
  pthread_mutex_init(&queue->mutex, NULL);
  pthread_cond_init(&queue->changed, NULL);
  queue->end = &queue->first;
  return queue;
}

void sheafpy_log_free(sheafpy_log *queue) {
  if (!queue) return;
  while (queue->first) sheafpy_line_free(sheafpy_log_take(queue));
  pthread_cond_destroy(&queue->changed);
  pthread_mutex_destroy(&queue->mutex);
  free(queue);
}

void sheafpy_log_set_level(sheafpy_log *queue, uint32_t level) {
  atomic_store_explicit(&queue->level, level, memory_order_relaxed);
}

static sheaf_str copy(char *to, sheaf_str text) {
  if (text.size) memcpy(to, text.data, text.size);
  return sheaf_strn(to, text.size);
}

/* NULL if out of memory. */
static sheafpy_line *make_line(uint32_t level, sheaf_str source, sheaf_str message) {
  struct timespec now = {0, 0};
  source = sheaf_utf8_cut(source, SHEAFPY_LOG_MAX_LINE);
  message = sheaf_utf8_cut(message, SHEAFPY_LOG_MAX_LINE);
  sheafpy_line *line = malloc(sizeof *line + source.size + message.size);
  if (!line) return NULL;
  clock_gettime(CLOCK_REALTIME, &now);
  line->next = NULL;
  line->source = copy((char *)(line + 1), source);
  line->message = copy((char *)(line + 1) + source.size, message);
  line->time = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
  line->thread = (uint64_t)pthread_self();
  line->level = level;
  return line;
}

static size_t size_of(const sheafpy_line *line) {
  return sizeof *line + line->source.size + line->message.size;
}

void sheafpy_log_push(void *queue_, uint32_t level, sheaf_str source, sheaf_str message) {
  sheafpy_log *queue = queue_;
  if (level < atomic_load_explicit(&queue->level, memory_order_relaxed)) return;
  sheafpy_line *line = make_line(level, source, message);
  pthread_mutex_lock(&queue->mutex);
  if (line && queue->lines < SHEAFPY_LOG_MAX_LINES &&
      queue->bytes + size_of(line) <= SHEAFPY_LOG_MAX_BYTES) {
    queue->lines++;
    queue->bytes += size_of(line);
    *queue->end = line;
    queue->end = &line->next;
    line = NULL;
  } else {
    queue->dropped++;
  }
  pthread_cond_broadcast(&queue->changed);
  pthread_mutex_unlock(&queue->mutex);
  sheafpy_line_free(line);
}

void sheafpy_log_wait(sheafpy_log *queue) {
  pthread_mutex_lock(&queue->mutex);
  while (!queue->first && !queue->dropped) pthread_cond_wait(&queue->changed, &queue->mutex);
  pthread_mutex_unlock(&queue->mutex);
}

sheafpy_line *sheafpy_log_take(sheafpy_log *queue) {
  pthread_mutex_lock(&queue->mutex);
  sheafpy_line *line = queue->first;
  if (line) {
    queue->first = line->next;
    if (!queue->first) queue->end = &queue->first;
    queue->lines--;
    queue->bytes -= size_of(line);
  }
  pthread_mutex_unlock(&queue->mutex);
  return line;
}

void sheafpy_line_free(sheafpy_line *line) { free(line); }

uint64_t sheafpy_log_dropped(sheafpy_log *queue) {
  pthread_mutex_lock(&queue->mutex);
  uint64_t dropped = queue->dropped;
  queue->dropped = 0;
  pthread_mutex_unlock(&queue->mutex);
  return dropped;
}
