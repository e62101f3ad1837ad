/* SPDX-License-Identifier: Apache-2.0 */
/* Records, and the properties of a trait: mappings that look into their batch when they are asked. */
#include "fast.h"

/* Whether a property says anything: entry for entry, as sheaf_result_find and
 * sheaf_result_has_trait look at it. */
static bool has_value(const sheaf_property *p) { return p->value.kind != SHEAF_KIND_NONE; }
static bool names_trait(const sheaf_property *p) { return p->key == 0 || has_value(p); }

static void free_view(fast_view *view) {
  PyTypeObject *type = Py_TYPE(view);
  PyObject_Free(view);
  Py_DECREF(type);
}

void fast_spares_clear(fast_spares *spares) {
  while (spares->count) free_view(spares->views[--spares->count]);
}

PyObject *fast_view_new(fast_batch *batch, const sheaf_result *result, sheaf_id trait) {
  fast_state *state = batch->state;
  fast_spares *spares = trait ? &state->properties : &state->records;
  fast_view *view;
  if (spares->count) view = spares->views[--spares->count];
  else view = PyObject_New(fast_view, trait ? state->properties_type : state->record_type);
  if (!view) return NULL;
  Py_INCREF(batch);
  view->batch = batch;
  view->result = result;
  view->trait = trait;
  return (PyObject *)view;
}

static void dealloc(PyObject *self) {
  fast_view *view = (fast_view *)self;
  fast_batch *batch = view->batch;
  fast_spares *spares = view->trait ? &batch->state->properties : &batch->state->records;
  if (spares->count < FAST_SPARE_VIEWS) {
    Py_SET_REFCNT(self, 1);
    spares->views[spares->count++] = view;
  } else {
    free_view(view);
  }
  Py_DECREF(batch);
}

/* ---------------------------------------------------------------------------------------- finding */

/* The id of a name that a result may hold; 0 if it does not, and -1 with an exception. Of `trait` a
 * key, or for 0 a trait. */
static __attribute__((noinline)) int64_t find_by_text(fast_view *view, PyObject *name) {
  fast_names *names = view->batch->names;
  const sheaf_result *result = view->result;
  sheaf_str text;
  if (!PyUnicode_Check(name)) return PyObject_Hash(name) == -1 ? -1 : 0; /* as a dict would */
  if (!fast_utf8(name, &text)) {
    PyErr_Clear(); /* no name has a lone surrogate */
    return 0;
  }
  for (uint32_t i = 0; i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (view->trait && p->trait != view->trait) continue;
    sheaf_id id = view->trait ? p->key : p->trait;
    if (!sheaf_str_equal(names->state->sheaf.name(names->library, id), text)) continue;
    if (text.size) fast_names_remember(names, name, id); /* what has no name is "", each of them */
    return id;
  }
  return 0;
}

static inline int64_t find_name(fast_view *view, PyObject *name) {
  sheaf_id id = fast_names_recent(view->batch->names, name);
  return id ? id : find_by_text(view, name);
}

/* What a name stands for. New. NULL without an exception if it is not there. */
static inline PyObject *find(fast_view *view, PyObject *name) {
  int64_t id = find_name(view, name);
  if (id <= 0) return NULL;
  if (view->trait) {
    const sheaf_value *value = sheaf_result_find(view->result, view->trait, (sheaf_id)id);
    return value ? to_python(value, UNKNOWN_IS_NONE) : NULL;
  }
  if (!sheaf_result_has_trait(view->result, (sheaf_id)id)) return NULL;
  return fast_view_new(view->batch, view->result, (sheaf_id)id);
}

/* Not by PyErr_SetObject alone, which takes None and tuples apart. */
static void raise_key_error(PyObject *name) {
  PyObject *error = PyObject_CallFunctionObjArgs(PyExc_KeyError, name, NULL);
  if (error) PyErr_SetObject(PyExc_KeyError, error);
  Py_XDECREF(error);
}

static PyObject *subscript(PyObject *self, PyObject *name) {
  PyObject *found = find((fast_view *)self, name);
  if (!found && !PyErr_Occurred()) raise_key_error(name);
  return found;
}

static int contains(PyObject *self, PyObject *name) {
  fast_view *view = (fast_view *)self;
  int64_t id = find_name(view, name);
  if (id <= 0) return (int)id;
  return view->trait ? sheaf_result_find(view->result, view->trait, (sheaf_id)id) != NULL
                     : sheaf_result_has_trait(view->result, (sheaf_id)id);
}

static PyObject *get(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
  if (count < 1 || count > 2) {
    PyErr_Format(PyExc_TypeError, "get expected 1 or 2 arguments, got %zd", count);
    return NULL;
  }
  PyObject *found = find((fast_view *)self, arguments[0]);
  if (found || PyErr_Occurred()) return found;
  found = count == 2 ? arguments[1] : Py_None;
  Py_INCREF(found);
  return found;
}

/* -------------------------------------------------------------------------------------- as a whole */

