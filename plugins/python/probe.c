/* SPDX-License-Identifier: Apache-2.0 */
/* Asks an interpreter, by running it, for its version, its libpython and its site-packages. */
#define _GNU_SOURCE /* pipe2 */
#include "python.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { LARGEST_ANSWER = 1 << 18, PATIENCE_MS = 60000 };

/* Runs in any Python, 2 too, as far as the version. Lines that are not ours are somebody's warnings. */
static const char script[] =
    "import os, sys\n"
    "def say(name, text):\n"
    "    data = ('sheaf:%s=' % name).encode() + (text if isinstance(text, bytes) else\n"
    "        os.fsencode(text)).replace(b'\\n', b'?') + b'\\n'\n"
    "    os.write(1, data)\n"
    "say('version', ('%d.%d' % sys.version_info[:2]).encode())\n"
    "import site, sysconfig\n"
    "say('implementation', sys.implementation.name)\n"
    "say('threaded', str(sysconfig.get_config_var('Py_GIL_DISABLED') or 0))\n"
    "say('executable', sys.executable)\n"
    "names = [n for n in map(sysconfig.get_config_var, ('INSTSONAME', 'LDLIBRARY'))\n"
    "         if n and '.so' in n]\n"
    "folders = [os.path.join(sys.base_prefix, 'lib'), sysconfig.get_config_var('LIBDIR') or '',\n"
    "           sysconfig.get_config_var('LIBPL') or '']\n"
    "files = [os.path.join(f, n) for f in folders for n in names]\n"
    "say('library', ([f for f in files if os.path.isfile(f)] or [''])[0])\n"
    "say('wanted', (names or [''])[0])\n"
    "sites = site.getsitepackages()\n"
    "if site.ENABLE_USER_SITE: sites = [site.getusersitepackages()] + sites\n"
    "for folder in sites: say('site', folder)\n"
    "if not sys.flags.ignore_environment:\n"
    "    for folder in filter(None, os.environ.get('PYTHONPATH', '').split(os.pathsep)):\n"
    "        say('path', os.path.abspath(folder))\n"
    "say('end', '')\n";

/* -------------------------------------------------------------------------------- running it */

static int spawn(const char *python, int out, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed) return failed;
  failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, out, 1);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, out, 2);
  char *arguments[] = {(char *)(uintptr_t)python, (char *)(uintptr_t)"-c",
                       (char *)(uintptr_t)script, NULL};
  if (!failed) failed = posix_spawnp(pid, python, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that it says until it closes its output; false if that takes too long. */
static bool read_all(int in, char *text) {
  size_t size = 0;
  int64_t end_ms = now_ms() + PATIENCE_MS;
  for (;;) {
    struct pollfd ready = {in, POLLIN, 0};
    int64_t left_ms = end_ms - now_ms();
    if (left_ms <= 0) return false;
    if (poll(&ready, 1, (int)left_ms) <= 0) continue;
    char chunk[4096];
    ssize_t got = read(in, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size_t kept = LARGEST_ANSWER - 1 - size;
    if (kept > (size_t)got) kept = (size_t)got;
    memcpy(text + size, chunk, kept);
    size += kept;
  }
  text[size] = '\0';
  return true;
}

static sheaf_status run(const char *python, char *text, sheaf_error *error) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return sheaf_error_set(error, SHEAF_SYSTEM_ERROR, "cannot make a pipe: %s", strerror(errno));
  pid_t pid;
  int failed = spawn(python, ends[1], &pid);
  close(ends[1]);
  if (failed) {
    close(ends[0]);
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "python: cannot run \"%s\": %s; give the path of an interpreter, as "
                           "/path/to/venv/bin/python",
                           python, strerror(failed));
  }
  bool is_done = read_all(ends[0], text);
  close(ends[0]);
  if (!is_done) kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  if (is_done) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_PLUGIN_ERROR,
                         "python: \"%s\" did not say within %d s what it is", python,
                         PATIENCE_MS / 1000);
}

/* ------------------------------------------------------------------------------ what it said */

typedef struct answer {
  const char *version, *implementation, *threaded, *executable, *library, *wanted, *end;
  char *sites, *paths; /* room for all */
  char *remark;        /* the last line that was not ours */
} answer;

static void append_line(char *lines, const char *line) {
  size_t size = strlen(lines);
  memcpy(lines + size, line, strlen(line) + 1);
  size += strlen(line);
  lines[size] = '\n';
  lines[size + 1] = '\0';
}

static void read_line(char *line, answer *said) {
  const char prefix[] = "sheaf:";
  char *value = strchr(line, '=');
  if (strncmp(line, prefix, sizeof prefix - 1) != 0 || !value) {
    if (*line) said->remark = line;
    return;
  }
  *value++ = '\0';
  const char *name = line + sizeof prefix - 1;
  const struct {
    const char *name;
    const char **to;
  } single[] = {{"version", &said->version},
                {"implementation", &said->implementation},
                {"threaded", &said->threaded},
                {"executable", &said->executable},
                {"library", &said->library},
                {"wanted", &said->wanted},
                {"end", &said->end}};
  for (size_t i = 0; i < sizeof single / sizeof *single; i++)
    if (strcmp(name, single[i].name) == 0) *single[i].to = value;
  if (strcmp(name, "site") == 0) append_line(said->sites, value);
  if (strcmp(name, "path") == 0) append_line(said->paths, value);
}

static sheaf_status judge(const char *python, const answer *said, sheaf_error *error) {
  int major = 0, minor = 0;
  if (!said->version || sscanf(said->version, "%d.%d", &major, &minor) != 2)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "python: \"%s\" is no Python interpreter%s%.300s", python,
                           said->remark ? ": " : "", said->remark ? said->remark : "");
  if (major != PYTHON_MAJOR || minor < PYTHON_OLDEST_MINOR)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "python: \"%s\" is Python %d.%d: %d.%d or later is needed", python,
                           major, minor, PYTHON_MAJOR, PYTHON_OLDEST_MINOR);
  if (!said->end)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "python: \"%s\" could not say what it is: %.300s", python,
                           said->remark ? said->remark : "it ended too soon");
  if (strcmp(said->implementation, "cpython") != 0 || strcmp(said->threaded, "1") == 0)
    return sheaf_error_set(
        error, SHEAF_INVALID_ARGUMENT, "python: \"%s\" is %s%s: a CPython with the GIL is needed",
        python, said->implementation, strcmp(said->threaded, "1") == 0 ? ", free-threaded" : "");
  return SHEAF_OK;
}

sheaf_status py_probe_run(const char *python, py_probe *probe, sheaf_error *error) {
  /* One piece: what it said, cut into lines in place, and behind it the two lists of folders. */
  char *text = malloc(3 * LARGEST_ANSWER);
  if (!text) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  answer said = {.sites = text + LARGEST_ANSWER, .paths = text + 2 * LARGEST_ANSWER};
  *said.sites = *said.paths = '\0';
  sheaf_status status = run(python, text, error);
  if (status == SHEAF_OK) {
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
      read_line(line, &said);
    status = judge(python, &said, error);
  }
  if (status != SHEAF_OK) {
    free(text);
    return status;
  }
  *probe = (py_probe){.text = text,
                      .executable = said.executable,
                      .library = said.library,
                      .wanted = said.wanted,
                      .sites = said.sites,
                      .paths = said.paths,
                      .minor = atoi(strchr(said.version, '.') + 1)};
  return SHEAF_OK;
}

void py_probe_free(py_probe *probe) {
  free(probe->text);
  *probe = (py_probe){.executable = "", .library = "", .wanted = "", .sites = "", .paths = ""};
}
