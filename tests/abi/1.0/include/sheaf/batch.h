/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/batch.h: asking a manager about a batch, results collected: by index, in one arena, freed
 * at once. And asking about a single reference.
 */
#ifndef SHEAF_BATCH_H
#define SHEAF_BATCH_H

#include <sheaf/resolve.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The results of a batch, by index. Never changes once made: it may move between threads and be
 * read by many at once. It keeps its manager from being destroyed (though not from being closed)
 * until it is freed, for it refers to what the manager called static.
 */
typedef struct sheaf_batch sheaf_batch;

/*
 * Asks, and collects. Every index has a result, also when the batch was cancelled, or the manager
 * is closed or failed half-way: then they are errors, and sheaf_batch_status says which. NULL, with
 * `error` filled, only if there is nothing to collect: SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY,
 * or SHEAF_UNSUPPORTED where the request has what this library does not know. Freed with sheaf_batch_free. [any-thread]
 */
SHEAF_API sheaf_batch *sheaf_perform_batch(sheaf_manager *manager, sheaf_id verb,
                                           const sheaf_request *request,
                                           sheaf_error *error) SHEAF_NOEXCEPT;

static inline sheaf_batch *sheaf_resolve_batch(sheaf_manager *manager, const sheaf_request *request,
                                               sheaf_error *error) {
  return sheaf_perform_batch(manager, SHEAF_VERB_RESOLVE, request, error);
}

static inline sheaf_batch *sheaf_exists_batch(sheaf_manager *manager, const sheaf_request *request,
                                              sheaf_error *error) {
  return sheaf_perform_batch(manager, SHEAF_VERB_EXISTS, request, error);
}

static inline sheaf_batch *sheaf_traits_batch(sheaf_manager *manager, const sheaf_request *request,
                                              sheaf_error *error) {
  return sheaf_perform_batch(manager, SHEAF_VERB_TRAITS, request, error);
}

/* One reference, for reading, with all its traits: a batch of one record. NULL if it failed, with
 * `error` filled with the element's own status and message. [any-thread] */
SHEAF_API sheaf_batch *sheaf_resolve_one(sheaf_manager *manager, sheaf_str ref,
                                         sheaf_error *error) SHEAF_NOEXCEPT;

/* NULL is fine. [any-thread], once no other thread reads the batch. */
SHEAF_API void sheaf_batch_free(sheaf_batch *batch) SHEAF_NOEXCEPT;

/* The rest is [any-thread]; all results are borrowed until the batch is freed. */

/* What the asking function would have answered: SHEAF_OK if the manager answered. */
SHEAF_API sheaf_status sheaf_batch_status(const sheaf_batch *batch) SHEAF_NOEXCEPT;

/* How many results there are: the request's count. */
SHEAF_API uint32_t sheaf_batch_count(const sheaf_batch *batch) SHEAF_NOEXCEPT;

/* How many of them are errors. */
SHEAF_API uint32_t sheaf_batch_failed(const sheaf_batch *batch) SHEAF_NOEXCEPT;

/* The result of an index, record or error by its status. NULL if out of range. All stand in one array, in the
 * order of their indices: who goes through them asks for that of index 0 and counts on. */
SHEAF_API const sheaf_result *sheaf_batch_at(const sheaf_batch *batch,
                                             uint32_t index) SHEAF_NOEXCEPT;

/* The value of a property by the names of its trait and key: easy, where sheaf_result_find with ids
 * is fast. NULL if the index failed or its entity has no such property. */
SHEAF_API const sheaf_value *sheaf_batch_value(const sheaf_batch *batch, uint32_t index,
                                               const char *trait, const char *key) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_BATCH_H */
