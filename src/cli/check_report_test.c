/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/check.h"

static void add(check_report *report, uint32_t outcome, const char *message) {
  check_verdict verdict = {.outcome = outcome};
  snprintf(verdict.message, sizeof verdict.message, "%s", message);
  check_report_add(report, "a check", &verdict);
}

/* The last line of what was written. */
static void assert_last_line(check_report *report, const char *wanted) {
  char text[8192];
  assert_int_equal(check_report_end(report), CLI_OK);
  snprintf(text, sizeof text, "%.*s", (int)report->out.size, report->out.data);
  const char *line = strstr(text, "\n\n");
  assert_non_null(line);
  assert_string_equal(line + 2, wanted);
  cli_buffer_free(&report->out);
}

static void why_checks_were_skipped(void **state) {
  static const check_options options;
  check_report none = {.options = &options, .out = CLI_BUFFER_MEMORY}, one = none, two = none;
  (void)state;
  add(&none, CHECK_PASSED, "");
  assert_last_line(&none, "1 checks: 1 passed\n");
  for (int i = 0; i < 3; i++) add(&one, CHECK_SKIPPED, "because");
  assert_last_line(&one, "3 checks: 3 skipped (because)\n");
  for (int i = 0; i < 3; i++) add(&two, i == 1 ? CHECK_FAILED : CHECK_SKIPPED, "because");
  add(&two, CHECK_SKIPPED, "for another\nreason");
  assert_last_line(&two, "4 checks: 1 failed, 3 skipped (2: because; 1: for another\\nreason)\n");
}

static void lines_of_a_message(void **state) {
  static const check_options options;
  check_report report = {.options = &options, .out = CLI_BUFFER_MEMORY};
  (void)state;
  add(&report, CHECK_FAILED, "nowhere:\n  here\t\n  there");
  cli_put_char(&report.out, '\0');
  assert_string_equal(report.out.data, "failed   a check\n         nowhere:\n"
                                       "           here\\t\n           there\n");
  cli_buffer_free(&report.out);
}

static void more_reasons_than_are_kept(void **state) {
  static const check_options options;
  check_report report = {.options = &options, .out = CLI_BUFFER_MEMORY};
  char reason[] = "a";
  (void)state;
  for (; reason[0] < 'a' + CHECK_MOST_REASONS + 2; reason[0]++) add(&report, CHECK_SKIPPED, reason);
  assert_last_line(&report,
                   "10 checks: 10 skipped (1: a; 1: b; 1: c; 1: d; 1: e; 1: f; 1: g; 1: h; "
                   "2: others, see above)\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(why_checks_were_skipped),
                                     cmocka_unit_test(lines_of_a_message),
                                     cmocka_unit_test(more_reasons_than_are_kept)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
