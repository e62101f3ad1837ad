/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of the plugin: its factory and its settings. The managers' tables are the Python
 * package's, see bindings/python/src/author. */
#include "python.h"

#ifndef PYTHON_PLUGIN_VERSION
#define PYTHON_PLUGIN_VERSION "0.1.0"
#endif

enum { MODULE, PYTHON, PATH, MANAGER_SETTINGS, SETTING_COUNT };

static const sheaf_setting_info settings_info[] = {
    [MODULE] = {"module", NULL,
                "The Python module of the manager: \"package.module\", or \"package.module:Class\" "
                "if it has several.",
                SHEAF_KIND_STRING, SHEAF_SETTING_REQUIRED},
    [PYTHON] =
        {"python", NULL,
         "The interpreter whose site-packages are meant: /path/to/venv/bin/python. By default "
         "the one in the process, else $SHEAF_PYTHON, else python3.",
         SHEAF_KIND_STRING, 0},
    [PATH] = {"path", NULL, "A folder to look for the module in first.", SHEAF_KIND_STRING, 0},
    [MANAGER_SETTINGS] = {"manager_settings", NULL,
                          "The settings of the manager itself, a JSON object: {\"limit\": 10}.",
                          SHEAF_KIND_STRING, SHEAF_SETTING_SECRET},
};

static const char *text_of(const sheaf_value *value) {
  return value->kind == SHEAF_KIND_STRING ? value->u.data : "";
}

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  (void)factory, (void)setting_count;
  const py_wish wish = {text_of(&settings[MODULE]), text_of(&settings[PATH]),
                        text_of(&settings[MANAGER_SETTINGS])};
  if (!*wish.module)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "module is empty: give the name of a Python module");
  py_interpreter interpreter = {0};
  sheaf_status status = py_interpreter_get(host, text_of(&settings[PYTHON]), &interpreter, error);
  if (status != SHEAF_OK) return status;
  status = py_bootstrap(&interpreter, host, &wish, out, error);
  py_interpreter_free(&interpreter);
  return status;
}

static const sheaf_factory factory = {
    .struct_size = sizeof factory,
    .id = "python",
    .display_name = "Python",
    .version = PYTHON_PLUGIN_VERSION,
    .description = "A manager written in Python: see docs/python-managers.md",
    .settings = settings_info,
    .setting_count = SETTING_COUNT,
    .create = create};

SHEAF_PLUGIN(0, 0, &factory)
