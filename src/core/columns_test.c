/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of every kind, from managers that answer in slot order and in whichever they like. */
#include "core/columns_testing.h"

enum { MOST_SLOTS = 4, MOST_ROWS = 8 };

/* What the fake manager answers: a value for each row and slot; a row with a status fails. */
typedef struct sheet {
  sheaf_value values[MOST_ROWS][MOST_SLOTS];
  sheaf_status failed[MOST_ROWS];
  sheaf_str message[MOST_ROWS];
  bool by_search; /* not in slot order: what is asked for comes last, and nothing for none */
  bool backwards;
} sheet;

static const sheaf_slot slots[MOST_SLOTS] = {{300, 401}, {300, 402}, {301, 401}, {302, 403}};

static fake F;
static sheet S;
static sheaf_error error;

static void answer_row(const sheaf_request *r, uint32_t row, sheaf_sink *sink) {
  sheaf_property p[MOST_SLOTS + 1];
  uint32_t count = 0;
  if (S.failed[row]) {
    sheaf_emit_error(sink, row, S.failed[row], S.message[row]);
    return;
  }
  if (S.by_search) p[count++] = (sheaf_property){999, 999, sheaf_int64(-1)};
  for (uint32_t i = r->slot_count; S.by_search && i-- > 0;)
    if (S.values[row][i].kind || i % 2)
      p[count++] = (sheaf_property){r->slots[i].trait, r->slots[i].key, S.values[row][i]};
  for (uint32_t i = 0; !S.by_search && i < r->slot_count; i++)
    p[count++] = (sheaf_property){r->slots[i].trait, r->slots[i].key, S.values[row][i]};
  sheaf_emit_success(sink, row, p, count, S.by_search ? 0 : SHEAF_RESULT_IN_SLOT_ORDER);
}

static sheaf_status answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count; i++)
    answer_row(r, S.backwards ? (i ? r->count - i : 0) : i, sink); /* 0, then n - 1 to 1 */
  return SHEAF_OK;
}

static void begin_with(fake_batch batch, uint32_t flags) {
  memset(&F, 0, sizeof F);
  memset(&S, 0, sizeof S);
  F.batch = batch;
  F.flags = flags;
  fake_open(&F);
}

static void begin(fake_batch batch) { begin_with(batch, 0); }

static sheaf_columns *ask(uint32_t rows, uint32_t slot_count) {
  sheaf_request request = sheaf_request_for(fake_refs(rows), rows);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = slot_count;
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  if (!columns) fail_msg("%s", error.message);
  assert_int_equal(sheaf_columns_rows(columns), rows);
  assert_int_equal(sheaf_columns_count(columns), slot_count);
  return columns;
}

/* All ways to answer give what was sent, row by row. */
static void assert_all_ways(uint32_t rows, uint32_t slot_count, const uint32_t *kinds) {
  for (int way = 0; way < 4; way++) {
    S.by_search = way & 1;
    S.backwards = way & 2;
    sheaf_columns *columns = ask(rows, slot_count);
    assert_int_equal(sheaf_columns_batch_status(columns), SHEAF_OK);
    for (uint32_t i = 0; i < slot_count; i++) {
      const sheaf_column *column = sheaf_columns_at(columns, i);
      assert_int_equal(column->trait, slots[i].trait);
      assert_int_equal(column->key, slots[i].key);
      assert_int_equal(column->kind, kinds[i]);
      assert_int_equal(column->length, rows);
      uint64_t nulls = 0;
      for (uint32_t row = 0; row < rows; row++) {
        sheaf_value sent = S.failed[row] ? sheaf_none() : S.values[row][i];
        nulls += sent.kind == SHEAF_KIND_NONE;
        assert_cell(sheaf_column_cell(column, row), &sent);
      }
      assert_int_equal(column->null_count, nulls);
    }
    assert_null(sheaf_columns_at(columns, slot_count));
    sheaf_columns_free(columns);
  }
}

