/* SPDX-License-Identifier: Apache-2.0 */
/* Iterators that fetch ahead, for ThreadSanitizer: every way to go on and to stop. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core/testing.h"

enum { AHEAD = SHEAF_ITERATOR_PREFETCH, ARRIVING = SHEAF_ITERATOR_AS_THEY_ARRIVE };

static fake F;
static sheaf_error error;

static void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static void begin(fake_batch batch, uint32_t flags) {
  memset(&F, 0, sizeof F);
  F.batch = batch;
  F.flags = flags;
  fake_open(&F);
}

static sheaf_iterator *iterate(const sheaf_request *request, uint32_t chunk_size, uint32_t flags,
                               sheaf_source_fn source, void *ctx) {
  sheaf_iterator_options o = SHEAF_ITERATOR_OPTIONS_INIT;
  o.chunk_size = chunk_size;
  o.flags = flags;
  o.source = source;
  o.source_ctx = ctx;
  sheaf_iterator *it = sheaf_resolve_iterator(F.manager, request, &o, &error);
  if (!it) fail_msg("%s", error.message);
  return it;
}

typedef struct numbers {
  uint64_t next, count;
  sheaf_status end;
  pthread_t thread;
  char text[32];
} numbers;

/* Only ever called on the host's thread. */
static sheaf_status next_number(void *ctx, sheaf_str *ref) {
  numbers *n = ctx;
  assert_true(pthread_equal(n->thread, pthread_self()));
  if (n->next == n->count) return n->end;
  *ref = sheaf_strn(n->text, (size_t)sprintf(n->text, "%llu", (unsigned long long)n->next++));
  return SHEAF_OK;
}

static numbers count_to(uint64_t count, sheaf_status end) {
  numbers n = {0, count, end, pthread_self(), ""};
  return n;
}

