/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "core/log.h"
#include "plugin/words.h"

/* Out of memory a line is lost, and nothing else. */
static void add_line(sheaf_report *report, const char *line) {
  const char **lines = sheaf_hold_grow(&report->hold, report->lines, report->count, sizeof *lines);
  if (!lines || !line) return;
  report->lines = lines;
  lines[report->count++] = line;
}

static bool has_line(const sheaf_report *report, const char *line) {
  for (uint32_t i = 0; i < report->count; i++) {
    if (strcmp(report->lines[i], line) == 0) return true;
  }
  return false;
}

void sheaf_report_refusal(sheaf_report *report, const sheaf_error *error) {
  if (!report->status) report->status = error->status;
  add_line(report, sheaf_hold_copy(&report->hold, error->message));
}

void sheaf_report_log(const sheaf_report *report, const sheaf_library *library) {
  for (uint32_t i = 0; i < report->count; i++)
    sheaf_log(library, SHEAF_LOG_WARNING, NULL, sheaf_cstr(report->lines[i]));
}

/* The refused manifests that were not noted yet: the one asked for may be behind any of them. */
static void add_refused(sheaf_report *report, const sheaf_plugin_list *list) {
  for (uint32_t i = 0; i < list->count; i++) {
    sheaf_error error;
    if (list->rows[i].info.state != SHEAF_PLUGIN_REFUSED) continue;
    sheaf_row_error(&list->rows[i], &error);
    if (!has_line(report, error.message))
      add_line(report, sheaf_hold_printf(&report->hold, "%s%s",
                                         report->status ? "refused too: " : "", error.message));
  }
}

static void add_places(sheaf_report *report, const sheaf_plugin_list *list) {
  for (uint32_t i = 0; i < list->places.count; i++) {
    const sheaf_place *place = &list->places.items[i];
    const sheaf_search_place *p = &place->info;
    if (place->is_repeated) continue;
    if (p->reason)
      add_line(report,
               sheaf_hold_printf(&report->hold, "not searched: %s: %s", p->path, p->reason));
    else
      add_line(report, sheaf_hold_printf(&report->hold, "searched: %s: %u manifest%s", p->path,
                                         p->plugin_count, p->plugin_count == 1 ? "" : "s"));
  }
}

/* The ids that there are, once each, with the memory of the report. */
static const char **available(sheaf_report *report, const sheaf_plugin_list *list,
                              uint32_t *count) {
  *count = 0;
  const char **ids = sheaf_hold_alloc(&report->hold, (list->count + 1) * sizeof *ids);
  for (uint32_t i = 0; ids && i < list->count; i++) {
    const sheaf_plugin_info *info = &list->rows[i].info;
    if (info->state == SHEAF_PLUGIN_AVAILABLE) ids[(*count)++] = info->id;
  }
  return ids;
}

/* Begins the message with what was asked for and what there is instead. */
static void write_head(sheaf_report *report, const char *id, const sheaf_plugin_list *list,
                       sheaf_error *error) {
  char names[400] = "none";
  uint32_t count;
  sheaf_quoted quoted = sheaf_quote(sheaf_cstr(id));
  if (report->status) {
    /* The line that says why may have been lost. */
    sheaf_error_set(error, report->status, "manager %s is not to be had:%s%s", quoted.text,
                    report->count ? "" : " ",
                    report->count ? "" : sheaf_status_message(report->status));
    return;
  }
  const char **ids = available(report, list, &count);
  for (uint32_t i = 0, at = 0; i < count && at < sizeof names; i++) {
    int written = snprintf(names + at, sizeof names - at, "%s%s", i ? ", " : "", ids[i]);
    at += written < 0 ? (uint32_t)sizeof names : (uint32_t)written;
  }
  sheaf_hint hint = sheaf_did_you_mean(sheaf_cstr(id), ids, ids ? count : 0);
  sheaf_error_set(
      error, SHEAF_NOT_FOUND, "no manager %s was found%s; available: %s%s", quoted.text, hint.text,
      names,
      strstr(id, ".so") || strstr(id, ".json") ? "; a file is named with a slash, ./FILE" : "");
}

/* Adds the lines, as many as fit; the log has all of them. */
static void write_lines(const sheaf_report *report, sheaf_error *error) {
  for (uint32_t i = 0; i < report->count; i++) {
    char so_far[sizeof error->message];
    size_t length = strlen(error->message);
    if (length + strlen(report->lines[i]) + 4 > sizeof so_far && i > 0) return;
    memcpy(so_far, error->message, length + 1);
    sheaf_error_set(error, error->status, "%s\n  %s", so_far, report->lines[i]);
  }
}

void sheaf_report_fail(sheaf_report *report, const sheaf_library *library, const char *id,
                       const sheaf_plugin_list *list, sheaf_error *error) {
  if (list) {
    add_refused(report, list);
    add_places(report, list);
  }
  write_head(report, id, list, error);
  sheaf_log(library, SHEAF_LOG_WARNING, NULL, sheaf_cstr(error->message));
  sheaf_report_log(report, library);
  write_lines(report, error);
}

void sheaf_report_free(sheaf_report *report) {
  sheaf_hold_free(&report->hold);
  memset(report, 0, sizeof *report);
}
