/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/iterator.h: results one after another, for any number of references, in bounded memory. The
 * references are asked about in sub-batches; the host may stop whenever it likes and has then paid
 * for little that it did not take.
 *
 *   sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
 *   options.flags = SHEAF_ITERATOR_PREFETCH;
 *   sheaf_iterator *it = sheaf_iterator_new(manager, SHEAF_VERB_RESOLVE, &request, &options, &error);
 *   const sheaf_result *result;
 *   sheaf_status status;
 *   while ((status = sheaf_iterator_next(it, &result, &error)) == SHEAF_OK && result)
 *     use(sheaf_iterator_index(it), result);
 *   sheaf_iterator_free(it);
 */
#ifndef SHEAF_ITERATOR_H
#define SHEAF_ITERATOR_H

#include <sheaf/resolve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sheaf_iterator sheaf_iterator;

/*
 * Gives the next reference: SHEAF_OK and `ref` filled, whose bytes need only live until the next
 * call; SHEAF_STOPPED: there are no more; anything else: why there is none, which
 * sheaf_iterator_next answers once all references given before have had their results. Not called
 * again after either. Called inside sheaf_iterator_next, on its thread. It must not touch the
 * iterator.
 */
typedef sheaf_status (*sheaf_source_fn)(void *ctx, sheaf_str *ref) SHEAF_NOEXCEPT;

/* sheaf_iterator_options.flags */
enum {
  /* Results of a sub-batch come in whatever order the manager answers, instead of in that of the
   * references; with PREFETCH as soon as it does, and not only when the sub-batch is complete. */
  SHEAF_ITERATOR_AS_THEY_ARRIVE = 1,
  /* While the host takes the results of one sub-batch, the next is asked about on a thread of the
   * iterator's. */
  SHEAF_ITERATOR_PREFETCH = 2
};

/* How to iterate. Extensible. */
typedef struct sheaf_iterator_options {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t chunk_size;    /* references a sub-batch; 0: 1,000 */
  uint32_t reserved;      /* 0 */
  sheaf_source_fn source; /* NULL: the request's references */
  void *source_ctx;
} sheaf_iterator_options;

#define SHEAF_ITERATOR_OPTIONS_INIT {sizeof(sheaf_iterator_options), 0, 0, 0, 0, 0}

/*
 * Makes an iterator; nothing is asked yet. `request` says what is asked of each reference, as for
 * sheaf_perform. With a source its count is 0, and it has no refs, contexts and inputs of its own.
 * The request itself is copied; what it points to (references, traits, slots, the call's context and
 * cancel switch) must live until the iterator is freed. The deadline of its call is that of the
 * whole iteration. `options` NULL: the defaults.
 *
 * No more than two sub-batches are in memory at once, their references (a source's are copied) and
 * their results. The iterator keeps its manager from being destroyed, though not from being closed.
 *
 * NULL, with `error` filled: SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY, or SHEAF_UNSUPPORTED where
 * the request has what this library does not know. Freed with sheaf_iterator_free. [any-thread]
 */
SHEAF_API sheaf_iterator *sheaf_iterator_new(sheaf_manager *manager, sheaf_id verb,
                                             const sheaf_request *request,
                                             const sheaf_iterator_options *options,
                                             sheaf_error *error) SHEAF_NOEXCEPT;

static inline sheaf_iterator *sheaf_resolve_iterator(sheaf_manager *manager,
                                                     const sheaf_request *request,
                                                     const sheaf_iterator_options *options,
                                                     sheaf_error *error) {
  return sheaf_iterator_new(manager, SHEAF_VERB_RESOLVE, request, options, error);
}

/*
 * The next result, a record or an error by its status. It is borrowed: valid until the next call, or
 * until the iterator is freed. Every reference that was taken has exactly one, also when its
 * sub-batch failed.
 *
 *   SHEAF_OK, `result` set       here it is
 *   SHEAF_OK, `result` NULL      that was all
 *   anything else, `result` NULL the sub-batch whose results have just been handed out failed as a
 *                                whole, with this status, which `error` (unless NULL) explains. Call
 *                                again to go on with the next sub-batch. After SHEAF_CANCELLED,
 *                                SHEAF_DEADLINE and SHEAF_CLOSED, and after a failure of the source,
 *                                that is only what has been fetched ahead already; then the answer
 *                                stays the same.
 *
 * Blocks until there is a result. Inside a batch of a serialized manager nothing more is fetched ahead,
 * so that a manager that asks itself gets SHEAF_BUSY here too; nor is it where other threads may wait for
 * this one: in a callback behind a stage `limit`, in a manager behind a `cache`. What has been fetched ahead
 * of the same manager before must not be waited for there: each would wait for the other. [serialized],
 * from any thread.
 */
SHEAF_API sheaf_status sheaf_iterator_next(sheaf_iterator *iterator, const sheaf_result **result,
                                           sheaf_error *error) SHEAF_NOEXCEPT;

/*
 * As sheaf_iterator_next, but gives all results that are there of one sub-batch: `*count` of them, one
 * behind the other at `*results`. With AS_THEY_ARRIVE and PREFETCH those that have arrived, else what
 * is left of the sub-batch. `*count` is 0 where sheaf_iterator_next would give NULL. For who pays for
 * each call, such as an interpreter. [serialized], as next.
 */
SHEAF_API sheaf_status sheaf_iterator_next_many(sheaf_iterator *iterator,
                                                const sheaf_result **results, uint32_t *count,
                                                sheaf_error *error) SHEAF_NOEXCEPT;

/* The place of the last result's reference in the whole input, from 0. (The result's own index is
 * this one's low 32 bits.) [serialized], as next. */
SHEAF_API uint64_t sheaf_iterator_index(const sheaf_iterator *iterator) SHEAF_NOEXCEPT;

/* The last result's reference, valid as long as the result is. [serialized], as next. */
SHEAF_API sheaf_str sheaf_iterator_ref(const sheaf_iterator *iterator) SHEAF_NOEXCEPT;

/* Ends it at any time. A sub-batch that is being fetched ahead is cancelled, and waited for: that
 * takes as long as the manager needs to notice. NULL is fine. [serialized], as next; not from the
 * source. */
SHEAF_API void sheaf_iterator_free(sheaf_iterator *iterator) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_ITERATOR_H */
