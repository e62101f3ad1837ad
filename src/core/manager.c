/* SPDX-License-Identifier: Apache-2.0 */
#include "core/manager.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/barrier.h"
#include "core/extensible.h"
#include "core/library.h"

/* Closing says so first and then looks who is there; who comes says so first and then looks whether
 * it is closed; who leaves is gone first and then looks. With everything in one order (the default
 * of C's atomics, and barrier.h for who comes and leaves) the last of them always finds nobody left. */

/* Threads between having let go of a manager and having done with it. */
static _Atomic uint32_t leaving;

static void nobody_leaves(void) { atomic_store(&leaving, 0); }

void sheaf_manager_mind_forks(void) { (void)pthread_atfork(NULL, NULL, nobody_leaves); }

static bool in_use(const sheaf_manager *m) {
  return atomic_load(&m->held) > 0 || sheaf_flights_of(m);
}

void sheaf_manager_destroy_unused(sheaf_manager *m) {
  if (!sheaf_manager_is_closed(m) || atomic_load(&m->destroyed)) return;
  sheaf_barrier_meet();
  if (in_use(m)) return;
  if (!atomic_exchange(&m->destroyed, true)) m->table.destroy(m->self);
}

bool sheaf_manager_hold(sheaf_manager *m) {
  atomic_fetch_add(&m->held, 1);
  return !sheaf_manager_is_closed(m);
}

void sheaf_manager_release(sheaf_manager *m) {
  atomic_fetch_add(&leaving, 1); /* the last batch may be freed while the library is */
  atomic_fetch_sub(&m->held, 1);
  sheaf_manager_destroy_unused(m);
  atomic_fetch_sub(&leaving, 1);
}

/* Whether this thread is inside a call of the manager. */
static bool inside(const sheaf_manager *m) {
  const sheaf_flight *f = sheaf_thread_here ? sheaf_thread_here->current : NULL;
  while (f && atomic_load_explicit(&f->manager, memory_order_relaxed) != m) f = f->outer;
  return f != NULL;
}

/* Closes it if it is in that state. Else why it cannot be. */
static sheaf_status close_from(sheaf_manager *m, uint32_t state) {
  if (!atomic_compare_exchange_strong(&m->state, &state, SHEAF_MANAGER_CLOSED))
    return state == SHEAF_MANAGER_CLOSED ? SHEAF_CLOSED : SHEAF_BUSY;
  sheaf_manager_destroy_unused(m);
  return SHEAF_OK;
}

sheaf_status sheaf_manager_close(sheaf_manager *m) {
  if (!m) return SHEAF_OK;
  return inside(m) ? SHEAF_BUSY : close_from(m, SHEAF_MANAGER_OPEN);
}

sheaf_status sheaf_manager_own(sheaf_manager *m) {
  uint32_t state = SHEAF_MANAGER_OPEN;
  if (atomic_compare_exchange_strong(&m->state, &state, SHEAF_MANAGER_OWNED)) return SHEAF_OK;
  return state == SHEAF_MANAGER_CLOSED ? SHEAF_CLOSED : SHEAF_BUSY;
}

void sheaf_manager_disown(sheaf_manager *m) { atomic_store(&m->state, SHEAF_MANAGER_OPEN); }

void sheaf_manager_close_owned(sheaf_manager *m) { (void)close_from(m, SHEAF_MANAGER_OWNED); }

sheaf_status sheaf_manager_free_all(sheaf_library *library) {
  for (sheaf_manager *m = library->managers; m; m = m->next)
    if (in_use(m)) return SHEAF_BUSY;
  for (sheaf_manager *m = library->managers; m; m = m->next) (void)sheaf_manager_close(m);
  /* Only now: a manager's thread that answers late while it is being destroyed still has a name. */
  sheaf_flights_forget(library);
  while (atomic_load(&leaving) > 0) sched_yield();
  while (library->managers) {
    sheaf_manager *m = library->managers;
    library->managers = m->next;
    sheaf_gate_destroy(&m->gate);
    sheaf_arena_free(&m->arena);
    free(m);
  }
  return SHEAF_OK;
}

bool sheaf_manager_lists(const sheaf_manager *m, sheaf_id verb) {
  for (uint32_t i = 0; i < m->description.verb_count; i++)
    if (m->description.verbs[i].verb == verb) return true;
  return false;
}

uint32_t sheaf_manager_count_complaint(sheaf_manager *m) {
  return atomic_fetch_add(&m->complaints, 1) + 1;
}

const sheaf_description *sheaf_manager_description(const sheaf_manager *m) {
  return m ? &m->description : NULL;
}

const sheaf_factory *sheaf_manager_factory(const sheaf_manager *m) { return m ? m->factory : NULL; }

sheaf_library *sheaf_manager_library(const sheaf_manager *m) { return m ? m->library : NULL; }

sheaf_status sheaf_manager_get_extension(sheaf_manager *m, const char *id, sheaf_interface *out) {
  if (!m || !id || !out) return SHEAF_INVALID_ARGUMENT;
  *out = (sheaf_interface){NULL, NULL};
  sheaf_status status = SHEAF_CLOSED;
  if (sheaf_manager_hold(m)) status = m->table.get_extension(m->self, id, out);
  sheaf_manager_release(m);
  if (SHEAF_IS_OK(status) && out->table) return SHEAF_OK;
  *out = (sheaf_interface){NULL, NULL};
  return SHEAF_IS_OK(status) ? SHEAF_UNSUPPORTED : status;
}
