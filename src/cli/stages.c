/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stages.h"

#include <stdlib.h>

#include "cli/buffer.h"
#include "cli/log.h"

int cli_stages_take(cli_stages *stages, const char *id) {
  if (!sheaf_stage_find(id))
    return cli_usage("--stage '%s': there is no such stage; 'sheaf stages' lists them", id);
  cli_stage *more = realloc(stages->list, (stages->count + (size_t)1) * sizeof *more);
  if (!more) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  stages->list = more;
  more[stages->count++] = (cli_stage){id, NULL, 0};
  return CLI_OK;
}

int cli_stages_take_setting(cli_stages *stages, const char *argument) {
  const char *equals = strchr(argument, '=');
  if (!equals || equals == argument)
    return cli_usage("--stage-setting '%s' is not of the form NAME=VALUE", argument);
  if (stages->count == 0)
    return cli_usage("--stage-setting '%s': give the --stage that it is for before it", argument);
  cli_stage *stage = &stages->list[stages->count - 1];
  sheaf_setting *more = realloc(stage->settings, (stage->setting_count + (size_t)1) * sizeof *more);
  if (!more) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  stage->settings = more;
  more[stage->setting_count++] = (sheaf_setting){sheaf_strn(argument, (size_t)(equals - argument)),
                                                 sheaf_string(sheaf_cstr(equals + 1))};
  return CLI_OK;
}

/* Whether the configuration's stages are for the manager that is asked, as its settings are. */
static bool are_meant(const cli_session *session) {
  const char *theirs = sheaf_config_manager(session->config);
  return !theirs || strcmp(theirs, session->manager_id) == 0;
}

static int failed(const char *message, sheaf_status status) {
  cli_log_release(message);
  cli_error("%s", message);
  if (status == SHEAF_NOT_FOUND) return CLI_USAGE; /* of a stage's id */
  return cli_open_status(status);
}

int cli_stages_put(cli_session *session, const cli_stages *stages) {
  sheaf_error error = {0};
  cli_log_hold();
  if (are_meant(session)) {
    session->manager = sheaf_stage_configure(session->manager, session->config, &error);
    if (!session->manager) return failed(error.message, error.status);
  }
  for (uint32_t i = stages->count; i-- > 0;) {
    const cli_stage *stage = &stages->list[i];
    sheaf_manager *top = sheaf_stage_over(session->manager, stage->id, stage->settings,
                                          stage->setting_count, &error);
    if (!top) return failed(error.message, error.status);
    session->manager = top;
  }
  cli_log_release("");
  return CLI_OK;
}

void cli_stages_free(cli_stages *stages) {
  for (uint32_t i = 0; i < stages->count; i++) free(stages->list[i].settings);
  free(stages->list);
}

/* ---------------------------------------------------------------------------- sheaf stages */

static const char help[] =
    "usage: sheaf stages [--help]\n"
    "\n"
    "Lists the stages that --stage and a configuration's \"stages\" can put on a manager, and\n"
    "their settings.\n"
    "\n"
    "  -h, --help            this text\n"
    "\n"
    "Exit status: 0; 2 the command line is wrong; 3 output failed.\n";

static void put_setting(cli_buffer *out, const sheaf_setting_info *setting) {
  cli_put_text(out, "    ");
  cli_put_text(out, setting->name);
  if (setting->flags & SHEAF_SETTING_REQUIRED) cli_put_text(out, " (required)");
  else if (setting->default_value && setting->default_value[0]) {
    cli_put_text(out, " = ");
    cli_put_text(out, setting->default_value);
  }
  cli_put_text(out, "\n        ");
  cli_put_text(out, setting->doc);
  cli_put_text(out, "\n");
}

static int list_all(void) {
  cli_buffer out = CLI_BUFFER_STDOUT;
  const sheaf_stage_info *stage;
  for (uint32_t i = 0; (stage = sheaf_stage_at(i)) != NULL; i++) {
    cli_put_text(&out, stage->factory->id);
    cli_put_text(&out, ": ");
    cli_put_text(&out, stage->factory->description);
    if (stage->most_children > 1) cli_put_text(&out, " Wraps several managers.");
    cli_put_text(&out, "\n");
    for (uint32_t s = 0; s < stage->factory->setting_count; s++)
      put_setting(&out, &stage->factory->settings[s]);
  }
  int status = cli_finish(&out);
  cli_buffer_free(&out);
  return status;
}

int cli_list_stages(int argc, char **argv) {
  static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
  int option = getopt_long(argc, argv, ":h", known, NULL);
  if (option == 'h') return cli_print(help);
  if (option != -1) return cli_bad_option(option, argv, "stages");
  if (optind < argc) return cli_usage("stages: '%s' is not an option", argv[optind]);
  return list_all();
}
