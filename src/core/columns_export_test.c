/* SPDX-License-Identifier: Apache-2.0 */
/* What is exported outlives the columns, in whichever order its parts are released. */
#include <pthread.h>

#include "core/testing.h"

#ifdef SHEAF_HAVE_NANOARROW
#include <nanoarrow/nanoarrow.h>
#endif

enum { ROWS = 100, SLOTS = 8 };

static fake F;
static sheaf_error error;
static sheaf_slot slots[SLOTS];

/* A column of each kind: nulls, bools, numbers, text, bytes, lists, and all of that mixed. */
static sheaf_value value_of(uint32_t row, uint32_t slot, const sheaf_value *items) {
  if (row % 7 == 3) return sheaf_none();
  switch (slot) {
  case 0:
    return sheaf_bool(row % 2);
  case 1:
    return sheaf_int64(row);
  case 2:
    return sheaf_double(row / 2.0);
  case 3:
    return sheaf_string(sheaf_strn("0123456789", row % 11));
  case 4:
    return sheaf_bytes("\0\xff", row % 3);
  case 5:
    return sheaf_list(items, row % 4);
  case 6:
    return row % 6 == 5 ? sheaf_list(items, 2) : value_of(row, row % 5, items);
  default:
    return sheaf_none();
  }
}

static sheaf_status answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  const sheaf_value items[4] = {sheaf_int64(1), sheaf_none(), sheaf_string(sheaf_cstr("item"))};
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    sheaf_property p[SLOTS];
    for (uint32_t s = 0; s < SLOTS; s++)
      p[s] = (sheaf_property){r->slots[s].trait, r->slots[s].key, value_of(i, s, items)};
    if (i == 50) sheaf_emit_error(sink, i, SHEAF_AUTH_ERROR, sheaf_cstr("no"));
    else sheaf_emit_success(sink, i, p, SLOTS, SHEAF_RESULT_IN_SLOT_ORDER);
  }
  return SHEAF_OK;
}

/* The columns; the manager and the library are gone already. */
static sheaf_columns *make(uint32_t rows) {
  memset(&F, 0, sizeof F);
  F.batch = answer;
  fake_open(&F);
  for (uint32_t s = 0; s < SLOTS; s++) {
    char key[8];
    snprintf(key, sizeof key, "key%u", s);
    slots[s] =
        (sheaf_slot){sheaf_intern_one(F.library, "a/trait"), sheaf_intern_one(F.library, key)};
  }
  sheaf_request request = sheaf_request_for(fake_refs(rows), rows);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = SLOTS;
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  assert_non_null(columns);
  fake_close(&F);
  return columns;
}

static void types_and_names(void **state) {
  static const char *const formats[] = {"b", "l", "g", "u", "z", "+l", "+ud:0,1,2,3,4,5", "n"};
  sheaf_columns *columns = make(ROWS);
  struct ArrowSchema s;
  (void)state;
  assert_int_equal(sheaf_columns_export(columns, &s, NULL, &error), SHEAF_OK);
  sheaf_columns_free(columns);
  assert_string_equal(s.format, "+s");
  assert_int_equal(s.n_children, SLOTS + 2);
  for (int i = 0; i < SLOTS; i++) {
    char name[32];
    snprintf(name, sizeof name, "a/trait/key%d", i);
    assert_string_equal(s.children[i]->name, name);
    assert_string_equal(s.children[i]->format, formats[i]);
    assert_int_equal(s.children[i]->flags, ARROW_FLAG_NULLABLE);
  }
  assert_string_equal(s.children[5]->children[0]->name, "item");
  assert_string_equal(s.children[5]->children[0]->format, "+ud:1,3");
  assert_string_equal(s.children[6]->children[5]->name, "list");
  assert_string_equal(s.children[SLOTS]->name, "status");
  assert_string_equal(s.children[SLOTS]->format, "I");
  assert_int_equal(s.children[SLOTS]->flags, 0);
  assert_string_equal(s.children[SLOTS + 1]->name, "message");
  assert_string_equal(s.children[SLOTS + 1]->format, "u");
  s.release(&s);
  assert_null(s.release);
}

