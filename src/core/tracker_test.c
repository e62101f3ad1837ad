/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tracker.h"

#include "core/testing.h"

static sheaf_arena arena;

static void in_order_needs_no_bitmap(void **state) {
  sheaf_tracker t;
  (void)state;
  sheaf_tracker_start(&t, 1000);
  for (uint32_t i = 0; i < 1000; i++) {
    assert_int_equal(sheaf_tracker_unanswered(&t, 0), i);
    assert_int_equal(sheaf_tracker_take(&t, &arena, i), SHEAF_TAKEN);
  }
  assert_null(t.bits);
  assert_int_equal(sheaf_tracker_answered(&t), 1000);
  assert_int_equal(sheaf_tracker_unanswered(&t, 0), 1000);
  assert_int_equal(sheaf_tracker_take(&t, &arena, 1000), SHEAF_OUT_OF_RANGE);
  assert_int_equal(sheaf_tracker_take(&t, &arena, 999), SHEAF_TAKEN_BEFORE);
  assert_null(t.bits);
}

/* Against a plain array of flags, for counts round the word size. */
static void any_order_counts_each_once(void **state) {
  static const uint32_t counts[] = {1, 2, 63, 64, 65, 127, 128, 129, 1000};
  unsigned seed = 12345;
  (void)state;
  for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
    uint32_t count = counts[c], answered = 0;
    bool seen[1000] = {false};
    sheaf_tracker t;
    sheaf_tracker_start(&t, count);
    for (int step = 0; step < 4000; step++) {
      seed = seed * 1103515245u + 12345u;
      /* Now in order, now not, now out of range. */
      uint32_t index = step % 3 == 0 ? sheaf_tracker_unanswered(&t, 0) : (seed >> 8) % (count + 3);
      int taken = sheaf_tracker_take(&t, &arena, index);
      if (index >= count) {
        assert_int_equal(taken, SHEAF_OUT_OF_RANGE);
        continue;
      }
      assert_int_equal(taken, seen[index] ? SHEAF_TAKEN_BEFORE : SHEAF_TAKEN);
      if (!seen[index]) answered++;
      seen[index] = true;
      assert_int_equal(sheaf_tracker_answered(&t), answered);
      uint32_t first = 0;
      while (first < count && seen[first]) first++;
      assert_int_equal(sheaf_tracker_unanswered(&t, 0), first);
    }
    assert_int_equal(answered, count);
  }
}

static void unanswered_finds_the_gaps(void **state) {
  sheaf_tracker t;
  (void)state;
  sheaf_tracker_start(&t, 200);
  for (uint32_t i = 0; i < 200; i++)
    if (i % 7 != 3) (void)sheaf_tracker_take(&t, &arena, i);
  uint32_t found = 0;
  for (uint32_t i = 0; (i = sheaf_tracker_unanswered(&t, i)) < 200; i++, found++)
    assert_int_equal(i % 7, 3);
  assert_int_equal(found, 200 - sheaf_tracker_answered(&t));
}

static void parallel_form_takes_each_once(void **state) {
  sheaf_tracker t;
  (void)state;
  sheaf_tracker_start(&t, 130);
  assert_true(sheaf_tracker_use_bits(&t, &arena));
  assert_int_equal(sheaf_tracker_unanswered(&t, 0), 0);
  for (uint32_t i = 130; i-- > 0;) {
    assert_int_equal(sheaf_tracker_take_parallel(&t, i), SHEAF_TAKEN);
    assert_int_equal(sheaf_tracker_take_parallel(&t, i), SHEAF_TAKEN_BEFORE);
  }
  assert_int_equal(sheaf_tracker_take_parallel(&t, 130), SHEAF_OUT_OF_RANGE);
  assert_int_equal(sheaf_tracker_unanswered(&t, 0), 130);
}

static int free_arena(void **state) {
  (void)state;
  sheaf_arena_free(&arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_order_needs_no_bitmap), cmocka_unit_test(any_order_counts_each_once),
      cmocka_unit_test(unanswered_finds_the_gaps), cmocka_unit_test(parallel_form_takes_each_once)};
  return cmocka_run_group_tests(tests, NULL, free_arena);
}
