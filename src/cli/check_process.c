/* SPDX-License-Identifier: Apache-2.0 */
/* One check in a process of its own. The parent never loads a plugin and has no threads, so that a
 * plain fork is a clean start. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/check_subject.h"

/* What the plugin prints goes to standard error: standard output is the report's. A crash is
 * expected here and leaves no core file. */
static void run_child(const check *what, const check_options *options, int out) {
  struct rlimit no_core = {0, 0};
  static check_subject subject;
  check_verdict verdict = {0};
  setrlimit(RLIMIT_CORE, &no_core);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  subject.options = options;
  what->run(&subject, &verdict);
  ssize_t written = write(out, &verdict, sizeof verdict); /* less than PIPE_BUF: all or nothing */
  _exit(written == (ssize_t)sizeof verdict ? 0 : 1);      /* no destructors: `close` is a check */
}

/* Waits for the verdict: true if it came. `late` tells whether time ran out. */
static bool receive(int in, uint64_t timeout_ms, check_verdict *verdict, bool *late) {
  int64_t end = check_now() + (int64_t)timeout_ms * 1000000;
  for (;;) {
    int64_t left = (end - check_now() + 999999) / 1000000;
    struct pollfd p = {in, POLLIN, 0};
    int ready = poll(&p, 1, left > 0 ? (int)left : 0);
    if (ready < 0 && errno == EINTR) continue;
    *late = ready == 0;
    return ready > 0 && read(in, verdict, sizeof *verdict) == (ssize_t)sizeof *verdict;
  }
}

static const char *signal_name(int number) {
  switch (number) {
  case SIGSEGV:
    return "SIGSEGV, a bad pointer";
  case SIGBUS:
    return "SIGBUS, a bad address";
  case SIGABRT:
    return "SIGABRT, an assertion or corrupt memory";
  case SIGFPE:
    return "SIGFPE, bad arithmetic";
  case SIGILL:
    return "SIGILL, a bad instruction";
  case SIGKILL:
    return "SIGKILL, perhaps out of memory";
  case SIGTRAP:
    return "SIGTRAP";
  case SIGPIPE:
    return "SIGPIPE";
  case SIGTERM:
    return "SIGTERM";
  default:
    return "a signal";
  }
}

static void judge_end(int state, check_verdict *verdict) {
  if (WIFSIGNALED(state)) {
    check_note(verdict, CHECK_CRASHED,
               "the process was ended by signal %d (%s): look at it in a debugger (gdb: set "
               "follow-fork-mode child)",
               WTERMSIG(state), signal_name(WTERMSIG(state)));
  } else {
    check_note(verdict, CHECK_CRASHED,
               "the process exited with status %d in the middle of the check: a manager must not "
               "end its host (a sanitizer does, and says why on standard error)",
               WEXITSTATUS(state));
  }
}

/* Ends the child if need be, and waits for it. */
static void finish(pid_t child, bool got, bool late, uint64_t timeout_ms, check_verdict *verdict) {
  int state = 0;
  if (got || late) kill(child, SIGKILL);
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (got) return;
  memset(verdict, 0, sizeof *verdict);
  if (late) {
    check_note(verdict, CHECK_FAILED,
               "was not done after %llu ms and had to be ended: something does not return, or "
               "--timeout-ms is too short for this manager",
               (unsigned long long)timeout_ms);
  } else {
    judge_end(state, verdict);
  }
}

void check_in_process(const check *what, const check_options *options, check_verdict *verdict) {
  int ends[2];
  bool late = false;
  int64_t began = check_now();
  memset(verdict, 0, sizeof *verdict);
  pid_t child = pipe(ends) == 0 ? fork() : -1;
  if (child < 0) {
    check_note(verdict, CHECK_SKIPPED, "no process could be made for it: %s", strerror(errno));
    return;
  }
  if (child == 0) {
    close(ends[0]);
    run_child(what, options, ends[1]);
  }
  close(ends[1]);
  bool got = receive(ends[0], options->timeout_ms, verdict, &late);
  close(ends[0]);
  finish(child, got, late, options->timeout_ms, verdict);
  verdict->message[sizeof verdict->message - 1] = '\0';
  if (verdict->outcome >= CHECK_OUTCOMES) verdict->outcome = CHECK_FAILED;
  verdict->ms = (check_now() - began) / 1000000;
}
