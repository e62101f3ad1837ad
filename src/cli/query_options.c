/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/query.h"

enum {
  OPTION_TRAIT = CLI_OPTION_OWN,
  OPTION_PROPERTY,
  OPTION_ACCESS,
  OPTION_FORMAT,
  OPTION_BATCH_SIZE,
  OPTION_TIMEOUT,
  OPTION_STOP_ON_ERROR,
  OPTION_STAGE,
  OPTION_STAGE_SETTING,
  OPTION_METRICS,
  OPTION_TRACE
};

enum { DEFAULT_BATCH_SIZE = 1000 };

/* What reading standard input is called on the command line. getopt_long moves the references
 * behind the options within argv, and this stands for them all when there are none. */
static char dash[] = "-";
static char *only_stdin[] = {dash, NULL};

static int take_trait(cli_query_options *options, const char *argument) {
  const char **more =
      realloc(options->traits, (options->trait_count + (size_t)1) * sizeof *options->traits);
  if (!more) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  options->traits = more;
  more[options->trait_count++] = argument;
  return CLI_OK;
}

/* TRAIT/KEY; the trait may have slashes. */
static int take_property(cli_query_options *options, const char *argument) {
  const char *slash = strrchr(argument, '/');
  if (!slash || slash == argument || !slash[1])
    return cli_usage("--property '%s' is not of the form TRAIT/KEY", argument);
  for (uint32_t i = 0; i < options->property_count; i++)
    if (strcmp(options->properties[i].text, argument) == 0)
      return cli_usage("--property '%s' is given twice", argument);
  cli_property *more =
      realloc(options->properties, (options->property_count + (size_t)1) * sizeof *more);
  if (!more) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  options->properties = more;
  more[options->property_count++] = (cli_property){
      argument, sheaf_strn(argument, (size_t)(slash - argument)), sheaf_cstr(slash + 1)};
  return CLI_OK;
}

static int take_access(cli_query_options *options, const char *argument) {
  if (sheaf_access_from_name(sheaf_cstr(argument), &options->access)) return CLI_OK;
#define NAME(upper, number, text) text " "
  return cli_usage("--access '%s' is no mode of access; there are: " SHEAF_ACCESS_MAP(NAME),
                   argument);
#undef NAME
}

static int take_format(cli_query_options *options, const char *argument) {
  options->format = cli_format_find(argument);
  if (options->format) return CLI_OK;
  return cli_usage("--format '%s' is unknown; there are: table, jsonl, csv, arrow", argument);
}

static int take_batch_size(cli_query_options *options, const char *argument) {
  const uint64_t most = SHEAF_REST - 1;
  uint64_t size;
  if (!cli_parse_number(argument, 1, most, &size)) {
    return cli_usage("--batch-size '%s' is not a whole number from 1 to %llu", argument,
                     (unsigned long long)most);
  }
  options->batch_size = (uint32_t)size;
  return CLI_OK;
}

static int take_timeout(cli_query_options *options, const char *argument) {
  const uint64_t most = 1000ull * 60 * 60 * 24 * 365; /* a year: no overflow in nanoseconds */
  uint64_t milliseconds;
  if (!cli_parse_number(argument, 1, most, &milliseconds)) {
    return cli_usage("--timeout-ms '%s' is not a whole number from 1 to %llu", argument,
                     (unsigned long long)most);
  }
  options->timeout_ns = (int64_t)milliseconds * 1000000;
  return CLI_OK;
}

static int take(cli_query_options *options, int option, const char *argument) {
  switch (option) {
  case OPTION_TRAIT:
    return take_trait(options, argument);
  case OPTION_PROPERTY:
    return take_property(options, argument);
  case OPTION_ACCESS:
    return take_access(options, argument);
  case OPTION_FORMAT:
    return take_format(options, argument);
  case OPTION_BATCH_SIZE:
    return take_batch_size(options, argument);
  case OPTION_TIMEOUT:
    return take_timeout(options, argument);
  case OPTION_STAGE:
    return cli_stages_take(&options->stages, argument);
  case OPTION_STAGE_SETTING:
    return cli_stages_take_setting(&options->stages, argument);
  case OPTION_METRICS:
    options->measure.metrics = argument;
    return CLI_OK;
  case OPTION_TRACE:
    options->measure.trace = argument;
    return CLI_OK;
  case OPTION_STOP_ON_ERROR:
    options->stop_on_error = true;
    return CLI_OK;
  default:
    return cli_common_take(&options->common, option, argument);
  }
}

