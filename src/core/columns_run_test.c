/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Managers that answer in groups of all sizes, mostly alike and now and then not: columns hold what
 * the same answers, collected one by one, hold. What comes is made by chance, from a seed.
 */
#include "core/columns_testing.h"

enum { ROWS = 700, SLOTS = 6, MOST_GROUP = 100, LONGEST = 70, SEEDS = 500 };

static const sheaf_slot slots[SLOTS] = {{300, 401}, {300, 402}, {301, 401},
                                        {302, 401}, {303, 401}, {303, 402}};

static fake F;

/* How the seed's manager is. */
static struct {
  uint64_t seed, state;
  sheaf_kind kinds[SLOTS]; /* what a column mostly holds */
  uint32_t nulls[SLOTS];   /* of a hundred */
  uint32_t odd;            /* of a thousand values: of another kind, or broken */
  uint32_t errors;         /* of a thousand rows */
  uint32_t groups;         /* that results come in: how large at most */
  uint32_t late;           /* a row that comes last; 0: none */
} now;

static uint64_t next_random(void) {
  uint64_t z = (now.state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint32_t below(uint32_t n) { return (uint32_t)(next_random() % n); }

/* ----------------------------------------------------------------------------------- the manager */

static sheaf_str some_text(void) {
  static const char text[] =
      "the quick brown fox jumps over the lazy dog and what is more, it naps";
  uint32_t size = below(8) ? below(24) : below(LONGEST);
  return sheaf_strn(text + below((uint32_t)sizeof text - size), size);
}

static sheaf_value some_value(sheaf_kind kind) {
  const sheaf_str text = some_text();
  static const sheaf_value items[3] = {{.kind = SHEAF_KIND_INT64, .u.integer = 7},
                                       {.kind = SHEAF_KIND_NONE},
                                       {.kind = SHEAF_KIND_BOOL, .u.integer = 1}};
  switch (kind) {
  case SHEAF_KIND_BOOL:
    return sheaf_bool(below(2));
  case SHEAF_KIND_INT64:
    return sheaf_int64((int64_t)next_random());
  case SHEAF_KIND_DOUBLE:
    return sheaf_double(below(1000) / 8.0);
  case SHEAF_KIND_STRING:
    return sheaf_string(text);
  case SHEAF_KIND_BYTES:
    return sheaf_bytes(text.data, text.size);
  case SHEAF_KIND_LIST:
    return sheaf_list(items, below(4));
  default:
    return sheaf_none();
  }
}

static sheaf_kind some_kind(void) {
  static const sheaf_kind kinds[] = {SHEAF_KIND_BOOL,   SHEAF_KIND_INT64, SHEAF_KIND_DOUBLE,
                                     SHEAF_KIND_STRING, SHEAF_KIND_BYTES, SHEAF_KIND_LIST,
                                     SHEAF_KIND_NONE};
  return kinds[below(7)];
}

static sheaf_value odd_value(void) {
  sheaf_value v = some_value(some_kind());
  if (below(3) || v.kind == SHEAF_KIND_NONE) return v;
  if (below(2)) v.flags = 0x8000; /* must be understood */
  else v = sheaf_string(sheaf_strn(NULL, 5));
  return v;
}

static sheaf_value value_for(uint32_t slot) {
  if (below(1000) < now.odd) return odd_value();
  return below(100) < now.nulls[slot] ? sheaf_none() : some_value(now.kinds[slot]);
}

/* The properties of a record: in slot order; at the same places without saying so, and what looks
 * like a null may have its value behind; or elsewhere, and nothing for a null. */
static uint32_t fill(uint32_t way, sheaf_property *p) {
  uint32_t count = 0;
  if (way == 2) p[count++] = (sheaf_property){300, 999, sheaf_int64(-1)};
  for (uint32_t i = 0; i < SLOTS; i++) {
    sheaf_value v = value_for(i);
    if (way < 2 || v.kind) p[count++] = (sheaf_property){slots[i].trait, slots[i].key, v};
  }
  if (way == 1 && p[1].value.kind == SHEAF_KIND_NONE)
    p[count++] = (sheaf_property){slots[1].trait, slots[1].key, some_value(now.kinds[1])};
  return count;
}

/* In memory that ends where the properties end. */
static sheaf_result some_result(uint32_t index, uint32_t way) {
  sheaf_property p[SLOTS + 1];
  uint32_t flags = way == 0 ? SHEAF_RESULT_IN_SLOT_ORDER : 0;
  if (below(1000) < now.errors)
    return (sheaf_result){index, SHEAF_AUTH_ERROR, NULL, 0, 0, sheaf_cstr("not this one")};
  uint32_t count = fill(way, p);
  sheaf_property *properties = malloc(count * sizeof *properties);
  assert_non_null(properties);
  memcpy(properties, p, count * sizeof *properties);
  return (sheaf_result){index, SHEAF_OK, properties, count, flags, {NULL, 0}};
}

static void send(sheaf_sink *sink, const sheaf_result *group, uint32_t count) {
  if (count) assert_int_equal(sink->results(sink, group, count), SHEAF_CONTINUE);
  for (uint32_t i = 0; i < count; i++) free((void *)(uintptr_t)group[i].properties);
}

static sheaf_status answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  sheaf_result group[MOST_GROUP];
  (void)self;
  now.state = now.seed; /* as it was the last time */
  uint32_t way = below(3);
  for (uint32_t i = 0; i < r->count;) {
    uint32_t size = 1 + below(now.groups), n = 0;
    if (below(20) == 0) way = below(3);
    for (; n < size && i < r->count; i++)
      if (!now.late || i != now.late) group[n++] = some_result(i, way);
    send(sink, group, n);
  }
  if (!now.late) return SHEAF_OK;
  group[0] = some_result(now.late, way);
  send(sink, group, 1);
  return SHEAF_OK;
}

/* -------------------------------------------------------------------------------------- the judge */

static void compare_column(const sheaf_columns *columns, uint32_t slot, const sheaf_batch *batch) {
  const sheaf_column *column = sheaf_columns_at(columns, slot);
  uint64_t nulls = 0;
  assert_int_equal(column->length, ROWS);
  for (uint32_t row = 0; row < ROWS; row++) {
    const sheaf_result *r = sheaf_batch_at(batch, row);
    bool good = SHEAF_IS_OK(r->status);
    const sheaf_value *v = good ? sheaf_result_find(r, slots[slot].trait, slots[slot].key) : NULL;
    assert_int_equal(sheaf_columns_statuses(columns)[row], r->status);
    assert_cell(sheaf_column_cell(column, row), v);
    nulls += v == NULL;
  }
  assert_int_equal(column->null_count, nulls);
  /* Behind the last row there is nothing: Arrow's importers may count the bits. */
  if (column->validity) assert_int_equal(column->validity[ROWS / 8] >> ROWS % 8, 0);
}

static void compare_all(void) {
  sheaf_error error = {0};
  sheaf_request request = sheaf_request_for(fake_refs(ROWS), ROWS);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = SLOTS;
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  sheaf_batch *batch = sheaf_resolve_batch(F.manager, &request, &error);
  assert_true(columns && batch);
  assert_int_equal(sheaf_columns_failed(columns), sheaf_batch_failed(batch));
  for (uint32_t i = 0; i < SLOTS; i++) compare_column(columns, i, batch);
  sheaf_batch_free(batch);
  sheaf_columns_free(columns);
}

/* ------------------------------------------------------------------------------------- the seeds */

static void open_with(uint32_t flags) {
  memset(&F, 0, sizeof F);
  F.batch = answer;
  F.flags = flags;
  fake_open(&F);
}

static void choose(uint64_t seed, uint32_t odd) {
  static const uint32_t nulls[] = {0, 0, 0, 2, 50, 100}, groups[] = {1, 3, 16, 64, MOST_GROUP};
  memset(&now, 0, sizeof now);
  now.state = seed;
  for (uint32_t i = 0; i < SLOTS; i++) now.kinds[i] = some_kind(), now.nulls[i] = nulls[below(6)];
  now.groups = groups[below(5)];
  now.odd = odd;
  now.errors = below(3) ? 0 : 1 + below(100);
  now.late = below(8) ? 0 : 1 + below(ROWS - 1);
  now.seed = next_random();
}

static void groups_hold_what_single_results_hold(void **state) {
  (void)state;
  for (uint32_t serialized = 0; serialized < 2; serialized++) {
    open_with(serialized ? SHEAF_MANAGER_SERIALIZED : 0);
    for (uint64_t seed = 0; seed < SEEDS; seed++) choose(seed, 0), compare_all();
    fake_close(&F);
  }
}

static void odd_values_between_others(void **state) {
  (void)state;
  open_with(0);
  for (uint64_t seed = 0; seed < SEEDS; seed++) choose(seed, seed % 2 ? 1 : 30), compare_all();
  fake_close(&F);
}

/* The manager says that it is in slot order, and in the middle of a group it is not. */
static sheaf_status answer_with_a_lie(void *self, const sheaf_request *r, sheaf_sink *sink) {
  static sheaf_property properties[MOST_GROUP][SLOTS + 1];
  sheaf_result group[MOST_GROUP];
  (void)self;
  for (uint32_t k = 0; k < r->count; k++) {
    for (uint32_t i = 0; i < SLOTS; i++)
      properties[k][i] = (sheaf_property){slots[i].trait, slots[i].key, sheaf_int64(k)};
    group[k] =
        (sheaf_result){k, SHEAF_OK, properties[k], SLOTS, SHEAF_RESULT_IN_SLOT_ORDER, {NULL, 0}};
  }
  properties[7][2].key = slots[1].key;
  group[9].property_count--;
  properties[11][5].trait = 0;
  group[13].properties = NULL;
  group[15].property_count++;
  sink->results(sink, group, r->count);
  return SHEAF_OK;
}

static void lies_about_slot_order_fail_their_row(void **state) {
  sheaf_error error = {0};
  sheaf_request request = sheaf_request_for(fake_refs(50), 50);
  (void)state;
  open_with(0);
  F.batch = answer_with_a_lie;
  request.flags = 0;
  request.slots = slots;
  request.slot_count = SLOTS;
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  assert_non_null(columns);
  for (uint32_t row = 0; row < 50; row++) {
    bool lie = row >= 7 && row <= 15 && row % 2;
    sheaf_value v = sheaf_int64(row);
    assert_int_equal(sheaf_columns_statuses(columns)[row], lie ? SHEAF_MANAGER_FAILURE : SHEAF_OK);
    for (uint32_t i = 0; i < SLOTS; i++)
      assert_cell(sheaf_column_cell(sheaf_columns_at(columns, i), row), lie ? NULL : &v);
  }
  sheaf_columns_free(columns);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(groups_hold_what_single_results_hold),
      cmocka_unit_test(odd_values_between_others),
      cmocka_unit_test(lies_about_slot_order_fail_their_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
