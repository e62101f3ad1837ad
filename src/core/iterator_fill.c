/* SPDX-License-Identifier: Apache-2.0 */
/* One sub-batch: its references, the asking, its results. */
#include <stdlib.h>

#include "core/copy.h"
#include "core/iterator.h"

enum { FIRST_ROOM = 64 };

/* ------------------------------------------------------------------------------- the references */

static bool grow(void *array, uint32_t room, size_t size) {
  void **at = array;
  void *bigger = realloc(*at, room * size);
  if (bigger) *at = bigger;
  return bigger != NULL;
}

/* Room for `count` references and results: exactly, if it is known how many there will be. */
static bool reserve(sheaf_iterator *it, sheaf_sub_batch *sub, uint32_t count) {
  if (count <= sub->room) return true;
  uint32_t room = count;
  if (it->source) {
    room = sub->room ? sub->room * 2 : FIRST_ROOM;
    if (room > it->chunk_size) room = it->chunk_size;
    if (!grow(&sub->own_refs, room, sizeof *sub->own_refs)) return false;
  }
  if (!grow(&sub->results, room, sizeof *sub->results)) return false;
  sub->room = room;
  return true;
}

static void end_of_source(sheaf_iterator *it, sheaf_status status, const char *what) {
  it->source_status = status;
  sheaf_error_set(&it->end, status, "%s", what);
}

static void no_memory(sheaf_iterator *it) {
  end_of_source(it, SHEAF_OUT_OF_MEMORY, "out of memory for a sub-batch");
}

static bool keep_ref(sheaf_sub_batch *sub, sheaf_str ref) {
  char *bytes = NULL;
  if (ref.size) {
    bytes = sheaf_arena_alloc(&sub->bytes, ref.size);
    if (!bytes) return false;
    memcpy(bytes, ref.data, ref.size);
  }
  sub->own_refs[sub->count++] = sheaf_strn(bytes, ref.size);
  return true;
}

static void fill_from_source(sheaf_iterator *it, sheaf_sub_batch *sub) {
  sheaf_arena_release(&sub->bytes, (sheaf_mark){NULL, NULL});
  while (sub->count < it->chunk_size && it->source_status == SHEAF_OK) {
    sheaf_str ref = {NULL, 0};
    if (!reserve(it, sub, sub->count + 1)) {
      no_memory(it);
      break;
    }
    sheaf_status status = it->source(it->source_ctx, &ref);
    if (status == SHEAF_STOPPED) it->source_status = status;
    else if (status) end_of_source(it, status, "the source of the references failed");
    else if (!keep_ref(sub, ref)) no_memory(it);
  }
  sub->refs = sub->own_refs;
}

static void fill_from_array(sheaf_iterator *it, sheaf_sub_batch *sub) {
  uint32_t left = it->question.request.count - (uint32_t)it->next_index;
  uint32_t count = left < it->chunk_size ? left : it->chunk_size;
  if (count == left) it->source_status = SHEAF_STOPPED;
  if (!reserve(it, sub, count)) {
    no_memory(it);
    return;
  }
  sub->refs = it->question.request.refs + it->next_index;
  sub->count = count;
}

bool sheaf_sub_fill(sheaf_iterator *it, sheaf_sub_batch *sub) {
  sub->count = sub->taken = 0;
  sub->first = it->next_index;
  atomic_store_explicit(&sub->ready, 0, memory_order_relaxed);
  if (it->source_status) return false;
  if (it->source) fill_from_source(it, sub);
  else fill_from_array(it, sub);
  it->next_index += sub->count;
  if (sub->count == 0) return false;
  sub->stage = SHEAF_SUB_FILLED;
  return true;
}

void sheaf_sub_clear(sheaf_sub_batch *sub) {
  free(sub->own_refs);
  free(sub->results);
  sheaf_arena_free(&sub->bytes);
  sheaf_arena_free(&sub->arena);
}

/* ------------------------------------------------------------------------------------ the asking */

/* What the callbacks are given. */
typedef struct asking {
  sheaf_iterator *it;
  sheaf_sub_batch *sub;
  uint32_t arrived;
} asking;

static void keep(asking *a, uint32_t place, uint32_t index, const sheaf_result *result) {
  sheaf_result *kept = &a->sub->results[place];
  sheaf_copy_result(&a->sub->arena, kept, result);
  kept->index = (uint32_t)(a->sub->first + index);
}

static uint32_t keep_in_order(void *ctx, uint32_t index, const sheaf_result *result) {
  keep(ctx, index, index, result);
  return SHEAF_CONTINUE;
}

static uint32_t keep_as_it_arrives(void *ctx, uint32_t index, const sheaf_result *result) {
  asking *a = ctx;
  keep(a, a->arrived++, index, result);
  if (a->sub->stage == SHEAF_SUB_HANDED) sheaf_fetcher_publish(a->it, a->sub, a->arrived);
  return SHEAF_CONTINUE;
}

void sheaf_sub_ask(sheaf_iterator *it, sheaf_sub_batch *sub) {
  asking a = {it, sub, 0};
  sheaf_question q = it->question;
  sheaf_success_fn take = sheaf_iterator_arrives(it) ? keep_as_it_arrives : keep_in_order;
  q.callbacks = (sheaf_callbacks){sizeof q.callbacks, 0, &a, take, take};
  q.request.refs = sub->refs;
  q.request.count = sub->count;
  if (q.request.contexts) q.request.contexts += sub->first;
  if (q.request.inputs) q.request.inputs += sub->first;
  sheaf_arena_release(&sub->arena, (sheaf_mark){NULL, NULL});
  sub->status = sheaf_question_ask(it->manager, &q, true, &sub->error);
  atomic_store_explicit(&sub->ready, sub->count, memory_order_release);
}
