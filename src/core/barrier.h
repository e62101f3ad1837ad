/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads each say something and then look at what the other has said: at least one of them must
 * see the other. With full barriers both pay. Here one comes by with every batch and the other once in
 * a manager's life, so that the rare one pays for both: it has the system run a barrier on every
 * thread of the process (membarrier(2)). Where that is not to be had, both pay.
 */
#ifndef SHEAF_CORE_BARRIER_H
#define SHEAF_CORE_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether the rare side pays. */
extern bool sheaf_barrier_is_cheap;

/* Finds out. Once a process, before anything is said. */
void sheaf_barrier_prepare(void);

/* The frequent side says: what it looks at afterwards, by seq_cst loads, is looked at afterwards. */
static inline void sheaf_barrier_say(_Atomic uintptr_t *where, uintptr_t what) {
  if (__builtin_expect(sheaf_barrier_is_cheap, true)) {
    atomic_store_explicit(where, what, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst); /* for the compiler */
  } else {
    atomic_store(where, what);
  }
}

/* The rare side, after it has said (seq_cst) and before it looks (seq_cst). */
void sheaf_barrier_meet(void);

#endif