static void buffers_are_the_columns_own(void **state) {
  sheaf_columns *columns = make(ROWS);
  struct ArrowArray a;
  (void)state;
  assert_int_equal(sheaf_columns_export(columns, NULL, &a, &error), SHEAF_OK);
  assert_int_equal(a.length, ROWS);
  assert_int_equal(a.n_buffers, 1);
  const sheaf_column *text = sheaf_columns_at(columns, 3);
  assert_int_equal(a.children[3]->n_buffers, 3);
  assert_ptr_equal(a.children[3]->buffers[0], text->validity);
  assert_ptr_equal(a.children[3]->buffers[1], text->offsets);
  assert_ptr_equal(a.children[3]->buffers[2], text->values);
  assert_int_equal(a.children[3]->null_count, text->null_count);
  assert_int_equal(a.children[6]->n_buffers, 2);
  assert_int_equal(a.children[6]->null_count, 0); /* a union's are its children's */
  assert_int_equal(a.children[7]->n_buffers, 0);
  assert_int_equal(a.children[7]->null_count, ROWS);
  assert_ptr_equal(a.children[SLOTS]->buffers[1], sheaf_columns_statuses(columns));
  assert_int_equal(a.children[SLOTS + 1]->null_count, ROWS - 1);
  for (int i = 0; i < SLOTS + 2; i++)
    for (int b = 0; b < a.children[i]->n_buffers; b++)
      assert_int_equal((uintptr_t)a.children[i]->buffers[b] % 64, 0);
  a.release(&a);
  sheaf_columns_free(columns);
}

/* An importer takes a column out and lets the rest go; the columns went before. */
static void a_moved_child_lives_on(void **state) {
  sheaf_columns *columns = make(ROWS);
  struct ArrowArray a, list;
  struct ArrowSchema s, list_schema;
  (void)state;
  assert_int_equal(sheaf_columns_export(columns, &s, &a, &error), SHEAF_OK);
  sheaf_columns_free(columns);
  list = *a.children[5];
  a.children[5]->release = NULL;
  list_schema = *s.children[5];
  s.children[5]->release = NULL;
  a.release(&a);
  s.release(&s);
  assert_null(a.release);
  assert_string_equal(list_schema.children[0]->format, "+ud:1,3");
  assert_int_equal(list.length, ROWS);
  const int32_t *offsets = list.buffers[1];
  struct ArrowArray items = *list.children[0];
  list.children[0]->release = NULL;
  assert_int_equal(offsets[ROWS], items.length);
  list.release(&list);
  list_schema.release(&list_schema);
  assert_int_equal(((const int8_t *)items.buffers[0])[0], SHEAF_TYPE_INT64);
  items.release(&items);
}

static void *export_and_release(void *columns) {
  for (int i = 0; i < 200; i++) {
    struct ArrowArray a;
    struct ArrowSchema s;
    if (sheaf_columns_export(columns, &s, &a, NULL)) return NULL;
    s.release(&s);
    a.release(&a);
  }
  return columns;
}

static void many_exports_from_many_threads(void **state) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  sheaf_columns *columns = make(ROWS);
  (void)state;
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, export_and_release, columns), 0);
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    assert_non_null(result);
  }
  sheaf_columns_free(columns);
}

static void null_columns(void **state) {
  struct ArrowArray a;
  (void)state;
  assert_int_equal(sheaf_columns_export(NULL, NULL, &a, &error), SHEAF_INVALID_ARGUMENT);
}

#ifdef SHEAF_HAVE_NANOARROW

/* An importer that looks at every offset, type id and length. */
static void an_importer_finds_no_fault(void **state) {
  static const uint32_t counts[] = {0, 1, 4, 7, 8, 9, ROWS, 10000};
  (void)state;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    sheaf_columns *columns = make(counts[i]);
    struct ArrowArray a;
    struct ArrowSchema s;
    struct ArrowArrayView view;
    struct ArrowError why;
    assert_int_equal(sheaf_columns_export(columns, &s, &a, &error), SHEAF_OK);
    sheaf_columns_free(columns);
    assert_int_equal(ArrowArrayViewInitFromSchema(&view, &s, &why), NANOARROW_OK);
    if (ArrowArrayViewSetArray(&view, &a, &why)) fail_msg("%s", why.message);
    if (ArrowArrayViewValidate(&view, NANOARROW_VALIDATION_LEVEL_FULL, &why))
      fail_msg("%s", why.message);
    for (uint32_t row = 0; row < counts[i]; row++) {
      bool is_null = row % 7 == 3 || row == 50;
      assert_int_equal(ArrowArrayViewIsNull(view.children[1], row), is_null);
      if (is_null) continue;
      assert_int_equal(ArrowArrayViewGetIntUnsafe(view.children[1], row), row);
      assert_int_equal(ArrowArrayViewGetStringUnsafe(view.children[3], row).size_bytes, row % 11);
    }
    ArrowArrayViewReset(&view);
    a.release(&a);
    s.release(&s);
  }
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(types_and_names),
      cmocka_unit_test(buffers_are_the_columns_own),
      cmocka_unit_test(a_moved_child_lives_on),
      cmocka_unit_test(many_exports_from_many_threads),
      cmocka_unit_test(null_columns),
#ifdef SHEAF_HAVE_NANOARROW
      cmocka_unit_test(an_importer_finds_no_fault),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
