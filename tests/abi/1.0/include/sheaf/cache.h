/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf/cache.h: what can be done to the stage `cache` beside asking it. */
#ifndef SHEAF_CACHE_H
#define SHEAF_CACHE_H

#include <sheaf/stage.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHEAF_CACHE_EXTENSION "sheaf.stage.cache/1"

/* What a cache holds now, and what came of asking it. Extensible. */
typedef struct sheaf_cache_stats {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t entries, bytes;
  uint64_t hits;
  uint64_t misses;    /* asked of what is below */
  uint64_t shared;    /* answered by what another call had asked for already, and not yet got */
  uint64_t evictions; /* entries that went for want of room */
  uint64_t expired;   /* entries that were found too old */
} sheaf_cache_stats;

/* The functions of a cache; `self` is the interface's. All [any-thread]. Extensible. */
typedef struct sheaf_cache_functions {
  uint32_t struct_size;
  uint32_t flags;

  /* Fills `out`, whose struct_size is set. SHEAF_OK, or SHEAF_INVALID_ARGUMENT. */
  sheaf_status (*stats)(void *self, sheaf_cache_stats *out) SHEAF_NOEXCEPT;

  /*
   * Keeps results as if the manager had given them to the request: results[i].index is an index of it.
   * All is copied. What is there already stays: clear it first. SHEAF_INVALID_ARGUMENT: an index out of
   * range, or a result that is not sound (an error that the cache's settings would not keep is left
   * out); SHEAF_UNSUPPORTED: the verb is not pure, or the request has inputs; SHEAF_OUT_OF_MEMORY.
   */
  sheaf_status (*prime)(void *self, const sheaf_request *request, const sheaf_result *results,
                        uint32_t count, sheaf_error *error) SHEAF_NOEXCEPT;

  /* Forgets all that is kept of a reference, whatever was asked of it and by whom; and does not keep
   * what is just being asked. How many entries that were. */
  uint64_t (*clear_ref)(void *self, sheaf_str ref) SHEAF_NOEXCEPT;

  /* The same of everything. */
  uint64_t (*clear)(void *self) SHEAF_NOEXCEPT;
} sheaf_cache_functions;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_CACHE_H */
