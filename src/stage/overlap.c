/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlap.h"

#include <sheaf/cancel.h>

#include "core/cancel.h"
#include "core/copy.h"
#include "core/flight.h"
#include "core/thread.h"
#include "core/wait.h"
#include "stage/part.h"

#define MOST_HELPERS 63u

/* A batch that a worker has asked for. */
typedef struct piece {
  struct piece *next; /* of those to be delivered */
  uint32_t begin, count;
  sheaf_result *results; /* at their places in the whole */
  uint32_t result_count;
  sheaf_arena arena;
} piece;

typedef struct overlap {
  const sheaf_stage *stage;
  sheaf_sink *sink;
  const sheaf_shape *shape;
  sheaf_part whole; /* the request in the shape's order */
  sheaf_call call;  /* the workers' */
  sheaf_waiter waiter;
  piece *pieces;

  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t wake;
  uint32_t next;    /* the first that nobody has begun with */
  uint32_t working; /* workers */
  bool stopped;
  sheaf_status status; /* the first failure */
  piece *done;
} overlap;

typedef struct helper {
  sheaf_job job;
  overlap *of;
} helper;

/* ------------------------------------------------------------------------------------- a batch */

/* The next to begin with; the shape's batch_count if there is none. */
static uint32_t take(overlap *o) {
  pthread_mutex_lock(&o->lock);
  uint32_t b = o->stopped ? o->shape->batch_count : o->next;
  if (b < o->shape->batch_count) o->next++;
  pthread_mutex_unlock(&o->lock);
  return b;
}

/* The request of batch b: a run of the whole in the shape's order. */
static sheaf_request request_of(const overlap *o, uint32_t b, const sheaf_call *call) {
  sheaf_request r = o->whole.request;
  uint32_t begin = sheaf_shape_begin(o->shape, b);
  r.count = o->shape->ends[b] - begin;
  r.refs += begin;
  if (r.contexts) r.contexts += begin;
  if (r.inputs) r.inputs += begin;
  r.call = call;
  return r;
}

/* Asks for batch b, whose results go to `onward` at their places. */
static sheaf_status ask(const overlap *o, uint32_t b, const sheaf_call *call, sheaf_sink *onward) {
  sheaf_part part;
  sheaf_part_init(&part, o->whole.whole, onward);
  part.request = request_of(o, b, call);
  part.indices = o->shape->order + sheaf_shape_begin(o->shape, b);
  return sheaf_stage_ask(o->stage, 0, &part.request, &part.sink);
}

static void note(overlap *o, sheaf_status status) {
  pthread_mutex_lock(&o->lock);
  if (status == SHEAF_STOPPED) o->stopped = true;
  else if (!o->status) o->status = status;
  pthread_mutex_unlock(&o->lock);
}

/* ------------------------------------------------------------------------------------ a worker */

typedef struct keeping {
  sheaf_sink sink;
  piece *piece;
} keeping;

static uint32_t keep(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  piece *p = ((keeping *)sink)->piece;
  for (uint32_t i = 0; i < count; i++)
    sheaf_copy_result(&p->arena, &p->results[p->result_count++], &results[i]);
  return SHEAF_CONTINUE;
}

/* Without the memory to keep results each index gets an error, in a piece that has only those. */
static sheaf_status ask_and_keep(overlap *o, uint32_t b) {
  piece *p = &o->pieces[b];
  keeping k = {{sizeof k.sink, 0, keep}, p};
  p->begin = sheaf_shape_begin(o->shape, b);
  p->count = o->shape->ends[b] - p->begin;
  p->results = sheaf_arena_alloc(&p->arena, p->count * sizeof *p->results);
  sheaf_status status = p->results ? ask(o, b, &o->call, &k.sink) : SHEAF_OUT_OF_MEMORY;
  pthread_mutex_lock(&o->lock);
  p->next = o->done;
  o->done = p;
  pthread_cond_signal(&o->wake);
  sheaf_waiter_say(&o->waiter);
  pthread_mutex_unlock(&o->lock);
  return status;
}

static void help(sheaf_job *job) {
  overlap *o = ((helper *)job)->of;
  bool direct = o->sink->flags & SHEAF_PARALLEL_RESULTS;
  sheaf_stage_reason before = sheaf_stage_because((sheaf_stage_reason){"cut", 0});
  for (uint32_t b; (b = take(o)) < o->shape->batch_count;)
    note(o, direct ? ask(o, b, &o->call, o->sink) : ask_and_keep(o, b));
  (void)sheaf_stage_because(before);
  pthread_mutex_lock(&o->lock);
  o->working--;
  pthread_cond_signal(&o->wake);
  sheaf_waiter_say(&o->waiter);
  pthread_mutex_unlock(&o->lock); /* from here on it may be gone */
}

/* How many were begun with. */
static uint32_t start(overlap *o, sheaf_workers *workers, helper *helpers, uint32_t count) {
  uint32_t started = 0;
  for (; started < count; started++) {
    helpers[started] = (helper){{.run = help,
                                 .owing = sheaf_thread_here->owing + 1,
                                 .seated = sheaf_thread_here->seated,
                                 .outer = sheaf_thread_here->outer},
                                o};
    pthread_mutex_lock(&o->lock);
    o->working++;
    pthread_mutex_unlock(&o->lock);
    if (sheaf_workers_run(workers, &helpers[started].job)) continue;
    pthread_mutex_lock(&o->lock);
    o->working--;
    pthread_mutex_unlock(&o->lock);
    break;
  }
  return started;
}

