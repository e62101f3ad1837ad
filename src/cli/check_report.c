/* SPDX-License-Identifier: Apache-2.0 */
/* What `sheaf check` prints: a line a check as they come, or one JSON object at the end. */
#define _GNU_SOURCE /* strchrnul */
#include "cli/buffer.h"
#include "cli/check.h"
#include "cli/json.h"
#include "cli/text.h"

static const char *const names[CHECK_OUTCOMES] = {
    [CHECK_PASSED] = "passed", [CHECK_SKIPPED] = "skipped", [CHECK_WARNED] = "warned",
    [CHECK_FAILED] = "failed", [CHECK_CRASHED] = "crashed",
};

/* The order in which they are counted up: why some were skipped is told behind the last. */
static const uint32_t order[CHECK_OUTCOMES] = {CHECK_PASSED, CHECK_FAILED, CHECK_CRASHED,
                                               CHECK_WARNED, CHECK_SKIPPED};

/* Its lines, each indented. */
static void put_message(cli_buffer *out, const char *message) {
  for (const char *line = message, *end; *line; line = *end ? end + 1 : end) {
    end = strchrnul(line, '\n');
    cli_put_text(out, "         ");
    cli_put_cell(out, sheaf_strn(line, (size_t)(end - line)), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    cli_put_char(out, '\n');
  }
}

static void add_text(check_report *report, const char *name, const check_verdict *verdict) {
  cli_buffer *out = &report->out;
  cli_put_format(out, "%-7s  %s\n", names[verdict->outcome], name);
  if (!verdict->message[0] || strcmp(verdict->message, report->said) == 0) return;
  memcpy(report->said, verdict->message, sizeof report->said);
  put_message(out, verdict->message);
}

static void add_json(cli_buffer *out, const char *name, const check_verdict *verdict, bool first) {
  cli_put_text(out, first ? "{\"name\":" : ",{\"name\":");
  cli_json_cstr(out, name);
  cli_json_member(out, "outcome");
  cli_json_cstr(out, names[verdict->outcome]);
  cli_json_member(out, "message");
  cli_json_cstr(out, verdict->message);
  cli_json_member(out, "ms");
  cli_put_format(out, "%lld}", (long long)verdict->ms);
}

static void keep_reason(check_report *report, const char *message) {
  check_reason *r = report->reasons, *end = r + CHECK_MOST_REASONS;
  while (r != end && r->count && strcmp(r->message, message) != 0) r++;
  if (r == end) return;
  if (r->count++ == 0) (void)snprintf(r->message, sizeof r->message, "%s", message);
}

void check_report_add(check_report *report, const char *name, const check_verdict *verdict) {
  uint32_t before = 0;
  if (verdict->outcome == CHECK_SKIPPED) keep_reason(report, verdict->message);
  for (uint32_t i = 0; i < CHECK_OUTCOMES; i++) before += report->counts[i];
  report->counts[verdict->outcome]++;
  if (report->options->json) {
    if (before == 0) {
      cli_put_text(&report->out, "{\"plugin\":");
      cli_json_cstr(&report->out, report->options->plugin);
      cli_put_text(&report->out, ",\"checks\":[");
    }
    add_json(&report->out, name, verdict, before == 0);
  } else {
    add_text(report, name, verdict);
    cli_flush(&report->out); /* a check may take its time, and the next fork must find it empty */
  }
}

static void end_json(check_report *report) {
  cli_put_text(&report->out, "],\"summary\":{");
  for (uint32_t i = 0; i < CHECK_OUTCOMES; i++) {
    cli_put_format(&report->out, "%s\"%s\":%u", i ? "," : "", names[order[i]],
                   report->counts[order[i]]);
  }
  cli_put_text(&report->out, "}}\n");
}

/* What could not be judged is no failure, but it is not to be overlooked. */
static void put_reasons(check_report *report) {
  cli_buffer *out = &report->out;
  const check_reason *r = report->reasons;
  uint32_t left = report->counts[CHECK_SKIPPED];
  bool is_one = r->count == left;
  for (uint32_t i = 0; i < CHECK_MOST_REASONS && r[i].count; i++) {
    cli_put_text(out, i ? "; " : " (");
    if (!is_one) cli_put_format(out, "%u: ", r[i].count);
    cli_put_cell(out, sheaf_cstr(r[i].message), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    left -= r[i].count;
  }
  if (left) cli_put_format(out, "; %u: others, see above", left);
  if (r->count) cli_put_char(out, ')');
}

static void end_text(check_report *report) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < CHECK_OUTCOMES; i++) total += report->counts[i];
  cli_put_format(&report->out, "\n%u checks:", total);
  const char *separator = " ";
  for (uint32_t i = 0; i < CHECK_OUTCOMES; i++) {
    if (report->counts[order[i]] == 0) continue;
    cli_put_format(&report->out, "%s%u %s", separator, report->counts[order[i]], names[order[i]]);
    separator = ", ";
  }
  put_reasons(report);
  cli_put_char(&report->out, '\n');
}

int check_report_end(check_report *report) {
  if (report->options->json) {
    end_json(report);
  } else {
    end_text(report);
  }
  return cli_finish(&report->out);
}
