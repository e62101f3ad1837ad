/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/held.h"

#include "core/copy.h"

/* False: no memory to hold it back, so it goes on. */
static bool hold(sheaf_held *h, const sheaf_result *error) {
  if (!h->errors) h->errors = sheaf_stage_scratch(h->whole, h->whole->count * sizeof *h->errors);
  if (!h->errors) return false;
  sheaf_copy_result(&h->arena, &h->errors[h->count++], error);
  return true;
}

/* Passes results [from, to) on. */
static uint32_t pass(sheaf_held *h, const sheaf_result *results, uint32_t from, uint32_t to) {
  if (from == to) return SHEAF_CONTINUE;
  return h->onward->results(h->onward, results + from, to - from);
}

static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  sheaf_held *h = (sheaf_held *)sink;
  uint32_t sent = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (SHEAF_IS_OK(given[i].status)) continue;
    if (!h->wants(h->ctx, &given[i]) || !hold(h, &given[i])) {
      h->passed++;
      continue;
    }
    if (pass(h, given, sent, i) != SHEAF_CONTINUE) return SHEAF_STOP;
    sent = i + 1;
  }
  return pass(h, given, sent, count);
}

void sheaf_held_init(sheaf_held *held, const sheaf_request *whole, sheaf_sink *onward,
                     bool (*wants)(void *ctx, const sheaf_result *error), void *ctx) {
  memset(held, 0, sizeof *held);
  held->sink = (sheaf_sink){sizeof held->sink, 0, results}; /* on the thread of the call: scratch */
  held->onward = onward;
  held->whole = whole;
  held->wants = wants;
  held->ctx = ctx;
}

static bool prepare(sheaf_held *h) {
  if (h->indices) return true;
  h->indices = sheaf_stage_scratch(h->whole, h->count * sizeof *h->indices);
  sheaf_part_init(&h->part, h->whole, &h->sink);
  return h->indices && sheaf_part_reserve(&h->part, h->count);
}

/* Whether there is anything to ask again for. */
static bool is_more(const sheaf_held *h) { return h->count && h->status != SHEAF_STOPPED; }

bool sheaf_held_ask(sheaf_held *h, const sheaf_stage *stage, uint32_t i) {
  h->status = sheaf_stage_ask(stage, i, h->whole, &h->sink);
  if (h->passed || !h->count) h->first = h->status;
  return is_more(h);
}

bool sheaf_held_ask_again(sheaf_held *h, const sheaf_stage *stage, uint32_t i) {
  uint32_t asked = h->count, passed = h->passed;
  h->recovered = 0;
  if (!prepare(h)) {
    h->status = SHEAF_OUT_OF_MEMORY;
    return false;
  }
  for (uint32_t k = 0; k < asked; k++) h->indices[k] = h->errors[k].index;
  h->count = 0;
  sheaf_arena_release(&h->arena, (sheaf_mark){NULL, NULL});
  sheaf_part_take(&h->part, h->indices, asked);
  h->status = sheaf_stage_ask(stage, i, &h->part.request, &h->part.sink);
  passed = h->passed - passed;
  if (passed && !h->first) h->first = h->status;
  if (h->status != SHEAF_STOPPED) h->recovered = asked - h->count - passed;
  return is_more(h);
}

sheaf_status sheaf_held_end(sheaf_held *h) {
  sheaf_status status = h->first;
  if (is_more(h)) {
    if (!status) status = h->status;
    if (pass(h, h->errors, 0, h->count) != SHEAF_CONTINUE) status = SHEAF_STOPPED;
  }
  sheaf_arena_free(&h->arena);
  return h->status == SHEAF_STOPPED ? SHEAF_STOPPED : status;
}
