/* SPDX-License-Identifier: Apache-2.0 */
/* Eight threads through one manager, which has no lock. For the thread sanitizer. */
#include "testing.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 50, COUNT = 100 };

static test_manager manager;

typedef struct tally {
  sheaf_sink sink; /* first */
  uint32_t fine, failed;
} tally;

static uint32_t count_results(sheaf_sink *sink, const sheaf_result *results,
                              uint32_t count) SHEAF_NOEXCEPT {
  tally *self = (tally *)sink;
  for (uint32_t i = 0; i < count; i++) {
    if (results[i].status == SHEAF_OK) self->fine += results[i].properties[0].value.length == 4;
    else self->failed++;
  }
  return SHEAF_CONTINUE;
}

static void *ask(void *arg) {
  tally *mine = arg;
  sheaf_str refs[COUNT];
  for (int i = 0; i < COUNT; i++) refs[i] = sheaf_cstr(i % 4 ? "bal:///a" : "bal:///n\to");
  for (int round = 0; round < ROUNDS; round++) {
    test_call *call = malloc(sizeof *call);
    test_call_init(call);
    sheaf_request request = test_request(refs, COUNT);
    request.call = &call->call;
    (void)manager.table->batch(manager.self, &request, &mine->sink);
    test_call_free(call);
    free(call);
  }
  return NULL;
}

static void test_many_threads(void **state) {
  pthread_t threads[THREADS];
  tally tallies[THREADS];
  (void)state;
  assert_int_equal(test_open(&manager, NULL,
                             "{\"entities\":{\"a\":{\"versions\":[{\"traits\":{\"t\":{\"p\":"
                             "\"text\"}}}]}}}",
                             NULL, 0),
                   SHEAF_OK);
  for (int i = 0; i < THREADS; i++) {
    tallies[i] = (tally){{sizeof(sheaf_sink), 0, count_results}, 0, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, ask, &tallies[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(tallies[i].fine, ROUNDS * COUNT * 3 / 4);
    assert_int_equal(tallies[i].failed, ROUNDS * COUNT / 4);
  }
  test_close(&manager);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_threads)};
  return cmocka_run_group_tests_name("bal: threads", tests, NULL, NULL);
}
