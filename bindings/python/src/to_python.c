/* SPDX-License-Identifier: Apache-2.0 */
#include "to_python.h"

PyObject *to_python_text(sheaf_str text) {
  return PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.size, "surrogateescape");
}

static PyObject *object_at(const sheaf_value *value, to_python_unknown unknown, int depth);

static PyObject *list_object(const sheaf_value *value, to_python_unknown unknown, int depth) {
  PyObject *list = PyList_New((Py_ssize_t)value->length);
  for (uint32_t i = 0; list && i < value->length; i++) {
    PyObject *item = object_at(&value->u.items[i], unknown, depth + 1);
    if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) != 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject *unknown_object(const sheaf_value *value, to_python_unknown unknown) {
  if (unknown == UNKNOWN_IS_NONE) Py_RETURN_NONE;
  if (value->kind == SHEAF_KIND_LIST)
    return PyErr_Format(PyExc_ValueError, "a list of lists, deeper than %d", SHEAF_MAX_LIST_DEPTH);
  return PyErr_Format(PyExc_ValueError, "a value of kind %d, which this release does not know",
                      (int)value->kind);
}

static PyObject *object_at(const sheaf_value *value, to_python_unknown unknown, int depth) {
  switch (value->kind) {
  case SHEAF_KIND_NONE:
    Py_RETURN_NONE;
  case SHEAF_KIND_BOOL:
    return PyBool_FromLong(value->u.integer != 0);
  case SHEAF_KIND_INT64:
    return PyLong_FromLongLong(value->u.integer);
  case SHEAF_KIND_DOUBLE:
    return PyFloat_FromDouble(value->u.real);
  case SHEAF_KIND_STRING:
    return to_python_text(sheaf_value_str(value));
  case SHEAF_KIND_BYTES:
    return PyBytes_FromStringAndSize(value->u.data, (Py_ssize_t)value->length);
  case SHEAF_KIND_LIST:
    if (depth < SHEAF_MAX_LIST_DEPTH) return list_object(value, unknown, depth);
    return unknown_object(value, unknown);
  default:
    return unknown_object(value, unknown);
  }
}

PyObject *to_python(const sheaf_value *value, to_python_unknown unknown) {
  return object_at(value, unknown, 0);
}