/* ---------------------------------------------------------------------------- who asks for all */

static void stop(overlap *o) {
  note(o, SHEAF_STOPPED);
  sheaf_cancel_set(o->call.cancel);
}

static uint32_t fail_piece(overlap *o, const piece *p) {
  uint32_t said = SHEAF_CONTINUE;
  for (uint32_t i = 0; i < p->count && said == SHEAF_CONTINUE; i++)
    said = sheaf_emit_error(o->sink, o->shape->order[p->begin + i], SHEAF_OUT_OF_MEMORY,
                            sheaf_cstr("out of memory for a batch"));
  return said;
}

/* Delivers what workers have brought; after a stop it is only let go. */
static void deliver(overlap *o) {
  pthread_mutex_lock(&o->lock);
  piece *done = o->done;
  bool stopped = o->stopped;
  o->done = NULL;
  pthread_mutex_unlock(&o->lock);
  for (piece *p = done; p; p = p->next) {
    uint32_t said = SHEAF_CONTINUE;
    if (!stopped && !p->results) said = fail_piece(o, p);
    else if (!stopped && p->result_count)
      said = o->sink->results(o->sink, p->results, p->result_count);
    sheaf_arena_free(&p->arena);
    if (said != SHEAF_CONTINUE) {
      stopped = true;
      stop(o);
    }
  }
}

/* Waits for a worker; once the call has ended, only for what is under way. */
static void wait_for_worker(overlap *o, bool *ended) {
  if (!*ended && sheaf_waiter_wait(&o->waiter, INT64_MAX)) {
    *ended = true;
    sheaf_cancel_set(o->call.cancel);
  }
  pthread_mutex_lock(&o->lock);
  while (*ended && o->working && !o->done) pthread_cond_wait(&o->wake, &o->lock);
  pthread_mutex_unlock(&o->lock);
}

static bool is_over(overlap *o) {
  pthread_mutex_lock(&o->lock);
  bool over = !o->working && !o->done;
  pthread_mutex_unlock(&o->lock);
  return over;
}

static sheaf_status ask_with_help(overlap *o, sheaf_workers *workers, uint32_t helpers) {
  helper all[MOST_HELPERS];
  bool ended = false;
  uint32_t started = start(o, workers, all, helpers);
  for (uint32_t b; (b = take(o)) < o->shape->batch_count; deliver(o)) {
    sheaf_status status = ask(o, b, o->whole.whole->call, o->sink);
    if (status == SHEAF_STOPPED) stop(o);
    else note(o, status);
  }
  for (uint32_t i = 0; i < started; i++) {
    if (!sheaf_workers_take_back(workers, &all[i].job)) continue;
    pthread_mutex_lock(&o->lock);
    o->working--;
    pthread_mutex_unlock(&o->lock);
  }
  while (deliver(o), !is_over(o)) wait_for_worker(o, &ended);
  return o->stopped ? SHEAF_STOPPED : o->status;
}

/* ------------------------------------------------------------------------------------ altogether */

static bool prepare(overlap *o, const sheaf_request *request) {
  size_t size = o->shape->batch_count * sizeof *o->pieces;
  o->pieces = sheaf_stage_scratch(request, size);
  if (!o->pieces || !sheaf_part_reserve(&o->whole, o->shape->count)) return false;
  memset(o->pieces, 0, size);
  sheaf_part_take(&o->whole, o->shape->order, o->shape->count);
  o->call = sheaf_stage_derive(request->call);
  o->call.cancel = sheaf_cancel_new_child(request->call->cancel);
  if (!o->call.cancel) return false;
  if (pthread_mutex_init(&o->lock, NULL) == 0) {
    if (pthread_cond_init(&o->wake, NULL) == 0) return true;
    pthread_mutex_destroy(&o->lock);
  }
  sheaf_cancel_free(o->call.cancel);
  return false;
}

sheaf_status sheaf_overlap_ask(const sheaf_stage *stage, sheaf_workers *workers, uint32_t most,
                               const sheaf_request *request, sheaf_sink *sink,
                               const sheaf_shape *shape) {
  overlap o = {.stage = stage, .sink = sink, .shape = shape};
  uint32_t helpers = (most < shape->batch_count ? most : shape->batch_count) - 1;
  /* From inside a manager that takes one call at a time: a worker could wait for this thread to leave it. */
  if (sheaf_flight_has_gate()) helpers = 0;
  sheaf_part_init(&o.whole, request, sink);
  sheaf_waiter_init(&o.waiter, request->call);
  if (!prepare(&o, request))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for a batch", 0);
  sheaf_stage_reason before = sheaf_stage_because((sheaf_stage_reason){"cut", 0});
  sheaf_status status = ask_with_help(&o, workers, helpers < MOST_HELPERS ? helpers : MOST_HELPERS);
  (void)sheaf_stage_because(before);
  pthread_cond_destroy(&o.wake);
  pthread_mutex_destroy(&o.lock);
  sheaf_cancel_free(o.call.cancel);
  return status;
}
