/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of batchers: making one, running it, and what becomes of a batcher that does wrong. */
#include "stage/chain.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/extensible.h"
#include "core/log.h"
#include "core/perform.h"
#include "plugin/settings.h"
#include "plugin/words.h"
#include "stage/batch.h"

/* ---------------------------------------------------------------------------------- making one */

static sheaf_status check_own(const sheaf_batchers *chain, uint32_t i, sheaf_error *error) {
  const sheaf_batcher *b = &chain->own[i];
  sheaf_quoted name = sheaf_quote(sheaf_cstr(b->name));
  const char *problem = NULL;
  if (!b->name || !sheaf_is_id(b->name)) problem = "is to have a name of [a-z0-9._-]";
  else if (!b->batch == !b->key) problem = "has to have either `batch` or `key`";
  for (uint32_t n = 0; !problem && n < sheaf_builtin_count; n++)
    if (strcmp(b->name, sheaf_builtin_names[n]) == 0)
      problem = "has the name of one that is built in";
  for (uint32_t n = 0; !problem && n < i; n++)
    if (strcmp(b->name, chain->own[n].name) == 0) problem = "has the name of another";
  if (!problem) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "batcher %u of the host's, %s, %s", i,
                         name.text, problem);
}

static sheaf_status copy_own(sheaf_batchers *chain, const sheaf_batcher *const *own, uint32_t count,
                             sheaf_error *error) {
  sheaf_batcher *copies = sheaf_hold_alloc(&chain->hold, (count + 1) * sizeof *copies);
  if (!copies) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  chain->own = copies;
  for (uint32_t i = 0; i < count; i++) {
    if (!own || !own[i])
      return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "batcher %u of the host's is NULL", i);
    sheaf_status status = SHEAF_TAKE_STRUCT(&copies[i], own[i], 0, "sheaf_batcher", error);
    if (!status) status = check_own(chain, i, error);
    if (status) return status;
    copies[i].name = sheaf_hold_copy(&chain->hold, copies[i].name);
    if (!copies[i].name) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  }
  return SHEAF_OK;
}

void sheaf_chain_discard(sheaf_batchers *chain) {
  if (!chain) return;
  sheaf_hold_free(&chain->hold);
  free(chain);
}

sheaf_status sheaf_chain_make(sheaf_library *library, const sheaf_value *settings,
                              const sheaf_batcher *const *own, uint32_t own_count,
                              sheaf_batchers **out, sheaf_error *error) {
  static const char *const invariants[] = {"error", "warn", "off"};
  static const char *const failures[] = {"fail", "skip"};
  sheaf_batchers *chain = calloc(1, sizeof *chain);
  if (!chain) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  chain->library = library;
  sheaf_status status = sheaf_stage_word(&sheaf_stage_batch, settings, SHEAF_BATCH_INVARIANT,
                                         invariants, 3, &chain->invariant, error);
  if (!status)
    status = sheaf_stage_word(&sheaf_stage_batch, settings, SHEAF_BATCH_ON_FAILURE, failures, 2,
                              &chain->on_failure, error);
  chain->keep_empty = settings[SHEAF_BATCH_KEEP_EMPTY].u.integer;
  if (!status) status = copy_own(chain, own, own_count, error);
  chain->own_count = own_count;
  if (!status) status = sheaf_chain_parse(chain, settings[SHEAF_BATCH_BATCHERS].u.data, error);
  if (status) sheaf_chain_discard(chain);
  else *out = chain;
  return status;
}

sheaf_batchers *sheaf_batchers_new(sheaf_library *library, const sheaf_setting *settings,
                                   uint32_t count, const sheaf_batcher *const *own,
                                   uint32_t own_count, sheaf_error *error) {
  sheaf_value *values = NULL;
  sheaf_batchers *chain = NULL;
  if (!library) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the library is NULL");
    return NULL;
  }
  if (sheaf_settings_resolve("stage", sheaf_stage_batch.info.factory, settings, count, &values,
                             error))
    return NULL;
  (void)sheaf_chain_make(library, values, own, own_count, &chain, error);
  free(values);
  return chain;
}

void sheaf_batchers_free(sheaf_batchers *chain) {
  if (!chain) return;
  for (uint32_t i = 0; i < chain->own_count; i++)
    if (chain->own[i].destroy) chain->own[i].destroy(chain->own[i].ctx);
  sheaf_chain_discard(chain);
}

/* ------------------------------------------------------------------------------------ a step */

/* "batcher 2, by(scheme), ..." in the log, where the policy is to go on. */
static void warn(const sheaf_batchers *chain, const sheaf_error *why) {
  sheaf_logf(chain->library, SHEAF_LOG_WARNING, "batch", "%s", why->message);
}

