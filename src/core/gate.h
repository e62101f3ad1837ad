/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate of a serialized manager: one call at a time, first come first served. Waiting ends on
 * the call's cancel or deadline too, which a plain mutex could not offer.
 */
#ifndef SHEAF_CORE_GATE_H
#define SHEAF_CORE_GATE_H

#include "core/flight.h"

typedef struct sheaf_gate_ticket sheaf_gate_ticket;

typedef struct sheaf_gate {
  pthread_mutex_t lock; /* taken before a sleeper's */
  bool busy;
  sheaf_gate_ticket *first, **end;
} sheaf_gate;

bool sheaf_gate_init(sheaf_gate *gate);
void sheaf_gate_destroy(sheaf_gate *gate);

/* Waits for the gate. SHEAF_OK: it is the flight's, until sheaf_gate_leave; else why not. */
sheaf_status sheaf_gate_enter(sheaf_gate *gate, sheaf_flight *flight);
void sheaf_gate_leave(sheaf_gate *gate, sheaf_flight *flight);

#endif