static void every_kind_with_and_without_nulls(void **state) {
  static const uint32_t first[] = {SHEAF_KIND_BOOL, SHEAF_KIND_INT64, SHEAF_KIND_DOUBLE,
                                   SHEAF_KIND_STRING};
  static const uint32_t second[] = {SHEAF_KIND_BYTES, SHEAF_KIND_NONE, SHEAF_KIND_STRING,
                                    SHEAF_KIND_INT64};
  (void)state;
  begin(answer);
  for (uint32_t row = 0; row < 8; row++) {
    S.values[row][0] = sheaf_bool(row % 3 == 0);
    S.values[row][1] = sheaf_int64(INT64_MIN + row);
    S.values[row][2] = row % 2 ? sheaf_none() : sheaf_double(row / 3.0);
    S.values[row][3] = row < 6 ? sheaf_none() : sheaf_string(sheaf_cstr("late \xf0\x9f\x90\x88"));
  }
  S.values[3][0] = sheaf_none();
  assert_all_ways(8, 4, first);
  for (uint32_t row = 0; row < 8; row++) {
    S.values[row][0] = sheaf_bytes("\0\xff\x80", row % 4);
    S.values[row][1] = sheaf_none();
    S.values[row][2] = row % 2 ? sheaf_string(sheaf_cstr(NULL)) : sheaf_string(sheaf_cstr("x"));
    S.values[row][3] = row ? sheaf_none() : sheaf_int64(1); /* nothing but nulls behind */
  }
  assert_all_ways(8, 4, second);
  fake_close(&F);
}

static void lists_and_lists_of_lists(void **state) {
  static const uint32_t kinds[] = {SHEAF_KIND_LIST, SHEAF_KIND_LIST, SHEAF_KIND_LIST,
                                   SHEAF_KIND_LIST};
  sheaf_value numbers[3] = {sheaf_int64(1), sheaf_none(), sheaf_int64(3)};
  sheaf_value words[2] = {sheaf_string(sheaf_cstr("a")), sheaf_string(sheaf_cstr(""))};
  sheaf_value rows[3] = {sheaf_list(numbers, 3), sheaf_list(NULL, 0), sheaf_list(numbers, 1)};
  sheaf_value odd[4] = {sheaf_int64(1), sheaf_double(2.5), sheaf_none(), sheaf_list(words, 2)};
  (void)state;
  begin(answer);
  for (uint32_t row = 0; row < 8; row++) {
    S.values[row][0] = sheaf_list(numbers, row % 4);
    S.values[row][1] = row % 2 ? sheaf_none() : sheaf_list(rows, row % 4);
    S.values[row][2] = sheaf_list(NULL, 0);      /* of nothing */
    S.values[row][3] = sheaf_list(odd, row % 5); /* of mixed items */
  }
  assert_all_ways(8, 4, kinds);
  sheaf_columns *columns = ask(8, 4);
  assert_int_equal(sheaf_columns_at(columns, 0)->children[0]->kind, SHEAF_KIND_INT64);
  assert_int_equal(sheaf_columns_at(columns, 1)->children[0]->children[0]->kind, SHEAF_KIND_INT64);
  assert_int_equal(sheaf_columns_at(columns, 2)->children[0]->kind, SHEAF_KIND_NONE);
  assert_int_equal(sheaf_columns_at(columns, 3)->children[0]->kind, SHEAF_COLUMN_MIXED);
  sheaf_columns_free(columns);
  fake_close(&F);
}

static void mixed_columns_say_so(void **state) {
  static const uint32_t kinds[] = {SHEAF_COLUMN_MIXED, SHEAF_COLUMN_MIXED, SHEAF_KIND_INT64};
  sheaf_value items[2] = {sheaf_int64(7), sheaf_string(sheaf_cstr("seven"))};
  sheaf_value all[6] = {sheaf_list(items, 2), sheaf_bytes("\0", 1), sheaf_string(sheaf_cstr("s")),
                        sheaf_double(0.5),    sheaf_bool(true),     sheaf_int64(1)};
  (void)state;
  begin(answer);
  for (uint32_t row = 0; row < 8; row++) {
    S.values[row][0] = row < 2 ? sheaf_none() : row == 5 ? sheaf_double(5) : sheaf_int64(row);
    S.values[row][1] = row < 6 ? all[row] : sheaf_none();
    S.values[row][2] = sheaf_int64(row);
  }
  assert_all_ways(8, 3, kinds);
  S.by_search = S.backwards = false;
  sheaf_columns *columns = ask(8, 3);
  const sheaf_column *column = sheaf_columns_at(columns, 0);
  assert_int_equal(column->child_count, SHEAF_TYPE_COUNT);
  assert_null(column->children[SHEAF_TYPE_STRING]);
  assert_int_equal(column->children[SHEAF_TYPE_DOUBLE]->length, 1);
  assert_int_equal(column->children[SHEAF_TYPE_INT64]->length, 7); /* nulls included */
  assert_int_equal(column->type_ids[5], SHEAF_TYPE_DOUBLE);
  sheaf_columns_free(columns);
  fake_close(&F);
}