static sheaf_status echo(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = r->count; i-- > 0;) {
    sheaf_property p = {300, 301, sheaf_string(r->refs[i])};
    if (sheaf_emit_success(sink, i, &p, 1, 0) != SHEAF_CONTINUE) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

/* Takes `count` results: each index once, and in order unless they come as they arrive. */
static void take(sheaf_iterator *it, uint64_t first, uint64_t count, bool in_order) {
  uint8_t *seen = calloc(count + 1, 1);
  for (uint64_t i = 0; i < count; i++) {
    const sheaf_result *r;
    char text[32];
    assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
    assert_non_null(r);
    uint64_t index = sheaf_iterator_index(it);
    if (in_order) assert_int_equal(index, first + i);
    if (index - first < count) assert_int_equal(seen[index - first]++, 0);
    snprintf(text, sizeof text, "%llu", (unsigned long long)index);
    assert_true(sheaf_str_equal(sheaf_iterator_ref(it), sheaf_cstr(text)));
    assert_true(sheaf_str_equal(sheaf_value_str(&r->properties[0].value), sheaf_cstr(text)));
  }
  free(seen);
}

static void all_of_a_source(void **state) {
  static const uint32_t manager_flags[] = {0, SHEAF_MANAGER_SERIALIZED};
  (void)state;
  for (int serialized = 0; serialized < 2; serialized++) {
    begin(echo, manager_flags[serialized]);
    for (uint32_t flags = 0; flags < 4; flags++) {
      for (uint64_t count = 0; count < 3000; count = count * 3 + 1) {
        numbers source = count_to(count, SHEAF_STOPPED);
        sheaf_request request = sheaf_request_for(NULL, 0);
        sheaf_iterator *it = iterate(&request, 100, flags, next_number, &source);
        const sheaf_result *r;
        take(it, 0, count, !(flags & ARRIVING));
        for (int end = 0; end < 2; end++) {
          assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
          assert_null(r);
        }
        sheaf_iterator_free(it);
      }
    }
    fake_close(&F);
  }
}

static void freed_early_at_any_place(void **state) {
  (void)state;
  begin(echo, 0);
  for (uint32_t flags = AHEAD; flags <= (AHEAD | ARRIVING); flags++) {
    for (uint64_t taken = 0; taken < 60; taken++) {
      numbers source = count_to(UINT64_MAX, SHEAF_STOPPED);
      sheaf_request request = sheaf_request_for(NULL, 0);
      sheaf_iterator *it = iterate(&request, 20, flags, next_number, &source);
      take(it, 0, taken, !(flags & ARRIVING));
      sheaf_iterator_free(it);
      assert_true(source.next <= taken + 40); /* two sub-batches */
    }
  }
  fake_close(&F);
}

/* The first sub-batch at once, all others for an hour. */
static _Atomic int batches;

static sheaf_status slow_ahead(void *self, const sheaf_request *r, sheaf_sink *sink) {
  if (atomic_fetch_add(&batches, 1) == 0) return echo(self, r, sink);
  return r->call->wait(r->call, INT64_C(3600) * 1000000000);
}

static void freeing_cancels_what_is_fetched_ahead(void **state) {
  (void)state;
  for (uint32_t flags = AHEAD; flags <= (AHEAD | ARRIVING); flags++) {
    atomic_store(&batches, 0);
    begin(slow_ahead, 0);
    numbers source = count_to(100, SHEAF_STOPPED);
    sheaf_request request = sheaf_request_for(NULL, 0);
    sheaf_iterator *it = iterate(&request, 10, flags, next_number, &source);
    take(it, 0, 1, false);
    while (atomic_load(&batches) < 2) sleep_ms(1); /* it is asleep, or soon will be */
    sheaf_iterator_free(it);
    fake_close(&F);
  }
}

static void *throw_soon(void *cancel) {
  sleep_ms(20);
  sheaf_cancel_set(cancel);
  return NULL;
}

/* The host's own switch reaches the fetcher, also when it was thrown before. */
static void the_hosts_cancel_and_deadline(void **state) {
  (void)state;
  for (int way = 0; way < 6; way++) {
    uint32_t flags = way < 3 ? AHEAD : AHEAD | ARRIVING;
    sheaf_status wanted = way % 3 == 2 ? SHEAF_DEADLINE : SHEAF_CANCELLED;
    atomic_store(&batches, way % 3 == 1); /* 1: already the first takes an hour */
    begin(slow_ahead, 0);
    sheaf_call call = SHEAF_CALL_INIT;
    sheaf_cancel *cancel = call.cancel = sheaf_cancel_new();
    if (way % 3 == 2) call.deadline_ns = sheaf_deadline_in(30 * 1000000);
    sheaf_request request = sheaf_request_for(NULL, 0);
    request.call = &call;
    numbers source = count_to(UINT64_MAX, SHEAF_STOPPED);
    sheaf_iterator *it = iterate(&request, 10, flags, next_number, &source);
    pthread_t thread;
    if (way % 3 != 2) assert_int_equal(pthread_create(&thread, NULL, throw_soon, cancel), 0);
    uint64_t ended = 0, ok = 0;
    const sheaf_result *r;
    sheaf_status status;
    while ((status = sheaf_iterator_next(it, &r, &error)) == SHEAF_OK) {
      assert_non_null(r);
      if (r->status == wanted) ended++;
      else ok++;
    }
    assert_int_equal(status, wanted);
    assert_int_equal(ok, way % 3 == 1 ? 0 : 10);
    assert_int_equal(ended, 10);
    for (int i = 0; i < 30; i++) { /* what was fetched ahead, and then nothing more */
      status = sheaf_iterator_next(it, &r, &error);
      if (!status) assert_int_equal(r->status, wanted);
    }
    assert_int_equal(status, wanted);
    if (way % 3 != 2) pthread_join(thread, NULL);
    sheaf_iterator_free(it);
    sheaf_cancel_free(cancel);
    fake_close(&F);
  }
}

static void a_failing_source_and_a_failing_batch(void **state) {
  (void)state;
  for (uint32_t flags = AHEAD; flags <= (AHEAD | ARRIVING); flags++) {
    begin(echo, 0);
    for (uint64_t count = 0; count < 40; count++) {
      numbers source = count_to(count, SHEAF_IO_ERROR);
      sheaf_request request = sheaf_request_for(NULL, 0);
      sheaf_iterator *it = iterate(&request, 10, flags, next_number, &source);
      const sheaf_result *r;
      take(it, 0, count, !(flags & ARRIVING));
      for (int again = 0; again < 2; again++)
        assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_IO_ERROR);
      sheaf_iterator_free(it);
    }
    fake_close(&F);
  }
}

/* Every third batch fails half-way. */
static sheaf_status some_fail(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  bool fails = atomic_fetch_add(&batches, 1) % 3 == 2;
  for (uint32_t i = 0; i < (fails ? r->count / 2 : r->count); i++)
    sheaf_emit_success(sink, i, NULL, 0, 0);
  return fails ? sheaf_emit_failure(sink, SHEAF_OVERLOADED, sheaf_cstr("too much"), 0) : SHEAF_OK;
}

static void failing_batches_are_told_and_passed(void **state) {
  (void)state;
  for (uint32_t flags = AHEAD; flags <= (AHEAD | ARRIVING); flags++) {
    atomic_store(&batches, 0);
    begin(some_fail, 0);
    sheaf_request request = sheaf_request_for(fake_refs(1000), 1000);
    sheaf_iterator *it = iterate(&request, 10, flags, NULL, NULL);
    uint32_t heard = 0, failed = 0, told = 0;
    const sheaf_result *r;
    for (;;) {
      sheaf_status status = sheaf_iterator_next(it, &r, &error);
      if (status == SHEAF_OK && !r) break;
      heard += r != NULL;
      failed += r && r->status == SHEAF_OVERLOADED;
      if (r) continue;
      told++;
      assert_int_equal(status, SHEAF_OVERLOADED);
      assert_string_equal(error.message, "too much");
    }
    assert_int_equal(heard, 1000);
    assert_int_equal(told, 33);
    assert_int_equal(failed, 33 * 5);
    sheaf_iterator_free(it);
    fake_close(&F);
  }
}

