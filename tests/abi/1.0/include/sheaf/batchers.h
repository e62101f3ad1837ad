/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/batchers.h: batchers, which cut a batch into batches.
 *
 * A batcher is a function from a list of batches to a list of batches. Several make a chain: the
 * first is given one batch of everything, each of the others what the one before made of it. What is
 * handed about are the request's indices, in an order and cut; nothing that they stand for is moved.
 * The stage `batch` hands a chain's batches down one by one; a host may run a chain by itself.
 *
 * A chain is written "by(scheme) | size(100)":
 *   size(n)        each batch in pieces of n
 *   bytes(n)       each batch in pieces of at most n bytes of references (a longer one is alone)
 *   single         each index a batch of its own
 *   by(scheme)     each batch by the reference's scheme (what stands before its first "://")
 *   by(prefix, c)  each batch by what stands before the last c, a text of one or more characters,
 *                  such as / or "::"
 *   by(name)       each batch by the key function of the host's batcher of that name
 *   merge          all in one batch
 *   sort           each batch by reference
 *   name           the host's batcher of that name
 * `by` keeps groups in the order in which their keys are first seen, and the indices of each in
 * theirs; `sort` keeps equal references in theirs.
 *
 * Each index must be in exactly one batch of what a batcher gives back. The setting `invariant` says
 * what becomes of one that does not keep to that: `error`, the chain fails; `warn`, the log says so, and
 * the shape is mended: what is there twice, or is no index, is left out, and what is missing goes last,
 * in a batch of its own; `off`, it is mended without a word. `on_failure` says what becomes of a
 * batcher that fails: `fail`, the chain fails; `skip`, the log says so, and the shape stays as it was
 * before that batcher. With `keep_empty`, empty batches stay.
 */
#ifndef SHEAF_BATCHERS_H
#define SHEAF_BATCHERS_H

#include <sheaf/abi.h>
#include <sheaf/config.h>
#include <sheaf/export.h>
#include <sheaf/library.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list of batches. Batch b is order[ends[b - 1]] up to, and not with, order[ends[b]]; the first
 * begins at order[0]. Extensible. */
typedef struct sheaf_shape {
  uint32_t struct_size;
  uint32_t flags;
  const uint32_t *order; /* indices of the request; NULL only if `count` is 0 */
  const uint32_t *ends;  /* one a batch, never less than the one before; the last is `count` */
  uint32_t count;
  uint32_t batch_count;
} sheaf_shape;

/* Where batch b of a shape begins. */
static inline uint32_t sheaf_shape_begin(const sheaf_shape *shape, uint32_t b) {
  return b ? shape->ends[b - 1] : 0;
}

/* What a batcher writes its list of batches into. */
typedef struct sheaf_shape_builder sheaf_shape_builder;

/* Adds a batch at the end; `count` may be 0. SHEAF_OUT_OF_MEMORY; SHEAF_LIMIT: more indices than
 * any right answer has; SHEAF_INVALID_ARGUMENT: NULL where they should be. [in-call] of the batcher that was given the builder. */
SHEAF_API sheaf_status sheaf_shape_add(sheaf_shape_builder *builder, const uint32_t *indices,
                                       uint32_t count) SHEAF_NOEXCEPT;

/*
 * A batcher of the host's: `batch` or `key`, and the other NULL. Extensible.
 * Both may be called from any threads at once, as the host asks, with no lock held, and may ask
 * managers. What they are given dies when they return. A status other than SHEAF_OK fails the
 * batcher; its words go into `error` (never NULL).
 */
typedef struct sheaf_batcher {
  uint32_t struct_size;
  uint32_t flags;   /* 0 */
  const char *name; /* what the chain calls it: [a-z0-9._-]; no built-in's. Copied */
  void *ctx;        /* handed to the functions */

  /* Reads `in` and adds its batches to `out`. Each index of `in` must be in exactly one of them. */
  sheaf_status (*batch)(void *ctx, const sheaf_request *request, const sheaf_shape *in,
                        sheaf_shape_builder *out, sheaf_error *error) SHEAF_NOEXCEPT;

  /* The key of an index, any bytes. It is copied before the next key is asked for. */
  sheaf_status (*key)(void *ctx, const sheaf_request *request, uint32_t index, sheaf_str *key,
                      sheaf_error *error) SHEAF_NOEXCEPT;

  /* Called with `ctx` when what was made with it is destroyed, and not if it could not be made. NULL:
   * nothing to free. */
  void (*destroy)(void *ctx) SHEAF_NOEXCEPT;
} sheaf_batcher;

#define SHEAF_BATCHER_INIT {sizeof(sheaf_batcher), 0, 0, 0, 0, 0, 0}

/* A chain of batchers. */
typedef struct sheaf_batchers sheaf_batchers;

/*
 * Makes a chain from the settings of the stage `batch` that concern one (batchers, invariant,
 * on_failure, keep_empty), and the host's own batchers. NULL on failure, with `error` saying what is
 * wrong and where. Freed with sheaf_batchers_free; the library must outlive it. [any-thread]
 */
SHEAF_API sheaf_batchers *sheaf_batchers_new(sheaf_library *library, const sheaf_setting *settings,
                                             uint32_t count, const sheaf_batcher *const *own,
                                             uint32_t own_count, sheaf_error *error) SHEAF_NOEXCEPT;

/* NULL is fine. [any-thread] */
SHEAF_API void sheaf_batchers_free(sheaf_batchers *batchers) SHEAF_NOEXCEPT;

/*
 * Runs a chain over a request, whose call may be NULL. The shape is the caller's, freed with
 * sheaf_shape_free. NULL on failure: a batcher failed, or broke the invariant, and the policy is to
 * fail then; `error` says which one and how. [any-thread]
 */
SHEAF_API sheaf_shape *sheaf_batchers_run(const sheaf_batchers *batchers,
                                          const sheaf_request *request,
                                          sheaf_error *error) SHEAF_NOEXCEPT;

/* NULL is fine. [any-thread] */
SHEAF_API void sheaf_shape_free(sheaf_shape *shape) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_BATCHERS_H */
