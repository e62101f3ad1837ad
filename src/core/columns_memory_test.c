/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of columns, their export and iterators fails once, alone and with all that follow:
 * no crash, no leak (ASan watches), a status that says why, and whoever asks again is served. Linked
 * with --wrap, see CMakeLists.txt. Nothing is allocated per element either.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/testing.h"

static _Atomic long countdown = -1; /* allocations until one fails; negative: none does */
static _Atomic bool all_after;      /* and all that follow */
static _Atomic long allocations;
static bool no_threads;

static bool fails(void) {
  atomic_fetch_add(&allocations, 1);
  if (atomic_load(&countdown) < 0) return false;
  if (atomic_load(&countdown) > 0) {
    atomic_fetch_sub(&countdown, 1);
    return false;
  }
  if (!all_after) atomic_store(&countdown, -1);
  errno = ENOMEM;
  return true;
}

#define WRAP(name, parameters, arguments)                                                          \
  void *__real_##name parameters;                                                                  \
  void *__wrap_##name parameters;                                                                  \
  void *__wrap_##name parameters { return fails() ? NULL : __real_##name arguments; }

WRAP(malloc, (size_t size), (size))
WRAP(calloc, (size_t n, size_t size), (n, size))
WRAP(realloc, (void *p, size_t size), (p, size))
WRAP(aligned_alloc, (size_t alignment, size_t size), (alignment, size))

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg) {
  return no_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, arg);
}

/* ----------------------------------------------------------------------------------- the manager */

static const sheaf_slot slots[3] = {{300, 401}, {300, 402}, {301, 401}};

static bool backwards;

/* Strings, lists of what differs, and mixed values, with nulls, errors and wrong UTF-8 between. */
static sheaf_status answer(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t k = 0; k < r->count; k++) {
    uint32_t i = backwards ? r->count - 1 - k : k;
    sheaf_value items[2] = {sheaf_int64(i), i % 3 ? sheaf_string(sheaf_cstr("x")) : sheaf_none()};
    sheaf_value values[3] = {
        i % 4 ? sheaf_string(sheaf_cstr(i == 77 ? "\xff" : "some text or other")) : sheaf_none(),
        sheaf_list(items, i % 3), i % 2 ? sheaf_int64(i) : sheaf_double(i)};
    sheaf_property p[3];
    for (uint32_t s = 0; s < 3; s++)
      p[s] = (sheaf_property){slots[s].trait, slots[s].key, values[s]};
    if (i % 50 == 49) sheaf_emit_error(sink, i, SHEAF_AUTH_ERROR, sheaf_cstr("not this one"));
    else sheaf_emit_success(sink, i, p, 3, SHEAF_RESULT_IN_SLOT_ORDER);
  }
  return SHEAF_OK;
}

static fake F;

static void begin(void) {
  memset(&F, 0, sizeof F);
  F.batch = answer;
  fake_open(&F);
}

static sheaf_request make_request(uint32_t count) {
  sheaf_request request = sheaf_request_for(fake_refs(count), count);
  request.flags = 0;
  request.slots = slots;
  request.slot_count = 3;
  return request;
}

/* ----------------------------------------------------------------------------- what is tried out */

/* True if it went well; else nothing but memory was wanting. */
static bool make_and_export(void) {
  sheaf_error error = {0};
  sheaf_request request = make_request(300);
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, &error);
  if (!columns) {
    assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
    return false;
  }
  /* The core may have been short of memory for the batch, or for keeping a row: then rows say so. */
  bool good = sheaf_columns_failed(columns) == 6;
  for (uint32_t i = 0, other = 0; !good && i < 300; i++) {
    sheaf_status failed = sheaf_columns_statuses(columns)[i];
    if (failed && failed != SHEAF_OUT_OF_MEMORY) assert_true(++other <= 6);
  }
  struct ArrowSchema schema;
  struct ArrowArray array;
  sheaf_status status = sheaf_columns_export(columns, &schema, &array, &error);
  sheaf_columns_free(columns);
  if (status) {
    assert_int_equal(status, SHEAF_OUT_OF_MEMORY);
    return false;
  }
  assert_int_equal(array.length, 300);
  schema.release(&schema);
  array.release(&array);
  return good;
}

