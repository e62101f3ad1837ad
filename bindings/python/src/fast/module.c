/* SPDX-License-Identifier: Apache-2.0 */
/* The module sheaf._fast. Its state is the interpreter's; nothing is the process's. */
#include "fast.h"

/* The address of a function of libsheaf, by its name without `sheaf_`. */
static bool read_address(PyObject *addresses, const char *name, void *function) {
  PyObject *number = PyMapping_GetItemString(addresses, name);
  void *address = number ? PyLong_AsVoidPtr(number) : NULL;
  Py_XDECREF(number);
  if (!address && !PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "the address of %s is 0", name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

static bool read_addresses(fast_functions *sheaf, PyObject *addresses) {
#define READ(type, name, parameters)                                                               \
  if (!read_address(addresses, #name, (void *)&sheaf->name)) return false;
  FAST_FUNCTIONS(READ)
#undef READ
  return true;
}

static void replace(PyObject **place, PyObject *object) {
  PyObject *old = *place;
  Py_INCREF(object);
  *place = object;
  Py_XDECREF(old);
}

static PyObject *connect(PyObject *module, PyObject *arguments) {
  fast_state *state = PyModule_GetState(module);
  PyObject *addresses, *element_error, *error_for, *default_call, *mapping;
  fast_functions sheaf;
  if (!PyArg_ParseTuple(arguments, "OOOOO:connect", &addresses, &element_error, &error_for,
                        &default_call, &mapping) ||
      !read_addresses(&sheaf, addresses))
    return NULL;
  state->sheaf = sheaf;
  replace(&state->element_error, element_error);
  replace(&state->error_for, error_for);
  replace(&state->default_call, default_call);
  replace(&state->mapping, mapping);
  Py_RETURN_NONE;
}

static PyObject *forked(PyObject *module, PyObject *none) {
  (void)none;
  ((fast_state *)PyModule_GetState(module))->forks++;
  Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------- the module */

static bool add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type) {
  *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
  return *type && PyModule_AddType(module, *type) == 0;
}

static int fill(PyObject *module) {
  fast_state *state = PyModule_GetState(module);
  state->no_name = PyUnicode_FromString("");
  bool filled = state->no_name && add_type(module, &fast_names_spec, &state->names_type) &&
                add_type(module, &fast_manager_spec, &state->manager_type) &&
                add_type(module, &fast_refs_spec, &state->refs_type) &&
                add_type(module, &fast_batch_spec, &state->batch_type) &&
                add_type(module, &fast_record_spec, &state->record_type) &&
                add_type(module, &fast_properties_spec, &state->properties_type);
  return filled ? 0 : -1;
}

/* The types keep the module, and their objects them. */
static int traverse(PyObject *module, visitproc visit, void *arg) {
  fast_state *state = PyModule_GetState(module);
  Py_VISIT(state->element_error);
  Py_VISIT(state->error_for);
  Py_VISIT(state->default_call);
  Py_VISIT(state->mapping);
  Py_VISIT(state->no_name);
  Py_VISIT(state->names_type);
  Py_VISIT(state->manager_type);
  Py_VISIT(state->refs_type);
  Py_VISIT(state->batch_type);
  Py_VISIT(state->record_type);
  Py_VISIT(state->properties_type);
  for (uint32_t i = 0; i < state->records.count; i++) Py_VISIT(state->record_type);
  for (uint32_t i = 0; i < state->properties.count; i++) Py_VISIT(state->properties_type);
  return 0;
}

static int clear(PyObject *module) {
  fast_state *state = PyModule_GetState(module);
  fast_spares_clear(&state->records);
  fast_spares_clear(&state->properties);
  Py_CLEAR(state->element_error);
  Py_CLEAR(state->error_for);
  Py_CLEAR(state->default_call);
  Py_CLEAR(state->mapping);
  Py_CLEAR(state->no_name);
  Py_CLEAR(state->names_type);
  Py_CLEAR(state->manager_type);
  Py_CLEAR(state->refs_type);
  Py_CLEAR(state->batch_type);
  Py_CLEAR(state->record_type);
  Py_CLEAR(state->properties_type);
  return 0;
}

static void free_module(void *module) { (void)clear(module); }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS,
     "connect(functions, element_error, error_for, default_call, mapping): what the rest needs. "
     "functions: name without `sheaf_` -> address."},
    {"forked", forked, METH_NOARGS, "To be called in the child of a fork."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};
#pragma GCC diagnostic pop

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "sheaf._fast",
                                        "Asking and reading batches, in C.",
                                        sizeof(fast_state),
                                        functions,
                                        slots,
                                        traverse,
                                        clear,
                                        free_module};

PyMODINIT_FUNC PyInit__fast(void);
PyMODINIT_FUNC PyInit__fast(void) { return PyModuleDef_Init(&definition); }
