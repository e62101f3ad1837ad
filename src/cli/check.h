/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sheaf check`: is a manager what the contract wants? Each check runs in a process of its own, so
 * that a crash, a hang or a thread that is left behind is a result and not the end.
 *
 *   check.c          the command: options, order, exit status
 *   check_process.c  one check in a process of its own
 *   check_report.c   what is printed
 *   check_probe.c    stands between the core and the manager and notes all that the manager sends
 *   check_host.c     the host that the manager is given, and the log behind it
 *   check_values.c   what may stand in a result
 *   check_subject.c  the manager under check, and batches put to it
 *   check_judge.c    what such a batch shows
 *   check_opening.c, check_batches.c, check_ending.c   the checks
 */
#ifndef SHEAF_CLI_CHECK_H
#define SHEAF_CLI_CHECK_H

#include "cli/buffer.h"
#include "cli/common.h"

/* In order of weight: a check's outcome is the heaviest thing that it finds. */
enum {
  CHECK_PASSED,
  CHECK_SKIPPED, /* could not be judged */
  CHECK_WARNED,  /* not against the contract, and yet not good */
  CHECK_FAILED,
  CHECK_CRASHED,
  CHECK_OUTCOMES
};

/* What a check found. Plain bytes: it travels through a pipe. */
typedef struct check_verdict {
  uint32_t outcome;
  sheaf_status status; /* of what could not be found, or settings that do not fit; else SHEAF_OK */
  int64_t ms;
  char message[1500]; /* what is wrong and the remedy; empty if passed */
} check_verdict;

/* Notes a finding, unless a heavier or equal one is there already. */
__attribute__((format(printf, 3, 4))) void check_note(check_verdict *verdict, uint32_t outcome,
                                                      const char *format, ...);

/* What the command line says. */
typedef struct check_options {
  cli_common common;
  cli_session session; /* the configuration and the settings; its library loads nothing */
  const char *plugin;  /* an id or a path, as it was given */
  const char *place;   /* what is opened: the path, or the manifest that the id stands for */
  const char **refs;
  uint32_t ref_count;
  uint64_t timeout_ms; /* for each check */
  bool json;
} check_options;

typedef struct check_subject check_subject;

typedef struct check {
  const char *name;
  void (*run)(check_subject *subject, check_verdict *verdict);
  bool essential; /* if it fails, the ones after it have nothing to work on */
} check;

/* The checks, in their order, ended by one without a name. */
extern const check check_opening[], check_batches[], check_ending[];

/* Runs one check in a process of its own. */
void check_in_process(const check *what, const check_options *options, check_verdict *verdict);

/* ----------------------------------------------------------------------------------- the report */

enum { CHECK_MOST_REASONS = 8 };

/* Why checks were skipped, and how many for that. */
typedef struct check_reason {
  uint32_t count;
  char message[sizeof(((check_verdict *)NULL)->message)];
} check_reason;

/* options and out are set by whoever makes one. */
typedef struct check_report {
  const check_options *options;
  uint32_t counts[CHECK_OUTCOMES];
  check_reason reasons[CHECK_MOST_REASONS]; /* as many as have a count; further ones are not kept */
  cli_buffer out;                           /* JSON stays in it until the end */
  char said[sizeof(((check_verdict *)NULL)->message)]; /* the last message, not said twice */
} check_report;

void check_report_add(check_report *report, const char *name, const check_verdict *verdict);
/* Ends the report; CLI_OK, or CLI_FAILED if it could not be written. */
int check_report_end(check_report *report);

#endif
