/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for the entries of a cache's shard: pieces of like size side by side in blocks, each block with
 * a list of its free pieces. A block whose pieces are all free goes back to the system. Under the shard's
 * lock; so a piece costs a dozen instructions, where malloc, to which every thread comes, takes 160.
 *
 * A block stays as long as one of its pieces: of sizes that are out of use a few pieces could keep many. So
 * blocks may take only so much together; the pieces beyond that come from malloc one by one.
 */
#ifndef SHEAF_STAGE_CACHE_POOL_H
#define SHEAF_STAGE_CACHE_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Free pieces are poison to the sanitizer, but for their link. */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

#define SHEAF_CACHE_STEP 32u    /* sizes are rounded up to a multiple */
#define SHEAF_CACHE_CLASSES 32u /* multiples there are; what is larger is malloc's affair */

typedef struct sheaf_cache_piece {
  struct sheaf_cache_piece *next;
} sheaf_cache_piece;

typedef struct sheaf_cache_block {
  sheaf_cache_piece *free;
  size_t used;                             /* pieces */
  struct sheaf_cache_block *next, *before; /* while it has free pieces */
} sheaf_cache_block;

/* Zeroed but for `room`: empty. */
typedef struct sheaf_cache_pool {
  uint64_t room;                                /* bytes that further blocks may take */
  sheaf_cache_block *open[SHEAF_CACHE_CLASSES]; /* blocks with free pieces, by size */
} sheaf_cache_pool;

/* Where there is no free piece, and for what is too large. A `place` of 0: it is malloc's. */
void *sheaf_cache_pool_take_outside(sheaf_cache_pool *pool, size_t size, uint16_t *place);

/* Which multiple a size, not 0, is rounded up to, from 0. */
static inline size_t sheaf_cache_pool_class(size_t size) { return (size - 1) / SHEAF_CACHE_STEP; }

/* A piece of memory, aligned to 16, of a size that is not 0; `place` receives where in its block it is, in
 * units of 16 bytes. NULL: out of memory. */
static inline void *sheaf_cache_pool_take(sheaf_cache_pool *pool, size_t size, uint16_t *place) {
  size_t class = sheaf_cache_pool_class(size);
  sheaf_cache_block *b = class < SHEAF_CACHE_CLASSES ? pool->open[class] : NULL;
  if (__builtin_expect(!b || !b->free->next, 0))
    return sheaf_cache_pool_take_outside(pool, size, place);
  sheaf_cache_piece *piece = b->free;
  b->free = piece->next;
  b->used++;
  *place = (uint16_t)((size_t)((char *)piece - (char *)b) / 16);
  ASAN_UNPOISON_MEMORY_REGION(piece, size);
  return piece;
}

/* Gives one back; `size` as it was taken with, `place` as it was received. */
void sheaf_cache_pool_give(sheaf_cache_pool *pool, void *piece, size_t size, uint16_t place);

/* All pieces have been given back. */
void sheaf_cache_pool_destroy(sheaf_cache_pool *pool);

#endif