static void failures_are_nulls_with_a_status(void **state) {
  static const uint32_t kinds[] = {SHEAF_KIND_STRING, SHEAF_KIND_NONE};
  (void)state;
  begin_with(answer, SHEAF_MANAGER_SERIALIZED);
  for (uint32_t row = 0; row < 8; row++) S.values[row][0] = sheaf_string(sheaf_cstr("value"));
  S.failed[0] = SHEAF_AUTH_ERROR;
  S.failed[4] = S.failed[5] = SHEAF_ENTITY_RESOLUTION_ERROR;
  S.message[4] = sheaf_cstr("no such thing");
  assert_all_ways(8, 2, kinds);
  sheaf_columns *columns = ask(8, 2);
  const uint32_t *statuses = sheaf_columns_statuses(columns);
  const sheaf_column *messages = sheaf_columns_messages(columns);
  assert_int_equal(sheaf_columns_failed(columns), 3);
  assert_int_equal(statuses[0], SHEAF_AUTH_ERROR);
  assert_int_equal(statuses[1], SHEAF_OK);
  assert_int_equal(statuses[5], SHEAF_ENTITY_RESOLUTION_ERROR);
  assert_int_equal(messages->null_count, 5);
  sheaf_value sent = sheaf_string(S.message[4]);
  assert_cell(sheaf_column_cell(messages, 4), &sent);
  assert_true(sheaf_cell_str(sheaf_column_cell(messages, 0)).size > 0); /* the status's own */
  assert_int_equal(sheaf_cell_kind(sheaf_column_cell(messages, 7)), SHEAF_KIND_NONE);
  sheaf_columns_free(columns);
  fake_close(&F);
}

/* Values that break the contract fail their row, and no other, and leave nothing in any column. */
static void broken_values_fail_their_row(void **state) {
  sheaf_value deep[SHEAF_MAX_LIST_DEPTH + 2];
  deep[0] = sheaf_int64(1);
  for (int i = 1; i < SHEAF_MAX_LIST_DEPTH + 2; i++) deep[i] = sheaf_list(&deep[i - 1], 1);
  sheaf_value broken[7] = {sheaf_string(sheaf_strn("x", (size_t)SHEAF_MAX_VALUE_BYTES + 1)),
                           sheaf_string(sheaf_strn(NULL, 3)),
                           sheaf_list(NULL, 3),
                           deep[SHEAF_MAX_LIST_DEPTH + 1],
                           sheaf_value_make(3, 0), /* the reserved storage class */
                           sheaf_int64(5),
                           sheaf_list(deep, (size_t)SHEAF_MAX_VALUE_BYTES / 16 + 1)};
  (void)state;
  broken[5].flags = 1u << 15;
  begin(answer);
  for (int way = 0; way < 8; way++) {
    S.by_search = way & 1;
    S.backwards = way & 2;
    for (uint32_t row = 0; row < 8; row++) {
      S.values[row][0] = sheaf_int64(row);
      S.values[row][1] = row ? broken[row - 1] : sheaf_none();
      if (row && way & 4) S.values[row][1].flags |= SHEAF_VALUE_STATIC;
      S.values[row][2] = sheaf_string(sheaf_cstr("beside"));
    }
    S.values[0][1] = deep[SHEAF_MAX_LIST_DEPTH]; /* just deep enough */
    sheaf_columns *columns = ask(8, 3);
    const uint32_t *statuses = sheaf_columns_statuses(columns);
    assert_int_equal(sheaf_columns_failed(columns), 7);
    assert_int_equal(statuses[0], SHEAF_OK);
    for (uint32_t row = 1; row < 8; row++) {
      assert_int_equal(statuses[row], row == 6 ? SHEAF_UNSUPPORTED : SHEAF_MANAGER_FAILURE);
      for (uint32_t i = 0; i < 3; i++)
        assert_null(sheaf_column_cell(sheaf_columns_at(columns, i), row).column);
    }
    assert_cell(sheaf_column_cell(sheaf_columns_at(columns, 1), 0), &S.values[0][1]);
    sheaf_columns_free(columns);
  }
  fake_close(&F);
}

