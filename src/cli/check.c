/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf check: the command. */
#include <stdlib.h>

#include "cli/check.h"
#include "cli/text.h"

enum { OPTION_REF = CLI_OPTION_OWN, OPTION_FORMAT, OPTION_TIMEOUT };

static const char help[] =
    "usage: sheaf check [OPTION]... [PLUGIN | ID]\n"
    "\n"
    "Checks whether a manager plugin keeps the rules of sheaf/abi.h. PLUGIN is the path of a\n"
    "manifest or a shared object, with a slash in it; ID is a manager's; without either, the\n"
    "configuration file's manager. Each check runs in a process of its own and either passed,\n"
    "failed, crashed, warned (not against the rules, but not good) or was skipped (could not be\n"
    "judged; the last line says why).\n"
    "\n"
    "  --ref REF             a reference that exists, to ask about; repeatable. Without it, ones\n"
    "                        that do not\n"
    "  --format FORMAT       text (the default) or json\n"
    "  --timeout-ms N        end a check that takes longer; 10000 by default\n" CLI_COMMON_HELP "\n"
    "Exit status: 0 nothing failed or crashed, 1 something did, 2 the command line, a setting\n"
    "or the configuration file is wrong, 3 there is no such plugin, or output failed.\n";

static const struct option long_options[] = {
    {"ref", required_argument, NULL, OPTION_REF},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"timeout-ms", required_argument, NULL, OPTION_TIMEOUT},
    CLI_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static int take_format(check_options *options, const char *text) {
  options->json = strcmp(text, "json") == 0;
  if (options->json || strcmp(text, "text") == 0) return CLI_OK;
  return cli_usage("--format '%s' is unknown: text or json", text);
}

static int take_timeout(check_options *options, const char *text) {
  if (cli_parse_number(text, 1, 86400000, &options->timeout_ms)) return CLI_OK;
  return cli_usage("--timeout-ms '%s' is not a number of milliseconds from 1 to 86400000", text);
}

static int take(check_options *options, int option, char **argv) {
  switch (option) {
  case OPTION_REF:
    options->refs[options->ref_count++] = optarg;
    return CLI_OK;
  case OPTION_FORMAT:
    return take_format(options, optarg);
  case OPTION_TIMEOUT:
    return take_timeout(options, optarg);
  default:
    break;
  }
  int status = cli_common_take(&options->common, option, optarg);
  return status >= 0 ? status : cli_bad_option(option, argv, "check");
}

/* CLI_OK; a status after saying what is wrong; -1 if it was for help. */
static int parse(check_options *options, int argc, char **argv) {
  options->timeout_ms = 10000;
  options->refs = calloc((size_t)argc + 1, sizeof *options->refs);
  if (!options->refs) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  optind = 1;
  for (int c; (c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;) {
    if (c == 'h') return -1;
    int status = take(options, c, argv);
    if (status != CLI_OK) return status;
  }
  if (argc - optind > 1) {
    return cli_usage("check takes one plugin; '%s' is one too many (references are given with "
                     "--ref)",
                     argv[optind + 1]);
  }
  if (optind < argc && !*argv[optind]) return cli_usage("the name of the plugin is empty");
  if (optind < argc) options->common.manager = argv[optind];
  return CLI_OK;
}

/* Runs a row of checks; `blocker` is the essential one that failed, if one did. CLI_OK, or a status
 * after saying why there is nothing to check. */
static int run_row(check_report *report, const check *row, const char **blocker) {
  for (; row->name; row++) {
    check_verdict verdict = {0};
    if (*blocker) {
      check_note(&verdict, CHECK_SKIPPED, "nothing to work on: '%s' did not pass", *blocker);
    } else {
      check_in_process(row, report->options, &verdict);
    }
    if (verdict.status == SHEAF_NOT_FOUND || verdict.status == SHEAF_INVALID_ARGUMENT) {
      cli_error("%s", verdict.message);
      return cli_open_status(verdict.status);
    }
    check_report_add(report, row->name, &verdict);
    if (row->essential && verdict.outcome >= CHECK_FAILED && !*blocker) *blocker = row->name;
  }
  return CLI_OK;
}

static int run_checks(const check_options *options) {
  const check *const rows[] = {check_opening, check_batches, check_ending};
  check_report report = {.options = options, .out = CLI_BUFFER_STDOUT};
  const char *blocker = NULL;
  int status = CLI_OK;
  for (size_t i = 0; i < sizeof rows / sizeof *rows && status == CLI_OK; i++) {
    status = run_row(&report, rows[i], &blocker);
  }
  if (status == CLI_OK) status = check_report_end(&report);
  cli_buffer_free(&report.out);
  if (status != CLI_OK) return status;
  return report.counts[CHECK_FAILED] + report.counts[CHECK_CRASHED] ? CLI_SOME_FAILED : CLI_OK;
}

/* The first manifest of an id. To open the id itself would pass on to the next plugin of that id if
 * the first is refused or does not load, and so check another than was meant. */
static const char *place_of(const char *plugin, const sheaf_plugin_list *list) {
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list) && !strchr(plugin, '/'); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (!info->id || strcmp(info->id, plugin) != 0) continue;
    return info->manifest ? info->manifest : plugin;
  }
  return plugin;
}

/* Runs the checks on what was asked for. */
static int check_plugin(check_options *options) {
  sheaf_error error;
  sheaf_plugin_list *list = sheaf_plugin_list_new(options->session.library, &error);
  if (!list) {
    cli_error("%s", error.message);
    return CLI_FAILED;
  }
  options->place = place_of(options->plugin, list);
  int status = run_checks(options);
  sheaf_plugin_list_free(list);
  return status;
}

int sheaf_cli_check(int argc, char **argv) {
  check_options options = {0};
  int status = parse(&options, argc, argv);
  if (status == CLI_OK) status = cli_session_open(&options.session, &options.common);
  options.plugin = options.session.manager_id;
  if (status == CLI_OK && !options.plugin) {
    status = cli_usage("check wants the id or the path of a plugin; see 'sheaf help check'");
  }
  cli_text_prepare();
  if (status == CLI_OK) {
    status = check_plugin(&options);
  } else if (status == -1) {
    status = cli_print(help);
  }
  cli_session_close(&options.session);
  cli_common_free(&options.common);
  free(options.refs);
  return status;
}
