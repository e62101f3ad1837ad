/* SPDX-License-Identifier: Apache-2.0 */
/* The module sheaf._author_fast: what sheaf/_author.py is written with. */
#include "serve.h"

static PyObject *prepare(PyObject *module, PyObject *arguments) {
  (void)module;
  serve_helpers help;
  if (!PyArg_ParseTuple(arguments, "OOOO", &help.error_type, &help.closed_error, &help.report,
                        &help.context))
    return NULL;
  Py_INCREF(help.error_type), Py_INCREF(help.closed_error); /* for ever */
  Py_INCREF(help.report), Py_INCREF(help.context);
  serve_help = help;
  Py_RETURN_NONE;
}

static PyObject *write_log(PyObject *module, PyObject *arguments) {
  (void)module;
  unsigned long long address;
  unsigned int level;
  PyObject *object;
  if (!PyArg_ParseTuple(arguments, "KIU", &address, &level, &object)) return NULL;
  const sheaf_host *host = (const sheaf_host *)(uintptr_t)address;
  serve_work *work = serve_work_new();
  if (!work) return PyErr_NoMemory();
  const sheaf_str message = serve_words(work, object);
  Py_BEGIN_ALLOW_THREADS host->log(host, level, message);
  Py_END_ALLOW_THREADS serve_work_free(work);
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"prepare", prepare, METH_VARARGS, "What the C half needs of the Python half. Once."},
    {"serve", serve_manager_new, METH_VARARGS, "(host, spec) -> (table, self), as addresses."},
    {"plugin", serve_plugin_new, METH_VARARGS, "A plugin for sheaf_register: its address."},
    {"log", write_log, METH_VARARGS, "(host, level, message): to the host's log."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "sheaf._author_fast",
                                        "Managers written in Python, behind sheaf/abi.h.",
                                        -1,
                                        functions,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

static const struct {
  const char *name;
  long number;
} constants[] = {{"BOOL", SHEAF_KIND_BOOL},
                 {"INT64", SHEAF_KIND_INT64},
                 {"DOUBLE", SHEAF_KIND_DOUBLE},
                 {"STRING", SHEAF_KIND_STRING},
                 {"REQUIRED", SHEAF_SETTING_REQUIRED},
                 {"SECRET", SHEAF_SETTING_SECRET},
                 {"PURE", SHEAF_VERB_PURE},
                 {"IDEMPOTENT", SHEAF_VERB_IDEMPOTENT},
                 {"SERIALIZED", SHEAF_MANAGER_SERIALIZED},
                 {"RETRYABLE", SHEAF_RESULT_RETRYABLE},
                 {"RECORD", SERVE_RECORD},
                 {"EXISTS", SERVE_EXISTS},
                 {"TRAITS", SERVE_TRAITS}};

static bool add_constants(PyObject *module) {
  for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
    if (PyModule_AddIntConstant(module, constants[i].name, constants[i].number) != 0) return false;
  return true;
}

PyMODINIT_FUNC PyInit__author_fast(void);
PyMODINIT_FUNC PyInit__author_fast(void) {
  PyObject *module = PyModule_Create(&definition);
  serve_gil_init();
  if (module && !(serve_request_init(module) && add_constants(module))) Py_CLEAR(module);
  return module;
}
