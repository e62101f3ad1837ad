/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include "pages.h"

#include <stdlib.h>

enum { FIRST_BLOCK = 16 << 10, LARGEST_BLOCK = 16 << 20 };

struct bal_block {
  bal_block *next;
  size_t used, size; /* of what follows */
};

static bal_block *new_block(size_t size) {
  size_t bytes = sizeof(bal_block) + size;
  bal_block *block = bal_pages_new(&bytes);
  if (!block) return NULL;
  block->used = 0;
  block->size = bytes - sizeof(bal_block);
  return block;
}

static bool grow(bal_arena *arena, size_t size) {
  size_t next = arena->next_size ? arena->next_size : FIRST_BLOCK;
  bal_block *block = new_block(size > next ? size : next);
  if (!block) return false;
  block->next = arena->blocks;
  arena->blocks = block;
  arena->next_size = next < LARGEST_BLOCK ? next * 2 : LARGEST_BLOCK;
  return true;
}

void *bal_arena_alloc(bal_arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size = (size + 7) & ~(size_t)7;
  bal_block *block = arena->blocks;
  if (!block || block->size - block->used < size) {
    if (!grow(arena, size)) return NULL;
    block = arena->blocks;
  }
  void *memory = (char *)(block + 1) + block->used;
  block->used += size;
  return memory;
}

sheaf_str bal_arena_copy(bal_arena *arena, sheaf_str text) {
  char *copy = bal_arena_alloc(arena, text.size + 1);
  if (!copy) return sheaf_strn(NULL, 0);
  if (text.size) memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  return sheaf_strn(copy, text.size);
}

void bal_arena_clear(bal_arena *arena) {
  bal_block *last = arena->blocks;
  if (!last) return;
  bal_arena older = {last->next, 0};
  bal_arena_free(&older);
  last->next = NULL;
  last->used = 0;
}

void bal_arena_free(bal_arena *arena) {
  for (bal_block *block = arena->blocks, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  arena->blocks = NULL;
  arena->next_size = 0;
}