static void kinds_born_later_are_null_and_noted(void **state) {
  (void)state;
  begin(answer);
  S.values[0][0] = sheaf_int64(1);
  S.values[1][0] = sheaf_value_make(16, 0);
  S.values[2][1] = sheaf_value_make(16, 0);
  sheaf_columns *columns = ask(3, 3);
  const sheaf_column *column = sheaf_columns_at(columns, 0);
  assert_int_equal(column->flags, SHEAF_COLUMN_NEWER_KINDS);
  assert_int_equal(column->null_count, 2);
  assert_int_equal(sheaf_columns_at(columns, 1)->flags, SHEAF_COLUMN_NEWER_KINDS);
  assert_int_equal(sheaf_columns_at(columns, 1)->kind, SHEAF_KIND_NONE);
  assert_int_equal(sheaf_columns_at(columns, 2)->flags, 0);
  sheaf_columns_free(columns);
  fake_close(&F);
}

static void text_becomes_utf8(void **state) {
  static const char *const sent[] = {"fine",
                                     "a\xff"
                                     "b",
                                     "",
                                     "\xe7\x8c\xab",
                                     "\xe7\x8c",
                                     NULL};
  static const char *const kept[] = {"fine",
                                     "a\xef\xbf\xbd"
                                     "b",
                                     "",
                                     "\xe7\x8c\xab",
                                     "\xef\xbf\xbd",
                                     NULL};
  (void)state;
  begin(answer);
  for (uint32_t row = 0; sent[row]; row++) {
    S.values[row][0] = sheaf_string(sheaf_cstr(sent[row]));
    S.values[row][1] = sheaf_string(sheaf_cstr(row == 1 ? "y" : sent[row])); /* cut in two rows */
  }
  S.values[4][1] = sheaf_string(sheaf_cstr("z"));
  sheaf_columns *columns = ask(6, 2);
  assert_int_equal(sheaf_columns_at(columns, 0)->flags, SHEAF_COLUMN_REPAIRED);
  assert_int_equal(sheaf_columns_at(columns, 1)->flags, 0);
  for (uint32_t row = 0; kept[row]; row++) {
    sheaf_str text = sheaf_cell_str(sheaf_column_cell(sheaf_columns_at(columns, 0), row));
    assert_true(sheaf_str_equal(text, sheaf_cstr(kept[row])));
  }
  assert_null(sheaf_column_cell(sheaf_columns_at(columns, 0), 5).column);
  sheaf_columns_free(columns);
  fake_close(&F);
}

/* ------------------------------------------------------------------------- batches as a whole */

static sheaf_status answer_many(void *self, const sheaf_request *r, sheaf_sink *sink) {
  char text[32];
  (void)self;
  for (uint32_t i = 0; i < r->count; i++) {
    sheaf_value values[4] = {sheaf_int64(i), sheaf_bool(i % 2), sheaf_double(i), sheaf_none()};
    sheaf_property p[4];
    if (i % 10 == 3) values[0] = sheaf_none();
    if (i % 5) values[3] = sheaf_string(sheaf_strn(text, (size_t)sprintf(text, "row %u", i)));
    for (uint32_t k = 0; k < 4; k++)
      p[k] = (sheaf_property){r->slots[k].trait, r->slots[k].key, values[k]};
    sheaf_emit_success(sink, i, p, 4, SHEAF_RESULT_IN_SLOT_ORDER);
  }
  return SHEAF_OK;
}

static void a_hundred_thousand_rows(void **state) {
  enum { ROWS = 100000 };
  char text[32];
  (void)state;
  begin(answer_many);
  sheaf_str *refs = calloc(ROWS, sizeof *refs);
  sheaf_request request = sheaf_request_for(refs, ROWS);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = 4;
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  assert_non_null(columns);
  const sheaf_column *c[4];
  for (uint32_t k = 0; k < 4; k++) c[k] = sheaf_columns_at(columns, k);
  assert_int_equal(c[0]->null_count, ROWS / 10);
  assert_null(c[1]->validity);
  for (uint32_t k = 0; k < 4; k++) assert_int_equal((uintptr_t)c[k]->values % 64, 0);
  for (uint32_t i = 0; i < ROWS; i++) {
    sheaf_cell cell = sheaf_column_cell(c[3], i);
    assert_int_equal(sheaf_cell_kind(cell), i % 5 ? SHEAF_KIND_STRING : SHEAF_KIND_NONE);
    if (!cell.column) continue;
    snprintf(text, sizeof text, "row %u", i);
    assert_true(sheaf_str_equal(sheaf_cell_str(cell), sheaf_cstr(text)));
    assert_true(sheaf_cell_double(sheaf_column_cell(c[2], i)) == i);
    assert_int_equal(sheaf_cell_bool(sheaf_column_cell(c[1], i)), i % 2);
  }
  sheaf_columns_free(columns);
  free(refs);
  fake_close(&F);
}

