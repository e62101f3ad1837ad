/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --metrics and --trace write: what the stage `meter` measures on top of the stack, and for
 * --metrics what all stages below it have counted. Results come whether or not that can be written.
 */
#ifndef SHEAF_CLI_MEASURE_H
#define SHEAF_CLI_MEASURE_H

#include "cli/common.h"

/* The options' part of a command's help. */
#define CLI_MEASURE_HELP                                                                           \
  "  --metrics FILE        write what was measured, and counted by stages, for Prometheus, when\n" \
  "                        all is done; '-' is standard error\n"                                   \
  "  --trace FILE          write when each batch began and ended, as Chrome trace events, to be\n" \
  "                        opened in Perfetto\n"

typedef struct cli_measure_options {
  const char *metrics; /* a path, or "-"; NULL: none */
  const char *trace;   /* a path; NULL: none */
} cli_measure_options;

/* Zeroed at first. */
typedef struct cli_measure {
  const cli_measure_options *options;
  int metrics_fd; /* -1: none */
  bool is_on;     /* there is a meter */
  bool failed;    /* something could not be written, which was said */
} cli_measure;

/* CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_measure_check(const cli_measure_options *options);

/* Puts a meter on the session's manager, if one is wanted, and opens the files. What cannot be written, or
 * measured, is said at once and remembered. */
void cli_measure_start(cli_measure *measure, const cli_measure_options *options,
                       cli_session *session);

/* Writes the metrics. The exit status, given that of what was asked: a failure to write counts where all
 * else went well. */
int cli_measure_finish(cli_measure *measure, cli_session *session, int status);

#endif
