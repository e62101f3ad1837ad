/* SPDX-License-Identifier: Apache-2.0 */
/* limit: how many batches at once, and how much a second, goes down; who comes first goes first. */
#include <pthread.h>

#include "core/cancel.h"
#include "core/flight.h"
#include "core/manager.h"
#include "core/thread.h"
#include "core/wait.h"
#include "stage/bucket.h"
#include "stage/refuse.h"
#include "stage/types.h"

enum { IN_FLIGHT, BATCHES, REFERENCES, BURST, QUEUE, SETTINGS };
enum { WAITED, WAITED_US, REFUSED };

/* One who waits, on its own stack. */
typedef struct ticket {
  sheaf_waiter waiter;
  struct ticket *next;
  uint32_t size; /* references */
} ticket;

typedef struct limit {
  sheaf_stage stage;
  int64_t most_in_flight, most_queued;
  pthread_mutex_t lock; /* of what follows */
  ticket *first, **last;
  int64_t queued, in_flight;
  double usual_ns; /* what a batch takes of late */
  sheaf_bucket batches, references;
} limit;

/* The functions in this part: under the lock. */

/* When a batch of that size may go if nobody is before it: 0 now; INT64_MAX: when another returns. */
static int64_t wait_for_room(limit *l, uint32_t size, int64_t now_ns) {
  if (l->in_flight >= l->most_in_flight) return INT64_MAX;
  sheaf_bucket_fill(&l->batches, now_ns);
  sheaf_bucket_fill(&l->references, now_ns);
  int64_t a = sheaf_bucket_wait(&l->batches, 1), b = sheaf_bucket_wait(&l->references, size);
  return a > b ? a : b;
}

static void go(limit *l, uint32_t size) {
  l->in_flight++;
  sheaf_bucket_take(&l->batches, 1);
  sheaf_bucket_take(&l->references, size);
}

static void enqueue(limit *l, ticket *t) {
  t->next = NULL;
  *l->last = t;
  l->last = &t->next;
  l->queued++;
}

/* The next who becomes first looks for itself. */
static void dequeue(limit *l, ticket *t) {
  ticket **at = &l->first;
  while (*at != t) at = &(*at)->next;
  *at = t->next;
  if (!t->next) l->last = at;
  l->queued--;
  if (at == &l->first && l->first) sheaf_waiter_say(&l->first->waiter);
}

/* How long whoever is refused should stay away: until the queue has gone, by a guess. */
static int64_t hint_ns(limit *l, uint32_t size, int64_t now_ns) {
  int64_t room = wait_for_room(l, size, now_ns);
  double turns =
      l->most_in_flight < INT64_MAX ? (double)(l->queued + 1) / (double)l->most_in_flight : 0;
  double queue = turns * l->usual_ns;
  if (room == INT64_MAX || (double)room < queue) return (int64_t)queue;
  return room;
}

/* ------------------------------------------------------------------------------- coming and going */

/* Until it is this one's turn. SHEAF_OK: it has gone; else why not. Holds the lock, but for the wait. */
static sheaf_status queue_up(limit *l, ticket *t) {
  sheaf_status why = SHEAF_OK;
  enqueue(l, t);
  for (;;) {
    int64_t until = INT64_MAX, now = sheaf_now_ns();
    if (l->first == t) {
      int64_t wait = wait_for_room(l, t->size, now);
      if (wait == 0) break;
      if (wait < INT64_MAX - now) until = now + wait;
    }
    pthread_mutex_unlock(&l->lock);
    why = sheaf_waiter_wait(&t->waiter, until);
    pthread_mutex_lock(&l->lock);
    if (why && why != SHEAF_BUSY) break;
    why = SHEAF_OK;
  }
  if (!why) go(l, t->size);
  dequeue(l, t);
  return why;
}

/* Comes with the lock, and leaves without. */
static sheaf_status wait_turn(limit *l, const sheaf_request *request) {
  ticket t = {.size = request->count};
  int64_t begin = sheaf_now_ns();
  sheaf_waiter_init(&t.waiter, request->call);
  sheaf_status why = queue_up(l, &t);
  pthread_mutex_unlock(&l->lock);
  sheaf_stage_count(&l->stage, WAITED, 1);
  sheaf_stage_count(&l->stage, WAITED_US, (uint64_t)(sheaf_now_ns() - begin) / 1000);
  return why;
}

static void come_back(limit *l, int64_t took_ns) {
  pthread_mutex_lock(&l->lock);
  l->in_flight--;
  l->usual_ns += ((double)took_ns - l->usual_ns) / 8;
  if (l->first) sheaf_waiter_say(&l->first->waiter);
  pthread_mutex_unlock(&l->lock);
}

/* Until it comes back, others wait for its place: so it waits for nobody's answer, and what is asked from
 * inside it, in a callback or by the manager, for no place: it could wait for itself. On the way down it
 * waits at a further limit, whose holders wait for nobody above. */
static sheaf_status ask(limit *l, const sheaf_request *request, sheaf_sink *sink) {
  int64_t begin = sheaf_now_ns();
  sheaf_thread_here->seated++;
  sheaf_thread_owe();
  sheaf_status status = sheaf_stage_ask(&l->stage, 0, request, sink);
  sheaf_thread_paid();
  sheaf_thread_here->seated--;
  come_back(l, sheaf_now_ns() - begin);
  return status;
}

