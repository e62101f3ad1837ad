/* SPDX-License-Identifier: Apache-2.0 */
/* A class of managers as a plugin without a shared object, for sheaf_register: the host of which is
 * this very process. Never freed: it must outlive the library, which nobody can see from here. */
#include "serve.h"

#include <stdlib.h>

typedef struct registered {
  PyObject *arguments; /* what it was made from: holds the texts */
  PyObject *open;      /* (host, settings) -> (table, self), as addresses */
  sheaf_setting_info *settings;
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin;
} registered;

static PyObject *settings_dict(const sheaf_factory *factory, const sheaf_value *values) {
  PyObject *dict = PyDict_New();
  for (uint32_t i = 0; dict && i < factory->setting_count; i++) {
    PyObject *value = to_python(&values[i], UNKNOWN_RAISES);
    if (!value || PyDict_SetItemString(dict, factory->settings[i].name, value) != 0) Py_CLEAR(dict);
    Py_XDECREF(value);
  }
  return dict;
}

static bool open_manager(const sheaf_factory *factory, const sheaf_host *host,
                         const sheaf_value *settings, sheaf_interface *out) {
  const registered *self = factory->data;
  unsigned long long table, manager;
  PyObject *dict = settings_dict(factory, settings);
  PyObject *made =
      dict ? PyObject_CallFunction(self->open, "KO", (unsigned long long)(uintptr_t)host, dict)
           : NULL;
  bool is_made = made && PyArg_ParseTuple(made, "KK", &table, &manager);
  if (is_made) *out = (sheaf_interface){(const void *)(uintptr_t)table, (void *)(uintptr_t)manager};
  Py_XDECREF(dict);
  Py_XDECREF(made);
  return is_made;
}

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) SHEAF_NOEXCEPT;
static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  (void)setting_count;
  if (serve_python_is_ending())
    return sheaf_error_set(error, SHEAF_UNAVAILABLE,
                           "the Python interpreter of this process is ending");
  PyGILState_STATE gil = serve_gil_take();
  sheaf_status status = SHEAF_OK;
  if (!open_manager(factory, host, settings, out)) status = serve_error_set(host, "open", error);
  PyGILState_Release(gil);
  return status;
}

static bool read_settings(registered *self, PyObject *settings) {
  Py_ssize_t count = PyTuple_Size(settings);
  self->settings = calloc((size_t)count + 1, sizeof *self->settings);
  if (!self->settings) return PyErr_NoMemory(), false;
  for (Py_ssize_t i = 0; i < count; i++) {
    sheaf_setting_info *info = &self->settings[i];
    if (!PyArg_ParseTuple(PyTuple_GetItem(settings, i), "szsII", &info->name, &info->default_value,
                          &info->doc, &info->kind, &info->flags))
      return false;
  }
  self->factory.settings = self->settings;
  self->factory.setting_count = (uint32_t)count;
  return true;
}

static bool read_arguments(registered *self, PyObject *arguments) {
  PyObject *settings;
  sheaf_factory *factory = &self->factory;
  *factory = (sheaf_factory){.struct_size = sizeof *factory, .create = create, .data = self};
  if (!PyArg_ParseTuple(arguments, "szzzO!O", &factory->id, &factory->display_name,
                        &factory->version, &factory->description, &PyTuple_Type, &settings,
                        &self->open))
    return false;
  Py_INCREF(arguments); /* for ever */
  self->arguments = arguments;
  self->factories[0] = factory;
  self->plugin = (sheaf_plugin){.struct_size = sizeof self->plugin,
                                .abi_minor = 0,
                                .abi_minor_min = 0,
                                .factories = self->factories,
                                .factory_count = 1};
  return read_settings(self, settings);
}

/* plugin(id, name, version, description, ((name, default, doc, kind, flags), ...), open) -> address */
PyObject *serve_plugin_new(PyObject *module, PyObject *arguments) {
  (void)module;
  registered *self = calloc(1, sizeof *self);
  if (!self) return PyErr_NoMemory();
  if (read_arguments(self, arguments))
    return PyLong_FromUnsignedLongLong((unsigned long long)(uintptr_t)&self->plugin);
  free(self->settings);
  free(self);
  return NULL;
}
