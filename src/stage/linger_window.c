/* SPDX-License-Identifier: Apache-2.0 */
/* What a window of `linger` holds, and how it is asked for. */
#include <stdlib.h>

#include <sheaf/cancel.h>

#include "core/cancel.h"
#include "core/copy.h"
#include "stage/linger.h"

sheaf_window *sheaf_window_new(sheaf_linger *linger, const sheaf_request *request,
                               sheaf_terms *terms) {
  sheaf_window *w = calloc(1, sizeof *w);
  if (!w || pthread_cond_init(&w->done, NULL)) {
    free(w);
    return NULL;
  }
  w->cancel = sheaf_cancel_new();
  w->linger = linger;
  w->terms = terms;
  w->has_inputs = request->inputs != NULL;
  w->holds = 1;
  w->last = &w->members;
  if (w->cancel) return w;
  pthread_cond_destroy(&w->done);
  free(w);
  return NULL;
}

void sheaf_window_release(sheaf_window *w) {
  if (atomic_fetch_sub_explicit(&w->holds, 1, memory_order_acq_rel) > 1) return;
  sheaf_terms_release(&w->linger->terms, w->terms, 1);
  sheaf_cancel_free(w->cancel);
  sheaf_arena_free(&w->arena);
  pthread_cond_destroy(&w->done);
  free(w);
}

/* ----------------------------------------------------------------------------- what is asked for */

/* Room for `count` more. */
static bool make_room(sheaf_window *w, uint32_t count) {
  if (count <= w->room - w->count) return true;
  uint32_t room = w->room * 2 > w->count + count ? w->room * 2 : w->count + count;
  sheaf_str *refs = sheaf_arena_alloc(&w->arena, room * sizeof *refs);
  sheaf_record *inputs = NULL;
  if (w->has_inputs) inputs = sheaf_arena_alloc(&w->arena, room * sizeof *inputs);
  if (!refs || (w->has_inputs && !inputs)) return false;
  if (w->count) memcpy(refs, w->refs, w->count * sizeof *refs);
  if (w->count && inputs) memcpy(inputs, w->inputs, w->count * sizeof *inputs);
  w->refs = refs;
  w->inputs = inputs;
  w->room = room;
  return true;
}

/* A record copied, by way of a result. False: out of memory, or it cannot be copied. */
static bool copy_input(sheaf_arena *arena, sheaf_record *out, const sheaf_record *in) {
  sheaf_result result = {0, SHEAF_OK, in->properties, in->property_count, 0, {NULL, 0}};
  sheaf_copy_result(arena, &result, &result);
  *out = (sheaf_record){result.properties, result.property_count, in->flags};
  return SHEAF_IS_OK(result.status);
}

/* All references of a call into one piece of memory. */
static bool copy_refs(sheaf_window *w, const sheaf_request *request) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < request->count; i++) bytes += request->refs[i].size;
  char *text = sheaf_arena_alloc(&w->arena, bytes);
  for (uint32_t i = 0; text && i < request->count; i++) {
    sheaf_str ref = request->refs[i];
    if (ref.size) memcpy(text, ref.data, ref.size);
    w->refs[w->count + i] = sheaf_strn(text, ref.size);
    text += ref.size;
  }
  w->bytes += text ? bytes : 0;
  return text != NULL;
}

bool sheaf_window_add(sheaf_window *w, const sheaf_request *request) {
  if (!make_room(w, request->count)) return false;
  for (uint32_t i = 0; request->inputs && i < request->count; i++)
    if (!copy_input(&w->arena, &w->inputs[w->count + i], &request->inputs[i])) return false;
  if (!copy_refs(w, request)) return false;
  w->count += request->count;
  return true;
}

void sheaf_window_remove(sheaf_window *w, const sheaf_window_member *member) {
  uint32_t end = member->first + member->count;
  for (uint32_t i = member->first; i < end; i++) w->bytes -= w->refs[i].size;
  memmove(w->refs + member->first, w->refs + end, (w->count - end) * sizeof *w->refs);
  if (w->has_inputs)
    memmove(w->inputs + member->first, w->inputs + end, (w->count - end) * sizeof *w->inputs);
  w->count -= member->count;
  for (sheaf_window_member *m = w->members; m; m = m->next)
    if (m->first >= end) m->first -= member->count;
}

/* ---------------------------------------------------------------------------------- asking for it */

typedef struct keeping {
  sheaf_sink sink;
  sheaf_window *window;
} keeping;

static uint32_t keep(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  sheaf_window *w = ((keeping *)sink)->window;
  for (uint32_t i = 0; i < count; i++)
    sheaf_copy_result(&w->arena, &w->results[results[i].index], &results[i]);
  return SHEAF_CONTINUE;
}

void sheaf_window_ask(sheaf_window *w) {
  keeping k = {{sizeof k.sink, 0, keep}, w};
  sheaf_request request = w->terms->request;
  sheaf_call call = {.struct_size = sizeof call,
                     .deadline_ns = w->deadline_ns,
                     .context = &w->terms->context,
                     .cancel = w->cancel};
  request.struct_size = sizeof request;
  request.refs = w->refs;
  request.inputs = w->inputs;
  request.count = w->count;
  request.call = &call;
  w->results = sheaf_arena_alloc(&w->arena, w->count * sizeof *w->results);
  sheaf_stage_reason before =
      sheaf_stage_because((sheaf_stage_reason){w->why, sheaf_now_ns() - w->opened_ns});
  w->status =
      w->results ? sheaf_stage_ask(&w->linger->stage, 0, &request, &k.sink) : SHEAF_OUT_OF_MEMORY;
  (void)sheaf_stage_because(before);
}
