/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the stage `linger`: windows, in which calls gather.
 *
 * The first call with certain terms opens a window. Those with equal terms join it until it closes: when
 * it is full, when its time has come, or at a flush. Then its calls go down as one batch on a thread of
 * the stage's, so that each caller can leave when it is cancelled; who is alone goes by itself, with its
 * own call. Results are copied, and each caller delivers its own when all are there.
 */
#ifndef SHEAF_STAGE_LINGER_H
#define SHEAF_STAGE_LINGER_H

#include "core/arena.h"
#include "core/wait.h"
#include "stage/stage.h"
#include "stage/terms.h"
#include "stage/workers.h"

/* Its counters. */
enum {
  SHEAF_LINGER_CALLS,
  SHEAF_LINGER_BATCHES,
  SHEAF_LINGER_FULL,
  SHEAF_LINGER_DUE,
  SHEAF_LINGER_FLUSHED
};

enum { SHEAF_WINDOW_OPEN, SHEAF_WINDOW_GOING, SHEAF_WINDOW_DONE };

typedef struct sheaf_linger sheaf_linger;

/* A call in a window; on its own stack. */
typedef struct sheaf_window_member {
  struct sheaf_window_member *next;
  sheaf_waiter waiter;
  const sheaf_call *call;
  uint32_t first, count; /* its part of the window's references */
} sheaf_window_member;

typedef struct sheaf_window {
  sheaf_job job; /* the batch that it becomes */
  sheaf_linger *linger;
  struct sheaf_window *next; /* of the open ones */
  sheaf_terms *terms;        /* held */
  bool has_inputs;
  _Atomic uint32_t state;
  _Atomic uint32_t holds;               /* of its members, and of the job */
  sheaf_window_member *members, **last; /* those who have not left; the first minds the time */
  int64_t opened_ns, due_ns;
  const char *why;     /* it went */
  int64_t deadline_ns; /* the latest; 0: none */
  sheaf_cancel *cancel;
  pthread_cond_t done; /* for the last, who waits whatever its call says */

  sheaf_arena arena; /* copies of what is asked, and of the results */
  sheaf_str *refs;
  sheaf_record *inputs;
  sheaf_result *results;
  uint32_t count, room;
  uint64_t bytes;      /* of references */
  sheaf_status status; /* of the batch */
} sheaf_window;

struct sheaf_linger {
  sheaf_stage stage;
  uint32_t most_count;
  uint64_t most_bytes;
  int64_t most_wait_ns;
  sheaf_terms_table terms;
  sheaf_workers workers;
  bool made;
  pthread_mutex_t lock; /* of the windows */
  sheaf_window *open;
};

/* A window for calls like this one, with one hold. NULL: out of memory. */
sheaf_window *sheaf_window_new(sheaf_linger *linger, const sheaf_request *request,
                               sheaf_terms *terms);

/* Lets go of one hold. */
void sheaf_window_release(sheaf_window *window);

/* Copies what a call asks for to the window's end. False: out of memory, and nothing has changed. */
bool sheaf_window_add(sheaf_window *window, const sheaf_request *request);

/* Takes out what a member asked for. */
void sheaf_window_remove(sheaf_window *window, const sheaf_window_member *member);

/* Asks for all, and keeps the results. On a worker. */
void sheaf_window_ask(sheaf_window *window);

#endif
