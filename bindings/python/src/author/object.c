/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python's objects: settings, a context's locale, inputs of verbs. */
#include "serve.h"

static PyObject *list_object(const sheaf_value *value) {
  PyObject *list = PyList_New((Py_ssize_t)value->length);
  for (uint32_t i = 0; list && i < value->length; i++) {
    PyObject *item = serve_object(&value->u.items[i]);
    if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) != 0) Py_CLEAR(list);
  }
  return list;
}

PyObject *serve_object(const sheaf_value *value) {
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
    return PyUnicode_DecodeUTF8(value->u.data, (Py_ssize_t)value->length, "surrogateescape");
  case SHEAF_KIND_BYTES:
    return PyBytes_FromStringAndSize(value->u.data, (Py_ssize_t)value->length);
  case SHEAF_KIND_LIST:
    return list_object(value);
  default:
    PyErr_Format(PyExc_ValueError, "a value of kind %d, which this release does not know",
                 (int)value->kind);
    return NULL;
  }
}

/* The dict of a trait's properties; borrowed, made if it is not there. */
static PyObject *properties_of(PyObject *record, PyObject *trait) {
  PyObject *there = PyDict_GetItemWithError(record, trait);
  if (there || PyErr_Occurred()) return there;
  PyObject *made = PyDict_New();
  if (!made) return NULL;
  bool kept = PyDict_SetItem(record, trait, made) == 0;
  Py_DECREF(made);
  return kept ? made : NULL;
}

static bool add_property(serve_names *names, PyObject *record, const sheaf_property *property) {
  PyObject *trait = serve_names_text(names, property->trait);
  PyObject *properties = trait ? properties_of(record, trait) : NULL;
  if (!properties) return false;
  if (property->key == 0 || property->value.kind == SHEAF_KIND_NONE) return true;
  PyObject *key = serve_names_text(names, property->key);
  PyObject *value = key ? serve_object(&property->value) : NULL;
  bool added = value && PyDict_SetItem(properties, key, value) == 0;
  Py_XDECREF(value);
  return added;
}

PyObject *serve_record_object(serve_names *names, const sheaf_property *properties,
                              uint32_t count) {
  PyObject *record = PyDict_New();
  for (uint32_t i = 0; record && i < count; i++)
    if (!add_property(names, record, &properties[i])) Py_CLEAR(record);
  return record;
}
