/* SPDX-License-Identifier: Apache-2.0 */
/* linger: calls that come within a short time of each other go down as one batch. */
#include "stage/linger.h"

#include <sheaf/cancel.h>
#include <sheaf/status.h>

#include "core/cancel.h"
#include "core/flight.h"
#include "core/thread.h"
#include "stage/types.h"

#include <sheaf/index.h>

#define THREADS 64u /* batches on their way at once */

enum { MAX_SIZE, MAX_BYTES, MAX_WAIT_MS };

typedef sheaf_window_member member;

/* ------------------------------------------------------------------------------ the open windows */
/* The functions of this part: with the lock held. */

static uint64_t bytes_of(const sheaf_request *request) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < request->count; i++) bytes += request->refs[i].size;
  return bytes;
}

static bool fits(const sheaf_window *w, const sheaf_request *request) {
  const sheaf_linger *l = w->linger;
  return request->count <= l->most_count - w->count &&
         bytes_of(request) <= l->most_bytes - w->bytes;
}

static sheaf_window *find(const sheaf_linger *l, const sheaf_terms *terms, bool has_inputs) {
  sheaf_window *w = l->open;
  while (w && (w->terms != terms || w->has_inputs != has_inputs)) w = w->next;
  return w;
}

static void take_off(sheaf_window *w) {
  sheaf_window **at = &w->linger->open;
  while (*at != w) at = &(*at)->next;
  *at = w->next;
}

/* Nobody joins it any more. `why`: the counter of the reason. */
static void shut(sheaf_window *w, uint32_t why) {
  take_off(w);
  w->why = why == SHEAF_LINGER_FULL ? "full" : w->due_ns == INT64_MIN ? "flushed" : "due";
  w->state = SHEAF_WINDOW_GOING;
  sheaf_stage_count(&w->linger->stage, why, 1);
}

static void join(sheaf_window *w, member *m) {
  m->first = w->count - m->count;
  m->next = NULL;
  *w->last = m;
  w->last = &m->next;
  w->holds++;
  int64_t deadline = m->call->deadline_ns;
  if (!deadline || (w->members != m && !w->deadline_ns)) w->deadline_ns = 0;
  else if (deadline > w->deadline_ns) w->deadline_ns = deadline;
}

static void unlink_member(sheaf_window *w, member *m) {
  member **at = &w->members;
  while (*at != m) at = &(*at)->next;
  *at = m->next;
  if (!m->next) w->last = at;
}

/* ----------------------------------------------------------------------------------- going down */

static void run(sheaf_job *job) {
  sheaf_window *w = (sheaf_window *)job;
  sheaf_linger *l = w->linger;
  sheaf_window_ask(w);
  pthread_mutex_lock(&l->lock);
  member *waiting = w->members;
  w->state = SHEAF_WINDOW_DONE; /* from here on nobody leaves before it is told */
  pthread_cond_broadcast(&w->done);
  pthread_mutex_unlock(&l->lock);
  for (member *m = waiting, *next; m; m = next) {
    next = m->next;
    sheaf_waiter_say_last(&m->waiter);
  }
  sheaf_window_release(w);
}

/* Sends a window that has been shut down; with the lock held, which it lets go for that time. */
static void send(sheaf_window *w) {
  sheaf_linger *l = w->linger;
  w->job = (sheaf_job){.run = run, .owing = 1};
  w->holds++;
  sheaf_stage_count(&l->stage, SHEAF_LINGER_BATCHES, 1);
  pthread_mutex_unlock(&l->lock);
  if (!sheaf_workers_run(&l->workers, &w->job)) {
    sheaf_thread_owe();
    run(&w->job);
    sheaf_thread_paid();
  }
  pthread_mutex_lock(&l->lock);
}

/* ------------------------------------------------------------------------------------- a caller */

