/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command that needs a manager has in common: the options --manager, --setting,
 * --config and --plugin-path, and from them a configuration, a library and an open manager.
 */
#ifndef SHEAF_CLI_COMMON_H
#define SHEAF_CLI_COMMON_H

#include <getopt.h>

#include "cli/cli.h"

/* What getopt_long answers for the common options; a command's own begin at CLI_OPTION_OWN. */
enum {
  CLI_OPTION_MANAGER = 0x100,
  CLI_OPTION_SETTING,
  CLI_OPTION_CONFIG,
  CLI_OPTION_PLUGIN_PATH,
  CLI_OPTION_OWN
};

/* For a command's array of long options: all of them, and all but --manager. The short option
 * string of a command is ":h" and its own; ':' first, so that cli_bad_option can tell a missing
 * argument from an unknown option. */
#define CLI_COMMON_OPTIONS                                                                         \
  {"setting", required_argument, NULL, CLI_OPTION_SETTING},                                        \
      {"config", required_argument, NULL, CLI_OPTION_CONFIG},                                      \
      {"plugin-path", required_argument, NULL, CLI_OPTION_PLUGIN_PATH},                            \
      {"help", no_argument, NULL, 'h'}
#define CLI_MANAGER_OPTION {"manager", required_argument, NULL, CLI_OPTION_MANAGER}

/* Their part of a command's help. */
#define CLI_COMMON_HELP                                                                            \
  "  --setting NAME=VALUE  a setting of the manager; overrides the configuration file's;\n"        \
  "                        repeatable. 'sheaf managers --describe ID' lists them\n"                \
  "  --config FILE         the configuration file; without it $SHEAF_CONFIG, else sheaf.json\n"    \
  "                        in the working folder, if there is one\n"                               \
  "  --plugin-path DIR     look for plugins here first; repeatable\n"                              \
  "  -h, --help            this text\n"

/* The common options as given. Zeroed at first; freed with cli_common_free. */
typedef struct cli_common {
  const char *manager; /* NULL: not given */
  const char *config_path;
  sheaf_setting *settings; /* views of argv; later ones of the same name win */
  uint32_t setting_count;
  const char **plugin_paths;
  uint32_t plugin_path_count;
} cli_common;

/* Takes an option that getopt_long answered, with its optarg. CLI_OK; CLI_USAGE after saying what is
 * wrong; -1 if it is none of the common ones (or 'h', which is the command's to answer). */
int cli_common_take(cli_common *common, int option, const char *argument);

/* Says what is wrong when getopt_long answered '?' or ':' for `command`. CLI_USAGE. */
int cli_bad_option(int option, char **argv, const char *command);

void cli_common_free(cli_common *common);

/* All that is open. Zeroed at first; closed with cli_session_close, in whatever state it is. */
typedef struct cli_session {
  sheaf_config *config;
  sheaf_library *library;
  const char *manager_id;  /* --manager, else the configuration's; NULL if neither names one */
  sheaf_setting *settings; /* the configuration's if they are for this manager, and the options' */
  uint32_t setting_count;
  sheaf_manager *manager; /* NULL until cli_session_open_manager */
} cli_session;

/* Reads the configuration and makes the library. CLI_OK, or a status after saying why not. The
 * options must outlive the session. */
int cli_session_open(cli_session *session, const cli_common *common);

/* Opens the session's manager. CLI_OK, or a status after saying why not. */
int cli_session_open_manager(cli_session *session);

/* The exit status for a failure to load or open a manager. */
int cli_open_status(sheaf_status status);

void cli_session_close(cli_session *session);

#endif
