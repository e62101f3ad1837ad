/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the entities stand: each in one block that begins at a line of memory and holds all that is
 * said of it. What is asked for at random waits for memory, so that an entity should be one wait;
 * and since a block is found by its number alone, it can be fetched before any of it is read.
 */
#ifndef BAL_SHELF_H
#define BAL_SHELF_H

#include <sheaf/abi.h>

/* Bytes that memory moves at once. Blocks begin at a multiple of it. */
#define BAL_LINE ((size_t)64)

/* A number is that of a large block from the system, and behind it the line at which a block
 * begins: in bits. */
enum { BAL_SHELF_LINE_BITS = 18, BAL_SHELF_BOARD_BITS = 32 - BAL_SHELF_LINE_BITS };

/* All zero: empty. */
typedef struct bal_shelf {
  char **boards;
  uint32_t count, capacity;
  size_t used, size; /* of the last one, in bytes */
  size_t total;      /* used of all */
} bal_shelf;

/* A block of `size` bytes, and its number, which is never UINT32_MAX. NULL: out of memory. */
void *bal_shelf_add(bal_shelf *shelf, size_t size, uint32_t *number);

/* The block of a number. */
static inline void *bal_shelf_at(const bal_shelf *shelf, uint32_t number) {
  return shelf->boards[number >> BAL_SHELF_LINE_BITS] +
         (number & (((uint32_t)1 << BAL_SHELF_LINE_BITS) - 1)) * BAL_LINE;
}

void bal_shelf_free(bal_shelf *shelf);

#endif /* BAL_SHELF_H */