/* A window with room for the call, perhaps a new one. NULL: out of memory. */
static sheaf_window *enter(sheaf_linger *l, const sheaf_request *request, sheaf_terms *terms,
                           member *m) {
  sheaf_window *w = find(l, terms, request->inputs != NULL);
  if (w && !fits(w, request)) {
    shut(w, SHEAF_LINGER_FULL);
    send(w);
    w = find(l, terms, request->inputs != NULL); /* another may have come meanwhile */
    if (w && !fits(w, request)) w = NULL;
  }
  bool is_new = !w;
  if (is_new) {
    w = sheaf_window_new(l, request, terms);
    if (!w) return NULL;
    sheaf_terms_share(terms, 1);
    w->opened_ns = sheaf_now_ns();
    w->due_ns = w->opened_ns + l->most_wait_ns;
  }
  bool added = sheaf_window_add(w, request);
  if (added) join(w, m);
  if (is_new) {
    if (added) w->next = l->open, l->open = w;
    sheaf_window_release(w); /* its members hold it */
  }
  return added ? w : NULL;
}

/* Leaves before the answer is there. The last one of a batch that is on its way throws its switch and
 * waits for its end, which is then near, as it would without a stage. With the lock held, but for the
 * wait. */
static void leave(sheaf_window *w, member *m) {
  sheaf_linger *l = w->linger;
  bool minded = w->members == m;
  unlink_member(w, m);
  if (w->state == SHEAF_WINDOW_OPEN) {
    sheaf_window_remove(w, m);
    if (!w->members) take_off(w);
    else if (minded) sheaf_waiter_say(&w->members->waiter); /* minds the time from now on */
  } else if (!w->members) {
    pthread_mutex_unlock(&l->lock);
    sheaf_cancel_set(w->cancel);
    pthread_mutex_lock(&l->lock);
    while (w->state != SHEAF_WINDOW_DONE) pthread_cond_wait(&w->done, &l->lock);
  }
}

/* What the member is to do now: SHEAF_OK, wait until `*until_ns`; SHEAF_BUSY, go by itself: it is alone,
 * and the time has come. With the lock held. */
static sheaf_status mind_the_time(sheaf_window *w, const member *m, int64_t *until_ns) {
  *until_ns = INT64_MAX;
  if (w->state != SHEAF_WINDOW_OPEN || w->members != m) return SHEAF_OK;
  if (sheaf_now_ns() < w->due_ns) {
    *until_ns = w->due_ns;
    return SHEAF_OK;
  }
  if (!m->next) return SHEAF_BUSY;
  shut(w, SHEAF_LINGER_DUE);
  send(w);
  return SHEAF_OK;
}

/* Until the answer is there: SHEAF_OK; or the member has left, to go by itself (SHEAF_BUSY), or because
 * its call ends. Comes with the lock, and leaves without. */
static sheaf_status await(sheaf_window *w, member *m) {
  sheaf_linger *l = w->linger;
  sheaf_status why = SHEAF_OK;
  while (w->state != SHEAF_WINDOW_DONE && !why) {
    int64_t until_ns;
    why = mind_the_time(w, m, &until_ns);
    if (why || w->state == SHEAF_WINDOW_DONE) break;
    pthread_mutex_unlock(&l->lock);
    why = sheaf_waiter_wait(&m->waiter, until_ns);
    if (w->state == SHEAF_WINDOW_DONE) { /* which many come to hear of at once: without the lock */
      sheaf_waiter_wait_last(&m->waiter);
      return SHEAF_OK;
    }
    pthread_mutex_lock(&l->lock);
    if (why == SHEAF_BUSY) why = SHEAF_OK;
  }
  bool done = w->state == SHEAF_WINDOW_DONE;
  if (!done) leave(w, m);
  pthread_mutex_unlock(&l->lock);
  if (done) sheaf_waiter_wait_last(&m->waiter);
  return done ? SHEAF_OK : why;
}

