/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_CHUNK ((size_t)4096)
#define LARGEST_CHUNK ((size_t)1 << 22) /* of those that grow by doubling */

struct sheaf_chunk {
  sheaf_chunk *below;
  size_t size; /* of `bytes` */
  char bytes[];
};

/* Keeps the chunks' payload aligned. */
_Static_assert(offsetof(struct sheaf_chunk, bytes) == 16, "payload alignment");

static size_t next_size(const sheaf_arena *arena, size_t needed) {
  size_t size = arena->top ? arena->top->size * 2 : 0;
  if (size < FIRST_CHUNK) size = FIRST_CHUNK - sizeof(sheaf_chunk);
  if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
  return size < needed ? needed : size;
}

/* A chunk of `size`, or the spare, if that has what is needed. */
static sheaf_chunk *take_chunk(sheaf_arena *arena, size_t needed, size_t size) {
  sheaf_chunk *spare = arena->spare;
  if (spare && spare->size >= needed) {
    arena->spare = NULL;
    return spare;
  }
  if (size > SIZE_MAX - sizeof *spare) return NULL;
  sheaf_chunk *chunk = malloc(sizeof *chunk + size);
  if (chunk) chunk->size = size;
  return chunk;
}

static void set_top(sheaf_arena *arena, sheaf_chunk *top, char *next) {
  arena->top = top;
  arena->next = next;
  arena->end = top ? top->bytes + top->size : NULL;
}

static bool push_chunk(sheaf_arena *arena, size_t needed, size_t size) {
  sheaf_chunk *chunk = take_chunk(arena, needed, size);
  if (!chunk) return false;
  chunk->below = arena->top;
  set_top(arena, chunk, chunk->bytes);
  return true;
}

void *sheaf_arena_grow(sheaf_arena *arena, size_t size) {
  if (!push_chunk(arena, size, next_size(arena, size))) return NULL;
  void *p = arena->next;
  arena->next += size;
  return p;
}

bool sheaf_arena_reserve(sheaf_arena *arena, size_t size) {
  return size <= (size_t)(arena->end - arena->next) || push_chunk(arena, size, size);
}

size_t sheaf_arena_used(const sheaf_arena *arena) {
  size_t used = 0;
  for (const sheaf_chunk *chunk = arena->top; chunk; chunk = chunk->below) used += chunk->size;
  return used - (size_t)(arena->end - arena->next);
}

/* Of the chunks let go, the largest of moderate size stays as the spare. */
static void retire(sheaf_arena *arena, sheaf_chunk *chunk) {
  sheaf_chunk *spare = arena->spare;
  bool keep = chunk->size <= LARGEST_CHUNK && (!spare || spare->size < chunk->size);
  if (keep) arena->spare = chunk;
  free(keep ? spare : chunk);
}

void sheaf_arena_release_chunks(sheaf_arena *arena, sheaf_mark mark) {
  while (arena->top != mark.top) {
    sheaf_chunk *chunk = arena->top;
    arena->top = chunk->below;
    retire(arena, chunk);
  }
  set_top(arena, mark.top, mark.next);
}

void sheaf_arena_free(sheaf_arena *arena) {
  while (arena->top) {
    sheaf_chunk *chunk = arena->top;
    arena->top = chunk->below;
    free(chunk);
  }
  free(arena->spare);
  *arena = (sheaf_arena){0};
}
