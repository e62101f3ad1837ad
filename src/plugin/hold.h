/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hold: what a search, a manifest or a configuration allocates, freed all at once. A failure is
 * remembered, so that building something takes one check at its end instead of one a string.
 */
#ifndef SHEAF_PLUGIN_HOLD_H
#define SHEAF_PLUGIN_HOLD_H

#include "core/arena.h"

/* Zeroed: empty. */
typedef struct sheaf_hold {
  sheaf_arena arena;
  bool failed; /* an allocation has failed since the beginning */
} sheaf_hold;

/* `size` zeroed bytes, aligned for anything. NULL: out of memory. */
void *sheaf_hold_alloc(sheaf_hold *hold, size_t size);

/* A copy of text. NULL: out of memory, or `text` is NULL. */
char *sheaf_hold_copy(sheaf_hold *hold, const char *text);

/* Text as printf makes it, however long. NULL: out of memory. */
__attribute__((format(printf, 2, 3))) char *sheaf_hold_printf(sheaf_hold *hold, const char *format,
                                                              ...);

/*
 * Makes room for one more in an array that is held: `items` of `size` bytes each, `count` in use
 * (NULL and 0 at first). Returns the array, moved when `count` is a power of two; NULL: out of
 * memory.
 */
void *sheaf_hold_grow(sheaf_hold *hold, void *items, size_t count, size_t size);

void sheaf_hold_free(sheaf_hold *hold);

#endif