/* Delivers a member's part of the results. What it answers for the batch is what its own part says. */
static sheaf_status deliver(const sheaf_window *w, const member *m, const sheaf_request *request,
                            sheaf_sink *sink) {
  enum { GROUP = 32 };
  sheaf_result group[GROUP];
  sheaf_status status = SHEAF_OK;
  if (!w->results)
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for a batch", 0);
  for (uint32_t i = 0, n; i < m->count; i += n) {
    for (n = 0; n < GROUP && i + n < m->count; n++) {
      group[n] = w->results[m->first + i + n];
      group[n].index = i + n;
      if (w->status && group[n].status == w->status) status = w->status;
    }
    if (sink->results(sink, group, n) != SHEAF_CONTINUE) return SHEAF_STOPPED;
  }
  return status;
}

/* Down as it came. */
static sheaf_status go_alone(sheaf_linger *l, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_stage_count(&l->stage, SHEAF_LINGER_BATCHES, 1);
  return sheaf_stage_ask(&l->stage, 0, request, sink);
}

/* The same after it has waited in vain. */
static sheaf_status go_late(sheaf_linger *l, const sheaf_request *request, sheaf_sink *sink,
                            const sheaf_window *w) {
  sheaf_stage_reason before =
      sheaf_stage_because((sheaf_stage_reason){"alone", sheaf_now_ns() - w->opened_ns});
  sheaf_status status = go_alone(l, request, sink);
  (void)sheaf_stage_because(before);
  return status;
}

/* In the window until the answer, or another end. */
static sheaf_status linger(sheaf_linger *l, const sheaf_request *request, sheaf_sink *sink,
                           sheaf_terms *terms) {
  member m = {.call = request->call, .count = request->count};
  sheaf_waiter_init(&m.waiter, request->call);
  pthread_mutex_lock(&l->lock);
  sheaf_window *w = enter(l, request, terms, &m);
  if (!w) {
    pthread_mutex_unlock(&l->lock);
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for a batch", 0);
  }
  sheaf_stage_count(&l->stage, SHEAF_LINGER_CALLS, 1); /* now it is in */
  if (w->count == l->most_count) {
    shut(w, SHEAF_LINGER_FULL);
    send(w);
  }
  sheaf_status why = await(w, &m), status;
  if (why == SHEAF_BUSY) sheaf_stage_count(&l->stage, SHEAF_LINGER_DUE, 1);
  if (!why) status = deliver(w, &m, request, sink);
  else if (why == SHEAF_BUSY) status = go_late(l, request, sink, w);
  else status = sheaf_stage_fail(request, sink, why, sheaf_status_message(why), 0);
  sheaf_window_release(w);
  return status;
}

/* Whether the call has the time to wait for others. */
static bool has_time(const sheaf_linger *l, const sheaf_call *call) {
  return !call->deadline_ns || call->deadline_ns - l->most_wait_ns > sheaf_now_ns();
}

/* Whether the thread may wait for a batch that another runs: not if that one could come to need what this
 * one has, a place under a limit or the inside of a serialized manager. To owe an answer is no hindrance: a
 * batch that is on its way waits for nobody who is in it. */
static bool may_hand_over(void) {
  return !sheaf_thread_here->seated && !sheaf_thread_here->worker && !sheaf_flight_has_gate();
}

/* Contexts an index are not compared. */
static bool applies(const sheaf_linger *l, const sheaf_request *request) {
  return request->count > 0 && request->count < l->most_count && !request->contexts &&
         may_hand_over() && sheaf_stage_may_share(request) && bytes_of(request) < l->most_bytes &&
         has_time(l, request->call);
}

static sheaf_status linger_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_linger *l = self;
  if (!applies(l, request)) {
    sheaf_stage_count(&l->stage, SHEAF_LINGER_CALLS, 1);
    return go_alone(l, request, sink);
  }
  sheaf_terms *terms = sheaf_terms_hold(&l->terms, request, request->call->context);
  if (!terms)
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for a batch", 0);
  sheaf_status status = linger(l, request, sink, terms);
  sheaf_terms_release(&l->terms, terms, 1);
  return status;
}

