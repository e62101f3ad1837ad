/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `sheaf` command: a thin host over the public headers and nothing else. This header holds what
 * its parts share: exit statuses, the commands, messages, small parsers.
 */
#ifndef SHEAF_CLI_CLI_H
#define SHEAF_CLI_CLI_H

#include <sheaf/sheaf.h>

/* Exit statuses, the same for every command. */
enum {
  CLI_OK = 0,
  CLI_SOME_FAILED = 1,  /* some references (or checks) failed */
  CLI_USAGE = 2,        /* the command line, a setting or the configuration is wrong */
  CLI_FAILED = 3,       /* the manager or a batch failed, or input or output did */
  CLI_INTERRUPTED = 130 /* by SIGINT */
};

/* The commands. argv[0] is the command's own name, and argv[argc] is NULL. Each parses its options,
 * prints its own errors and returns an exit status. */
int cli_managers(int argc, char **argv);
int cli_resolve(int argc, char **argv);
int cli_exists(int argc, char **argv);
int cli_traits(int argc, char **argv);
int sheaf_cli_check(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_list_stages(int argc, char **argv);

/* Prints `sheaf: ` and a message, which says what to do about it, on standard error. */
__attribute__((format(printf, 1, 2))) void cli_error(const char *format, ...);

/* The same, and returns CLI_USAGE, so that `return cli_usage(...)` reports and ends. */
__attribute__((format(printf, 1, 2))) int cli_usage(const char *format, ...);

/* Prints text on standard output as a command's whole output; CLI_OK, or CLI_FAILED after saying
 * why it could not be written. */
int cli_print(const char *text);

/* A whole number in decimal, `least` to `most`. False, and `out` untouched, for anything else:
 * signs, blanks, trailing text, too large. */
bool cli_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out);

#endif
