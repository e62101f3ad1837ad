/* SPDX-License-Identifier: Apache-2.0 */
/* retry: what failed for the moment is asked again, in one smaller batch. */
#include "core/cancel.h"
#include "stage/held.h"
#include "stage/statuses.h"
#include "stage/types.h"

#include <sheaf/index.h>

enum { ATTEMPTS, BACKOFF, MAX_BACKOFF, MAX_WAIT, STATUSES, SETTINGS };
enum { RETRIED, BATCHES, RECOVERED };

#define MILLISECOND INT64_C(1000000)

typedef struct retry {
  sheaf_stage stage;
  int64_t attempts, backoff_ms, max_backoff_ms, max_wait_ms;
  sheaf_statuses statuses;
  _Atomic uint64_t chance;
} retry;

/* One batch on its way. */
typedef struct trying {
  retry *r;
  const sheaf_request *request;
  int64_t attempt;  /* the one under way, from 1 */
  int64_t after_ms; /* how long the managers ask to wait, the longest of them */
} trying;

static int64_t retry_after_ms(const sheaf_result *error) {
  const sheaf_value *v = sheaf_result_find(error, SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS);
  return v && v->kind == SHEAF_KIND_INT64 && v->u.integer > 0 ? v->u.integer : 0;
}

/* Whether to ask again for what got this error; not if that would be too late for anybody. */
static bool wants(void *ctx, const sheaf_result *error) {
  trying *t = ctx;
  if (t->attempt >= t->r->attempts) return false;
  if (!(error->flags & SHEAF_RESULT_RETRYABLE) &&
      !sheaf_statuses_have(&t->r->statuses, error->status))
    return false;
  int64_t after_ms = retry_after_ms(error);
  if (after_ms > t->r->max_wait_ms) return false;
  if (after_ms > t->after_ms) t->after_ms = after_ms;
  return true;
}

/* splitmix64: any thread takes the next number. */
static uint64_t next_chance(retry *r) {
  uint64_t z = atomic_fetch_add_explicit(&r->chance, 0x9e3779b97f4a7c15u, memory_order_relaxed);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* How long to wait before the next attempt: full jitter, anything up to a bound that doubles, so that
 * those who failed together do not come back together; but never less than the managers ask for. */
static int64_t pause_ns(const trying *t) {
  int64_t bound_ms = t->r->backoff_ms;
  for (int64_t i = 1; i < t->attempt && bound_ms < t->r->max_backoff_ms; i++) bound_ms *= 2;
  if (bound_ms > t->r->max_backoff_ms) bound_ms = t->r->max_backoff_ms;
  uint64_t bound = (uint64_t)(bound_ms * MILLISECOND);
  int64_t ns = (int64_t)(next_chance(t->r) % (bound + 1)), least = t->after_ms * MILLISECOND;
  return ns < least ? least : ns;
}

/* Sleeps until the next attempt. SHEAF_OK; or why there is none: SHEAF_DEADLINE also before it has
 * passed, if it will have by then. */
static sheaf_status sleep_until_next(const trying *t) {
  const sheaf_call *call = t->request->call;
  int64_t until = sheaf_now_ns() + pause_ns(t);
  if (call->deadline_ns && until >= call->deadline_ns) return SHEAF_DEADLINE;
  for (int64_t left; (left = until - sheaf_now_ns()) > 0;) {
    sheaf_status why = call->wait(call, left);
    if (why) return why;
  }
  return call->poll(call);
}

/* Asks again until nothing is held back, or there is a reason not to. */
static void try_again(trying *t, sheaf_held *held) {
  const sheaf_stage *stage = &t->r->stage;
  for (bool more = true; more && !sleep_until_next(t);) {
    t->attempt++;
    t->after_ms = 0;
    sheaf_stage_count(stage, BATCHES, 1);
    sheaf_stage_count(stage, RETRIED, held->count);
    more = sheaf_held_ask_again(held, stage, 0);
    sheaf_stage_count(stage, RECOVERED, held->recovered);
  }
}

static sheaf_status retry_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  retry *r = self;
  if (r->attempts == 1 ||
      !(sheaf_stage_verb_flags(&r->stage, request->verb) & SHEAF_VERB_IDEMPOTENT))
    return sheaf_stage_ask(&r->stage, 0, request, sink);
  trying t = {r, request, 1, 0};
  sheaf_held held;
  sheaf_held_init(&held, request, sink, wants, &t);
  if (sheaf_held_ask(&held, &r->stage, 0)) try_again(&t, &held);
  return sheaf_held_end(&held);
}

static const sheaf_setting_info settings[SETTINGS] = {
    [ATTEMPTS] = {"attempts", "3", "How often to ask for a reference, the first time included.",
                  SHEAF_KIND_INT64, 0},
    [BACKOFF] = {"backoff_ms", "50",
                 "The most to wait before the second attempt, in milliseconds; doubled for each "
                 "further one. The wait is chosen by chance between nothing and that.",
                 SHEAF_KIND_INT64, 0},
    [MAX_BACKOFF] = {"max_backoff_ms", "5000", "What the doubling ends at, in milliseconds.",
                     SHEAF_KIND_INT64, 0},
    [MAX_WAIT] =
        {"max_wait_ms", "30000",
         "A reference whose manager asks to wait longer (retry_after_ms) is not asked again.",
         SHEAF_KIND_INT64, 0},
    [STATUSES] = {"statuses", "",
                  "Errors, by name, to ask again for besides those that are marked as retryable: "
                  "\"unavailable, overloaded\".",
                  SHEAF_KIND_STRING, 0}};

static const sheaf_stage_counter_info counters[] = {
    [RETRIED] = {"retried", "References that were asked again, once for each time."},
    [BATCHES] = {"retries", "Batches that asked again."},
    [RECOVERED] = {"recovered",
                   "References that failed, were asked again, and then did not fail."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "retry", "Retry", "What failed for the moment is asked again, in one smaller batch.", settings,
    SETTINGS);

static sheaf_status retry_open(void *self, const sheaf_value *values,
                               const sheaf_stage_options *options, sheaf_error *error) {
  enum { DAY_MS = 86400000 };
  retry *r = self;
  const sheaf_stage_type *type = &sheaf_stage_retry;
  sheaf_status status;
  (void)options;
  atomic_init(&r->chance, sheaf_index_seed());
  (void)((status = sheaf_stage_number(type, values, ATTEMPTS, 1, 1000, &r->attempts, error)) ||
         (status = sheaf_stage_number(type, values, BACKOFF, 0, DAY_MS, &r->backoff_ms, error)) ||
         (status = sheaf_stage_number(type, values, MAX_BACKOFF, 0, DAY_MS, &r->max_backoff_ms,
                                      error)) ||
         (status = sheaf_stage_number(type, values, MAX_WAIT, 0, DAY_MS, &r->max_wait_ms, error)) ||
         (status = sheaf_statuses_read(&r->statuses, type, values, STATUSES, error)));
  return status;
}

const sheaf_stage_type sheaf_stage_retry = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .flags = SHEAF_STAGE_MAY_WAIT,
                                            .needs = SHEAF_VERB_IDEMPOTENT,
                                            .size = sizeof(retry),
                                            .counters = counters,
                                            .counter_count = 3,
                                            .open = retry_open,
                                            .batch = retry_batch};
