/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads ask at once, while the database is replaced again and again. */
#include "testing.h"

#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 40, ROWS = 1000 };

static sheaf_manager *manager;
static atomic_bool is_over;
static atomic_uint bad;

static void make_database(const char *name, const char *trait) {
  char text[256];
  sql(name, own_tables);
  sql(name, "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 999)"
            " INSERT INTO sheaf_entity SELECT 'test:///' || n, 0,"
            " printf('[\"name %d\",%d,\"1\",\"1\"]', n, n) FROM c");
  snprintf(text, sizeof text, "UPDATE sheaf_shape SET trait = '%s' WHERE trait = 'named'", trait);
  sql(name, text);
}

static void *ask_all(void *argument) {
  uint32_t first = (uint32_t)(uintptr_t)argument;
  sheaf_str *refs = make_refs(ROWS);
  for (uint32_t round = 0; round < ROUNDS; round++) {
    uint32_t from = (first * 37 + round * 11) % (ROWS / 2), count = round % 3 ? ROWS - from : 20;
    sheaf_request request = sheaf_request_for(refs + from, count);
    sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
    if (!batch || sheaf_batch_failed(batch)) atomic_fetch_add(&bad, 1);
    for (uint32_t i = 0; batch && i < count; i += 17) {
      const sheaf_value *age = sheaf_batch_value(batch, i, "animal", "age");
      if (!age || age->u.integer != from + i) atomic_fetch_add(&bad, 1);
      bool named = sheaf_batch_value(batch, i, "named", "name") != NULL;
      bool titled = sheaf_batch_value(batch, i, "titled", "name") != NULL;
      if (named == titled) atomic_fetch_add(&bad, 1);
    }
    sheaf_batch_free(batch);
  }
  free(refs);
  return NULL;
}

static void *replace(void *argument) {
  (void)argument;
  for (uint32_t i = 0; !atomic_load(&is_over); i++) {
    copy_over(i % 2 ? "first" : "second", "next", O_TRUNC);
    MUST(rename(path_of("next"), path_of("own")) == 0);
    sleep_ms(3);
  }
  return NULL;
}

static void test_threads(void **state) {
  pthread_t threads[THREADS], replacer;
  (void)state;
  make_database("first", "named");
  make_database("second", "titled");
  copy_over("first", "own", O_TRUNC);
  manager = must_open("own", NULL);
  MUST(pthread_create(&replacer, NULL, replace, NULL) == 0);
  for (uintptr_t i = 0; i < THREADS; i++)
    MUST(pthread_create(&threads[i], NULL, ask_all, (void *)i) == 0);
  for (uint32_t i = 0; i < THREADS; i++) MUST(pthread_join(threads[i], NULL) == 0);
  atomic_store(&is_over, true);
  MUST(pthread_join(replacer, NULL) == 0);
  assert_int_equal(atomic_load(&bad), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