/* Whether this thread is inside a manager below the stage that takes one call at a time. */
static bool is_inside(const sheaf_stage *stage) {
  for (uint32_t i = 0; i < stage->child_count; i++) {
    const sheaf_manager *m = stage->children[i];
    if (m->stage ? is_inside(m->self) : sheaf_flight_in_gate(m, sheaf_thread_here->current))
      return true;
  }
  return false;
}

/* Whether a place could never come free, for those who have one could wait for what this thread has. */
static bool goes_without(const limit *l) {
  return sheaf_thread_here->outer || (sheaf_flight_has_gate() && is_inside(&l->stage));
}

static sheaf_status limit_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  limit *l = self;
  if (goes_without(l)) return sheaf_stage_ask(&l->stage, 0, request, sink);
  int64_t now = sheaf_now_ns();
  pthread_mutex_lock(&l->lock);
  if (!l->first && wait_for_room(l, request->count, now) == 0) {
    go(l, request->count);
    pthread_mutex_unlock(&l->lock);
    return ask(l, request, sink);
  }
  if (l->queued >= l->most_queued) {
    int64_t hint = hint_ns(l, request->count, now);
    pthread_mutex_unlock(&l->lock);
    sheaf_stage_count(&l->stage, REFUSED, 1);
    return sheaf_stage_refuse(request, sink, SHEAF_OVERLOADED,
                              "too many batches wait already: come back later", hint);
  }
  sheaf_status why = wait_turn(l, request);
  if (why) return sheaf_stage_fail(request, sink, why, "", 0);
  const char *reason = sheaf_thread_here->why ? sheaf_thread_here->why : "limit";
  int64_t waited = sheaf_thread_here->waited_ns + sheaf_now_ns() - now;
  sheaf_stage_reason before = sheaf_stage_because((sheaf_stage_reason){reason, waited});
  sheaf_status status = ask(l, request, sink);
  (void)sheaf_stage_because(before);
  return status;
}

/* ------------------------------------------------------------------------------------- the stage */

static const sheaf_setting_info settings[SETTINGS] = {
    [IN_FLIGHT] = {"in_flight", NULL, "The most batches at once.", SHEAF_KIND_INT64, 0},
    [BATCHES] = {"batches_per_second", NULL, "The most batches a second.", SHEAF_KIND_DOUBLE, 0},
    [REFERENCES] = {"references_per_second", NULL, "The most references a second.",
                    SHEAF_KIND_DOUBLE, 0},
    [BURST] = {"burst_ms", "1000",
               "After a quiet time, as much at once as is allowed in so many milliseconds.",
               SHEAF_KIND_INT64, 0},
    [QUEUE] = {
        "queue", "1000",
        "The most batches that wait; one more is refused at once (overloaded). 0: none waits.",
        SHEAF_KIND_INT64, 0}};

static const sheaf_stage_counter_info counters[] = {
    [WAITED] = {"waited", "Batches that had to wait."},
    [WAITED_US] = {"waited_us", "How long they waited in all, in microseconds."},
    [REFUSED] = {"refused", "Batches that were refused because too many waited."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "limit", "Limit", "Limits the batches at once, and the batches and references a second.",
    settings, SETTINGS);

static bool is_given(const sheaf_value *value) { return value->kind != SHEAF_KIND_NONE; }

/* A rate; 0 if it is not given. */
static sheaf_status read_rate(const sheaf_value *values, uint32_t i, double *out,
                              sheaf_error *error) {
  *out = is_given(&values[i]) ? values[i].u.real : 0;
  if (!is_given(&values[i]) || (*out >= 1e-9 && *out <= 1e12)) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "setting \"%s\" is %g: give a number from 1e-9 to 1e12", settings[i].name,
                         *out);
}

static sheaf_status limit_open(void *self, const sheaf_value *values,
                               const sheaf_stage_options *options, sheaf_error *error) {
  enum { DAY_MS = 86400000, MANY = 1000000000 };
  limit *l = self;
  const sheaf_stage_type *type = &sheaf_stage_limit;
  sheaf_status status = SHEAF_OK;
  double batches, references;
  int64_t burst_ms, now = sheaf_now_ns();
  (void)options;
  pthread_mutex_init(&l->lock, NULL);
  l->last = &l->first;
  l->most_in_flight = INT64_MAX;
  if (is_given(&values[IN_FLIGHT]))
    status = sheaf_stage_number(type, values, IN_FLIGHT, 1, MANY, &l->most_in_flight, error);
  (void)(status || (status = read_rate(values, BATCHES, &batches, error)) ||
         (status = read_rate(values, REFERENCES, &references, error)) ||
         (status = sheaf_stage_number(type, values, BURST, 1, DAY_MS, &burst_ms, error)) ||
         (status = sheaf_stage_number(type, values, QUEUE, 0, MANY, &l->most_queued, error)));
  if (status) return status;
  if (l->most_in_flight == INT64_MAX && batches == 0 && references == 0)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "nothing is limited: give \"in_flight\", \"batches_per_second\" or "
                           "\"references_per_second\"");
  double burst = (double)burst_ms / 1000;
  l->batches = sheaf_bucket_make(batches, batches * burst < 1 ? 1 : batches * burst, now);
  l->references =
      sheaf_bucket_make(references, references * burst < 1 ? 1 : references * burst, now);
  return SHEAF_OK;
}

static void limit_close(void *self) { pthread_mutex_destroy(&((limit *)self)->lock); }

const sheaf_stage_type sheaf_stage_limit = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .flags = SHEAF_STAGE_MAY_WAIT,
                                            .size = sizeof(limit),
                                            .counters = counters,
                                            .counter_count = 3,
                                            .open = limit_open,
                                            .batch = limit_batch,
                                            .close = limit_close};