static void an_empty_batch_has_columns(void **state) {
  (void)state;
  begin(answer);
  sheaf_columns *columns = ask(0, 3);
  assert_int_equal(sheaf_columns_at(columns, 2)->length, 0);
  assert_int_equal(sheaf_columns_messages(columns)->length, 0);
  assert_non_null(sheaf_columns_statuses(columns));
  sheaf_columns_free(columns);
  fake_close(&F);
}

static sheaf_status fail_midway(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < r->count / 2; i++) answer_row(r, i, sink);
  return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the back end is gone"), 0);
}

static void a_failed_batch_still_has_all_rows(void **state) {
  (void)state;
  begin(fail_midway);
  for (uint32_t row = 0; row < 8; row++) S.values[row][0] = sheaf_int64(row);
  sheaf_columns *columns = ask(8, 1);
  assert_int_equal(sheaf_columns_batch_status(columns), SHEAF_UNAVAILABLE);
  assert_string_equal(error.message, "the back end is gone");
  assert_int_equal(sheaf_columns_failed(columns), 4);
  assert_int_equal(sheaf_columns_at(columns, 0)->null_count, 4);
  sheaf_columns_free(columns);

  sheaf_manager_close(F.manager);
  columns = ask(3, 1);
  assert_int_equal(sheaf_columns_batch_status(columns), SHEAF_CLOSED);
  assert_int_equal(sheaf_columns_failed(columns), 3);
  assert_int_equal(F.destroyed, 1);
  fake_close(&F); /* columns need neither */
  assert_int_equal(sheaf_columns_statuses(columns)[2], SHEAF_CLOSED);
  sheaf_columns_free(columns);
}

static void only_slots_make_columns(void **state) {
  static const sheaf_id trait = 300;
  sheaf_request r[4];
  (void)state;
  begin(answer);
  for (int i = 0; i < 4; i++) {
    r[i] = sheaf_request_for(fake_refs(1), 1);
    r[i].flags = 0;
    r[i].slots = slots;
    r[i].slot_count = 1;
  }
  r[0].slot_count = 0;
  r[1].traits = &trait, r[1].trait_count = 1;
  r[2].flags = SHEAF_REQUEST_ALL_TRAITS, r[2].slot_count = 0;
  r[3].refs = NULL;
  for (int i = 0; i < 4; i++) {
    assert_null(sheaf_resolve_columns(F.manager, &r[i], &error));
    assert_int_equal(error.status, SHEAF_INVALID_ARGUMENT);
  }
  assert_null(sheaf_resolve_columns(NULL, &r[3], &error));
  assert_null(sheaf_resolve_columns(F.manager, NULL, NULL));
  sheaf_columns_free(NULL);
  fake_close(&F);
}

static void a_slot_may_be_asked_for_twice(void **state) {
  static const sheaf_slot twice[] = {{300, 401}, {300, 401}};
  (void)state;
  begin(answer);
  S.values[0][0] = S.values[0][1] = sheaf_int64(5);
  sheaf_request request = sheaf_request_for(fake_refs(1), 1);
  request.flags = 0;
  request.slots = twice;
  request.slot_count = 2;
  for (int way = 0; way < 2; way++) {
    S.by_search = way;
    sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
    for (uint32_t i = 0; i < 2; i++)
      assert_cell(sheaf_column_cell(sheaf_columns_at(columns, i), 0), &S.values[0][0]);
    sheaf_columns_free(columns);
  }
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_kind_with_and_without_nulls),
      cmocka_unit_test(lists_and_lists_of_lists),
      cmocka_unit_test(mixed_columns_say_so),
      cmocka_unit_test(failures_are_nulls_with_a_status),
      cmocka_unit_test(broken_values_fail_their_row),
      cmocka_unit_test(kinds_born_later_are_null_and_noted),
      cmocka_unit_test(text_becomes_utf8),
      cmocka_unit_test(a_hundred_thousand_rows),
      cmocka_unit_test(an_empty_batch_has_columns),
      cmocka_unit_test(a_failed_batch_still_has_all_rows),
      cmocka_unit_test(only_slots_make_columns),
      cmocka_unit_test(a_slot_may_be_asked_for_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
