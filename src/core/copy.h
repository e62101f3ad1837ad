/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping a result: a deep copy into an arena. What is static is only pointed to. */
#ifndef SHEAF_CORE_COPY_H
#define SHEAF_CORE_COPY_H

#include <sheaf/abi.h>

#include "core/arena.h"

/*
 * Copies `src` into `dst`. A result that breaks a limit (a value too long, a list too deep, a kind
 * of no known storage) becomes a manager failure that says so; one that there is no memory for
 * becomes SHEAF_OUT_OF_MEMORY. So `dst` is always a whole result of the same index.
 */
void sheaf_copy_result(sheaf_arena *arena, sheaf_result *dst, const sheaf_result *src);

/* The same for `count` results, of which each goes to its index of `kept`. How many are errors there. */
uint32_t sheaf_copy_results(sheaf_arena *arena, sheaf_result *kept, const sheaf_result *results,
                            uint32_t count);

/* How many bytes of an arena a copy takes, if it breaks no limit; at most so many if it does. */
size_t sheaf_copy_size(const sheaf_result *src);

#endif
