/* SPDX-License-Identifier: Apache-2.0 */
#include <sheaf/batch.h>

#include <stdlib.h>

#include <sheaf/utf8.h>

#include "core/copy.h"
#include "core/manager.h"
#include "core/perform.h"

/* Of what is reserved at once; beyond it the arena grows as it goes. */
#define MOST_RESERVED ((uint32_t)4 << 20)

struct sheaf_batch {
  sheaf_sink sink;        /* takes the results while the manager answers */
  sheaf_manager *manager; /* held until the batch is freed */
  sheaf_status status;
  uint32_t count;
  uint32_t failed;
  sheaf_arena arena;
  sheaf_result results[];
};

static uint32_t collect(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  sheaf_batch *batch = (sheaf_batch *)sink;
  batch->failed += sheaf_copy_results(&batch->arena, batch->results, results, count);
  return SHEAF_CONTINUE;
}

/* Makes room for what is likely to be copied: as much an element as the manager's last batch took. One
 * block, of about the same size each time, is what malloc is quickest with: grown piece by piece, the
 * memory would go back to the system with each batch and be taken from it page by page with the next.
 * Nothing is lost if it is not to be had. */
static void reserve(sheaf_batch *batch) {
  uint64_t size =
      (uint64_t)batch->count * atomic_load_explicit(&batch->manager->kept, memory_order_relaxed);
  if (size) (void)sheaf_arena_reserve(&batch->arena, size < MOST_RESERVED ? size : MOST_RESERVED);
}

/* Less is believed slowly: a batch of errors takes nothing. Hardly ever written, for the batch path shares
 * nothing that threads keep changing. */
static void remember(const sheaf_batch *batch) {
  _Atomic uint32_t *kept = &batch->manager->kept;
  uint32_t before = atomic_load_explicit(kept, memory_order_relaxed);
  size_t used = sheaf_arena_used(&batch->arena);
  if (batch->count == 0 || used / batch->count >= MOST_RESERVED) return;
  uint32_t now = (uint32_t)((used + batch->count - 1) / batch->count);
  if (now < before / 2) now = before - before / 8;
  else if (now <= before) return;
  atomic_store_explicit(kept, (now + 15u) & ~15u, memory_order_relaxed);
}

static sheaf_batch *new_batch(sheaf_manager *manager, uint32_t count) {
  sheaf_batch *batch = malloc(sizeof *batch + (size_t)count * sizeof batch->results[0]);
  if (!batch) return NULL;
  batch->sink = (sheaf_sink){sizeof batch->sink, 0, collect};
  batch->manager = manager;
  batch->status = SHEAF_OK;
  batch->count = count;
  batch->failed = 0;
  batch->arena = (sheaf_arena){0};
  return batch;
}

sheaf_batch *sheaf_perform_batch(sheaf_manager *manager, sheaf_id verb,
                                 const sheaf_request *request, sheaf_error *error) {
  sheaf_question q;
  if (!manager) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the manager is NULL");
    return NULL;
  }
  if (sheaf_question_read(&q, verb, request, error)) return NULL;
  sheaf_batch *batch = new_batch(manager, q.request.count);
  if (!batch) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a batch of %u results",
                    q.request.count);
    return NULL;
  }
  q.callbacks = (sheaf_callbacks)SHEAF_CALLBACKS_INIT;
  q.onward = &batch->sink;
  (void)sheaf_manager_hold(manager); /* closed or not: asking finds out */
  reserve(batch);
  batch->status = sheaf_question_ask(manager, &q, true, error);
  remember(batch);
  return batch;
}

void sheaf_batch_free(sheaf_batch *batch) {
  if (!batch) return;
  sheaf_manager *manager = batch->manager;
  sheaf_arena_free(&batch->arena);
  free(batch);
  sheaf_manager_release(manager);
}

sheaf_status sheaf_batch_status(const sheaf_batch *batch) {
  return batch ? batch->status : SHEAF_INVALID_ARGUMENT;
}

uint32_t sheaf_batch_count(const sheaf_batch *batch) { return batch ? batch->count : 0; }
uint32_t sheaf_batch_failed(const sheaf_batch *batch) { return batch ? batch->failed : 0; }

const sheaf_result *sheaf_batch_at(const sheaf_batch *batch, uint32_t index) {
  return batch && index < batch->count ? &batch->results[index] : NULL;
}

const sheaf_value *sheaf_batch_value(const sheaf_batch *batch, uint32_t index, const char *trait,
                                     const char *key) {
  const sheaf_result *result = sheaf_batch_at(batch, index);
  if (!result || !SHEAF_IS_OK(result->status)) return NULL;
  sheaf_library *library = sheaf_manager_library(batch->manager);
  return sheaf_result_find(result, sheaf_lookup(library, sheaf_cstr(trait)),
                           sheaf_lookup(library, sheaf_cstr(key)));
}

sheaf_batch *sheaf_resolve_one(sheaf_manager *manager, sheaf_str ref, sheaf_error *error) {
  sheaf_request request = sheaf_request_for(&ref, 1);
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, error);
  const sheaf_result *result = sheaf_batch_at(batch, 0);
  if (!result || SHEAF_IS_OK(result->status)) return batch;
  size_t shown = sheaf_utf8_cut(result->message, 2000).size;
  sheaf_error_set(error, result->status, "%.*s", (int)shown, result->message.data);
  sheaf_batch_free(batch);
  return NULL;
}
