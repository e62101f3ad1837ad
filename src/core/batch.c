/* SPDX-License-Identifier: Apache-2.0 */
#include <sheaf/batch.h>

#include <stdlib.h>

#include <sheaf/utf8.h>

#include "core/copy.h"
#include "core/manager.h"
#include "core/perform.h"

struct sheaf_batch {
  sheaf_manager *manager; /* held until the batch is freed */
  sheaf_status status;
  uint32_t count;
  uint32_t failed;
  sheaf_arena arena;
  sheaf_result results[];
};

static uint32_t collect(void *ctx, uint32_t index, const sheaf_result *result) {
  sheaf_batch *batch = ctx;
  sheaf_copy_result(&batch->arena, &batch->results[index], result);
  /* A record that could not be kept is an error now. */
  if (!SHEAF_IS_OK(batch->results[index].status)) batch->failed++;
  return SHEAF_CONTINUE;
}

static sheaf_batch *new_batch(sheaf_manager *manager, uint32_t count) {
  sheaf_batch *batch = malloc(sizeof *batch + (size_t)count * sizeof batch->results[0]);
  if (!batch) return NULL;
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
  q.callbacks = (sheaf_callbacks){sizeof q.callbacks, 0, batch, collect, collect};
  (void)sheaf_manager_hold(manager); /* closed or not: asking finds out */
  batch->status = sheaf_question_ask(manager, &q, true, NULL, error);
  return batch;
}

void sheaf_batch_free(sheaf_batch *batch) {
  if (!batch) return;
  sheaf_manager *manager = batch->manager;
  sheaf_arena_free(&batch->arena);
  free(batch);
  sheaf_manager_release(manager);
}

sheaf_status sheaf_batch_status(const sheaf_batch *batch) { return batch->status; }
uint32_t sheaf_batch_count(const sheaf_batch *batch) { return batch->count; }
uint32_t sheaf_batch_failed(const sheaf_batch *batch) { return batch->failed; }

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
