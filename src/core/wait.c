/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wait.h"

#include "core/flight.h"

void sheaf_waiter_init(sheaf_waiter *w, const sheaf_call *call) {
  w->flight = sheaf_flight_of_call(call);
  w->said = false;
}

sheaf_status sheaf_waiter_wait(sheaf_waiter *w, int64_t until_ns) {
  sheaf_flight *f = w->flight;
  sheaf_status why = SHEAF_OK;
  int64_t deadline = f->call.deadline_ns, until = until_ns;
  if (deadline && deadline < until) until = deadline;
  sheaf_cancel_join(f->call.cancel, &f->sleeper);
  pthread_mutex_lock(&f->sleeper.lock);
  while (!w->said && !(why = sheaf_flight_poll(f))) {
    if (until_ns != INT64_MAX && sheaf_now_ns() >= until_ns) {
      why = SHEAF_BUSY;
      break;
    }
    sheaf_sleeper_wait(&f->sleeper, until);
  }
  if (w->said) why = SHEAF_OK;
  w->said = false;
  pthread_mutex_unlock(&f->sleeper.lock);
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
