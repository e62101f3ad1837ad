/* SPDX-License-Identifier: Apache-2.0 */
/* The checks on many threads at once, on being told to end, on the log, and on ending. */
#include <dirent.h>

#include "cli/check_subject.h"

/* ----------------------------------------------------------------------------- concurrent calls */

enum { THREADS = 8, ROUNDS = 4, REFS = 200 };

typedef struct caller {
  check_subject *subject;
  const check_shape *shape;
  const sheaf_str *refs;
  pthread_t thread;
  probe_run *runs[ROUNDS];
} caller;

static void *call_rounds(void *caller_) {
  caller *c = caller_;
  for (int i = 0; i < ROUNDS; i++) {
    c->runs[i] = probe_run_new(c->shape->name, REFS, c->subject->library);
    check_ask(c->subject, c->shape, c->refs, NULL, c->runs[i]);
  }
  return NULL;
}

/* The first index that two runs answer differently; REFS if there is none. */
static uint32_t first_difference(const probe_run *a, const probe_run *b) {
  uint32_t i = 0;
  while (i < REFS && a->digests[i] == b->digests[i]) i++;
  return i;
}

/* `alone` is what one thread gets; NULL if that is not the same each time. */
static void judge_caller(caller *c, const probe_run *alone, check_verdict *verdict) {
  for (int i = 0; i < ROUNDS; i++) {
    check_judge_all(c->runs[i], verdict);
    uint32_t at = alone ? first_difference(alone, c->runs[i]) : REFS;
    if (at < REFS) {
      check_note(verdict, CHECK_FAILED,
                 "%s: with %d threads index %u was answered otherwise than with one: guard what "
                 "the calls share, or say SHEAF_MANAGER_SERIALIZED in `describe`",
                 c->shape->name, THREADS, at);
    }
  }
}

static void check_concurrent(check_subject *subject, check_verdict *verdict) {
  static caller callers[THREADS];
  if (!check_open(subject, verdict)) return;
  const check_shape *shape = check_served_shape(subject, 0);
  if (!shape) {
    check_note(verdict, CHECK_SKIPPED, "the manager serves no verb that is known here");
    return;
  }
  const probe_run *alone = check_ask_simply(subject, shape, REFS);
  bool steady = first_difference(alone, check_ask_simply(subject, shape, REFS)) == REFS;
  int started = 0;
  for (; started < THREADS; started++) {
    caller *c = &callers[started];
    *c = (caller){.subject = subject, .shape = shape, .refs = check_refs(subject, REFS)};
    if (pthread_create(&c->thread, NULL, call_rounds, c) != 0) break;
  }
  for (int i = 0; i < started; i++) pthread_join(callers[i].thread, NULL);
  for (int i = 0; i < started; i++) judge_caller(&callers[i], steady ? alone : NULL, verdict);
  if (started < 2) check_note(verdict, CHECK_SKIPPED, "threads could not be started");
}

/* ------------------------------------------------------------------------------ stop and cancel */

enum { MANY = 1000, CANCEL_AFTER_MS = 50, PROMPT_MS = 100, TARDY_MS = 1000 };

static void check_stop(check_subject *subject, check_verdict *verdict) {
  if (!check_open(subject, verdict)) return;
  const check_shape *shape = check_served_shape(subject, 0);
  if (!shape) return;
  probe_run *run = probe_run_new(shape->name, MANY, subject->library);
  run->stop_at_first = true;
  check_ask(subject, shape, check_refs(subject, MANY), NULL, run);
  if (!run->stopped) {
    check_note(verdict, CHECK_SKIPPED, "%s: no result came that could have been the last",
               shape->name);
  }
  if (run->after_stop > 0) {
    check_note(verdict, CHECK_FAILED,
               "%s: %u more results came after the sink had answered SHEAF_STOP: return from batch "
               "then",
               shape->name, run->after_stop);
  }
}

typedef struct canceller {
  probe_run *run;
  sheaf_cancel *cancel;
} canceller;

/* Cancels a batch whose first result is long in coming; the probe cancels at the first. */
static void *cancel_soon(void *canceller_) {
  canceller *c = canceller_;
  check_sleep_ms(CANCEL_AFTER_MS);
  pthread_mutex_lock(&c->run->lock);
  bool mine = c->run->cancelled_ns == 0;
  if (mine) c->run->cancelled_ns = check_now();
  pthread_mutex_unlock(&c->run->lock);
  if (mine) sheaf_cancel_set(c->cancel);
  return NULL;
}

