/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen to the process from outside: Ctrl-C, and a reader of our output that leaves. */
#ifndef SHEAF_CLI_SIGNALS_H
#define SHEAF_CLI_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "cli/cli.h"

/* First thing in main. Makes sure that descriptors 0 to 2 are taken, so that no file of a manager's
 * becomes our standard output, and turns SIGPIPE into EPIPE: a manager's lost connection must not
 * end the process. */
void cli_signals_prepare(void);

/* Writing has failed with EPIPE. True if the process is to end by SIGPIPE, as `sheaf … | head`
 * should, without a word; false if whoever started us ignores SIGPIPE and so wants a message. */
bool cli_pipe_broke(void);

/* Last thing in main: ends the process by SIGPIPE if that was promised, else returns `status`. */
int cli_signals_end(int status);

/*
 * Ctrl-C. sheaf_cancel_set is not for signal handlers, so a thread waits for SIGINT and throws the
 * switch. Before work has begun, and when it comes a second time (the manager is stuck), SIGINT
 * ends the process at once.
 */
typedef struct cli_interrupt {
  sheaf_cancel *cancel; /* for sheaf_call.cancel */
  int wake_fd;          /* readable once SIGINT has come */
  int wake_write_fd;
  pthread_t thread;
  sigset_t mask_before; /* of the thread that started it */
  bool started;
  atomic_bool working, leaving;
} cli_interrupt;

/* Starts listening; before any thread of a manager exists, for those must not take the signal. The
 * structure must not move until cli_interrupt_end. CLI_OK, or CLI_FAILED after saying why. */
int cli_interrupt_start(cli_interrupt *interrupt);

/* From here on SIGINT cancels. */
void cli_interrupt_working(cli_interrupt *interrupt);

/* Whether SIGINT has come. */
bool cli_interrupted(const cli_interrupt *interrupt);

/* Stops listening: from here on SIGINT ends the process again. */
void cli_interrupt_end(cli_interrupt *interrupt);

#endif
