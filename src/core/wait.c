/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include "core/flight.h"

void sheaf_waiter_init(sheaf_waiter *w, const sheaf_call *call) {
  w->flight = sheaf_flight_of_call(call);
  w->said = false;
}

static int64_t earliest(const sheaf_flight *f, int64_t until_ns, int64_t ask_ns) {
  int64_t deadline = f->call.deadline_ns;
  if (deadline && deadline < until_ns) until_ns = deadline;
  return ask_ns < until_ns ? ask_ns : until_ns;
}

sheaf_status sheaf_waiter_wait(sheaf_waiter *w, int64_t until_ns) {
  sheaf_flight *f = w->flight;
  sheaf_status why = SHEAF_OK;
  bool said = false;
  sheaf_cancel_join(f->call.cancel, &f->sleeper);
  while (!said && !why) {
    int64_t ask_ns = sheaf_cancel_ask(f->call.cancel, CLOCK_MONOTONIC);
    pthread_mutex_lock(&f->sleeper.lock);
    said = w->said;
    w->said = false;
    if (!said && !(why = sheaf_flight_look(f)) && !sheaf_is_before(until_ns)) why = SHEAF_BUSY;
    if (!said && !why) sheaf_sleeper_wait(&f->sleeper, earliest(f, until_ns, ask_ns));
    pthread_mutex_unlock(&f->sleeper.lock);
  }
  sheaf_cancel_leave(f->call.cancel, &f->sleeper);
  return why;
}

void sheaf_waiter_say(sheaf_waiter *w) {
  sheaf_sleeper *sleeper = &w->flight->sleeper;
  pthread_mutex_lock(&sleeper->lock);
  w->said = true; /* from here on it may be gone */
  pthread_cond_broadcast(&sleeper->wake);
  pthread_mutex_unlock(&sleeper->lock);
}
