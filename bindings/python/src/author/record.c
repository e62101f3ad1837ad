/* SPDX-License-Identifier: Apache-2.0 */
/* Records as Python's objects: a context's locale, inputs of verbs. */
#include "serve.h"

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
  PyObject *value = key ? to_python(&property->value, UNKNOWN_RAISES) : NULL;
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
