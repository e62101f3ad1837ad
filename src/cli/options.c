/* SPDX-License-Identifier: Apache-2.0 */
/* The common options of commands. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/common.h"

/* Room for one more element at the end of `*array`. Options are few, so one at a time will do. */
static int grow(void *array, uint32_t count, size_t size) {
  void **at = array;
  void *bigger = realloc(*at, (count + (size_t)1) * size);
  if (!bigger) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  *at = bigger;
  return CLI_OK;
}

static int take_setting(cli_common *common, const char *argument) {
  const char *equals = strchr(argument, '=');
  if (!equals || equals == argument) {
    return cli_usage("--setting '%s' is not of the form NAME=VALUE", argument);
  }
  int status = grow(&common->settings, common->setting_count, sizeof *common->settings);
  if (status != CLI_OK) return status;
  sheaf_setting *setting = &common->settings[common->setting_count++];
  setting->name = sheaf_strn(argument, (size_t)(equals - argument));
  setting->value = sheaf_string(sheaf_cstr(equals + 1));
  return CLI_OK;
}

/* The library passes over what is not there, for many paths are nobody's in particular; this one was
 * typed. */
static int check_plugin_path(const char *path) {
  static const char ending[] = ".sheaf.json";
  size_t length = strlen(path), tail = sizeof ending - 1;
  struct stat info;
  if (!*path) return cli_usage("--plugin-path is empty: name a folder or a manifest");
  if (stat(path, &info) != 0)
    return cli_usage("--plugin-path '%s': %s", path,
                     errno == ENOENT ? "there is no such folder" : strerror(errno));
  if (S_ISDIR(info.st_mode)) return CLI_OK;
  if (S_ISREG(info.st_mode) && length > tail && strcmp(path + length - tail, ending) == 0)
    return CLI_OK;
  return cli_usage("--plugin-path '%s' is neither a folder nor a manifest (NAME%s)", path, ending);
}

static int take_plugin_path(cli_common *common, const char *argument) {
  int wrong = check_plugin_path(argument);
  if (wrong != CLI_OK) return wrong;
  int status = grow(&common->plugin_paths, common->plugin_path_count, sizeof(char *));
  if (status != CLI_OK) return status;
  common->plugin_paths[common->plugin_path_count++] = argument;
  return CLI_OK;
}

int cli_common_take(cli_common *common, int option, const char *argument) {
  switch (option) {
  case CLI_OPTION_SETTING:
    return take_setting(common, argument);
  case CLI_OPTION_PLUGIN_PATH:
    return take_plugin_path(common, argument);
  case CLI_OPTION_CONFIG:
    common->config_path = argument;
    return CLI_OK;
  case CLI_OPTION_MANAGER:
    if (!*argument) return cli_usage("--manager is empty: 'sheaf managers' lists what there is");
    common->manager = argument;
    return CLI_OK;
  default:
    return -1;
  }
}

int cli_bad_option(int option, char **argv, const char *command) {
  /* A short option may stand anywhere in its argument, so only optopt names it; of a long one
   * getopt_long leaves no name but has just passed the argument. */
  char letter[3] = {'-', (char)optopt, '\0'};
  bool is_short = optopt > 0 && optopt < CLI_OPTION_MANAGER && strncmp(argv[optind - 1], "--", 2);
  const char *name = is_short ? letter : argv[optind - 1];
  if (option == ':') {
    return cli_usage("%s: option '%s' wants a value; see 'sheaf help %s'", command, name, command);
  }
  const char *why = !is_short && strchr(name, '=') ? "is unknown, or takes no value" : "is unknown";
  return cli_usage("%s: option '%s' %s; see 'sheaf help %s'", command, name, why, command);
}

void cli_common_free(cli_common *common) {
  free(common->settings);
  free(common->plugin_paths);
}
