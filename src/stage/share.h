/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When two calls may share an answer: see sheaf_context. Callers have asked sheaf_stage_may_share
 * first.
 */
#ifndef SHEAF_STAGE_SHARE_H
#define SHEAF_STAGE_SHARE_H

#include "stage/stage.h"

/* Whether share_key, authority, state and locale are equal. NULL is an empty context. `opaque` is not
 * looked at: who shares passes none on. */
bool sheaf_share_equal(const sheaf_context *a, const sheaf_context *b);

/* A hash that is equal for contexts that are; seeded. */
uint64_t sheaf_share_hash(const sheaf_context *context, uint64_t seed);

/* The context of index i: its own, or the call's; may be NULL. */
static inline const sheaf_context *sheaf_share_context(const sheaf_request *request, uint32_t i) {
  const sheaf_context *own = request->contexts ? request->contexts[i] : NULL;
  return own ? own : request->call->context;
}

/* Whether two indices of a request have contexts under which one answer serves both, passed on as
 * the first's: so `opaque` counts here. */
static inline bool sheaf_share_contexts_equal(const sheaf_request *request, uint32_t a,
                                              uint32_t b) {
  if (!request->contexts) return true;
  const sheaf_context *x = sheaf_share_context(request, a), *y = sheaf_share_context(request, b);
  return x == y || ((x ? x->opaque : NULL) == (y ? y->opaque : NULL) && sheaf_share_equal(x, y));
}

#endif
