/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a cancel switch: who sleeps on it. */
#ifndef SHEAF_CORE_CANCEL_H
#define SHEAF_CORE_CANCEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <sheaf/cancel.h>

/* A thread that sleeps until it is woken. */
typedef struct sheaf_sleeper {
  pthread_mutex_t lock;
  pthread_cond_t wake;                /* on CLOCK_MONOTONIC */
  struct sheaf_sleeper *next, **link; /* in the list of a switch, under its lock */
} sheaf_sleeper;

/* What a switch asks. Only the thread that made it looks inside, but for `thread`. */
typedef struct sheaf_asking {
  sheaf_cancel *cancel; /* whose it is */
  sheaf_cancel_ask_fn ask;
  void *ctx;
  int64_t interval_ns, next_ns;
  uint64_t thread; /* sheaf_thread.number */
  bool under_way;
  /* Answers come too quickly to look at the clock each time. */
  uint32_t pass, stride; /* how many are still to pass, of how many */
  int64_t looked_ns;
} sheaf_asking;

struct sheaf_cancel {
  _Atomic bool set;
  pthread_mutex_t lock; /* taken before a child's and before a sleeper's */
  sheaf_sleeper *sleepers;
  sheaf_cancel *children;
  sheaf_cancel *parent;                  /* NULL: none */
  sheaf_cancel *sibling, **sibling_link; /* in the list of the parent, under its lock */
  sheaf_asking *asking;                  /* its own, or the parent's; NULL: it does not ask */
  sheaf_asking own;
};

/* A switch that is thrown when `parent` is (NULL: by itself only), and may be thrown without it. To
 * be freed before its parent. NULL if out of memory. */
sheaf_cancel *sheaf_cancel_new_child(sheaf_cancel *parent);

/* Asks, if the switch does, on this thread, and it is time. When to come again at the latest
 * (INT64_MAX: there is no need): waits end then. NULL is fine. To be called with no lock held. */
int64_t sheaf_cancel_ask(sheaf_cancel *cancel);

/* The same for where many come by: looks at the coarse clock, and where they come quickly at every
 * sixteenth only. */
void sheaf_cancel_ask_in_passing(sheaf_cancel *cancel);

/* sheaf_cancel_is_set for the batch path. */
static inline bool sheaf_cancel_is_thrown(const sheaf_cancel *cancel) {
  return cancel && atomic_load_explicit(&cancel->set, memory_order_acquire);
}

static inline bool sheaf_cancel_asks(const sheaf_cancel *cancel) {
  return cancel && cancel->asking;
}

bool sheaf_sleeper_init(sheaf_sleeper *sleeper);
void sheaf_sleeper_end(sheaf_sleeper *sleeper);

/* Waits for a signal or the time (CLOCK_MONOTONIC nanoseconds; INT64_MAX: none). The sleeper's lock
 * is held. May wake for no reason. */
void sheaf_sleeper_wait(sheaf_sleeper *sleeper, int64_t until_ns);

/* Has the switch wake the sleeper, from `join` to `leave`. NULL is fine. */
void sheaf_cancel_join(sheaf_cancel *cancel, sheaf_sleeper *sleeper);
void sheaf_cancel_leave(sheaf_cancel *cancel, sheaf_sleeper *sleeper);

/* CLOCK_MONOTONIC, nanoseconds. */
int64_t sheaf_now_ns(void);

/* Whether a time has not come yet; INT64_MAX never does. */
static inline bool sheaf_is_before(int64_t until_ns) {
  return until_ns == INT64_MAX || sheaf_now_ns() < until_ns;
}

#endif
