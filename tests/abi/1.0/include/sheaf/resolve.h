/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/resolve.h: asking a manager about a batch, results through callbacks: the form with the
 * least cost, nothing allocated and nothing copied. sheaf/batch.h has the easier forms.
 */
#ifndef SHEAF_RESOLVE_H
#define SHEAF_RESOLVE_H

#include <sheaf/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Takes one result: `record` of a success, `error` of a failure. Its index is `index`, into the
 * request's references. It, and all that it points to, dies when the function returns, unless its
 * flags say SHEAF_RESULT_STATIC. Returns SHEAF_CONTINUE, or SHEAF_STOP for no further callback.
 *
 * Called on the thread that asked, one at a time, before the asking function returns, in whichever
 * order the manager answers; with SHEAF_PARALLEL_RESULTS perhaps on other threads, and several at
 * once. It may ask this or any other manager.
 */
typedef uint32_t (*sheaf_success_fn)(void *ctx, uint32_t index,
                                     const sheaf_result *record) SHEAF_NOEXCEPT;
typedef uint32_t (*sheaf_error_fn)(void *ctx, uint32_t index,
                                   const sheaf_result *error) SHEAF_NOEXCEPT;

/* The host's ears. Extensible. */
typedef struct sheaf_callbacks {
  uint32_t struct_size;
  uint32_t flags;           /* SHEAF_PARALLEL_RESULTS, or 0 */
  void *ctx;                /* handed to both */
  sheaf_success_fn success; /* NULL: successes are only counted */
  sheaf_error_fn error;     /* NULL: errors are only counted */
} sheaf_callbacks;

#define SHEAF_CALLBACKS_INIT {sizeof(sheaf_callbacks), 0, 0, 0, 0}

/* What became of a batch. Unless the host stopped it, succeeded + failed is the request's count.
 * Extensible. */
typedef struct sheaf_summary {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t succeeded;
  uint32_t failed;
} sheaf_summary;

#define SHEAF_SUMMARY_INIT {sizeof(sheaf_summary), 0, 0, 0}

#define SHEAF_CALL_INIT {sizeof(sheaf_call), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
#define SHEAF_CONTEXT_INIT {sizeof(sheaf_context), 0, {0, 0}, {0, 0}, {0, 0}, 0, 0}

/* A request for all traits of `count` references, for reading. Change what is to be otherwise; who
 * asks for single traits or slots clears the flags. */
static inline sheaf_request sheaf_request_for(const sheaf_str *refs, uint32_t count) {
  sheaf_request r = {sizeof(sheaf_request),
                     SHEAF_REQUEST_ALL_TRAITS,
                     0,
                     0,
                     refs,
                     NULL,
                     NULL,
                     NULL,
                     NULL,
                     count,
                     0,
                     0,
                     0,
                     NULL};
  return r;
}

/*
 * Asks a manager for what `verb` says. request->verb is ignored. Answers
 *   SHEAF_OK        the manager answered; single elements may have failed all the same
 *   SHEAF_STOPPED   a callback stopped it
 *   SHEAF_CANCELLED, SHEAF_DEADLINE   ended from outside
 *   SHEAF_UNSUPPORTED   the manager does not serve the verb, or the request has a flag or a field
 *                   that this library does not know
 *   SHEAF_CLOSED, SHEAF_BUSY, SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY, or whatever status the
 *                   manager failed with.
 * Unless it was stopped or the arguments were not valid, every index has had exactly one callback
 * by then: those that the manager left unanswered with the status above, or SHEAF_NO_RESULT.
 * `summary` and `error` may be NULL. `summary` is always filled: two zeros, no callback. `error` is
 * filled for anything but SHEAF_OK and SHEAF_STOPPED.
 * Nothing is allocated per element. [any-thread], also inside callbacks.
 */
SHEAF_API sheaf_status sheaf_perform(sheaf_manager *manager, sheaf_id verb,
                                     const sheaf_request *request, const sheaf_callbacks *callbacks,
                                     sheaf_summary *summary, sheaf_error *error) SHEAF_NOEXCEPT;

/* The traits asked for, and their properties, of each reference. */
static inline sheaf_status sheaf_resolve(sheaf_manager *manager, const sheaf_request *request,
                                         const sheaf_callbacks *callbacks, sheaf_summary *summary,
                                         sheaf_error *error) {
  return sheaf_perform(manager, SHEAF_VERB_RESOLVE, request, callbacks, summary, error);
}

/* Whether each entity exists: sheaf_record_exists reads the record. */
static inline sheaf_status sheaf_exists(sheaf_manager *manager, const sheaf_request *request,
                                        const sheaf_callbacks *callbacks, sheaf_summary *summary,
                                        sheaf_error *error) {
  return sheaf_perform(manager, SHEAF_VERB_EXISTS, request, callbacks, summary, error);
}

/* The trait set of each entity: the record has one property a trait, its key 0. */
static inline sheaf_status sheaf_traits(sheaf_manager *manager, const sheaf_request *request,
                                        const sheaf_callbacks *callbacks, sheaf_summary *summary,
                                        sheaf_error *error) {
  return sheaf_perform(manager, SHEAF_VERB_TRAITS, request, callbacks, summary, error);
}

/* What a record of sheaf_exists says. */
static inline bool sheaf_record_exists(const sheaf_result *record) {
  const sheaf_value *v = sheaf_result_find(record, SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS);
  return v && v->kind == SHEAF_KIND_BOOL && v->u.integer != 0;
}

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_RESOLVE_H */
