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
#define _GNU_SOURCE /* MAP_ANONYMOUS, mkdtemp, nftw */
#include <ftw.h>
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

enum {
  STEP = 41,
  PATIENCE_S = 60,
  WARM_RUNS = 4,
  MOST_TRIES = 8,
  MOST_AT_ONCE = 16,
  MOST_WRONG = 5
};

/* What processes tell the one that started them, each at its place: an allocation has failed. */
static bool *has_failed;

/* ---------------------------------------------------------------------------- in a process of its own */

static void run_failing(const scenario *s, long nth, bool and_all_after, bool *told) {
  failing_from(nth, and_all_after);
  s->run();
  failing_ends();
  if (failing_has_failed()) *told = true;
  failing_from(0, false);
}

/* All must go well: nothing fails. */
static void run_well(const scenario *s, int times) {
  for (int i = 0; i < times; i++) s->run();
}

/* How many blocks there are more than before it failed and then went well. */
static long grown_by(const scenario *s, long nth, bool and_all_after, bool *told) {
  long before = failing_live();
  run_failing(s, nth, and_all_after, told);
  run_well(s, 1);
  return failing_live() - before;
}

static void fail_one(const scenario *s, long nth, bool and_all_after, bool *told) {
  run_failing(s, nth, and_all_after,
              told); /* as the first thing that this process does with Sheaf */
  /* Several times, for what a process keeps for good (flights at rest, a thread's scratch memory) to
   * be all there. */
  run_well(s, WARM_RUNS);
  long more = grown_by(s, nth, and_all_after, told);
  /* Where threads work side by side, there may be more flights than ever before: once, not always. */
  for (int i = 0; more && s->has_threads && i < MOST_TRIES; i++)
    more = grown_by(s, nth, and_all_after, told);
  if (COUNTS && more) fprintf(stderr, "%ld blocks leaked\n", more);
  if (LEAKS() || (COUNTS && more)) _exit(1);
}

/* -------------------------------------------------------------------------------------- all of them */

/* One scenario, in one of the two ways to fail. */
typedef struct round {
  const scenario *scenario;
  bool and_all_after;
  long nth[MOST_AT_ONCE]; /* of the process at each place */
  pid_t processes[MOST_AT_ONCE];
  int at_once, running;
  long first_whole; /* the least number that there was no such allocation for; 0: none yet */
  unsigned wrong;
} round;

static void start(round *r, long nth) {
  int at = 0;
  while (r->processes[at]) at++;
  has_failed[at] = false;
  r->nth[at] = nth;
  r->processes[at] = fork();
  if (r->processes[at] == 0) {
    alarm(PATIENCE_S);
    fail_one(r->scenario, nth, r->and_all_after, &has_failed[at]);
    _exit(0);
  }
  if (r->processes[at] > 0) {
    r->running++;
    return;
  }
  perror("fork");
  r->processes[at] = 0;
  r->wrong = MOST_WRONG;
}

static bool went_well(int status) {
  if (WIFSIGNALED(status))
    fprintf(stderr, "%s\n", WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void await_one(round *r) {
  int status = 0, at = 0;
  pid_t ended = waitpid(-1, &status, 0);
  while (at < MOST_AT_ONCE && r->processes[at] != ended) at++;
  if (ended < 0 || at == MOST_AT_ONCE) {
    perror("waitpid");
    _exit(2);
  }
  r->processes[at] = 0;
  r->running--;
  if (!went_well(status)) {
    r->wrong++;
    fprintf(stderr, "FAILED: every_allocation_test '%s' %ld%s\n", r->scenario->name, r->nth[at],
            r->and_all_after ? " all" : "");
  } else if (!has_failed[at] && (!r->first_whole || r->nth[at] < r->first_whole)) {
    r->first_whole = r->nth[at];
  }
}

static int processors(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > MOST_AT_ONCE ? MOST_AT_ONCE : (int)count;
}

/* Until one comes whose number there are not. Answers how many went wrong. */
static unsigned fail_each(const scenario *s, long step, bool and_all_after) {
  round r = {.scenario = s, .and_all_after = and_all_after, .at_once = processors()};
  if (s->has_threads && !COUNTS) return 0;
  for (long nth = 1; (!r.first_whole && r.wrong < MOST_WRONG) || r.running;) {
    if (!r.first_whole && r.wrong < MOST_WRONG && r.running < r.at_once) {
      start(&r, nth);
      nth += step;
    } else {
      await_one(&r);
    }
  }
  printf("%-20s %-14s up to the %ldth\n", s->name, and_all_after ? "from then on" : "once",
         r.first_whole);
  fflush(stdout);
  return r.wrong;
}

/* Out of this process, which is to have done nothing with Sheaf. */
static bool prepare(const scenario *s) {
  int status = 0;
  if (!s->prepare) return true;
  pid_t child = fork();
  if (child == 0) {
    s->prepare();
    _exit(0);
  }
  return child > 0 && waitpid(child, &status, 0) == child && went_well(status);
}

/* ----------------------------------------------------------------------------------- the folder */

char scenario_folder[64];

/* In memory where that can be had: databases are synced, many thousand times. */
static bool make_folder(void) {
  strcpy(scenario_folder, "/dev/shm/sheaf-allocations-XXXXXX");
  if (mkdtemp(scenario_folder)) return true;
  strcpy(scenario_folder, "/tmp/sheaf-allocations-XXXXXX");
  return mkdtemp(scenario_folder) != NULL;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at) {
  (void)info, (void)type, (void)at;
  return remove(path);
}

/* -------------------------------------------------------------------------------- what is asked for */

static unsigned fail_all(long step) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < scenario_count; i++) {
    wrong += !prepare(&scenarios[i]);
    wrong += fail_each(&scenarios[i], step, false);
    wrong += fail_each(&scenarios[i], step, true);
  }
  return wrong;
}

static int look_into(const char *name, const char *nth, bool and_all_after) {
  for (unsigned i = 0; i < scenario_count; i++) {
    if (strcmp(scenarios[i].name, name) != 0) continue;
    if (!prepare(&scenarios[i])) return 1;
    if (!nth) return fail_each(&scenarios[i], 1, false) + fail_each(&scenarios[i], 1, true) > 0;
    fail_one(&scenarios[i], strtol(nth, NULL, 10), and_all_after, has_failed);
    return 0;
  }
  fprintf(stderr, "every_allocation_test: no scenario '%s'\n", name);
  return 2;
}

int main(int argc, char **argv) {
  long step = argc > 1 && strcmp(argv[1], "--full") == 0 ? 1 : STEP;
  has_failed = mmap(NULL, MOST_AT_ONCE * sizeof *has_failed, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (has_failed == MAP_FAILED || !make_folder()) {
    perror("every_allocation_test");
    return 2;
  }
  bool all = argc == 1 || step == 1;
  int status = all ? fail_all(step) > 0 : look_into(argv[1], argc > 2 ? argv[2] : NULL, argc > 3);
  (void)nftw(scenario_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
  return status;
}
