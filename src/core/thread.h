/* SPDX-License-Identifier: Apache-2.0 */
/* What each thread keeps: scratch memory, the calls that it is in, and flights at rest. */
#ifndef SHEAF_CORE_THREAD_H
#define SHEAF_CORE_THREAD_H

#include <stdint.h>

#include "core/arena.h"

struct sheaf_flight;

typedef struct sheaf_thread {
  sheaf_arena scratch;          /* of the calls under way, innermost last: freed by marks */
  struct sheaf_flight *current; /* the innermost call; linked outwards */
  struct sheaf_flight *rest_first, *rest_last; /* oldest first */
  unsigned resting;
  unsigned owing;  /* how many of its calls owe other threads an answer: see sheaf_thread_owes */
  unsigned seated; /* how many of its calls have a place that other threads wait for: stage limit */
  unsigned
      outer; /* how many had one when the host asked what is asked now: from inside a callback */
  const char *why; /* why the batch that it asks for went as it did, for traces; NULL: it came so */
  int64_t waited_ns; /* how long it was held back for that */
  bool worker;       /* it is a stage's, and runs others' batches */
  uint64_t number;   /* no other thread has had it */
} sheaf_thread;

/* Its address also tells threads apart. Initial-exec: one instruction to read, where the default
 * model costs a call; one pointer fits the space that the C library keeps for late-loaded ones. */
extern _Thread_local sheaf_thread *sheaf_thread_here __attribute__((tls_model("initial-exec")));

sheaf_thread *sheaf_thread_make(void);

/* For a thread of our own: it keeps all that in `self`, zeroed, from `begin` to `end`, and so never lacks the
 * memory for it. */
void sheaf_thread_begin(sheaf_thread *self);
void sheaf_thread_end(sheaf_thread *self);

/* This thread's; NULL if out of memory. */
static inline sheaf_thread *sheaf_thread_self(void) {
  sheaf_thread *self = sheaf_thread_here;
  return __builtin_expect(self != NULL, 1) ? self : sheaf_thread_make();
}

/*
 * A stage that asks on behalf of other threads, which wait, says so here for that time. A thread that
 * owes an answer waits for nobody else's: two could wait for each other. It asks for itself.
 */
static inline void sheaf_thread_owe(void) { sheaf_thread_here->owing++; }
static inline void sheaf_thread_paid(void) { sheaf_thread_here->owing--; }
static inline bool sheaf_thread_owes(void) {
  return sheaf_thread_here && sheaf_thread_here->owing > 0;
}

#endif
