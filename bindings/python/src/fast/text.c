/* SPDX-License-Identifier: Apache-2.0 */
/* Text, and exceptions. */
#include "fast.h"

bool fast_utf8(PyObject *text, sheaf_str *utf8) {
  Py_ssize_t size = 0;
  utf8->data = PyUnicode_AsUTF8AndSize(text, &size);
  utf8->size = (size_t)size;
  return utf8->data != NULL;
}

bool fast_is_text(PyObject *object) {
  return PyUnicode_Check(object) || PyBytes_Check(object) || PyByteArray_Check(object);
}

void fast_type_error(const char *format, PyObject *object) {
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
  if (!name) return;
  PyErr_Format(PyExc_TypeError, format, name);
  Py_DECREF(name);
}

void fast_raise(const fast_state *state, sheaf_status status, const char *message) {
  PyObject *error = PyObject_CallFunction(state->error_for, "Is", status, message);
  if (error) PyErr_SetObject((PyObject *)Py_TYPE(error), error);
  Py_XDECREF(error);
}
