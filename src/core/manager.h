/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a manager handle: the copied table, who is in a call, and when it dies. */
#ifndef SHEAF_CORE_MANAGER_H
#define SHEAF_CORE_MANAGER_H

#include <stdatomic.h>

#include <sheaf/manager.h>

#include "core/gate.h"

/* What a manager of some minor knows: how long the structures are that the core hands out, and which
 * flags of a request that must be understood there are. */
typedef struct sheaf_abi_sizes {
  uint32_t host, request, call, sink;
  uint32_t request_flags;
} sheaf_abi_sizes;

/* sheaf_manager.state. OWNED: a stage has it, and only that closes it. */
enum { SHEAF_MANAGER_OPEN, SHEAF_MANAGER_OWNED, SHEAF_MANAGER_CLOSED };

/* What messages call a manager: by what it was opened as. */
#define SHEAF_MANAGER_NOUN(manager) ((manager)->stage ? "stage" : "manager")

struct sheaf_manager {
  sheaf_manager_table table; /* full size, no NULLs */
  void *self;
  sheaf_arena arena;             /* of the copied settings and description */
  sheaf_description description; /* full size, its arrays copied */
  uint64_t verbs;                /* those below 64, as bits */
  bool serialized;
  bool stage;      /* it wraps others: see core/relay.h */
  bool current;    /* it knows all that this core does */
  sheaf_gate gate; /* if it is */
  sheaf_abi_sizes sizes;
  _Atomic uint32_t state; /* SHEAF_MANAGER_... */
  _Atomic bool destroyed;
  _Atomic uint32_t kept; /* bytes a result that a collected batch of its last had to copy */
  _Atomic uint32_t held; /* collected batches, and calls that are not flights */
  _Atomic uint32_t complaints;
  sheaf_host host;
  sheaf_library *library;
  const sheaf_factory *factory;
  sheaf_manager *next; /* of the library */
};

/*
 * Makes a manager from a factory and links it to its library. `factory` is a full-size copy that
 * lives as long as the library, `original` the plugin's own record, which its create is called
 * with; `plugin_minor` is the minor that the plugin was written for; `settings` has one value for
 * each of the factory's, in its order. Copies the manager's tables, asks it to describe itself, and
 * destroys it again if that fails.
 */
sheaf_manager *sheaf_manager_create(sheaf_library *library, const sheaf_factory *factory,
                                    const sheaf_factory *original, uint32_t plugin_minor,
                                    const sheaf_value *settings, sheaf_error *error);

/* The same for a stage: `original` is the factory's record with the data of this opening, and needs
 * to live only until this returns. */
sheaf_manager *sheaf_manager_create_stage(sheaf_library *library, const sheaf_factory *factory,
                                          const sheaf_factory *original,
                                          const sheaf_value *settings, sheaf_error *error);

/* Takes an open manager for a stage, which then closes it. SHEAF_CLOSED, or SHEAF_BUSY: another
 * stage has it. And gives it back as it was, or closes it. */
sheaf_status sheaf_manager_own(sheaf_manager *manager);
void sheaf_manager_disown(sheaf_manager *manager);
void sheaf_manager_close_owned(sheaf_manager *manager);

/* Frees the handles of a library, destroying the managers that are still open. SHEAF_BUSY, and
 * nothing is done, if one is in use. */
sheaf_status sheaf_manager_free_all(sheaf_library *library);

/*
 * What keeps a closed manager from being destroyed: open flights, which the pool knows, so that the
 * batch path counts nothing that threads would share; and what is held.
 */

/* Holds the manager. False if it is closed; sheaf_manager_release is owed either way. */
bool sheaf_manager_hold(sheaf_manager *manager);
void sheaf_manager_release(sheaf_manager *manager);

/* Destroys the manager if it is closed and nothing uses it any more. Whoever has just ceased to use
 * it calls this. */
void sheaf_manager_destroy_unused(sheaf_manager *manager);

static inline bool sheaf_manager_is_closed(const sheaf_manager *manager) {
  return atomic_load(&manager->state) == SHEAF_MANAGER_CLOSED;
}

/* Lets the child of a fork forget threads that it does not have. Once a process. */
void sheaf_manager_mind_forks(void);

/* Whether `describe` listed the verb. */
bool sheaf_manager_lists(const sheaf_manager *manager, sheaf_id verb);
static inline bool sheaf_manager_serves(const sheaf_manager *manager, sheaf_id verb) {
  return verb < 64 ? manager->verbs >> verb & 1 : sheaf_manager_lists(manager, verb);
}

static inline const char *sheaf_manager_id(const sheaf_manager *manager) {
  return manager->factory->id;
}

/* One more; how many there are now. */
uint32_t sheaf_manager_count_complaint(sheaf_manager *manager);

#endif
