/* SPDX-License-Identifier: Apache-2.0 */
#include "shelf.h"

#include "pages.h"

#include <stdlib.h>

enum { FIRST_BOARD = 16 << 10, MOST_BOARDS = (1 << BAL_SHELF_BOARD_BITS) - 1 };

static const size_t largest_board = BAL_LINE << BAL_SHELF_LINE_BITS;

static bool more_boards(bal_shelf *shelf) {
  if (shelf->count < shelf->capacity) return true;
  uint32_t capacity = shelf->capacity ? shelf->capacity * 2 : 16;
  char **boards = realloc(shelf->boards, capacity * sizeof *boards);
  if (!boards) return false;
  shelf->boards = boards;
  shelf->capacity = capacity;
  return true;
}

/* Each is twice the last, for as long as the number of a line has bits; one block may be larger, for
 * it is only where it begins that is numbered. */
static bool add_board(bal_shelf *shelf, size_t least) {
  if (shelf->count == MOST_BOARDS || !more_boards(shelf)) return false;
  size_t size = shelf->count ? shelf->size * 2 : FIRST_BOARD;
  if (size > largest_board) size = largest_board;
  if (size < least) size = least;
  char *board = bal_pages_new(&size);
  if (!board) return false;
  shelf->boards[shelf->count++] = board;
  shelf->used = 0;
  shelf->size = size;
  return true;
}

/* Whether `size` bytes fit on the last board, and begin where a number reaches. */
static bool fits(const bal_shelf *shelf, size_t size) {
  return shelf->count && shelf->used < largest_board && size <= shelf->size - shelf->used;
}

void *bal_shelf_add(bal_shelf *shelf, size_t size, uint32_t *number) {
  if (size > SIZE_MAX / 2) return NULL;
  size = (size + BAL_LINE - 1) / BAL_LINE * BAL_LINE;
  if (!fits(shelf, size) && !add_board(shelf, size)) return NULL;
  *number = (shelf->count - 1) << BAL_SHELF_LINE_BITS | (uint32_t)(shelf->used / BAL_LINE);
  void *block = shelf->boards[shelf->count - 1] + shelf->used;
  shelf->used += size;
  shelf->total += size;
  return block;
}

void bal_shelf_free(bal_shelf *shelf) {
  for (uint32_t i = 0; i < shelf->count; i++) free(shelf->boards[i]);
  free(shelf->boards);
  *shelf = (bal_shelf){0};
}
