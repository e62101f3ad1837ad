/* SPDX-License-Identifier: Apache-2.0 */
/* What `sheaf resolve`, `sheaf exists` and `sheaf traits` share: all but the verb. */
#ifndef SHEAF_CLI_QUERY_H
#define SHEAF_CLI_QUERY_H

#include "cli/common.h"
#include "cli/format.h"
#include "cli/measure.h"
#include "cli/stages.h"

/* A verb as a command. */
typedef struct cli_query_command {
  const char *name; /* "resolve" */
  cli_verb verb;
  const char *help;
} cli_query_command;

/* The options as given. Zeroed at first; freed with cli_query_options_free. */
typedef struct cli_query_options {
  cli_common common;
  cli_stages stages;
  cli_measure_options measure;
  const char **traits; /* none: all */
  uint32_t trait_count;
  cli_property *properties; /* none: the traits' own */
  uint32_t property_count;
  sheaf_access access;
  const cli_format *format;
  uint32_t batch_size;
  int64_t timeout_ns; /* a batch's; 0: none */
  bool stop_on_error;
  char **refs; /* references and "-", up to a NULL */
  bool help;   /* asked for the help text: nothing else counts */
} cli_query_options;

/* Reads the command line. CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_query_parse(cli_query_options *options, const cli_query_command *command, int argc,
                    char **argv);

void cli_query_options_free(cli_query_options *options);

/* Runs it: an exit status, and all is said. */
int cli_query_run(const cli_query_options *options, const cli_query_command *command);

#endif
