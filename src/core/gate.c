/* SPDX-License-Identifier: Apache-2.0 */
#include "core/gate.h"

/* One who waits; on its own stack. */
struct sheaf_gate_ticket {
  sheaf_flight *flight;
  sheaf_gate_ticket *next;
  bool granted; /* written under both locks, so either is enough to read it */
};

bool sheaf_gate_init(sheaf_gate *gate) {
  gate->busy = false;
  gate->first = NULL;
  gate->end = &gate->first;
  return pthread_mutex_init(&gate->lock, NULL) == 0;
}

void sheaf_gate_destroy(sheaf_gate *gate) { pthread_mutex_destroy(&gate->lock); }

/* Takes the gate, or queues for it. */
static bool take_or_queue(sheaf_gate *gate, sheaf_gate_ticket *ticket) {
  pthread_mutex_lock(&gate->lock);
  bool taken = !gate->busy;
  gate->busy = true;
  if (!taken) {
    *gate->end = ticket;
    gate->end = &ticket->next;
  }
  pthread_mutex_unlock(&gate->lock);
  return taken;
}

static sheaf_status wait_for(sheaf_gate_ticket *ticket) {
  sheaf_flight *f = ticket->flight;
  sheaf_status why = SHEAF_OK;
  int64_t deadline = f->call.deadline_ns ? f->call.deadline_ns : INT64_MAX;
  sheaf_cancel_join(f->call.cancel, &f->sleeper);
  for (bool granted = false; !granted && !why;) {
    int64_t until = sheaf_cancel_ask(f->call.cancel);
    if (deadline < until) until = deadline;
    pthread_mutex_lock(&f->sleeper.lock);
    granted = ticket->granted;
    if (!granted && !(why = sheaf_flight_look(f))) sheaf_sleeper_wait(&f->sleeper, until);
    pthread_mutex_unlock(&f->sleeper.lock);
  }
  sheaf_cancel_leave(f->call.cancel, &f->sleeper);
  return why;
}

/* Leaves the queue. True if the gate had been granted meanwhile. */
static bool give_up(sheaf_gate *gate, sheaf_gate_ticket *ticket) {
  pthread_mutex_lock(&gate->lock);
  if (!ticket->granted) {
    sheaf_gate_ticket **link = &gate->first;
    while (*link != ticket) link = &(*link)->next;
    *link = ticket->next;
    if (!*link) gate->end = link;
  }
  pthread_mutex_unlock(&gate->lock);
  return ticket->granted;
}

sheaf_status sheaf_gate_enter(sheaf_gate *gate, sheaf_flight *flight) {
  sheaf_gate_ticket ticket = {flight, NULL, false};
  if (!take_or_queue(gate, &ticket)) {
    sheaf_status why = wait_for(&ticket);
    if (why) {
      if (give_up(gate, &ticket)) sheaf_gate_leave(gate, flight);
      return why;
    }
  }
  flight->locked = true;
  return SHEAF_OK;
}

void sheaf_gate_leave(sheaf_gate *gate, sheaf_flight *flight) {
  flight->locked = false;
  pthread_mutex_lock(&gate->lock);
  sheaf_gate_ticket *next = gate->first;
  if (next) {
    gate->first = next->next;
    if (!gate->first) gate->end = &gate->first;
    sheaf_sleeper *sleeper = &next->flight->sleeper;
    pthread_mutex_lock(&sleeper->lock);
    next->granted = true; /* from here on its stack may be gone */
    pthread_cond_broadcast(&sleeper->wake);
    pthread_mutex_unlock(&sleeper->lock);
  } else {
    gate->busy = false;
  }
  pthread_mutex_unlock(&gate->lock);
}
