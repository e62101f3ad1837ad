/* SPDX-License-Identifier: Apache-2.0 */
/* From C into Python, once for each manager: what happens there is in sheaf/_author_plugin.py. */
#include "python.h"

/* What an interpreter that is not the process's own has on its path, and this one lacks. */
static const char paths_script[] = "import importlib, os, site, sys\n"
                                   "for folder in reversed(os.fsdecode(paths).splitlines()):\n"
                                   "    if folder not in sys.path: sys.path.insert(0, folder)\n"
                                   "for folder in os.fsdecode(sites).splitlines():\n"
                                   "    if folder not in sys.path: site.addsitedir(folder)\n"
                                   "importlib.invalidate_caches()\n";

/* `given` has what the host said, as bytes; `told` is what becomes of it. */
static const char manager_script[] =
    "import os, sys\n"
    "given = {name: os.fsdecode(value) for name, value in given.items()}\n"
    "python = given['executable'] or sys.executable\n"
    "try:\n"
    "    from sheaf._author_plugin import open_v1\n"
    "except ImportError as error:\n"
    "    why = f'{type(error).__name__}: {error}'\n"
    "    if error.name == 'sheaf':\n"
    "        why = f'the package sheaf is not installed there: {python} -m pip install sheaf'\n"
    "    told = failed, f'python: {python}: {why}', 0, 0\n"
    "else:\n"
    "    told = open_v1(host, given['module'], given['path'], given['manager_settings'])\n";

bool py_run(const py_api *api, const char *text, py_object *variables) {
  py_object *builtins = api->import("builtins");
  py_object *done = builtins ? api->call_method(builtins, "exec", "sO", text, variables) : NULL;
  api->decref(builtins);
  api->decref(done);
  return done != NULL;
}

bool py_add_paths(const py_api *api, const py_probe *probe) {
  py_object *variables = api->build("{s:y,s:y}", "sites", probe->sites, "paths", probe->paths);
  bool is_run = variables && py_run(api, paths_script, variables);
  api->decref(variables);
  return is_run;
}

/* The exception that is set, in words. */
static sheaf_status fail(const py_api *api, sheaf_error *error) {
  py_object *type, *value, *traceback;
  api->error_fetch(&type, &value, &traceback);
  py_object *text = value ? api->to_text(value) : NULL;
  const char *words = text ? api->as_utf8(text, NULL) : NULL;
  sheaf_status status = sheaf_error_set(error, SHEAF_PLUGIN_ERROR, "python: %s",
                                        words ? words : "it failed without saying why");
  api->error_clear();
  py_object *const held[] = {type, value, traceback, text};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) api->decref(held[i]);
  return status;
}

/* (status, message, table, self) */
static sheaf_status read_told(const py_api *api, py_object *told, sheaf_interface *out,
                              sheaf_error *error) {
  sheaf_status status = (sheaf_status)api->as_number(api->tuple_get(told, 0));
  const char *message = api->as_utf8(api->tuple_get(told, 1), NULL);
  if (status != SHEAF_OK) {
    (void)sheaf_error_set(error, status, "%s", message ? message : "python: it failed");
    api->error_clear(); /* a message that is no UTF-8 */
    return status;
  }
  unsigned long long table = api->as_number(api->tuple_get(told, 2));
  unsigned long long self = api->as_number(api->tuple_get(told, 3));
  *out = (sheaf_interface){(const void *)(uintptr_t)table, (void *)(uintptr_t)self};
  return SHEAF_OK;
}

static sheaf_status run(const py_interpreter *interpreter, const sheaf_host *host,
                        const py_wish *wish, sheaf_interface *out, sheaf_error *error) {
  const py_api *api = interpreter->api;
  const py_probe *probe = &interpreter->probe;
  py_object *variables = api->build(
      "{s:K,s:I,s:{s:y,s:y,s:y,s:y}}", "host", (unsigned long long)(uintptr_t)host, "failed",
      (unsigned int)SHEAF_LOAD_FAILED, "given", "executable", probe->executable, "module",
      wish->module, "path", wish->path, "manager_settings", wish->manager_settings);
  bool is_run = variables && py_add_paths(api, probe) && py_run(api, manager_script, variables);
  sheaf_status status =
      is_run ? read_told(api, api->dict_get(variables, "told"), out, error) : fail(api, error);
  api->decref(variables);
  return status;
}

sheaf_status py_bootstrap(const py_interpreter *interpreter, const sheaf_host *host,
                          const py_wish *wish, sheaf_interface *out, sheaf_error *error) {
  int gil = interpreter->api->gil_ensure();
  sheaf_status status = run(interpreter, host, wish, out, error);
  interpreter->api->gil_release(gil);
  return status;
}