static int parse_options(cli_query_options *options, const char *command, int argc, char **argv) {
  static const struct option known[] = {
      CLI_COMMON_OPTIONS,
      CLI_MANAGER_OPTION,
      {"trait", required_argument, NULL, OPTION_TRAIT},
      {"property", required_argument, NULL, OPTION_PROPERTY},
      {"access", required_argument, NULL, OPTION_ACCESS},
      {"format", required_argument, NULL, OPTION_FORMAT},
      {"batch-size", required_argument, NULL, OPTION_BATCH_SIZE},
      {"timeout-ms", required_argument, NULL, OPTION_TIMEOUT},
      {"stop-on-error", no_argument, NULL, OPTION_STOP_ON_ERROR},
      {"stage", required_argument, NULL, OPTION_STAGE},
      {"stage-setting", required_argument, NULL, OPTION_STAGE_SETTING},
      {"metrics", required_argument, NULL, OPTION_METRICS},
      {"trace", required_argument, NULL, OPTION_TRACE},
      {NULL, 0, NULL, 0}};
  for (;;) {
    int option = getopt_long(argc, argv, ":h", known, NULL);
    if (option == -1) return CLI_OK;
    if (option == '?' || option == ':') return cli_bad_option(option, argv, command);
    if (option == 'h') {
      options->help = true;
      return CLI_OK;
    }
    int status = take(options, option, optarg);
    if (status != CLI_OK) return status;
  }
}

static int check_together(const cli_query_options *options, const cli_query_command *command) {
  bool is_arrow = options->format == &cli_format_arrow;
  if (options->property_count && command->verb != SHEAF_VERB_RESOLVE)
    return cli_usage("%s: --property is for 'sheaf resolve'", command->name);
  if (options->trait_count && command->verb != SHEAF_VERB_RESOLVE)
    return cli_usage("%s: --trait is for 'sheaf resolve'", command->name);
  if (options->property_count && options->trait_count)
    return cli_usage("--trait and --property are two ways to say what is wanted: give one of them");
  if (!is_arrow) return CLI_OK;
  if (options->property_count == 0)
    return cli_usage("--format arrow is for 'sheaf resolve' with columns: name them, --property "
                     "TRAIT/KEY, once for each");
  if (cli_arrow_is_missing()) return cli_usage("--format arrow: %s", cli_arrow_is_missing());
  if (isatty(STDOUT_FILENO))
    return cli_usage("--format arrow is not for a terminal: send it to a file or a pipe");
  return CLI_OK;
}

int cli_query_parse(cli_query_options *options, const cli_query_command *command, int argc,
                    char **argv) {
  options->batch_size = DEFAULT_BATCH_SIZE;
  int status = parse_options(options, command->name, argc, argv);
  if (status != CLI_OK || options->help) return status;
  if (!options->format) {
    options->format = isatty(STDOUT_FILENO) ? &cli_format_table : &cli_format_jsonl;
  }
  status = check_together(options, command);
  if (status == CLI_OK) status = cli_measure_check(&options->measure);
  if (status != CLI_OK) return status;
  options->refs = argv + optind;
  if (optind < argc) return CLI_OK;
  if (isatty(STDIN_FILENO)) {
    return cli_usage("%s: no references: give them as arguments, or '-' to type them in; see "
                     "'sheaf help %s'",
                     command->name, command->name);
  }
  options->refs = only_stdin;
  return CLI_OK;
}

void cli_query_options_free(cli_query_options *options) {
  cli_common_free(&options->common);
  cli_stages_free(&options->stages);
  free(options->traits);
  free(options->properties);
}
