/* SPDX-License-Identifier: Apache-2.0 */
/* From options to an open manager. */
#include <stdlib.h>

#include "cli/common.h"
#include "cli/log.h"

/* Whether settings[i] is followed by another of its name, which then wins. */
static bool is_overridden(const sheaf_setting *settings, uint32_t count, uint32_t i) {
  for (uint32_t k = i + 1; k < count; k++) {
    if (sheaf_str_equal(settings[i].name, settings[k].name)) return true;
  }
  return false;
}

/* The configuration's settings, if they are meant for this manager: those of another one would
 * only be refused as unknown. */
static const sheaf_setting *configured(const cli_session *session, uint32_t *count) {
  const char *theirs = sheaf_config_manager(session->config);
  const sheaf_setting *settings = sheaf_config_settings(session->config, count);
  if (theirs && session->manager_id && strcmp(theirs, session->manager_id) != 0) *count = 0;
  return settings;
}

static int merge_settings(cli_session *session, const cli_common *common) {
  uint32_t from_file = 0;
  const sheaf_setting *file = configured(session, &from_file);
  uint32_t total = from_file + common->setting_count;
  if (total == 0) return CLI_OK;
  sheaf_setting *all = malloc(total * sizeof *all);
  if (!all) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  for (uint32_t i = 0; i < from_file; i++) all[i] = file[i];
  for (uint32_t i = from_file; i < total; i++) all[i] = common->settings[i - from_file];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < total; i++) {
    if (!is_overridden(all, total, i)) all[kept++] = all[i];
  }
  session->settings = all;
  session->setting_count = kept;
  return CLI_OK;
}

int cli_session_open(cli_session *session, const cli_common *common) {
  sheaf_error error = {0};
  session->config = sheaf_config_load(common->config_path, &error);
  if (!session->config) {
    cli_error("%s", error.message);
    return error.status == SHEAF_OUT_OF_MEMORY ? CLI_FAILED : CLI_USAGE;
  }
  session->manager_id = common->manager ? common->manager : sheaf_config_manager(session->config);
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.application = "sheaf";
  options.plugin_paths = common->plugin_paths;
  options.plugin_path_count = common->plugin_path_count;
  options.config = session->config;
  options.log = cli_log;
  session->library = sheaf_library_new(&options, &error);
  if (!session->library) {
    cli_error("%s", error.message);
    return CLI_FAILED;
  }
  return merge_settings(session, common);
}

int cli_open_status(sheaf_status status) {
  return status == SHEAF_INVALID_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

int cli_session_open_manager(cli_session *session) {
  if (!session->manager_id) {
    return cli_usage("no manager: give --manager ID, or name one in a configuration file; "
                     "'sheaf managers' lists what there is");
  }
  sheaf_error error = {0};
  cli_log_hold();
  session->manager = sheaf_manager_open(session->library, session->manager_id, session->settings,
                                        session->setting_count, &error);
  cli_log_release(error.message);
  if (session->manager) return CLI_OK;
  cli_error("%s", error.message);
  return cli_open_status(error.status);
}

void cli_session_close(cli_session *session) {
  (void)sheaf_manager_close(session->manager);
  (void)sheaf_library_free(session->library);
  sheaf_config_free(session->config);
  free(session->settings);
}
