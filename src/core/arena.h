/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bump allocator: many small pieces, all freed at once, or back to a mark. Not thread-safe.
 * A zeroed arena is a valid empty one.
 */
#ifndef SHEAF_CORE_ARENA_H
#define SHEAF_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sheaf_chunk sheaf_chunk;

typedef struct sheaf_arena {
  sheaf_chunk *top;
  sheaf_chunk *spare; /* one chunk kept for the next need */
  char *next, *end;   /* what is left of the top chunk */
} sheaf_arena;

typedef struct sheaf_mark {
  sheaf_chunk *top;
  char *next;
} sheaf_mark;

void *sheaf_arena_grow(sheaf_arena *arena, size_t size);

/* `size` bytes, aligned to 16, uninitialised. NULL if out of memory. */
static inline void *sheaf_arena_alloc(sheaf_arena *arena, size_t size) {
  if (size > (size_t)-1 / 2) return NULL;
  size = size ? (size + 15u) & ~(size_t)15u : 16u; /* no bytes too have an address */
  if (size > (size_t)(arena->end - arena->next)) return sheaf_arena_grow(arena, size);
  void *p = arena->next;
  arena->next += size;
  return p;
}

/* Makes sure that the next `size` bytes, a multiple of 16, need no further chunk. A new one is no larger
 * than that. */
bool sheaf_arena_reserve(sheaf_arena *arena, size_t size);

/* How much has been allocated, about: what was left over at the end of a chunk counts. */
size_t sheaf_arena_used(const sheaf_arena *arena);

static inline sheaf_mark sheaf_arena_mark(const sheaf_arena *arena) {
  sheaf_mark mark = {arena->top, arena->next};
  return mark;
}

void sheaf_arena_release_chunks(sheaf_arena *arena, sheaf_mark mark);

/* Frees all that was allocated since the mark. */
static inline void sheaf_arena_release(sheaf_arena *arena, sheaf_mark mark) {
  if (arena->top == mark.top) arena->next = mark.next;
  else sheaf_arena_release_chunks(arena, mark);
}

void sheaf_arena_free(sheaf_arena *arena);

#endif
