/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python's objects, text, and exceptions. */
#include "fast.h"

PyObject *fast_text(sheaf_str text) {
  return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.size, "surrogateescape");
}

bool fast_utf8(PyObject *text, sheaf_str *utf8) {
  Py_ssize_t size = 0;
  utf8->data = PyUnicode_AsUTF8AndSize(text, &size);
  utf8->size = (size_t)size;
  return utf8->data != NULL;
}

static PyObject *object_at(const sheaf_value *value, int depth);

static PyObject *list_object(const sheaf_value *value, int depth) {
  PyObject *list = PyList_New((Py_ssize_t)value->length);
  for (uint32_t i = 0; list && i < value->length; i++) {
    PyObject *item = object_at(&value->u.items[i], depth + 1);
    if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) != 0) Py_CLEAR(list);
  }
  return list;
}

/* None of a kind that is not known here, and of a list that is deeper than the core would copy. */
static PyObject *object_at(const sheaf_value *value, int depth) {
  switch (value->kind) {
  case SHEAF_KIND_BOOL:
    return PyBool_FromLong(value->u.integer != 0);
  case SHEAF_KIND_INT64:
    return PyLong_FromLongLong(value->u.integer);
  case SHEAF_KIND_DOUBLE:
    return PyFloat_FromDouble(value->u.real);
  case SHEAF_KIND_STRING:
    return fast_text(sheaf_value_str(value));
  case SHEAF_KIND_BYTES:
    return PyBytes_FromStringAndSize(value->u.data, (Py_ssize_t)value->length);
  case SHEAF_KIND_LIST:
    if (depth < SHEAF_MAX_LIST_DEPTH) return list_object(value, depth);
    Py_RETURN_NONE;
  default:
    Py_RETURN_NONE;
  }
}

PyObject *fast_object(const sheaf_value *value) { return object_at(value, 0); }

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
