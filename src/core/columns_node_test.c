/* SPDX-License-Identifier: Apache-2.0 */
/* Columns whose offsets outgrow 32 bits: here they do so early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/columns_node.h"

static sheaf_str text_of(uint64_t row, char *out) {
  return sheaf_strn(out, (size_t)sprintf(out, "text of row %u", (unsigned)row));
}

static void strings_become_large(void **state) {
  (void)state;
  for (uint64_t limit = 0; limit < 2000; limit += 333) {
    sheaf_column_node node;
    char text[32];
    sheaf_column_node_init(&node, 0);
    node.small_limit = limit;
    for (uint64_t row = 0; row < 200; row++) {
      if (row % 7 == 0) continue;
      sheaf_value v = sheaf_string(text_of(row, text));
      assert_true(sheaf_column_append(&node, row, &v));
    }
    assert_true(sheaf_column_finish(&node, 203));
    assert_null(node.view.offsets);
    assert_non_null(node.view.large_offsets);
    for (uint64_t row = 0; row < 203; row++) {
      sheaf_cell cell = sheaf_column_cell(&node.view, row);
      if (row % 7 == 0 || row >= 200) assert_null(cell.column);
      else assert_true(sheaf_str_equal(sheaf_cell_str(cell), text_of(row, text)));
    }
    sheaf_column_node_clear(&node);
  }
}

static void lists_become_large(void **state) {
  sheaf_value items[5] = {sheaf_int64(0), sheaf_int64(1), sheaf_string(sheaf_cstr("2")),
                          sheaf_int64(3), sheaf_none()};
  sheaf_value inner[2] = {sheaf_list(items, 5), sheaf_list(items, 2)};
  sheaf_column_node node;
  (void)state;
  sheaf_column_node_init(&node, 10);
  node.small_limit = 50;
  for (uint64_t row = 0; row < 100; row++) {
    sheaf_value v = sheaf_list(inner, row % 3);
    assert_true(sheaf_column_append(&node, row, &v));
  }
  assert_true(sheaf_column_finish(&node, 100));
  assert_non_null(node.view.large_offsets);
  assert_non_null(node.view.children[0]->large_offsets);
  assert_int_equal(node.view.children[0]->children[0]->kind, SHEAF_COLUMN_MIXED);
  sheaf_cell cell = sheaf_cell_item(sheaf_column_cell(&node.view, 98), 0);
  assert_int_equal(sheaf_cell_size(cell), 5);
  assert_int_equal(sheaf_cell_int64(sheaf_cell_item(cell, 3)), 3);
  assert_true(sheaf_str_equal(sheaf_cell_str(sheaf_cell_item(cell, 2)), sheaf_cstr("2")));
  sheaf_column_node_clear(&node);
}

/* What stands for bytes that are not UTF-8 is longer than they. */
static void repair_may_make_large(void **state) {
  sheaf_column_node node;
  (void)state;
  for (uint64_t limit = 20; limit <= 100; limit += 40) {
    sheaf_column_node_init(&node, 0);
    node.small_limit = limit;
    for (uint64_t row = 0; row < 20; row++) {
      sheaf_value v = sheaf_string(sheaf_cstr("\xff"));
      assert_true(sheaf_column_append(&node, row, &v));
    }
    assert_true(sheaf_column_finish(&node, 20));
    assert_int_equal(node.view.large_offsets != NULL, limit < 60);
    for (uint64_t row = 0; row < 20; row++)
      assert_true(sheaf_str_equal(sheaf_cell_str(sheaf_column_cell(&node.view, row)),
                                  sheaf_cstr("\xef\xbf\xbd")));
    sheaf_column_node_clear(&node);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(strings_become_large),
                                     cmocka_unit_test(lists_become_large),
                                     cmocka_unit_test(repair_may_make_large)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
