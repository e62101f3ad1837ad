/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the same look-ups in a shared object, answered through a plain function pointer. No
 * middleware, no checks, no promise: what a host and a manager that were written for each other, and
 * built together, could do.
 */
#ifndef PERFTEST_STUDY_FLOOR_H
#define PERFTEST_STUDY_FLOOR_H

#include <sheaf/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*floor_success_fn)(void *ctx, uint32_t index, const sheaf_property *properties,
                                 uint32_t count) SHEAF_NOEXCEPT;
typedef void (*floor_error_fn)(void *ctx, uint32_t index, uint32_t code,
                               sheaf_str message) SHEAF_NOEXCEPT;

/* What the shared object exports, as `floor_table`. */
typedef struct floor_functions {
  void *(*open)(uint32_t entities, bool lookup, sheaf_id trait, sheaf_id key);
  void (*resolve)(void *self, const sheaf_str *refs, uint32_t count, sheaf_id trait, void *ctx,
                  floor_success_fn success, floor_error_fn error);
  void (*close)(void *self);
} floor_functions;

SHEAF_PLUGIN_EXPORT extern const floor_functions floor_table;

#ifdef __cplusplus
}
#endif

#endif
