/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include "core/flight.h"

void sheaf_waiter_init(sheaf_waiter *w, const sheaf_call *call) {
  w->flight = sheaf_flight_of_call(call);
  w->said = w->said_last = false;
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
    int64_t ask_ns = sheaf_cancel_ask(f->call.cancel);
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

static void say(sheaf_waiter *w, bool last) {
  sheaf_sleeper *sleeper = &w->flight->sleeper; /* a flight is never freed */
  pthread_mutex_lock(&sleeper->lock);
  w->said_last = last;
  w->said = true;
  pthread_cond_broadcast(&sleeper->wake);
  pthread_mutex_unlock(&sleeper->lock);
}

void sheaf_waiter_say(sheaf_waiter *w) { say(w, false); }

void sheaf_waiter_say_last(sheaf_waiter *w) { say(w, true); }

void sheaf_waiter_wait_last(sheaf_waiter *w) {
  sheaf_sleeper *sleeper = &w->flight->sleeper;
  pthread_mutex_lock(&sleeper->lock);
  while (!w->said_last) sheaf_sleeper_wait(sleeper, INT64_MAX);
  pthread_mutex_unlock(&sleeper->lock);
}
