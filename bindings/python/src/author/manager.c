/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Python manager behind the table of a manager. What is needed of it comes as a spec, a tuple:
 *   ((verb's name, flags, kind of answer, function, its name), ...), description flags,
 *   (prefix, ...), flush or None, close or None
 */
#include "serve.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------------------- the table */

static const sheaf_description *describe(void *self) {
  return &((serve_manager *)self)->description;
}

static sheaf_status flush(void *self, const sheaf_call *call, sheaf_error *error) SHEAF_NOEXCEPT;
static sheaf_status flush(void *self, const sheaf_call *call, sheaf_error *error) {
  (void)call;
  serve_manager *manager = self;
  if (manager->flush == Py_None || serve_python_is_ending()) return SHEAF_OK;
  PyGILState_STATE gil = serve_gil_take();
  PyObject *done = PyObject_CallObject(manager->flush, NULL);
  sheaf_status status = done ? SHEAF_OK : serve_error_set(manager->host, "flush", error);
  Py_XDECREF(done);
  PyGILState_Release(gil);
  return status;
}

static void manager_free(serve_manager *manager) {
  serve_names_clear(&manager->names);
  Py_XDECREF(manager->spec);
  serve_work_free(atomic_load(&manager->spare));
  free(manager->verbs);
  free(manager->infos);
  free(manager->prefixes);
  free(manager);
}

static void destroy(void *self) {
  serve_manager *manager = self;
  if (serve_python_is_ending()) return; /* and takes the manager with it */
  PyGILState_STATE gil = serve_gil_take();
  if (manager->close != Py_None) {
    PyObject *done = PyObject_CallObject(manager->close, NULL);
    if (!done) (void)serve_error_set(manager->host, "close", NULL);
    Py_XDECREF(done);
  }
  manager_free(manager);
  PyGILState_Release(gil);
}

const sheaf_manager_table serve_table = {.struct_size = sizeof serve_table,
                                         .describe = describe,
                                         .batch = serve_batch,
                                         .flush = flush,
                                         .destroy = destroy};

/* ------------------------------------------------------------------------------------ making one */

static bool read_verb(serve_manager *manager, uint32_t i, PyObject *item) {
  serve_verb *verb = &manager->verbs[i];
  unsigned int flags;
  PyObject *name;
  if (!PyArg_ParseTuple(item, "UIIOs", &name, &flags, &verb->answer, &verb->function, &verb->name))
    return false;
  sheaf_error why;
  sheaf_id id = serve_names_id(&manager->names, name, &why);
  if (id == 0) return PyErr_Format(PyExc_ValueError, "verb %R: %s", name, why.message), false;
  manager->infos[i] = (sheaf_verb_info){id, flags};
  return true;
}

static bool read_verbs(serve_manager *manager, PyObject *verbs) {
  Py_ssize_t count = PyTuple_Size(verbs);
  manager->verbs = calloc((size_t)count + 1, sizeof *manager->verbs);
  manager->infos = calloc((size_t)count + 1, sizeof *manager->infos);
  if (!manager->verbs || !manager->infos) return PyErr_NoMemory(), false;
  for (Py_ssize_t i = 0; i < count; i++)
    if (!read_verb(manager, (uint32_t)i, PyTuple_GetItem(verbs, i))) return false;
  manager->description.verbs = manager->infos;
  manager->description.verb_count = (uint32_t)count;
  return true;
}

static bool read_prefixes(serve_manager *manager, PyObject *prefixes) {
  Py_ssize_t count = PyTuple_Size(prefixes), size;
  manager->prefixes = calloc((size_t)count + 1, sizeof *manager->prefixes);
  if (!manager->prefixes) return PyErr_NoMemory(), false;
  for (Py_ssize_t i = 0; i < count; i++) {
    const char *text = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(prefixes, i), &size);
    if (!text) return false;
    manager->prefixes[i] = sheaf_strn(text, (size_t)size);
  }
  manager->description.prefixes = manager->prefixes;
  manager->description.prefix_count = (uint32_t)count;
  return true;
}

static bool read_spec(serve_manager *manager, PyObject *spec) {
  PyObject *verbs, *prefixes;
  unsigned int flags;
  if (!PyArg_ParseTuple(spec, "O!IO!OO", &PyTuple_Type, &verbs, &flags, &PyTuple_Type, &prefixes,
                        &manager->flush, &manager->close))
    return false;
  Py_INCREF(spec);
  manager->spec = spec;
  manager->description.struct_size = sizeof manager->description;
  manager->description.flags = flags;
  return read_verbs(manager, verbs) && read_prefixes(manager, prefixes);
}

PyObject *serve_manager_new(PyObject *module, PyObject *arguments) {
  (void)module;
  unsigned long long host;
  PyObject *spec;
  if (!PyArg_ParseTuple(arguments, "KO!", &host, &PyTuple_Type, &spec)) return NULL;
  serve_manager *manager = calloc(1, sizeof *manager);
  if (!manager) return PyErr_NoMemory();
  manager->host = (const sheaf_host *)(uintptr_t)host;
  PyObject *made = NULL;
  if (serve_names_init(&manager->names, manager->host) && read_spec(manager, spec))
    made = Py_BuildValue("KK", (unsigned long long)(uintptr_t)&serve_table,
                         (unsigned long long)(uintptr_t)manager);
  if (!made) manager_free(manager);
  return made;
}
