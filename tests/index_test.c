/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf/index.h: an index says what a list of pairs would say. */
#include <sheaf/index.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

enum { MANY = 50000 };

/* Keys of all lengths round those at which the hash and the comparison change their ways. */
static sheaf_str key_at(uint32_t i, char *room) {
  size_t size = (size_t)snprintf(room, 16, "%u", i);
  size_t length = i % 7 == 0 ? i % 300 : size;
  while (size < length) room[size++] = 'x';
  return sheaf_strn(room, size);
}

static sheaf_str *make_keys(uint32_t count) {
  sheaf_str *keys = malloc(count * sizeof *keys);
  char room[512];
  for (uint32_t i = 0; i < count; i++) {
    sheaf_str key = key_at(i, room);
    char *copy = malloc(key.size);
    memcpy(copy, room, key.size);
    keys[i] = sheaf_strn(copy, key.size);
  }
  return keys;
}

static void free_keys(sheaf_str *keys, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) free((void *)(uintptr_t)keys[i].data);
  free(keys);
}

static void test_empty(void **state) {
  sheaf_index index;
  uint32_t value = 7;
  const sheaf_str key = SHEAF_STR("a");
  (void)state;
  sheaf_index_init(&index, 1);
  assert_int_equal(sheaf_index_find(&index, key), SHEAF_INDEX_NONE);
  sheaf_index_find_batch(&index, &key, 1, &value);
  assert_int_equal(value, SHEAF_INDEX_NONE);
  sheaf_index_find_batch(&index, NULL, 0, NULL);
  sheaf_index_free(&index);
}

static void test_put_and_find(void **state) {
  sheaf_index index;
  sheaf_str *keys = make_keys(MANY);
  (void)state;
  for (int reserved = 0; reserved < 2; reserved++) {
    sheaf_index_init(&index, sheaf_index_seed());
    if (reserved) assert_true(sheaf_index_reserve(&index, MANY));
    const sheaf_index_slot *slots = index.slots;
    for (uint32_t i = 0; i < MANY; i++) {
      assert_int_equal(sheaf_index_find(&index, keys[i]), SHEAF_INDEX_NONE);
      assert_true(sheaf_index_put(&index, keys[i], i));
    }
    if (reserved) assert_ptr_equal(slots, index.slots); /* nothing moved */
    assert_int_equal(sheaf_index_count(&index), MANY);
    for (uint32_t i = 0; i < MANY; i++) assert_int_equal(sheaf_index_find(&index, keys[i]), i);
    assert_true(sheaf_index_reserve(&index, 10)); /* never smaller */
    sheaf_index_free(&index);
    assert_int_equal(sheaf_index_count(&index), 0);
    assert_int_equal(sheaf_index_find(&index, keys[0]), SHEAF_INDEX_NONE);
  }
  free_keys(keys, MANY);
}

static void test_batch_is_find(void **state) {
  enum { ASKED = 300 };
  sheaf_index index;
  sheaf_str *keys = make_keys(MANY), asked[ASKED];
  uint32_t values[ASKED + 1];
  (void)state;
  sheaf_index_init(&index, 42);
  for (uint32_t i = 0; i < MANY; i += 2) assert_true(sheaf_index_put(&index, keys[i], i));
  for (uint32_t i = 0; i < ASKED; i++) asked[i] = keys[i * 7919u % MANY];
  for (uint32_t count = 0; count <= ASKED; count++) {
    values[count] = 99;
    sheaf_index_find_batch(&index, asked, count, values);
    assert_int_equal(values[count], 99);
    for (uint32_t i = 0; i < count; i++)
      assert_int_equal(values[i], sheaf_index_find(&index, asked[i]));
  }
  sheaf_index_free(&index);
  free_keys(keys, MANY);
}

/* In steps, with others' between, a look-up says what it does at once; and what the second step expects
 * is right unless two keys have the same hash. */
static void test_steps_are_find(void **state) {
  enum { ASKED = 300 };
  sheaf_index index;
  sheaf_str *keys = make_keys(MANY);
  sheaf_index_look looks[ASKED];
  uint32_t expected[ASKED];
  (void)state;
  sheaf_index_init(&index, 42);
  assert_true(sheaf_index_reserve(&index, 0));
  for (uint32_t filled = 0; filled < 2; filled++) {
    for (uint32_t i = 0; filled && i < MANY; i += 2)
      assert_true(sheaf_index_put(&index, keys[i], i));
    for (uint32_t i = 0; i < ASKED; i++) sheaf_index_look_begin(&index, keys[i], &looks[i]);
    for (uint32_t i = 0; i < ASKED; i++) expected[i] = sheaf_index_look_there(&index, &looks[i]);
    for (uint32_t i = 0; i < ASKED; i++) {
      uint32_t found = sheaf_index_look_end(&index, keys[i], &looks[i]);
      assert_int_equal(found, sheaf_index_find(&index, keys[i]));
      assert_int_equal(found, filled && i % 2 == 0 ? i : SHEAF_INDEX_NONE);
      if (found != SHEAF_INDEX_NONE) assert_int_equal(expected[i], found);
    }
  }
  sheaf_index_free(&index);
  free_keys(keys, MANY);
}