/* Has every open window go at once. Who minds it sends it. */
static sheaf_status linger_flush(void *self, const sheaf_call *call, sheaf_error *error) {
  sheaf_linger *l = self;
  (void)call, (void)error;
  pthread_mutex_lock(&l->lock);
  for (sheaf_window *w = l->open; w; w = w->next) {
    sheaf_stage_count(&l->stage, SHEAF_LINGER_FLUSHED, w->due_ns != INT64_MIN);
    w->due_ns = INT64_MIN;
    sheaf_waiter_say(&w->members->waiter);
  }
  pthread_mutex_unlock(&l->lock);
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------ the stage */

static sheaf_status read_wait(const sheaf_value *settings, int64_t *out_ns, sheaf_error *error) {
  double ms = settings[MAX_WAIT_MS].u.real;
  *out_ns = (int64_t)(ms * 1e6);
  if (ms > 0 && ms <= 3600000.0 && *out_ns > 0) return SHEAF_OK;
  return sheaf_error_set(
      error, SHEAF_INVALID_ARGUMENT,
      "setting \"max_wait_ms\" is %g: give a number of milliseconds above 0, and up "
      "to 3600000",
      ms);
}

static sheaf_status linger_open(void *self, const sheaf_value *settings,
                                const sheaf_stage_options *options, sheaf_error *error) {
  sheaf_linger *l = self;
  int64_t count, bytes = INT64_MAX;
  (void)options;
  sheaf_status status =
      sheaf_stage_number(&sheaf_stage_linger, settings, MAX_SIZE, 1, INT32_MAX, &count, error);
  if (!status && settings[MAX_BYTES].kind != SHEAF_KIND_NONE)
    status =
        sheaf_stage_number(&sheaf_stage_linger, settings, MAX_BYTES, 1, INT64_MAX, &bytes, error);
  if (!status) status = read_wait(settings, &l->most_wait_ns, error);
  if (status) return status;
  l->most_count = (uint32_t)count;
  l->most_bytes = (uint64_t)bytes;
  if (!sheaf_terms_table_init(&l->terms, sheaf_index_seed()))
    return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (!sheaf_workers_init(&l->workers, THREADS)) {
    sheaf_terms_table_destroy(&l->terms);
    return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  }
  l->made = pthread_mutex_init(&l->lock, NULL) == 0;
  if (l->made) return SHEAF_OK;
  sheaf_workers_close(&l->workers);
  sheaf_terms_table_destroy(&l->terms);
  return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
}

static void linger_close(void *self) {
  sheaf_linger *l = self;
  if (!l->made) return;
  sheaf_workers_close(&l->workers);
  sheaf_terms_table_destroy(&l->terms);
  pthread_mutex_destroy(&l->lock);
}

static const sheaf_setting_info settings[] = {
    [MAX_SIZE] = {"max_size", "1000", "The most references of a batch.", SHEAF_KIND_INT64, 0},
    [MAX_BYTES] = {"max_bytes", NULL, "The most bytes of references of a batch; else any.",
                   SHEAF_KIND_INT64, 0},
    [MAX_WAIT_MS] = {
        "max_wait_ms", "1",
        "How long a batch waits for further calls, in milliseconds, from its first call.",
        SHEAF_KIND_DOUBLE, 0}};

static const sheaf_stage_counter_info counters[] = {
    [SHEAF_LINGER_CALLS] = {"calls", "Calls that came."},
    [SHEAF_LINGER_BATCHES] = {"batches", "Batches that went down."},
    [SHEAF_LINGER_FULL] = {"full", "Batches that went because they were full."},
    [SHEAF_LINGER_DUE] = {"due", "Batches that went because their time had come."},
    [SHEAF_LINGER_FLUSHED] = {"flushed", "Batches whose time was ended by a flush."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "linger", "Linger", "Calls that come within a short time of each other go down as one batch.",
    settings, sizeof settings / sizeof *settings);

const sheaf_stage_type sheaf_stage_linger = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                             .flags = SHEAF_STAGE_MAY_WAIT,
                                             .counters = counters,
                                             .counter_count = sizeof counters / sizeof *counters,
                                             .size = sizeof(sheaf_linger),
                                             .open = linger_open,
                                             .batch = linger_batch,
                                             .flush = linger_flush,
                                             .close = linger_close};
