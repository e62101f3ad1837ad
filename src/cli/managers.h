/* SPDX-License-Identifier: Apache-2.0 */
/* `sheaf managers`: what is found, and one manager in full. */
#ifndef SHEAF_CLI_MANAGERS_H
#define SHEAF_CLI_MANAGERS_H

#include "cli/buffer.h"
#include "cli/common.h"

typedef struct cli_managers_options {
  cli_common common;
  const char *describe; /* an id or a path; NULL: list them all */
  bool json;
  bool verbose;
  bool help;
} cli_managers_options;

/* Where a plugin or a folder was named, in words. */
const char *cli_origin_name(uint32_t origin);

/* The list, for people and as JSON. */
void cli_managers_table(cli_buffer *out, const sheaf_plugin_list *list, bool with_places);
void cli_managers_json(cli_buffer *out, const sheaf_plugin_list *list);

/* What is known of one manager. */
typedef struct cli_manager_view {
  const sheaf_library *library;
  const sheaf_factory *factory;
  const sheaf_plugin_info *info;        /* where it was found; NULL: not by searching */
  const sheaf_description *description; /* NULL: it could not be opened */
  const char *why_not;                  /* ... and why not */
} cli_manager_view;

/* One manager, for people and as JSON. */
void cli_describe_text(cli_buffer *out, const cli_manager_view *view);
void cli_describe_json(cli_buffer *out, const cli_manager_view *view);

#endif
