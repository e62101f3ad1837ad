/* SPDX-License-Identifier: Apache-2.0 */
/* fallback: what one manager cannot answer for the moment, the next one is asked for. */
#include "stage/held.h"
#include "stage/statuses.h"
#include "stage/types.h"

enum { STATUSES, SETTINGS };
enum { ASKED, RECOVERED };

typedef struct fallback {
  sheaf_stage stage;
  sheaf_statuses statuses;
} fallback;

typedef struct falling {
  const fallback *f;
  bool last; /* nobody comes after the one who is asked */
} falling;

static bool wants(void *ctx, const sheaf_result *error) {
  const falling *state = ctx;
  return !state->last && sheaf_statuses_have(&state->f->statuses, error->status);
}

static bool serves(const sheaf_stage *stage, uint32_t child, sheaf_id verb) {
  const sheaf_description *d = sheaf_manager_description(stage->children[child]);
  for (uint32_t i = 0; i < d->verb_count; i++)
    if (d->verbs[i].verb == verb) return true;
  return false;
}

/* The next child, from `child` on, that serves the verb; child_count if none does. */
static uint32_t next_of(const sheaf_stage *stage, uint32_t child, sheaf_id verb) {
  while (child < stage->child_count && !serves(stage, child, verb)) child++;
  return child;
}

/* Asks those behind, from `child` on, until nothing is held back. */
static void ask_others(falling *state, const sheaf_request *request, sheaf_held *held,
                       uint32_t child) {
  const sheaf_stage *stage = &state->f->stage;
  bool more = true;
  while (more && child < stage->child_count && !request->call->poll(request->call)) {
    uint32_t next = next_of(stage, child + 1, request->verb);
    state->last = next == stage->child_count;
    sheaf_stage_count(stage, ASKED, held->count);
    more = sheaf_held_ask_again(held, stage, child);
    sheaf_stage_count(stage, RECOVERED, held->recovered);
    child = next;
  }
}

static sheaf_status fallback_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  const fallback *f = self;
  const sheaf_stage *stage = &f->stage;
  uint32_t child = next_of(stage, 0, request->verb);
  uint32_t next = next_of(stage, child + 1, request->verb);
  /* What must not be done twice is nobody else's to try. */
  if (next == stage->child_count ||
      !(sheaf_stage_verb_flags(stage, request->verb) & SHEAF_VERB_IDEMPOTENT))
    return sheaf_stage_ask(stage, child < stage->child_count ? child : 0, request, sink);
  falling state = {f, false};
  sheaf_held held;
  sheaf_held_init(&held, request, sink, wants, &state);
  if (sheaf_held_ask(&held, stage, child)) ask_others(&state, request, &held, next);
  return sheaf_held_end(&held);
}

static const sheaf_setting_info settings[SETTINGS] = {
    [STATUSES] = {"statuses", "unavailable, overloaded, manager_failure, no_result, closed",
                  "The errors, by name, with which a reference goes to the next manager.",
                  SHEAF_KIND_STRING, 0}};

static const sheaf_stage_counter_info counters[] = {
    [ASKED] = {"fallen", "References that the next manager was asked for, once for each manager."},
    [RECOVERED] = {"recovered", "References that failed at one manager and not at the next."}};

static const sheaf_factory factory =
    SHEAF_STAGE_FACTORY("fallback", "Fallback",
                        "What one manager cannot answer for the moment, the next one is asked for.",
                        settings, SETTINGS);

static sheaf_status fallback_open(void *self, const sheaf_value *values,
                                  const sheaf_stage_options *options, sheaf_error *error) {
  (void)options;
  return sheaf_statuses_read(&((fallback *)self)->statuses, &sheaf_stage_fallback, values, STATUSES,
                             error);
}

const sheaf_stage_type sheaf_stage_fallback = {.info = SHEAF_STAGE_INFO(&factory, 2, UINT32_MAX),
                                               .needs = SHEAF_VERB_IDEMPOTENT,
                                               .size = sizeof(fallback),
                                               .counters = counters,
                                               .counter_count = 2,
                                               .open = fallback_open,
                                               .batch = fallback_batch};
