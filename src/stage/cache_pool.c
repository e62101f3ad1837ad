/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/cache_pool.h"

#include <stdlib.h>

#define BLOCK ((size_t)16384)

typedef sheaf_cache_piece piece;
typedef sheaf_cache_block block;

enum { HEAD = 64 }; /* where the pieces begin */
_Static_assert(sizeof(block) <= HEAD, "a block's head takes no more");

static size_t rounded(size_t class) { return (class + 1) * SHEAF_CACHE_STEP; }

static void link_in(block **list, block *b) {
  b->before = NULL;
  b->next = *list;
  if (*list) (*list)->before = b;
  *list = b;
}

static void unlink_from(block **list, block *b) {
  if (b->before) b->before->next = b->next;
  else *list = b->next;
  if (b->next) b->next->before = b->before;
}

static void delete_block(sheaf_cache_pool *pool, block *b) {
  pool->room += BLOCK;
  ASAN_UNPOISON_MEMORY_REGION(b, BLOCK);
  free(b);
}

static void push(block *b, void *memory, size_t size) {
  piece *p = memory;
  p->next = b->free;
  b->free = p;
  ASAN_POISON_MEMORY_REGION(p + 1, size - sizeof *p);
}

/* The first piece of a new block is the first to be taken. NULL: there is no room, or no memory. */
static block *open_block(sheaf_cache_pool *pool, block **list, size_t size) {
  block *b = pool->room >= BLOCK ? malloc(BLOCK) : NULL;
  if (!b) return NULL;
  pool->room -= BLOCK;
  b->free = NULL;
  b->used = 0;
  for (size_t at = HEAD + (BLOCK - HEAD) / size * size; at > HEAD; at -= size)
    push(b, (char *)b + at - size, size);
  link_in(list, b);
  return b;
}

void *sheaf_cache_pool_take_outside(sheaf_cache_pool *pool, size_t size, uint16_t *place) {
  size_t class = sheaf_cache_pool_class(size);
  *place = 0;
  if (class >= SHEAF_CACHE_CLASSES) return malloc(size);
  block **list = &pool->open[class], *b = *list;
  if (!b && !(b = open_block(pool, list, rounded(class)))) return malloc(size);
  piece *p = b->free;
  b->free = p->next;
  b->used++;
  if (!b->free) unlink_from(list, b); /* it was the last */
  *place = (uint16_t)((size_t)((char *)p - (char *)b) / 16);
  ASAN_UNPOISON_MEMORY_REGION(p, size);
  return p;
}

void sheaf_cache_pool_give(sheaf_cache_pool *pool, void *memory, size_t size, uint16_t place) {
  size_t class = sheaf_cache_pool_class(size);
  if (place == 0) {
    free(memory);
    return;
  }
  block **list = &pool->open[class], *b = (block *)(void *)((char *)memory - place * (size_t)16);
  if (!b->free) link_in(list, b);
  push(b, memory, rounded(class));
  if (--b->used || (*list == b && !b->next)) return; /* one is kept for what comes next */
  unlink_from(list, b);
  delete_block(pool, b);
}

void sheaf_cache_pool_destroy(sheaf_cache_pool *pool) {
  for (size_t class = 0; class < SHEAF_CACHE_CLASSES; class ++)
    if (pool->open[class]) delete_block(pool, pool->open[class]);
}
