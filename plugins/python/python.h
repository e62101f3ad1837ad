/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin `python`: finds or starts the process's Python interpreter, and has the Python package
 * `sheaf` make the manager. It is built without Python's headers and linked to no libpython: which
 * one it is to be is known only when a manager is opened. What it calls is of Python's stable ABI, or,
 * to start an interpreter, takes structures that only Python itself looks into.
 */
#ifndef PYTHON_PLUGIN_H
#define PYTHON_PLUGIN_H

#include <sheaf/abi.h>

/* The oldest Python that will do: 3.10. */
enum { PYTHON_MAJOR = 3, PYTHON_OLDEST_MINOR = 10 };

typedef struct py_object py_object; /* a PyObject */

/* What Python returns of its start. Its layout is part of Python's interface. */
typedef struct py_status {
  int type; /* 0: well */
  const char *function;
  const char *message;
  int exit_code;
} py_status;

/* Python's functions, by the names that they have there. */
typedef struct py_api {
  int (*is_initialized)(void);
  const char *(*version)(void);

  void (*preconfig_init)(void *preconfig);
  py_status (*preinitialize)(const void *preconfig, intptr_t argc, char *const *argv);
  void (*config_init)(void *config);
  py_status (*config_set_argv)(void *config, intptr_t argc, char *const *argv);
  py_status (*initialize)(const void *config);
  void (*config_clear)(void *config);
  void *(*save_thread)(void);

  int (*gil_ensure)(void);
  void (*gil_release)(int state);
  py_object *(*import)(const char *name);
  py_object *(*build)(const char *format, ...);
  py_object *(*call_method)(py_object *object, const char *name, const char *format, ...);
  py_object *(*dict_get)(py_object *dict, const char *key);
  py_object *(*tuple_get)(py_object *tuple, intptr_t at);
  unsigned long long (*as_number)(py_object *number);
  const char *(*as_utf8)(py_object *text, intptr_t *size);
  void (*error_fetch)(py_object **type, py_object **value, py_object **traceback);
  void (*error_clear)(void);
  py_object *(*to_text)(py_object *object);
  void (*decref)(py_object *object);
} py_api;

/* What an interpreter said when it was asked. The texts are in one piece of memory: `text`. */
typedef struct py_probe {
  char *text;
  const char *executable; /* never NULL, as the rest */
  const char *library;    /* the file of its libpython; "": it has none */
  const char *wanted;     /* the name that such a file would have; "": it was built without */
  const char *sites;      /* its folders of site-packages, one a line */
  const char *paths;      /* its $PYTHONPATH, one a line */
  int minor;
} py_probe;

/* Runs `python` (a path, or a name to be found by $PATH) and asks. Refuses what is no CPython of a
 * version that will do. Freed with py_probe_free. */
sheaf_status py_probe_run(const char *python, py_probe *probe, sheaf_error *error);
void py_probe_free(py_probe *probe);

/* The process's interpreter, running. */
typedef struct py_interpreter {
  const py_api *api;
  py_probe probe; /* of the `python` that was asked for; empty texts if it was not asked */
} py_interpreter;

/* Finds the process's interpreter; or starts that of `python` (""; see the README for which one that
 * is), for good. Refuses if the process has one of another minor than `python`. `host` gets a line
 * about what was started. */
sheaf_status py_interpreter_get(const sheaf_host *host, const char *python,
                                py_interpreter *interpreter, sheaf_error *error);
void py_interpreter_free(py_interpreter *interpreter);

/* The functions of the libpython that is in the process already, running or not; with `file`, where
 * it is. False if there is none. Its symbols are global from then on, for modules in C need them. */
bool py_library_present(py_api *api, const char **file);
/* The functions of a libpython that is in no process yet. */
sheaf_status py_library_open(const char *file, py_api *api, sheaf_error *error);

/* The settings of the plugin, as Python gets them. Never NULL. */
typedef struct py_wish {
  const char *module, *path, *manager_settings;
} py_wish;

/* Runs a script, with the GIL. `variables` is a dict: its globals. False with an exception. */
bool py_run(const py_api *api, const char *text, py_object *variables);

/* Adds to sys.path what the probed interpreter has there, with the GIL. False with an exception. */
bool py_add_paths(const py_api *api, const py_probe *probe);

/* Has the package `sheaf` make the manager. */
sheaf_status py_bootstrap(const py_interpreter *interpreter, const sheaf_host *host,
                          const py_wish *wish, sheaf_interface *out, sheaf_error *error);

#endif /* PYTHON_PLUGIN_H */
