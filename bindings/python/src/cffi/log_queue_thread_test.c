/* SPDX-License-Identifier: Apache-2.0 */
#include "log_queue.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

static void push(sheafpy_log *queue, uint32_t level, const char *message) {
  sheafpy_log_push(queue, level, sheaf_cstr("bal"), sheaf_cstr(message));
}

static void expect(sheafpy_log *queue, const char *message) {
  sheafpy_line *line = sheafpy_log_take(queue);
  assert_non_null(line);
  assert_true(sheaf_str_equal(line->source, sheaf_cstr("bal")));
  assert_true(sheaf_str_equal(line->message, sheaf_cstr(message)));
  sheafpy_line_free(line);
}

static void test_lines_come_out_in_order(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  push(queue, SHEAF_LOG_INFO, "one");
  push(queue, SHEAF_LOG_ERROR, "");
  push(queue, SHEAF_LOG_INFO, "three");
  sheafpy_log_wait(queue);
  expect(queue, "one");
  expect(queue, "");
  expect(queue, "three");
  assert_null(sheafpy_log_take(queue));
  push(queue, SHEAF_LOG_INFO, "four");
  expect(queue, "four");
  sheafpy_log_free(queue);
}

static void test_a_line_knows_when_and_who(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  push(queue, SHEAF_LOG_WARNING, "now");
  sheafpy_line *line = sheafpy_log_take(queue);
  assert_int_equal(line->level, SHEAF_LOG_WARNING);
  assert_true(line->time > 1e9);
  assert_true(line->thread == (uint64_t)pthread_self());
  sheafpy_line_free(line);
  sheafpy_log_free(queue);
}

static void test_lines_below_the_level_are_not_taken(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  sheafpy_log_set_level(queue, SHEAF_LOG_WARNING);
  push(queue, SHEAF_LOG_INFO, "info");
  push(queue, SHEAF_LOG_WARNING, "warning");
  expect(queue, "warning");
  assert_null(sheafpy_log_take(queue));
  assert_int_equal(sheafpy_log_dropped(queue), 0);
  sheafpy_log_free(queue);
}

static void test_what_does_not_fit_is_counted(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  for (int i = 0; i < SHEAFPY_LOG_MAX_LINES + 7; i++) push(queue, SHEAF_LOG_INFO, "again");
  assert_int_equal(sheafpy_log_dropped(queue), 7);
  assert_int_equal(sheafpy_log_dropped(queue), 0);
  int lines = 0;
  for (sheafpy_line *line; (line = sheafpy_log_take(queue)); lines++) sheafpy_line_free(line);
  assert_int_equal(lines, SHEAFPY_LOG_MAX_LINES);
  push(queue, SHEAF_LOG_INFO, "room again");
  expect(queue, "room again");
  sheafpy_log_free(queue);
}

static void test_long_lines_are_cut_at_a_character_and_bytes_are_bounded(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  static char text[SHEAFPY_LOG_MAX_LINE + 1];
  memset(text, 'x', sizeof text);
  memcpy(text + SHEAFPY_LOG_MAX_LINE - 1, "\xc3\xa4", 2);
  int pushed = 0;
  for (; sheafpy_log_dropped(queue) == 0; pushed++)
    sheafpy_log_push(queue, SHEAF_LOG_INFO, sheaf_cstr("bal"), sheaf_strn(text, sizeof text));
  assert_in_range(pushed, 2, SHEAFPY_LOG_MAX_BYTES / (SHEAFPY_LOG_MAX_LINE - 1) + 1);
  sheafpy_line *line = sheafpy_log_take(queue);
  assert_int_equal(line->message.size, SHEAFPY_LOG_MAX_LINE - 1);
  sheafpy_line_free(line);
  sheafpy_log_free(queue); /* with what is still in it */
}

enum { WRITERS = 4, EACH = 2000 };

static void *write_lines(void *queue) {
  for (int i = 0; i < EACH; i++) push(queue, SHEAF_LOG_INFO, "from a thread");
  return NULL;
}

static void test_many_threads_may_write_while_one_reads(void **state) {
  (void)state;
  sheafpy_log *queue = sheafpy_log_new();
  pthread_t writers[WRITERS];
  for (int i = 0; i < WRITERS; i++)
    assert_int_equal(pthread_create(&writers[i], NULL, write_lines, queue), 0);
  uint64_t seen = 0;
  while (seen < WRITERS * EACH) {
    sheafpy_log_wait(queue);
    for (sheafpy_line *line; (line = sheafpy_log_take(queue)); seen++) sheafpy_line_free(line);
    seen += sheafpy_log_dropped(queue);
  }
  for (int i = 0; i < WRITERS; i++) pthread_join(writers[i], NULL);
  assert_null(sheafpy_log_take(queue));
  sheafpy_log_free(queue);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_come_out_in_order),
      cmocka_unit_test(test_a_line_knows_when_and_who),
      cmocka_unit_test(test_lines_below_the_level_are_not_taken),
      cmocka_unit_test(test_what_does_not_fit_is_counted),
      cmocka_unit_test(test_long_lines_are_cut_at_a_character_and_bytes_are_bounded),
      cmocka_unit_test(test_many_threads_may_write_while_one_reads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
