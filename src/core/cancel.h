/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a cancel switch: who sleeps on it. */
#ifndef SHEAF_CORE_CANCEL_H
#define SHEAF_CORE_CANCEL_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/cancel.h>

/* A thread that sleeps until it is woken. Lives in a flight, which is never freed. */
typedef struct sheaf_sleeper {
  pthread_mutex_t lock;
  pthread_cond_t wake; /* on CLOCK_MONOTONIC */
  struct sheaf_sleeper *next, **link; /* in the list of a switch, under its lock */
} sheaf_sleeper;

struct sheaf_cancel {
  _Atomic bool set;
  pthread_mutex_t lock; /* taken before a child's and before a sleeper's */
  sheaf_sleeper *sleepers;
  sheaf_cancel *children;
  sheaf_cancel *parent; /* NULL: none */
  sheaf_cancel *sibling, **sibling_link; /* in the list of the parent, under its lock */
};

/* A switch that is thrown when `parent` is (NULL: by itself only), and may be thrown without it. To
 * be freed before its parent. NULL if out of memory. */
sheaf_cancel *sheaf_cancel_new_child(sheaf_cancel *parent);

bool sheaf_sleeper_init(sheaf_sleeper *sleeper);

/* Waits for a signal or the time (CLOCK_MONOTONIC nanoseconds; INT64_MAX: none). The sleeper's lock
 * is held. May wake for no reason. */
void sheaf_sleeper_wait(sheaf_sleeper *sleeper, int64_t until_ns);

/* Has the switch wake the sleeper, from `join` to `leave`. NULL is fine. */
void sheaf_cancel_join(sheaf_cancel *cancel, sheaf_sleeper *sleeper);
void sheaf_cancel_leave(sheaf_cancel *cancel, sheaf_sleeper *sleeper);

/* CLOCK_MONOTONIC, nanoseconds. */
int64_t sheaf_now_ns(void);

#endif
