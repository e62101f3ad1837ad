/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/managers.h"

#include "cli/log.h"

enum { OPTION_DESCRIBE = CLI_OPTION_OWN, OPTION_FORMAT };

static const char help[] =
    "usage: sheaf managers [--describe ID] [OPTION]...\n"
    "\n"
    "Lists the managers that are found, where, and which plugins are shadowed or refused, and\n"
    "why. Nothing is loaded for that.\n"
    "\n"
    "  --describe ID         one manager in full, by its id or the path of its manifest or\n"
    "                        library: its settings, and, if it can be opened with the settings\n"
    "                        given, the verbs that it serves\n"
    "  --format FORMAT       table (the default) or json\n"
    "  -v, --verbose         list the places searched as well\n" CLI_COMMON_HELP "\n"
    "Exit status: 0, also if a plugin is refused or there is none; 2 the command line or the\n"
    "configuration file is wrong; 3 the manager to describe is not to be had, or output failed.\n";

static int take(cli_managers_options *options, int option, const char *argument) {
  switch (option) {
  case OPTION_DESCRIBE:
    if (!*argument) return cli_usage("--describe is empty: 'sheaf managers' lists what there is");
    options->describe = argument;
    return CLI_OK;
  case OPTION_FORMAT:
    options->json = strcmp(argument, "json") == 0;
    if (options->json || strcmp(argument, "table") == 0) return CLI_OK;
    return cli_usage("--format '%s' is unknown; there are: table, json", argument);
  case 'v':
    options->verbose = true;
    return CLI_OK;
  default:
    return cli_common_take(&options->common, option, argument);
  }
}

static int parse(cli_managers_options *options, int argc, char **argv) {
  static const struct option known[] = {CLI_COMMON_OPTIONS,
                                        {"describe", required_argument, NULL, OPTION_DESCRIBE},
                                        {"format", required_argument, NULL, OPTION_FORMAT},
                                        {"verbose", no_argument, NULL, 'v'},
                                        {NULL, 0, NULL, 0}};
  for (;;) {
    int option = getopt_long(argc, argv, ":hv", known, NULL);
    if (option == -1) break;
    if (option == '?' || option == ':') return cli_bad_option(option, argv, "managers");
    if (option == 'h') {
      options->help = true;
      return CLI_OK;
    }
    int status = take(options, option, optarg);
    if (status != CLI_OK) return status;
  }
  if (optind == argc) return CLI_OK;
  return cli_usage("managers: '%s' is not an option; did you mean --describe %s?", argv[optind],
                   argv[optind]);
}

const char *cli_origin_name(uint32_t origin) {
  static const char *const names[] = {
#define NAME(upper, number, text) [number] = text,
      SHEAF_ORIGIN_MAP(NAME)
#undef NAME
  };
  return origin < sizeof names / sizeof *names && names[origin] ? names[origin] : "unknown";
}

static int list_all(const cli_managers_options *options, const sheaf_plugin_list *list,
                    cli_buffer *out) {
  if (options->json) cli_managers_json(out, list);
  else cli_managers_table(out, list, options->verbose);
  return cli_finish(out);
}

/* The row of the search that a factory came from. */
static const sheaf_plugin_info *find_info(const sheaf_plugin_list *list, const char *id) {
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (info->state == SHEAF_PLUGIN_AVAILABLE && info->id && strcmp(info->id, id) == 0) return info;
  }
  return NULL;
}

static int describe(const cli_managers_options *options, cli_session *session,
                    const sheaf_plugin_list *list, cli_buffer *out) {
  sheaf_error error = {0};
  cli_manager_view view = {.library = session->library};
  cli_log_hold();
  view.factory = sheaf_find_factory(session->library, options->describe, &error);
  cli_log_release(error.message);
  if (!view.factory) {
    cli_error("%s", error.message);
    return cli_open_status(error.status);
  }
  /* A path need not be among the places searched, even where one of its id is. */
  if (!strchr(options->describe, '/')) view.info = find_info(list, view.factory->id);
  cli_log_hold();
  session->manager = sheaf_manager_open(session->library, options->describe, session->settings,
                                        session->setting_count, &error);
  cli_log_release(error.message);
  if (session->manager) view.description = sheaf_manager_description(session->manager);
  else view.why_not = error.message;
  if (options->json) cli_describe_json(out, &view);
  else cli_describe_text(out, &view);
  return cli_finish(out);
}

static int run(const cli_managers_options *options, cli_session *session) {
  int status = cli_session_open(session, &options->common);
  if (status != CLI_OK) return status;
  sheaf_error error = {0};
  sheaf_plugin_list *list = sheaf_plugin_list_new(session->library, &error);
  if (!list) {
    cli_error("%s", error.message);
    return CLI_FAILED;
  }
  cli_buffer out = CLI_BUFFER_STDOUT;
  status =
      options->describe ? describe(options, session, list, &out) : list_all(options, list, &out);
  cli_buffer_free(&out);
  sheaf_plugin_list_free(list);
  return status;
}

int cli_managers(int argc, char **argv) {
  cli_managers_options options = {0};
  cli_session session = {0};
  int status = parse(&options, argc, argv);
  if (status == CLI_OK && options.help) {
    status = cli_print(help);
  } else if (status == CLI_OK) {
    options.common.manager = options.describe; /* whose settings are meant */
    status = run(&options, &session);
  }
  cli_session_close(&session);
  cli_common_free(&options.common);
  return status;
}
