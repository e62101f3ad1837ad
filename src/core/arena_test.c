/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"

#include "core/testing.h"

static void pieces_are_aligned_and_apart(void **state) {
  sheaf_arena arena = {0};
  unsigned char *pieces[500];
  (void)state;
  for (size_t i = 0; i < 500; i++) {
    pieces[i] = sheaf_arena_alloc(&arena, i);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % 16, 0);
    memset(pieces[i], (int)(i & 0xff), i);
  }
  for (size_t i = 0; i < 500; i++)
    for (size_t k = 0; k < i; k++) assert_int_equal(pieces[i][k], i & 0xff);
  sheaf_arena_free(&arena);
}

static void release_goes_back_to_the_mark(void **state) {
  sheaf_arena arena = {0};
  (void)state;
  sheaf_mark empty = sheaf_arena_mark(&arena);
  char *kept = sheaf_arena_alloc(&arena, 100);
  memset(kept, 7, 100);
  for (int round = 0; round < 10; round++) {
    sheaf_mark mark = sheaf_arena_mark(&arena);
    for (int i = 0; i < 100; i++) memset(sheaf_arena_alloc(&arena, 1000), round, 1000);
    sheaf_arena_release(&arena, mark);
  }
  for (int i = 0; i < 100; i++) assert_int_equal(kept[i], 7);
  sheaf_arena_release(&arena, empty);
  assert_null(arena.top);
  sheaf_arena_free(&arena);
}

static void what_is_reserved_comes_in_one_piece(void **state) {
  sheaf_arena arena = {0};
  (void)state;
  assert_true(sheaf_arena_reserve(&arena, 1600));
  assert_int_equal(sheaf_arena_used(&arena), 0);
  char *first = sheaf_arena_alloc(&arena, 16);
  for (int i = 1; i < 100; i++) assert_ptr_equal(sheaf_arena_alloc(&arena, 10), first + 16 * i);
  assert_int_equal(sheaf_arena_used(&arena), 1600);
  assert_true(sheaf_arena_reserve(&arena, 0));
  assert_ptr_equal(arena.next, arena.end);
  char *beyond = sheaf_arena_alloc(&arena, 16);
  memset(beyond, 7, 16);
  assert_int_equal(sheaf_arena_used(&arena), 1616);
  assert_false(sheaf_arena_reserve(&arena, SIZE_MAX - 8));
  sheaf_arena_free(&arena);
}

static void impossible_sizes_are_refused(void **state) {
  sheaf_arena arena = {0};
  (void)state;
  assert_null(sheaf_arena_alloc(&arena, SIZE_MAX));
  assert_null(sheaf_arena_alloc(&arena, SIZE_MAX - 8));
  assert_non_null(sheaf_arena_alloc(&arena, 0));
  sheaf_arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_are_aligned_and_apart),
                                     cmocka_unit_test(release_goes_back_to_the_mark),
                                     cmocka_unit_test(what_is_reserved_comes_in_one_piece),
                                     cmocka_unit_test(impossible_sizes_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
