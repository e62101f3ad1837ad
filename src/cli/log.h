/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's log on standard error. When a manager cannot be had, the library logs why, for hosts
 * that look no further, and returns the same as an error, which the command prints: a user is told
 * once.
 */
#ifndef SHEAF_CLI_LOG_H
#define SHEAF_CLI_LOG_H

#include "cli/cli.h"

/* A sheaf_log_fn; `ctx` is not used. */
void cli_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message);

/* Keeps back what is logged until cli_log_release, which prints it but for what `said` says already
 * ("" if nothing was said). */
void cli_log_hold(void);
void cli_log_release(const char *said);

/* Writes text for people on standard error: control characters are not let through. */
void cli_put_stderr(const char *text);

#endif
