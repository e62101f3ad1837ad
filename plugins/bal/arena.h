/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once. What a library holds for as long as it is open comes from
 * here, but for its entities (shelf.h).
 */
#ifndef BAL_ARENA_H
#define BAL_ARENA_H

#include <sheaf/abi.h>

typedef struct bal_block bal_block;

typedef struct bal_arena {
  bal_block *blocks; /* the newest first */
  size_t next_size;  /* of the next block; 0 at first */
} bal_arena;

/* `size` bytes, aligned to 8. NULL: out of memory. Zero sizes are fine. */
void *bal_arena_alloc(bal_arena *arena, size_t size);

/* A copy of `text`, with a NUL behind it that its size does not count. data is NULL only if out of
 * memory. */
sheaf_str bal_arena_copy(bal_arena *arena, sheaf_str text);

/* Takes back all that was given out, and keeps one block for what comes next. */
void bal_arena_clear(bal_arena *arena);

void bal_arena_free(bal_arena *arena);

#endif /* BAL_ARENA_H */
