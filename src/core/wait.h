/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting, in a call, for something that another thread will say. The wait ends with the call's cancel
 * and deadline too, which a plain condition variable could not offer.
 *
 *     waits:                                          says, with the same lock held:
 *       sheaf_waiter w;                                 sheaf_waiter_say(w);
 *       sheaf_waiter_init(&w, request->call);
 *       lock; put &w where they find it; unlock;
 *       status = sheaf_waiter_wait(&w, until_ns);
 *       lock; take &w away again; unlock;
 *
 * The lock may be held while saying (a flight's own lock comes after all others), never while waiting.
 */
#ifndef SHEAF_CORE_WAIT_H
#define SHEAF_CORE_WAIT_H

#include <sheaf/abi.h>

struct sheaf_flight;

typedef struct sheaf_waiter {
  struct sheaf_flight *flight;
  bool said, said_last; /* under the flight's sleeper's lock */
} sheaf_waiter;

/* For the call that a stage was given, on its thread. */
void sheaf_waiter_init(sheaf_waiter *waiter, const sheaf_call *call);

/*
 * Waits until it is said, or was since the last wait; at the latest until `until_ns` of CLOCK_MONOTONIC
 * (INT64_MAX: no limit). SHEAF_OK: it was said; SHEAF_BUSY: the time came first; else why the call is
 * to end.
 */
sheaf_status sheaf_waiter_wait(sheaf_waiter *waiter, int64_t until_ns);

/* Says it: wakes the one who waits. [any-thread], while the waiter is there. */
void sheaf_waiter_say(sheaf_waiter *waiter);

/*
 * The same without a lock: says it for the last time, and does not touch the waiter any more. Its thread,
 * which can tell by other means that this has been or will be, keeps it until then: it waits for that
 * whatever its call says, and it is not long.
 */
void sheaf_waiter_say_last(sheaf_waiter *waiter);
void sheaf_waiter_wait_last(sheaf_waiter *waiter);

#endif
