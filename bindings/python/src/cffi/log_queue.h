/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on their way to Python's `logging`: whoever has something to say puts it here and goes
 * on, without ever waiting for Python. A thread of Python's takes the lines out. The queue is
 * bounded: what does not fit is dropped, and counted.
 */
#ifndef SHEAFPY_LOG_QUEUE_H
#define SHEAFPY_LOG_QUEUE_H

#include <sheaf/abi.h>

/* How many lines, and how many bytes of them, wait at most. A line is cut at the last of these. */
#define SHEAFPY_LOG_MAX_LINES 8192
#define SHEAFPY_LOG_MAX_BYTES 4194304
#define SHEAFPY_LOG_MAX_LINE 65536

typedef struct sheafpy_log sheafpy_log;

/* A line. `source` and `message` are its own. */
typedef struct sheafpy_line {
  struct sheafpy_line *next;
  sheaf_str source;
  sheaf_str message;
  double time;     /* seconds since 1970 */
  uint64_t thread; /* pthread_self() of who said it */
  uint32_t level;
} sheafpy_line;

/* An empty queue that takes lines of all levels. NULL if out of memory. [any-thread] */
sheafpy_log *sheafpy_log_new(void);

/* NULL is fine. Only once nobody uses it any more. */
void sheafpy_log_free(sheafpy_log *queue);

/* The least level that is taken. [any-thread] */
void sheafpy_log_set_level(sheafpy_log *queue, uint32_t level);

/* A sheaf_log_fn: `queue` is a sheafpy_log. Copies the line, or drops it. [any-thread] */
void sheafpy_log_push(void *queue, uint32_t level, sheaf_str source, sheaf_str message);

/* Waits until there is a line or one was dropped. [any-thread] */
void sheafpy_log_wait(sheafpy_log *queue);

/* The oldest line, to be freed with sheafpy_line_free; NULL if there is none. [any-thread] */
sheafpy_line *sheafpy_log_take(sheafpy_log *queue);

/* NULL is fine. [any-thread] */
void sheafpy_line_free(sheafpy_line *line);

/* How many lines were dropped since this was last asked. [any-thread] */
uint64_t sheafpy_log_dropped(sheafpy_log *queue);

#endif /* SHEAFPY_LOG_QUEUE_H */
