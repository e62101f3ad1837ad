/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a chain of batchers. */
#ifndef SHEAF_STAGE_CHAIN_H
#define SHEAF_STAGE_CHAIN_H

#include "plugin/hold.h"
#include "stage/shape.h"

typedef struct sheaf_step sheaf_step;

/* What a step is given when it runs. */
typedef struct sheaf_step_run {
  const sheaf_step *step;
  const sheaf_request *request;
  const sheaf_shape *in;
  sheaf_shape_builder *out;
  sheaf_arena *arena; /* until the chain has ended */
} sheaf_step_run;

/* One batcher of a chain. */
struct sheaf_step {
  const char *text; /* as it was written, for messages */
  sheaf_status (*run)(const sheaf_step_run *run, sheaf_error *error);
  uint32_t number;          /* size(n), bytes(n) */
  sheaf_str separator;      /* by(prefix, c), by(scheme) */
  const sheaf_batcher *own; /* by(name), name; and then it is checked */
};

enum { SHEAF_CHAIN_ERROR, SHEAF_CHAIN_WARN, SHEAF_CHAIN_OFF }; /* the setting `invariant` */
enum { SHEAF_CHAIN_FAIL, SHEAF_CHAIN_SKIP };                   /* the setting `on_failure` */

struct sheaf_batchers {
  sheaf_library *library;
  sheaf_hold hold; /* of the steps, and of the host's batchers */
  sheaf_step *steps;
  uint32_t step_count;
  const sheaf_batcher *own; /* full-size copies */
  uint32_t own_count;
  uint32_t invariant, on_failure;
  bool keep_empty;
};

/* Frees a chain, and leaves the host's batchers to the host. NULL is fine. */
void sheaf_chain_discard(sheaf_batchers *chain);

/* Reads a chain as it is written, into steps. The host's own batchers are there already. */
sheaf_status sheaf_chain_parse(sheaf_batchers *chain, const char *text, sheaf_error *error);

/* The built-in of that name, into step->run and what it needs; NULL on success, else what is wrong
 * with its arguments. `*known` says whether there is one of that name at all. */
const char *sheaf_builtin_find(sheaf_str name, const sheaf_str *arguments, uint32_t count,
                               sheaf_step *step, bool *known);

/* "size, bytes, ...": the names of the built-ins, and whether one is among them. */
extern const char *const sheaf_builtin_names[];
extern const uint32_t sheaf_builtin_count;

/* What a host's function returned, as the chain understands it: only a sink stops. */
static inline sheaf_status sheaf_own_status(sheaf_status status) {
  if (SHEAF_IS_OK(status)) return SHEAF_OK;
  return status == SHEAF_STOPPED ? SHEAF_MANAGER_FAILURE : status;
}

/* by() over keys that a host gives. */
sheaf_status sheaf_builtin_by_own(const sheaf_step_run *run, sheaf_error *error);

/*
 * Runs a chain. The shape lives as long as the arena; `*ends` is shape->ends, to be written to.
 * Without steps it is one batch of all.
 */
sheaf_status sheaf_chain_run(const sheaf_batchers *chain, const sheaf_request *request,
                             sheaf_arena *arena, sheaf_shape *shape, sheaf_error *error);

#endif
