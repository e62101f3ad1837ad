/* SPDX-License-Identifier: Apache-2.0 */
/* The process's one interpreter: found, or started and never ended. */
#define _GNU_SOURCE /* secure_getenv */
#include "python.h"

#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>

/* Guards what follows, and the start. Held while Python starts, never while anything waits for the
 * GIL. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static py_api the_api;
static char the_file[4096]; /* where it is */
static bool is_known;       /* the_api is that of a running interpreter, for good */

static int minor_of(const py_api *api) {
  int major = 0, minor = 0;
  if (sscanf(api->version(), "%d.%d", &major, &minor) != 2 || major != PYTHON_MAJOR) return -1;
  return minor;
}

/* The interpreter whose files these are has another minor, and a process has room for one. */
static sheaf_status refuse_other(const py_api *api, const char *file, const py_probe *probe,
                                 sheaf_error *error) {
  return sheaf_error_set(
      error, SHEAF_VERSION_MISMATCH,
      "python: %s is Python %d.%d, and this process has Python %.60s already, from "
      "%s: give an interpreter of that version, or run this in another process",
      probe->executable, PYTHON_MAJOR, probe->minor, api->version(), file);
}

static sheaf_status check_present(const py_api *api, const char *file, const py_probe *probe,
                                  sheaf_error *error) {
  int minor = minor_of(api);
  if (minor < PYTHON_OLDEST_MINOR || strstr(api->version(), "free-threading"))
    return sheaf_error_set(
        error, SHEAF_VERSION_MISMATCH,
        "this process has Python %.60s, from %s: %d.%d or later, with the GIL, is "
        "needed",
        api->version(), file, PYTHON_MAJOR, PYTHON_OLDEST_MINOR);
  return probe->text && probe->minor != minor ? refuse_other(api, file, probe, error) : SHEAF_OK;
}

/* ------------------------------------------------------------------------------------- the start */

/*
 * Isolated: no signal handlers, no $PYTHONHOME that is meant for somebody else's Python, the host's
 * locale as it was. UTF-8 for files whatever that is. The structures are Python's own, of any size up
 * to this; only Python looks into them, and where the program's name is told as argv[0], not by a
 * field.
 */
static py_status initialize(const py_api *api, const char *executable) {
  static _Alignas(16) char preconfig[1024], config[16384];
  char *const before[] = {(char *)(uintptr_t)executable, (char *)(uintptr_t)"-I",
                          (char *)(uintptr_t)"-X", (char *)(uintptr_t)"utf8", NULL};
  api->preconfig_init(preconfig);
  py_status status = api->preinitialize(preconfig, 4, before);
  if (status.type != 0) return status;
  api->config_init(config);
  status = api->config_set_argv(config, 1, before);
  if (status.type == 0) status = api->initialize(config);
  api->config_clear(config);
  return status;
}

/* Python's module `signal` takes SIGINT for itself when it is first imported, wherever that is. So it
 * is imported here, and has to give it back: Ctrl-C is the host's. */
static void leave_signals(const py_api *api) {
  static const char text[] = "import signal\n"
                             "if signal.getsignal(signal.SIGINT) is signal.default_int_handler:\n"
                             "    signal.signal(signal.SIGINT, signal.SIG_DFL)\n";
  struct sigaction hosts;
  (void)sigaction(SIGINT, NULL, &hosts);
  py_object *variables = api->build("{}");
  if (!variables || !py_run(api, text, variables)) api->error_clear();
  api->decref(variables);
  (void)sigaction(SIGINT, &hosts, NULL);
}

static sheaf_status start(const py_api *api, const py_probe *probe, sheaf_error *error) {
  char locale[256];
  const char *current = setlocale(LC_CTYPE, NULL);
  (void)snprintf(locale, sizeof locale, "%s", current ? current : "C");
  py_status status = initialize(api, probe->executable);
  (void)setlocale(LC_CTYPE, locale);
  if (status.type != 0)
    return sheaf_error_set(error, SHEAF_LOAD_FAILED, "python: %s, as %s, does not start: %s",
                           probe->library, probe->executable,
                           status.message ? status.message : "it does not say why");
  leave_signals(api);
  /* Now, before any other thread comes to import something. */
  if (!py_add_paths(api, probe)) api->error_clear();
  (void)api->save_thread(); /* any thread may have the GIL now */
  return SHEAF_OK;
}

static sheaf_status open_library(py_api *api, const py_probe *probe, sheaf_error *error) {
  if (*probe->library) return py_library_open(probe->library, api, error);
  if (*probe->wanted)
    return sheaf_error_set(
        error, SHEAF_LOAD_FAILED,
        "python: %s has no %s: install it (on Debian, the package libpython%d.%d)",
        probe->executable, probe->wanted, PYTHON_MAJOR, probe->minor);
  return sheaf_error_set(
      error, SHEAF_LOAD_FAILED,
      "python: %s was built without a shared libpython%d.%d.so: take a Python that "
      "has one (configure --enable-shared)",
      probe->executable, PYTHON_MAJOR, probe->minor);
}

/* With the lock held. `probe` is filled if there is a `python` to go by. */
static sheaf_status find_or_start(const sheaf_host *host, py_probe *probe, const char *python,
                                  sheaf_error *error) {
  const char *file = NULL;
  py_api api;
  bool is_present = py_library_present(&api, &file);
  bool is_running = is_present && api.is_initialized();
  sheaf_status status = SHEAF_OK;
  if (!is_running && !probe->text) status = py_probe_run(python, probe, error);
  if (status == SHEAF_OK && is_present) status = check_present(&api, file, probe, error);
  if (status == SHEAF_OK && !is_present) status = open_library(&api, probe, error);
  if (status == SHEAF_OK && !is_running) {
    char line[600];
    status = start(&api, probe, error);
    int size = snprintf(line, sizeof line, "started Python 3.%d of %.500s", probe->minor,
                        probe->executable);
    if (status == SHEAF_OK) host->log(host, SHEAF_LOG_INFO, sheaf_strn(line, (size_t)size));
  }
  if (status != SHEAF_OK) return status;
  the_api = api;
  (void)snprintf(the_file, sizeof the_file, "%s", is_present ? file : probe->library);
  is_known = true;
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------- which one */

static const char *default_python(void) {
  const char *named = secure_getenv("SHEAF_PYTHON");
  return named && *named ? named : "python3";
}

sheaf_status py_interpreter_get(const sheaf_host *host, const char *python,
                                py_interpreter *interpreter, sheaf_error *error) {
  sheaf_status status = SHEAF_OK;
  bool is_given = *python != '\0';
  py_probe_free(&interpreter->probe);
  if (!is_given) python = default_python();
  if (getauxval(AT_SECURE) && *python != '/')
    return sheaf_error_set(error, SHEAF_PLUGIN_ERROR,
                           "python: this process has more rights than its user: give the absolute "
                           "path of an interpreter");
  if (is_given) status = py_probe_run(python, &interpreter->probe, error);
  if (status != SHEAF_OK) return status;
  pthread_mutex_lock(&lock);
  if (!is_known) status = find_or_start(host, &interpreter->probe, python, error);
  else status = check_present(&the_api, the_file, &interpreter->probe, error);
  pthread_mutex_unlock(&lock);
  interpreter->api = &the_api;
  if (status != SHEAF_OK) py_probe_free(&interpreter->probe);
  return status;
}

void py_interpreter_free(py_interpreter *interpreter) { py_probe_free(&interpreter->probe); }