/* The dict of a trait's properties in a dict of dicts; borrowed, made if it is not there. */
static PyObject *dict_of_trait(PyObject *record, PyObject *trait) {
  PyObject *there = PyDict_GetItemWithError(record, trait);
  if (there || PyErr_Occurred()) return there;
  PyObject *made = PyDict_New();
  int added = made ? PyDict_SetItem(record, trait, made) : -1;
  Py_XDECREF(made);
  return added == 0 ? made : NULL;
}

/* The first of several properties of one name is the one that counts. */
static bool add_property(fast_names *names, PyObject *properties, const sheaf_property *p) {
  PyObject *key = fast_names_text(names, p->key);
  int there = key ? PyDict_Contains(properties, key) : -1;
  if (there != 0) return there > 0;
  PyObject *value = to_python(&p->value, UNKNOWN_IS_NONE);
  int added = value ? PyDict_SetItem(properties, key, value) : -1;
  Py_XDECREF(value);
  return added == 0;
}

static bool add(fast_view *view, PyObject *dict, const sheaf_property *p) {
  fast_names *names = view->batch->names;
  if (!names_trait(p) || (view->trait && p->trait != view->trait)) return true;
  if (!view->trait) {
    PyObject *trait = fast_names_text(names, p->trait);
    dict = trait ? dict_of_trait(dict, trait) : NULL;
  }
  if (!dict) return false;
  return p->key == 0 || add_property(names, dict, p);
}

PyObject *fast_view_dict(fast_view *view) {
  PyObject *dict = PyDict_New();
  for (uint32_t i = 0; dict && i < view->result->property_count; i++)
    if (!add(view, dict, &view->result->properties[i])) Py_CLEAR(dict);
  return dict;
}

static PyObject *to_dict(PyObject *self, PyObject *none) {
  (void)none;
  return fast_view_dict((fast_view *)self);
}

static bool add_name(fast_names *names, PyObject *dict, sheaf_id id) {
  PyObject *name = fast_names_text(names, id);
  return name && PyDict_SetItem(dict, name, Py_None) == 0;
}

PyObject *fast_trait_names(fast_names *names, const sheaf_result *result) {
  PyObject *dict = PyDict_New();
  for (uint32_t i = 0; dict && i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (names_trait(p) && !add_name(names, dict, p->trait)) Py_CLEAR(dict);
  }
  return dict;
}

static PyObject *keys_of_trait(fast_view *view) {
  PyObject *dict = PyDict_New();
  for (uint32_t i = 0; dict && i < view->result->property_count; i++) {
    const sheaf_property *p = &view->result->properties[i];
    if (p->trait == view->trait && p->key && has_value(p) &&
        !add_name(view->batch->names, dict, p->key))
      Py_CLEAR(dict);
  }
  return dict;
}

/* The names, in the manager's order, as the keys of a dict. */
static PyObject *names_in(PyObject *self) {
  fast_view *view = (fast_view *)self;
  return view->trait ? keys_of_trait(view) : fast_trait_names(view->batch->names, view->result);
}

static PyObject *iterate(PyObject *self) {
  PyObject *names = names_in(self);
  PyObject *iterator = names ? PyObject_GetIter(names) : NULL;
  Py_XDECREF(names);
  return iterator;
}

static Py_ssize_t length(PyObject *self) {
  PyObject *names = names_in(self);
  Py_ssize_t count = names ? PyDict_Size(names) : -1;
  Py_XDECREF(names);
  return count;
}

static PyObject *represent(PyObject *self) {
  PyObject *dict = fast_view_dict((fast_view *)self);
  PyObject *text = dict ? PyObject_Repr(dict) : NULL;
  Py_XDECREF(dict);
  return text;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
#pragma GCC diagnostic ignored "-Wcast-function-type"
static PyMethodDef methods[] = {
    {"get", (PyCFunction)get, METH_FASTCALL, "get(name, default=None)"},
    {"to_dict", to_dict, METH_NOARGS, "A dict of its own, which needs no batch."},
    {NULL, NULL, 0, NULL}};

static char record_doc[] = "What a reference resolved to: trait -> key -> value.";
static char properties_doc[] = "The properties of a trait: key -> value.";

#define SLOTS(doc)                                                                                 \
  {Py_tp_doc, doc}, {Py_tp_dealloc, (void *)dealloc}, {Py_mp_subscript, (void *)subscript},        \
      {Py_mp_length, (void *)length}, {Py_sq_contains, (void *)contains},                          \
      {Py_tp_iter, (void *)iterate}, {Py_tp_repr, (void *)represent}, {Py_tp_methods, methods}, {  \
    0, NULL                                                                                        \
  }

static PyType_Slot record_slots[] = {SLOTS(record_doc)};
static PyType_Slot properties_slots[] = {SLOTS(properties_doc)};
#pragma GCC diagnostic pop

PyType_Spec fast_record_spec = {"sheaf.Record", sizeof(fast_view), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                record_slots};
PyType_Spec fast_properties_spec = {"sheaf.Properties", sizeof(fast_view), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                    properties_slots};
