/* SPDX-License-Identifier: Apache-2.0 */
/* The file that an import makes: whole, or not there. */
#define _GNU_SOURCE /* realpath */
#include "cli/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/import_format.h"

/* `path` and an ending. NULL: out of memory, which was said. */
static char *joined(const char *path, const char *ending) {
  size_t size = strlen(path) + strlen(ending) + 1;
  char *whole = malloc(size);
  if (whole) (void)snprintf(whole, size, "%s%s", path, ending);
  else cli_error("out of memory");
  return whole;
}

/* ------------------------------------------------------------------------- what is there already */

/* Whether a file is a database that an import has made, by its first bytes. */
static bool is_own(const char *path) {
  unsigned char head[IMPORT_HEADER_SIZE];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, head, sizeof head);
  if (fd >= 0) (void)close(fd);
  return got == (ssize_t)sizeof head && memcmp(head, IMPORT_MAGIC, sizeof IMPORT_MAGIC) == 0 &&
         import_read_u32(head + IMPORT_AT_APPLICATION_ID) == IMPORT_APPLICATION_ID;
}

/* SQLite would take what is left of the old database's journal to be the new one's. */
static int check_journal(const char *path, const char *ending) {
  char *journal = joined(path, ending);
  struct stat info;
  if (!journal) return CLI_FAILED;
  bool is_there = stat(journal, &info) == 0 && info.st_size > 0;
  if (is_there)
    cli_error(
        "import: '%s' is there: a program has '%s' open, or died while it had; end it, or open "
        "the database once with the sqlite3 command, or, if that is gone, remove this file",
        journal, path);
  free(journal);
  return is_there ? CLI_FAILED : CLI_OK;
}

/* SQLite would play either of them back into the new file, which it was not written for: also where
 * the old file is gone. */
static int check_journals(const char *path) {
  int status = check_journal(path, "-wal");
  return status == CLI_OK ? check_journal(path, "-journal") : status;
}

/* May the file be replaced? `mode` is given its permissions if it is there. */
static int check_present(const char *path, bool force, mode_t *mode) {
  struct stat info;
  if (stat(path, &info) != 0) {
    if (errno == ENOENT) return check_journals(path);
    cli_error("import: cannot look at '%s': %s", path, strerror(errno));
    return CLI_FAILED;
  }
  if (!S_ISREG(info.st_mode))
    return cli_usage("import: '%s' is %s: --to wants the name of a file", path,
                     S_ISDIR(info.st_mode) ? "a folder" : "no ordinary file");
  if (!force && !is_own(path))
    return cli_usage(
        "import: '%s' is there and is no database that an import made: --force replaces "
        "it all the same",
        path);
  *mode = info.st_mode & 0777;
  return check_journals(path);
}

/* ------------------------------------------------------------------------------ the temporary file */

static bool is_same_file(int fd, const char *path) {
  struct stat here, there;
  return fstat(fd, &here) == 0 && stat(path, &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

/* Opens and locks it. What an import left that was killed is not locked, and is taken over. ESTALE:
 * the other import has just ended, and its file has got its name. An errno, or 0. */
static int take_temporary(import_target *target) {
  target->fd = open(target->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (target->fd < 0) return errno;
  struct stat info;
  int failed = flock(target->fd, LOCK_EX | LOCK_NB) != 0 ? errno : 0;
  if (!failed && !is_same_file(target->fd, target->temporary)) failed = ESTALE;
  /* Not somebody else's file that our user may write to, or has by another name. */
  if (!failed && (fstat(target->fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1 ||
                  info.st_uid != geteuid()))
    failed = EEXIST;
  if (!failed && ftruncate(target->fd, 0) != 0) failed = errno;
  if (!failed) return 0;
  (void)close(target->fd);
  target->fd = -1;
  return failed;
}

static int open_temporary(import_target *target) {
  int failed = take_temporary(target);
  if (failed == ESTALE) failed = take_temporary(target);
  if (!failed) return CLI_OK;
  if (failed == EWOULDBLOCK) cli_error("import: another import is making '%s'", target->path);
  else cli_error("import: cannot make '%s': %s", target->temporary, strerror(failed));
  free(target->temporary); /* not ours: not to be removed */
  target->temporary = NULL;
  return CLI_FAILED;
}

int import_target_open(import_target *target, const char *path, bool force) {
  mode_t mode = 0;
  *target = (import_target){NULL, NULL, -1};
  /* A link stays one: what it points to is replaced. */
  target->path = realpath(path, NULL);
  if (!target->path && errno != ENOMEM) target->path = joined(path, "");
  else if (!target->path) cli_error("out of memory");
  if (!target->path) return CLI_FAILED;
  int status = check_present(target->path, force, &mode);
  if (status != CLI_OK) return status;
  target->temporary = joined(target->path, ".importing");
  if (!target->temporary) return CLI_FAILED;
  status = open_temporary(target);
  if (status == CLI_OK && mode) (void)fchmod(target->fd, mode);
  return status;
}

/* ------------------------------------------------------------------------------------- the ending */

/*
 * SQLite tells by a counter in the header whether a file is still what it has in memory. It is 1 in
 * every database that one transaction made, so that one copied over another by `cp` would not be
 * noticed by those who have it open. A counter by chance is.
 */
static bool shuffle_counter(int fd) {
  unsigned char counter[4];
  sqlite3_randomness(sizeof counter, counter);
  return pwrite(fd, counter, sizeof counter, IMPORT_AT_CHANGE_COUNTER) == sizeof counter &&
         pwrite(fd, counter, sizeof counter, IMPORT_AT_VALID_FOR) == sizeof counter;
}

/* So that the name survives a loss of power, too. Not all file systems can; that is no failure. `path`
 * loses its last part. */
static void sync_folder(char *path) {
  char *slash = strrchr(path, '/');
  if (slash) slash[slash == path] = '\0';
  int fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) (void)fsync(fd);
  if (fd >= 0) (void)close(fd);
}

int import_target_finish(import_target *target) {
  if (!shuffle_counter(target->fd) || fsync(target->fd) != 0 ||
      rename(target->temporary, target->path) != 0) {
    cli_error("import: cannot finish '%s': %s", target->path, strerror(errno));
    return CLI_FAILED;
  }
  sync_folder(target->temporary);
  free(target->temporary);
  target->temporary = NULL;
  return CLI_OK;
}

void import_target_close(import_target *target) {
  if (target->temporary && target->fd >= 0) (void)unlink(target->temporary);
  if (target->fd >= 0) (void)close(target->fd);
  free(target->temporary);
  free(target->path);
}
