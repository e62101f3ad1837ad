/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/cache_pool.h"

#include "core/testing.h"

enum { MANY = 2000 };

static unsigned char *pieces[MANY];
static uint16_t places[MANY];

static size_t size_of(size_t i) { return i * 7 % 1500 + 1; }

static void fill(sheaf_cache_pool *pool, size_t i) {
  pieces[i] = sheaf_cache_pool_take(pool, size_of(i), &places[i]);
  assert_non_null(pieces[i]);
  assert_int_equal((uintptr_t)pieces[i] % 16, 0);
  memset(pieces[i], (int)(i % 251), size_of(i));
}

static void check(size_t i) {
  for (size_t b = 0; b < size_of(i); b++) assert_int_equal(pieces[i][b], i % 251);
}

/* Pieces of any size, taken and given back in an order that leaves gaps, keep what was written. */
static void pieces_do_not_overlap(void **state) {
  sheaf_cache_pool pool = {.room = 1 << 20};
  (void)state;
  for (size_t i = 0; i < MANY; i++) fill(&pool, i);
  for (size_t round = 0; round < 3; round++) {
    for (size_t i = round; i < MANY; i += 3) {
      check(i);
      sheaf_cache_pool_give(&pool, pieces[i], size_of(i), places[i]);
    }
    for (size_t i = round; i < MANY; i += 3) fill(&pool, i);
  }
  for (size_t i = 0; i < MANY; i++) {
    check(i);
    sheaf_cache_pool_give(&pool, pieces[i], size_of(i), places[i]);
  }
  sheaf_cache_pool_destroy(&pool);
}

/* What is given back is given out again, and with the last piece of a block its memory goes: else the
 * leak checker, or destroy, which knows of one block a size, would have something to say. */
static void blocks_go_when_they_are_empty(void **state) {
  sheaf_cache_pool pool = {.room = 1 << 20};
  (void)state;
  uint16_t place;
  void *first = sheaf_cache_pool_take(&pool, 100, &place);
  sheaf_cache_pool_give(&pool, first, 100, place);
  assert_ptr_equal(sheaf_cache_pool_take(&pool, 100, &place), first);
  for (size_t i = 0; i < MANY; i++) pieces[i] = sheaf_cache_pool_take(&pool, 100, &places[i]);
  for (size_t i = 0; i < MANY; i++) sheaf_cache_pool_give(&pool, pieces[i], 100, places[i]);
  sheaf_cache_pool_give(&pool, first, 100, place);
  assert_non_null(pool.open[3]);
  sheaf_cache_pool_destroy(&pool);
}

/* One piece of each block stays: no more blocks come than there is room for. */
static void what_keeps_blocks_keeps_only_so_many(void **state) {
  enum { BLOCKS = 4, BLOCK = 16384 };
  sheaf_cache_pool pool = {.room = BLOCKS * BLOCK + 100};
  uint32_t in_blocks[3] = {0};
  (void)state;
  for (size_t i = 0; i < MANY; i++) {
    pieces[i] = sheaf_cache_pool_take(&pool, 100 + i % 3 * 100, &places[i]);
    memset(pieces[i], (int)(i % 251), 100 + i % 3 * 100);
    in_blocks[i % 3] += places[i] > 0;
  }
  assert_true(in_blocks[0] >= 100 && in_blocks[1] >= 50 &&
              in_blocks[2] >= 50); /* 127, 72, 51 a block */
  assert_true(in_blocks[0] + in_blocks[1] + in_blocks[2] <= BLOCKS * 127);
  assert_int_equal(pool.room, 100);
  for (size_t i = 0; i < MANY; i++) {
    assert_int_equal(pieces[i][99], i % 251);
    sheaf_cache_pool_give(&pool, pieces[i], 100 + i % 3 * 100, places[i]);
  }
  sheaf_cache_pool_destroy(&pool);
  assert_int_equal(pool.room, BLOCKS * BLOCK + 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_do_not_overlap),
                                     cmocka_unit_test(blocks_go_when_they_are_empty),
                                     cmocka_unit_test(what_keeps_blocks_keeps_only_so_many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
