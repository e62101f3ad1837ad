/* SPDX-License-Identifier: Apache-2.0 */
/* Columns as lists, for who wants no data frame. */
#include "fast.h"

static PyObject *cell_object(sheaf_cell cell);

static PyObject *cell_list(sheaf_cell cell) {
  uint64_t count = sheaf_cell_size(cell);
  PyObject *list = PyList_New((Py_ssize_t)count);
  for (uint64_t i = 0; list && i < count; i++) {
    PyObject *item = cell_object(sheaf_cell_item(cell, i));
    if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) != 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject *cell_object(sheaf_cell cell) {
  sheaf_str text;
  switch (sheaf_cell_kind(cell)) {
  case SHEAF_KIND_BOOL:
    return PyBool_FromLong(sheaf_cell_bool(cell));
  case SHEAF_KIND_INT64:
    return PyLong_FromLongLong(sheaf_cell_int64(cell));
  case SHEAF_KIND_DOUBLE:
    return PyFloat_FromDouble(sheaf_cell_double(cell));
  case SHEAF_KIND_STRING:
    return fast_text(sheaf_cell_str(cell));
  case SHEAF_KIND_BYTES:
    text = sheaf_cell_str(cell);
    return PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size);
  case SHEAF_KIND_LIST:
    return cell_list(cell);
  default:
    Py_RETURN_NONE;
  }
}

PyObject *fast_column_list(PyObject *module, PyObject *address) {
  const sheaf_column *column = PyLong_AsVoidPtr(address);
  (void)module;
  if (PyErr_Occurred()) return NULL;
  PyObject *list = PyList_New((Py_ssize_t)column->length);
  for (uint64_t i = 0; list && i < column->length; i++) {
    PyObject *item = cell_object(sheaf_column_cell(column, i));
    if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) != 0) Py_CLEAR(list);
  }
  return list;
}