static void test_values_are_replaced(void **state) {
  const sheaf_str key = SHEAF_STR("key"), same = SHEAF_STR("key");
  sheaf_index index;
  (void)state;
  sheaf_index_init(&index, 0);
  uint32_t *at = sheaf_index_at(&index, key);
  assert_int_equal(*at, SHEAF_INDEX_NONE);
  *at = 5;
  assert_int_equal(*sheaf_index_at(&index, same), 5);
  assert_true(sheaf_index_put(&index, same, 6));
  assert_int_equal(sheaf_index_find(&index, key), 6);
  assert_int_equal(sheaf_index_count(&index), 1);
  sheaf_index_free(&index);
}

static void test_odd_keys(void **state) {
  const sheaf_str empty = SHEAF_STR(""), null = {NULL, 0}, zero = SHEAF_STR("a\0b"),
                  other = SHEAF_STR("a\0c"), part = SHEAF_STR("a");
  sheaf_index index;
  (void)state;
  sheaf_index_init(&index, 0);
  assert_true(sheaf_index_put(&index, null, 1));
  assert_true(sheaf_index_put(&index, zero, 2));
  assert_int_equal(sheaf_index_find(&index, empty), 1);
  assert_int_equal(sheaf_index_find(&index, zero), 2);
  assert_int_equal(sheaf_index_find(&index, other), SHEAF_INDEX_NONE);
  assert_int_equal(sheaf_index_find(&index, part), SHEAF_INDEX_NONE);
  assert_null(sheaf_index_at(&index, sheaf_strn("", (size_t)UINT32_MAX + 1)));
  sheaf_index_free(&index);
}

/* Bytes are the same, or differ at one place, whatever their number; nothing beyond them is looked at. */
static void test_same_bytes(void **state) {
  (void)state;
  for (size_t size = 0; size < 70; size++) {
    char *a = malloc(size + 1), *b = malloc(size ? size : 1);
    memset(a, 'x', size + 1);
    memset(b, 'x', size);
    assert_true(sheaf_index_same(a + 1, b, size));
    for (size_t at = 0; at < size; at++) {
      b[at] = 'y';
      assert_false(sheaf_index_same(a + 1, b, size));
      b[at] = 'x';
    }
    free(a);
    free(b);
  }
}

/* A table of more than a huge page, and too large a one. */
static void test_large(void **state) {
  sheaf_index index;
  const sheaf_str key = SHEAF_STR("key");
  (void)state;
  sheaf_index_init(&index, 0);
  assert_true(sheaf_index_put(&index, key, 3));
  assert_true(sheaf_index_reserve(&index, 200000));
  assert_int_equal(sheaf_index_find(&index, key), 3);
  assert_false(sheaf_index_reserve(&index, SIZE_MAX));
  assert_false(sheaf_index_reserve(&index, SIZE_MAX / 64));
  assert_int_equal(sheaf_index_find(&index, key), 3);
  sheaf_index_free(&index);
}

/* Two indexes place the same keys differently: who has made keys collide in one has gained nothing
 * for the next. */
static void test_seeds(void **state) {
  const sheaf_str key = SHEAF_STR("show/sequence/shot");
  sheaf_index one, other;
  (void)state;
  sheaf_index_init(&one, 1);
  sheaf_index_init(&other, 2);
  assert_true(sheaf_index_hash(&one, key) != sheaf_index_hash(&other, key));
  assert_true(sheaf_index_seed() != sheaf_index_seed());
}

/* Keys fall evenly: no run of taken slots is long. */
static void test_runs_are_short(void **state) {
  sheaf_index index;
  sheaf_str *keys = make_keys(MANY);
  size_t run = 0, longest = 0;
  (void)state;
  sheaf_index_init(&index, 12345);
  for (uint32_t i = 0; i < MANY; i++) assert_true(sheaf_index_put(&index, keys[i], i));
  for (size_t i = 0; i <= index.mask; i++) {
    run = index.slots[i].tag ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  assert_in_range(longest, 1, 300);
  assert_true((index.mask + 1) * 3 >= MANY * 5);
  sheaf_index_free(&index);
  free_keys(keys, MANY);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty),
                                     cmocka_unit_test(test_put_and_find),
                                     cmocka_unit_test(test_batch_is_find),
                                     cmocka_unit_test(test_steps_are_find),
                                     cmocka_unit_test(test_values_are_replaced),
                                     cmocka_unit_test(test_odd_keys),
                                     cmocka_unit_test(test_same_bytes),
                                     cmocka_unit_test(test_large),
                                     cmocka_unit_test(test_seeds),
                                     cmocka_unit_test(test_runs_are_short)};
  return cmocka_run_group_tests_name("sheaf/index.h", tests, NULL, NULL);
}
