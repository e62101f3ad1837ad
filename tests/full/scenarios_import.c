/* SPDX-License-Identifier: Apache-2.0 */
/* `sheaf import`, by the command's own functions: a failed one leaves what was there, and nothing else. */
#include "scenarios_import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "failing_malloc.h"
#include "scenarios.h"

enum { MOST_BYTES = 64 * 1024, MOST_WORDS = 8 * 1024 };

static const char library[] = "{\"variables\":{\"A\":\"a\"},\"entities\":{"
                              "\"a\":{\"versions\":[{\"traits\":{\"t\":{\"p\":\"${A}x\",\"n\":1}}},"
                              "{\"traits\":{\"t\":{\"p\":\"file:///$A\",\"d\":1.5},\"u\":{}}}]},"
                              "\"b\":{\"versions\":[{\"traits\":{\"t\":{\"q\":true}}}]},"
                              "\"gone\":{\"versions\":[]}}}";

/* ------------------------------------------------------------------------------------------ files */

static void path_of(char *out, const char *folder, const char *name) {
  (void)snprintf(out, SCENARIO_PATH, "%s/%s", folder, name);
}

static void write_file(const char *path, const void *data, size_t size) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  scenario_must(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0,
                "a file can be written");
}

/* Its size; -1: it is not there. */
static ssize_t read_file(const char *path, void *data, size_t room) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t size = read(fd, data, room);
  scenario_must(size >= 0 && (size_t)size < room && close(fd) == 0, "a file can be read");
  return size;
}

/* The only one in a folder, or none. */
static void must_be_alone(const char *folder, const char *name) {
  DIR *entries = opendir(folder);
  scenario_must(entries != NULL, "the folder is there");
  for (const struct dirent *e; (e = readdir(entries));) {
    if (e->d_name[0] == '.' || strcmp(e->d_name, name) == 0) continue;
    fprintf(stderr, "left behind: %s\n", e->d_name);
    scenario_must(false, "no other file is left");
  }
  closedir(entries);
}

/* ------------------------------------------------------------------------------------ the command */

static char words[MOST_WORDS]; /* that the last import said on standard error */

static int redirect(int fd, const char *path) {
  int kept = dup(fd), file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  scenario_must(kept >= 0 && file >= 0 && dup2(file, fd) == fd && close(file) == 0,
                "output can be redirected");
  return kept;
}

static void restore(int fd, int kept) {
  scenario_must(dup2(kept, fd) == fd && close(kept) == 0, "output can be restored");
}

/* In this process. Its exit status. */
static int import(const char *from, const char *to) {
  char import_[] = "import", from_[] = "--from", to_[] = "--to", plugins[] = "--plugin-path";
  char folder[] = SHEAF_TEST_PLUGIN_DIR, out[SCENARIO_PATH], err[SCENARIO_PATH], in[SCENARIO_PATH],
       target[SCENARIO_PATH];
  (void)snprintf(in, sizeof in, "%s", from);
  (void)snprintf(target, sizeof target, "%s", to);
  (void)snprintf(out, sizeof out, "%s.%ld.out", scenario_folder, (long)getpid());
  (void)snprintf(err, sizeof err, "%s.%ld.err", scenario_folder, (long)getpid());
  char *arguments[] = {import_, from_, in, to_, target, plugins, folder, NULL};
  int kept_out = redirect(STDOUT_FILENO, out), kept_err = redirect(STDERR_FILENO, err);
  optind = 0; /* getopt begins anew */
  int status = cli_import(7, arguments);
  restore(STDOUT_FILENO, kept_out);
  restore(STDERR_FILENO, kept_err);
  ssize_t size = read_file(err, words, sizeof words - 1);
  words[size > 0 ? size : 0] = '\0';
  (void)unlink(out);
  (void)unlink(err);
  return status;
}

/* ----------------------------------------------------------------------------------- judging it */

static unsigned char whole[MOST_BYTES]; /* what an import makes */
static ssize_t whole_size;

/* SQLite's counter of changes, by chance, stands at two places: see import_target.c. */
static void forget_counters(unsigned char *database) {
  memset(database + 24, 0, 4);
  memset(database + 92, 0, 4);
}

static void must_be_whole(const char *path) {
  static unsigned char made[MOST_BYTES];
  ssize_t size = read_file(path, made, sizeof made);
  forget_counters(made);
  scenario_must(size == whole_size && memcmp(made, whole, (size_t)size) == 0,
                "an import that went well has made all of the database");
}

static void must_have_failed_rightly(int status) {
  bool right = scenario_excused() && status == CLI_FAILED && strstr(words, "memory");
  if (right) return;
  fprintf(stderr, "exit status %d, saying: %s\n", status, words);
  scenario_must(false, "import fails for want of memory only, with 3, and says so");
}

/* The target was not there, or is `before`. */
static void judge(int status, const char *folder, const char *target, bool was_there,
                  const struct stat *before) {
  struct stat now;
  bool is_there = stat(target, &now) == 0;
  failing_ends(); /* what follows is the judge's own */
  if (status == CLI_OK) {
    must_be_whole(target);
  } else {
    must_have_failed_rightly(status);
    scenario_must(is_there == was_there, "a failed import leaves the target as it was");
    if (is_there)
      scenario_must(now.st_ino == before->st_ino && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
                        now.st_mtim.tv_nsec == before->st_mtim.tv_nsec,
                    "a failed import does not touch the target");
  }
  must_be_alone(folder, "target.sqlite");
}

/* ---------------------------------------------------------------------------------- the scenarios */

void scenario_import_prepare(void) {
  char from[SCENARIO_PATH], to[SCENARIO_PATH];
  path_of(from, scenario_folder, "library.json");
  path_of(to, scenario_folder, "imported.sqlite");
  write_file(from, library, sizeof library - 1);
  int status = import(from, to);
  if (status != CLI_OK) fprintf(stderr, "%s", words);
  scenario_must(status == CLI_OK, "an import goes well");
}

/* In a folder of this process's own. */
static void run_import(bool over_another) {
  char folder[SCENARIO_PATH - 32], from[SCENARIO_PATH], made[SCENARIO_PATH], target[SCENARIO_PATH];
  struct stat before = {0};
  struct sigaction ignore = {.sa_handler = SIG_IGN}, kept;
  (void)snprintf(folder, sizeof folder, "%s/%ld", scenario_folder, (long)getpid());
  path_of(from, scenario_folder, "library.json");
  path_of(made, scenario_folder, "imported.sqlite");
  path_of(target, folder, "target.sqlite");
  whole_size = read_file(made, whole, sizeof whole);
  forget_counters(whole);
  scenario_must(mkdir(folder, 0777) == 0 || errno == EEXIST, "a folder can be made");
  if (over_another) write_file(target, whole, (size_t)whole_size);
  if (over_another) scenario_must(stat(target, &before) == 0, "the old one is there");
  /* Who ignores Ctrl-C is not listened for: AddressSanitizer cannot start a thread without memory. */
  sigaction(SIGINT, &ignore, &kept);
  int status = import(from, target);
  sigaction(SIGINT, &kept, NULL);
  judge(status, folder, target, over_another, &before);
  (void)unlink(target);
  (void)rmdir(folder);
}

void scenario_import(void) { run_import(false); }
void scenario_import_again(void) { run_import(true); }