/* Answers the first, and the rest only once the host has it. */
static _Atomic bool host_has_first;

static sheaf_status wait_for_host(void *self, const sheaf_request *r, sheaf_sink *sink) {
  (void)self;
  sheaf_emit_success(sink, r->count - 1, NULL, 0, 0);
  while (!atomic_load(&host_has_first)) sleep_ms(1);
  for (uint32_t i = 0; i + 1 < r->count; i++) sheaf_emit_success(sink, i, NULL, 0, 0);
  return SHEAF_OK;
}

static void arriving_means_before_the_rest(void **state) {
  (void)state;
  for (int many = 0; many < 2; many++) {
    atomic_store(&host_has_first, false);
    begin(wait_for_host, 0);
    sheaf_request request = sheaf_request_for(fake_refs(50), 50);
    sheaf_iterator *it = iterate(&request, 50, AHEAD | ARRIVING, NULL, NULL);
    const sheaf_result *r;
    uint32_t count = 1, taken = 1;
    if (many) assert_int_equal(sheaf_iterator_next_many(it, &r, &count, &error), SHEAF_OK);
    else assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
    assert_int_equal(count, 1);
    assert_int_equal(sheaf_iterator_index(it), 49);
    atomic_store(&host_has_first, true);
    for (; taken < 50; taken += count) {
      if (many) assert_int_equal(sheaf_iterator_next_many(it, &r, &count, &error), SHEAF_OK);
      else assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
      assert_true(count > 0);
      assert_int_equal(r->index, taken - 1);
    }
    assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
    assert_null(r);
    sheaf_iterator_free(it);
    fake_close(&F);
  }
}

/* The second sub-batch is asked about while the host still has results of the first. */
/* From inside its own batch, in each of the ways. */
static sheaf_status iterate_itself(void *self, const sheaf_request *r, sheaf_sink *sink) {
  sheaf_request request = sheaf_request_for(r->refs, r->count);
  for (uint32_t flags = 0; flags < 4; flags++) {
    sheaf_iterator *it = iterate(&request, 1, flags, NULL, NULL);
    const sheaf_result *result;
    for (uint32_t i = 0; i < r->count; i++) {
      assert_int_equal(sheaf_iterator_next(it, &result, &error), SHEAF_OK);
      assert_int_equal(result->status, SHEAF_BUSY);
      assert_int_equal(sheaf_iterator_next(it, &result, &error), SHEAF_BUSY);
    }
    assert_int_equal(sheaf_iterator_next(it, &result, &error), SHEAF_OK);
    assert_null(result);
    sheaf_iterator_free(it);
  }
  return echo(self, r, sink);
}

static void a_serialized_manager_in_itself_is_busy(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("0"), SHEAF_STR("1"), SHEAF_STR("2")};
  sheaf_request request = sheaf_request_for(refs, 3);
  (void)state;
  begin(iterate_itself, SHEAF_MANAGER_SERIALIZED);
  sheaf_batch *batch = sheaf_resolve_batch(F.manager, &request, &error);
  assert_int_equal(sheaf_batch_status(batch), SHEAF_OK);
  assert_int_equal(sheaf_batch_failed(batch), 0);
  sheaf_batch_free(batch);
  fake_close(&F);
}

static sheaf_status count_batches(void *self, const sheaf_request *r, sheaf_sink *sink) {
  sheaf_status status = echo(self, r, sink);
  atomic_fetch_add(&batches, 1);
  return status;
}

static void the_next_is_there_before_it_is_wanted(void **state) {
  (void)state;
  atomic_store(&batches, 0);
  begin(count_batches, 0);
  sheaf_request request = sheaf_request_for(fake_refs(30), 30);
  sheaf_iterator *it = iterate(&request, 10, AHEAD, NULL, NULL);
  const sheaf_result *r;
  assert_int_equal(sheaf_iterator_next(it, &r, &error), SHEAF_OK);
  while (atomic_load(&batches) < 2) sleep_ms(1); /* for good, if it were not fetched ahead */
  for (int i = 1; i < 10; i++) sheaf_iterator_next(it, &r, &error);
  assert_int_equal(atomic_load(&batches), 2); /* and no further */
  sheaf_iterator_free(it);
  fake_close(&F);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_of_a_source),
      cmocka_unit_test(freed_early_at_any_place),
      cmocka_unit_test(freeing_cancels_what_is_fetched_ahead),
      cmocka_unit_test(the_hosts_cancel_and_deadline),
      cmocka_unit_test(a_failing_source_and_a_failing_batch),
      cmocka_unit_test(failing_batches_are_told_and_passed),
      cmocka_unit_test(arriving_means_before_the_rest),
      cmocka_unit_test(a_serialized_manager_in_itself_is_busy),
      cmocka_unit_test(the_next_is_there_before_it_is_wanted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