typedef struct letters {
  uint32_t left;
  char text[2];
} letters;

static sheaf_status next_letter(void *ctx, sheaf_str *ref) {
  letters *l = ctx;
  if (l->left == 0) return SHEAF_STOPPED;
  l->text[0] = (char)('a' + l->left-- % 26);
  *ref = sheaf_strn(l->text, 1);
  return SHEAF_OK;
}

static bool iterate(uint32_t flags) {
  sheaf_error error = {0};
  sheaf_request request = make_request(0);
  request.refs = NULL;
  sheaf_iterator_options options = SHEAF_ITERATOR_OPTIONS_INIT;
  letters source = {400, ""};
  options.flags = flags;
  options.chunk_size = 90;
  options.source = next_letter;
  options.source_ctx = &source;
  sheaf_iterator *it = sheaf_resolve_iterator(F.manager, &request, &options, &error);
  if (!it) {
    assert_int_equal(error.status, SHEAF_OUT_OF_MEMORY);
    return false;
  }
  uint32_t heard = 0, short_of_memory = 0, told = 0;
  const sheaf_result *result;
  sheaf_status status;
  while ((status = sheaf_iterator_next(it, &result, &error)) || result) {
    if (result) heard++;
    if (result && result->status == SHEAF_OUT_OF_MEMORY) short_of_memory++;
    if (status) assert_int_equal(status, SHEAF_OUT_OF_MEMORY);
    if (status && told++ > 10) break; /* the source: it stays so */
  }
  sheaf_iterator_free(it);
  if (!told) assert_int_equal(heard, 400);
  return !told && !short_of_memory;
}

static bool iterate_here(void) { return iterate(0); }
static bool iterate_ahead(void) {
  return iterate(SHEAF_ITERATOR_PREFETCH | SHEAF_ITERATOR_AS_THEY_ARRIVE);
}
static bool iterate_ahead_in_order(void) { return iterate(SHEAF_ITERATOR_PREFETCH); }

/* Lets each allocation fail in turn, until one run needs no more of them. */
static void each_fails(bool (*run)(void)) {
  for (int persistent = 0; persistent < 2; persistent++) {
    bool went_well = false;
    long failing = 0;
    for (; !went_well; failing++) {
      assert_true(failing < 2000);
      all_after = persistent;
      atomic_store(&countdown, failing);
      went_well = run();
      bool is_over = atomic_load(&countdown) > 0;
      atomic_store(&countdown, -1);
      if (went_well && !is_over) went_well = false; /* it failed where it did not matter */
      assert_true(run());
    }
    assert_true(failing > 5);
  }
}

static void columns_and_their_export(void **state) {
  (void)state;
  begin();
  for (backwards = false;; backwards = true) {
    each_fails(make_and_export);
    if (backwards) break;
  }
  backwards = false;
  fake_close(&F);
}

static void iterators(void **state) {
  (void)state;
  begin();
  each_fails(iterate_here);
  each_fails(iterate_ahead);
  each_fails(iterate_ahead_in_order);
  fake_close(&F);
}

static void iterators_without_a_thread(void **state) {
  (void)state;
  begin();
  no_threads = true;
  assert_true(iterate_ahead());
  assert_true(iterate_ahead_in_order());
  no_threads = false;
  fake_close(&F);
}

static void nothing_is_allocated_per_element(void **state) {
  enum { WARM_UP = 20 };
  (void)state;
  begin();
  for (int i = 0; i < WARM_UP; i++) assert_true(make_and_export());
  sheaf_request request = make_request(15000);
  atomic_store(&allocations, 0);
  sheaf_columns *columns = sheaf_resolve_columns(F.manager, &request, NULL);
  long made = atomic_load(&allocations);
  assert_int_equal(sheaf_columns_at(columns, 1)->length, 15000);
  sheaf_columns_free(columns);
  if (made > 100) fail_msg("columns of 15,000 rows made %ld allocations", made);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_and_their_export),
      cmocka_unit_test(iterators),
      cmocka_unit_test(iterators_without_a_thread),
      cmocka_unit_test(nothing_is_allocated_per_element),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