static sheaf_status word_fault(const sheaf_step_run *run, uint32_t number, uint32_t fault,
                               uint32_t index, sheaf_error *error) {
  static const char *const did[] = {"", "dropped", "repeated", "invented"};
  return sheaf_error_set(
      error, SHEAF_INVALID_ARGUMENT,
      "batcher %u, %s, %s index %u of a batch of %u: each index must be in exactly "
      "one batch",
      number, run->step->text, did[fault], index, run->out->limit);
}

/* Looks at what a host's batcher made, and does as the policy says. */
static sheaf_status keep_invariant(const sheaf_batchers *chain, const sheaf_step_run *run,
                                   uint32_t number, sheaf_error *error) {
  uint32_t fault, index = 0;
  if (!sheaf_shape_check(run->out, &fault, &index)) return SHEAF_OUT_OF_MEMORY;
  if (!fault) return SHEAF_OK;
  sheaf_status status = word_fault(run, number, fault, index, error);
  if (chain->invariant == SHEAF_CHAIN_ERROR) return status;
  if (chain->invariant == SHEAF_CHAIN_WARN) warn(chain, error);
  return sheaf_shape_mend(run->out) ? SHEAF_OK : SHEAF_OUT_OF_MEMORY;
}

static sheaf_status word_failure(const sheaf_step_run *run, uint32_t number, sheaf_status status,
                                 sheaf_error *why, sheaf_error *error) {
  why->message[sizeof why->message - 1] = '\0';
  return sheaf_error_set(error, status, "batcher %u, %s, failed: %.1900s", number, run->step->text,
                         why->message[0] ? why->message : sheaf_status_message(status));
}

/* Runs one. `*skipped`: it failed, and the shape is to stay as it was. */
static sheaf_status run_step(const sheaf_batchers *chain, const sheaf_step_run *run,
                             uint32_t number, bool *skipped, sheaf_error *error) {
  sheaf_error why;
  why.message[0] = '\0';
  *skipped = false;
  sheaf_status status = run->step->run(run, &why);
  if (run->out->out_of_memory) return SHEAF_OUT_OF_MEMORY;
  if (status && !run->out->excess) {
    status = word_failure(run, number, status, &why, error);
    if (chain->on_failure == SHEAF_CHAIN_FAIL) return status;
    warn(chain, error);
    *skipped = true;
    return SHEAF_OK;
  }
  return run->step->own && run->step->own->batch ? keep_invariant(chain, run, number, error)
                                                 : SHEAF_OK;
}

/* ------------------------------------------------------------------------------------ running */

static bool one_of_all(sheaf_shape *shape, uint32_t **ends, uint32_t count, sheaf_arena *arena) {
  uint32_t *order = sheaf_arena_alloc(arena, ((size_t)count + 1) * sizeof *order);
  if (!order) return false;
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  order[count] = count;
  *ends = &order[count];
  *shape = (sheaf_shape){sizeof *shape, 0, order, *ends, count, 1};
  return true;
}

sheaf_status sheaf_chain_run(const sheaf_batchers *chain, const sheaf_request *request,
                             sheaf_arena *arena, sheaf_shape *shape, sheaf_error *error) {
  uint32_t *ends = NULL;
  sheaf_status status =
      one_of_all(shape, &ends, request->count, arena) ? SHEAF_OK : SHEAF_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < chain->step_count && !status; i++) {
    sheaf_shape_builder out;
    bool skipped;
    sheaf_shape_begin_list(&out, arena, request->count);
    const sheaf_step_run run = {&chain->steps[i], request, shape, &out, arena};
    status = run_step(chain, &run, i + 1, &skipped, error);
    if (status || skipped) continue;
    *shape = sheaf_shape_of(&out);
    ends = out.ends;
  }
  if (status == SHEAF_OUT_OF_MEMORY)
    return sheaf_error_set(error, status, "out of memory to cut a batch of %u", request->count);
  if (!status && !chain->keep_empty) sheaf_shape_drop_empty(shape, ends);
  return status;
}

/* What sheaf_batchers_run hands out: the shape, and what it lies in. */
typedef struct run_shape {
  sheaf_shape shape;
  sheaf_arena arena;
} run_shape;

sheaf_shape *sheaf_batchers_run(const sheaf_batchers *chain, const sheaf_request *request,
                                sheaf_error *error) {
  sheaf_question question;
  if (!chain) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the batchers are NULL");
    return NULL;
  }
  if (sheaf_question_read(&question, request ? request->verb : 0, request, error)) return NULL;
  run_shape *made = calloc(1, sizeof *made);
  if (!made) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a shape");
    return NULL;
  }
  if (!sheaf_chain_run(chain, &question.request, &made->arena, &made->shape, error))
    return &made->shape;
  sheaf_shape_free(&made->shape);
  return NULL;
}

void sheaf_shape_free(sheaf_shape *shape) {
  if (!shape) return;
  sheaf_arena_free(&((run_shape *)shape)->arena);
  free(shape);
}