static void judge_cancel(const probe_run *run, check_verdict *verdict) {
  if (run->cancelled_ns == 0 || run->cancelled_ns >= run->ended_ns) {
    check_note(verdict, CHECK_SKIPPED, "%s: the batch ended before it could be cancelled",
               run->shape);
    return;
  }
  long long ms = (run->ended_ns - run->cancelled_ns) / 1000000;
  if (ms < PROMPT_MS) return;
  check_note(verdict, ms < TARDY_MS ? CHECK_WARNED : CHECK_FAILED,
             "%s: a cancelled batch went on for %lld ms: ask call->poll now and then, and sleep "
             "only in call->wait",
             run->shape, ms);
}

static void check_cancel(check_subject *subject, check_verdict *verdict) {
  if (!check_open(subject, verdict)) return;
  const check_shape *shape = check_served_shape(subject, 0);
  sheaf_cancel *cancel = sheaf_cancel_new();
  if (!shape || !cancel) return;
  probe_run *run = probe_run_new(shape->name, MANY, subject->library);
  run->cancel_at_first = cancel;
  canceller c = {run, cancel};
  pthread_t thread;
  if (pthread_create(&thread, NULL, cancel_soon, &c) != 0) return;
  check_ask(subject, shape, check_refs(subject, MANY), cancel, run);
  pthread_join(thread, NULL);
  judge_cancel(run, verdict);
}

/* -------------------------------------------------------------------------------------- the log */

/* What is logged when all goes well, when nothing is found, and on closing. */
static void check_log(check_subject *subject, check_verdict *verdict) {
  if (!check_open(subject, verdict)) return;
  const check_shape *shape;
  for (uint32_t i = 0; (shape = check_served_shape(subject, i)); i++) {
    check_ask_simply(subject, shape, 10);
    probe_run *run = probe_run_new(shape->name, 10, subject->library);
    check_ask(subject, shape, check_unknown_refs(subject, 10), NULL, run);
  }
  sheaf_manager_close(subject->manager);
  probe_host *host = &subject->probe.host;
  pthread_mutex_lock(&host->lock);
  if (host->fault)
    check_note(verdict, CHECK_FAILED, "host->log(\"%s\"): %s", host->sample, host->fault);
  pthread_mutex_unlock(&host->lock);
}

/* ------------------------------------------------------------------------------ nothing is left */

/* The entries of a folder of /proc/self; 0 if it cannot be read. */
static int entries(const char *path) {
  DIR *folder = opendir(path);
  int count = 0;
  while (folder && readdir(folder)) count++;
  if (folder) closedir(folder);
  return count;
}

/* The threads of this process; waits a little for those that are about to end. */
static int settled_threads(int wanted) {
  int count = entries("/proc/self/task");
  for (int i = 0; i < 20 && count > wanted; i++) {
    check_sleep_ms(10);
    count = entries("/proc/self/task");
  }
  return count;
}

/* The first time a library may set up what stays; what grows with each opening is a leak. */
static void check_close(check_subject *subject, check_verdict *verdict) {
  int threads = 0, files = 0;
  for (int i = 0; i < 3; i++) {
    check_subject again = {.options = subject->options};
    if (!check_open(&again, verdict)) return;
    const check_shape *shape = check_served_shape(&again, 0);
    if (shape) check_ask_simply(&again, shape, 10);
    sheaf_manager_close(again.manager);
    sheaf_library_free(again.library);
    sheaf_library_free(again.finder);
    if (i > 0) continue;
    threads = settled_threads(1);
    files = entries("/proc/self/fd");
  }
  int threads_now = settled_threads(threads), files_now = entries("/proc/self/fd");
  if (threads_now > threads) {
    check_note(verdict, CHECK_FAILED,
               "opening and closing it twice left %d threads running: join them in destroy",
               threads_now - threads);
  }
  if (files_now > files) {
    check_note(verdict, CHECK_FAILED,
               "opening and closing it twice left %d files open: close them in destroy",
               files_now - files);
  }
}

const check check_ending[] = {
    {"concurrent calls", check_concurrent, false},
    {"stop", check_stop, false},
    {"cancel", check_cancel, false},
    {"log", check_log, false},
    {"close", check_close, false},
    {NULL, NULL, false},
};
