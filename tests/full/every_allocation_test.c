/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation failed in turn, once alone and once with all that follow, in each scenario: no
 * crash, no leak, a status and words that say why, one result an index; and whoever tries again is
 * served. Each failure has a process of its own: what happens once in a process (a plugin being
 * loaded, a thread's first call) fails as well.
 *
 *   every_allocation_test                   every 41st allocation: part of `make test`
 *   every_allocation_test --full            all: part of `make test-full`
 *   every_allocation_test SCENARIO [NTH [all]]    one of them, to look into
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "scenarios.h"

/* AddressSanitizer has a part of the C library's own allocations done behind our back: it cannot be
 * counted, but it can be asked. */
#if defined(__SANITIZE_ADDRESS__)
int __lsan_do_recoverable_leak_check(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_options(void);

/* glibc's loader leaks what it knew of a library, if it runs out of memory half-way. */
const char *__lsan_default_suppressions(void) { return "leak:ld-linux\n"; }
const char *__lsan_default_options(void) { return "print_suppressions=0"; }

#define COUNTS 0
#define LEAKS() __lsan_do_recoverable_leak_check()
#else
#define COUNTS 1
#define LEAKS() 0
#endif

enum { STEP = 41, PATIENCE_S = 60, WARM_RUNS = 4 };

/* What a process tells the one that started it. */
typedef struct report {
  bool has_failed; /* an allocation */
} report;

static report *told;

static void run_failing(const scenario *s, long nth, bool and_all_after) {
  failing_from(nth, and_all_after);
  s->run();
  failing_ends();
  if (failing_has_failed()) told->has_failed = true;
  failing_from(0, false);
}

/* All must go well: nothing fails. Several times, for what a process keeps for good (flights at
 * rest, a thread's scratch memory) to be all there. */
static void run_well(const scenario *s) {
  for (int i = 0; i < WARM_RUNS; i++) s->run();
}

/* In the process of its own. */
static void fail_one(const scenario *s, long nth, bool and_all_after) {
  run_failing(s, nth, and_all_after); /* as the first thing that this process does with Sheaf */
  run_well(s);
  long before = failing_live();
  run_failing(s, nth, and_all_after);
  run_well(s);
  long after = failing_live();
  if (COUNTS && after != before) fprintf(stderr, "%ld blocks leaked\n", after - before);
  if (LEAKS() || (COUNTS && after != before)) _exit(1);
}

static bool fail_in_child(const scenario *s, long nth, bool and_all_after) {
  int status = 0;
  told->has_failed = false;
  pid_t child = fork();
  if (child == 0) {
    alarm(PATIENCE_S);
    fail_one(s, nth, and_all_after);
    _exit(0);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) {
    perror("fork");
    return false;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (WIFSIGNALED(status))
    fprintf(stderr, "%s\n", WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
  fprintf(stderr, "FAILED: every_allocation_test '%s' %ld%s\n", s->name, nth,
          and_all_after ? " all" : "");
  return false;
}

/* Until one comes whose number there are not. Answers how many went wrong. */
static unsigned fail_each(const scenario *s, long step, bool and_all_after) {
  unsigned wrong = 0;
  if (s->has_threads && !COUNTS) return 0;
  long nth = 1;
  do {
    wrong += !fail_in_child(s, nth, and_all_after);
    nth += step;
  } while (told->has_failed && wrong < 5);
  printf("%-20s %-14s up to the %ldth\n", s->name, and_all_after ? "from then on" : "once", nth - step);
  fflush(stdout);
  return wrong;
}

static int look_into(const char *name, const char *nth, bool and_all_after) {
  for (unsigned i = 0; i < scenario_count; i++) {
    if (strcmp(scenarios[i].name, name) != 0) continue;
    if (!nth) return fail_each(&scenarios[i], 1, false) + fail_each(&scenarios[i], 1, true) > 0;
    fail_one(&scenarios[i], strtol(nth, NULL, 10), and_all_after);
    return 0;
  }
  fprintf(stderr, "every_allocation_test: no scenario '%s'\n", name);
  return 2;
}

int main(int argc, char **argv) {
  long step = argc > 1 && strcmp(argv[1], "--full") == 0 ? 1 : STEP;
  unsigned wrong = 0;
  told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (told == MAP_FAILED) return 2;
  if (argc > 1 && step != 1) return look_into(argv[1], argc > 2 ? argv[2] : NULL, argc > 3);
  for (unsigned i = 0; i < scenario_count; i++) {
    wrong += fail_each(&scenarios[i], step, false);
    wrong += fail_each(&scenarios[i], step, true);
  }
  return wrong > 0;
}
