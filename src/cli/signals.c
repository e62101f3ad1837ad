/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool pipe_is_ignored; /* whoever started us ignores SIGPIPE */
static bool pipe_broke;

/* A closed descriptor is filled the wrong way round, so that using it still fails with EBADF. */
static void fill_descriptor(int fd, int mode) {
  if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) return;
  (void)open("/dev/null", mode); /* takes the lowest free number, which is fd */
}

void cli_signals_prepare(void) {
  fill_descriptor(STDIN_FILENO, O_WRONLY);
  fill_descriptor(STDOUT_FILENO, O_RDONLY);
  fill_descriptor(STDERR_FILENO, O_RDONLY);
  struct sigaction ignore = {.sa_handler = SIG_IGN}, before = {0};
  sigaction(SIGPIPE, &ignore, &before);
  pipe_is_ignored = before.sa_handler == SIG_IGN;
}

bool cli_pipe_broke(void) {
  pipe_broke = true;
  return !pipe_is_ignored;
}

int cli_signals_end(int status) {
  if (pipe_broke && !pipe_is_ignored) {
    struct sigaction end = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &end, NULL);
    raise(SIGPIPE);
  }
  return status;
}

static void *listen_for_sigint(void *argument) {
  cli_interrupt *interrupt = argument;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  for (bool before = false;; before = true) {
    int number;
    sigwait(&signals, &number);
    if (atomic_load(&interrupt->leaving)) return NULL;
    if (before || !atomic_load(&interrupt->working)) _exit(CLI_INTERRUPTED);
    sheaf_cancel_set(interrupt->cancel);
    ssize_t ignored = write(interrupt->wake_write_fd, "", 1);
    (void)ignored; /* one byte into an empty pipe */
  }
}

/* Blocks SIGINT in this thread and all that come from it; only the listener takes it. */
static int start_listener(cli_interrupt *interrupt) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, &interrupt->mask_before);
  int failed = pthread_create(&interrupt->thread, NULL, listen_for_sigint, interrupt);
  if (failed) pthread_sigmask(SIG_SETMASK, &interrupt->mask_before, NULL);
  interrupt->started = !failed;
  return failed;
}

int cli_interrupt_start(cli_interrupt *interrupt) {
  *interrupt = (cli_interrupt){.wake_fd = -1, .wake_write_fd = -1};
  struct sigaction present;
  sigaction(SIGINT, NULL, &present);
  if (present.sa_handler == SIG_IGN) return CLI_OK; /* as nohup and shells' background jobs want */
  int pipe_fds[2];
  int failed = pipe(pipe_fds) ? errno : 0;
  if (!failed) {
    interrupt->wake_fd = pipe_fds[0];
    interrupt->wake_write_fd = pipe_fds[1];
    (void)fcntl(pipe_fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pipe_fds[1], F_SETFD, FD_CLOEXEC);
    interrupt->cancel = sheaf_cancel_new();
    failed = interrupt->cancel ? start_listener(interrupt) : ENOMEM;
  }
  if (!failed) return CLI_OK;
  cli_error("cannot listen for Ctrl-C: %s", strerror(failed));
  return CLI_FAILED;
}

void cli_interrupt_working(cli_interrupt *interrupt) { atomic_store(&interrupt->working, true); }

bool cli_interrupted(const cli_interrupt *interrupt) {
  return sheaf_cancel_is_set(interrupt->cancel);
}

void cli_interrupt_end(cli_interrupt *interrupt) {
  if (interrupt->started) {
    atomic_store(&interrupt->leaving, true);
    pthread_kill(interrupt->thread, SIGINT); /* to the listener alone: wakes its sigwait */
    pthread_join(interrupt->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &interrupt->mask_before, NULL);
  }
  sheaf_cancel_free(interrupt->cancel);
  if (interrupt->wake_fd >= 0) close(interrupt->wake_fd);
  if (interrupt->wake_write_fd >= 0) close(interrupt->wake_write_fd);
}
