/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHEAF_CORE_COLUMNS_TESTING_H
#define SHEAF_CORE_COLUMNS_TESTING_H

#include "core/testing.h"

/* Is what stands in the cell the value that was sent? NULL: none was. */
static inline void assert_cell(sheaf_cell cell, const sheaf_value *v) {
  assert_int_equal(sheaf_cell_kind(cell), v ? v->kind : SHEAF_KIND_NONE);
  switch (sheaf_cell_kind(cell)) {
  case SHEAF_KIND_BOOL:
    assert_int_equal(sheaf_cell_bool(cell), v->u.integer);
    break;
  case SHEAF_KIND_INT64:
    assert_int_equal(sheaf_cell_int64(cell), v->u.integer);
    break;
  case SHEAF_KIND_DOUBLE:
    assert_true(sheaf_cell_double(cell) == v->u.real);
    break;
  case SHEAF_KIND_STRING:
  case SHEAF_KIND_BYTES:
    assert_true(sheaf_str_equal(sheaf_cell_str(cell), sheaf_value_str(v)));
    break;
  case SHEAF_KIND_LIST:
    assert_int_equal(sheaf_cell_size(cell), v->length);
    for (uint32_t i = 0; i < v->length; i++) assert_cell(sheaf_cell_item(cell, i), &v->u.items[i]);
    break;
  default:
    break;
  }
}

#endif
