/* SPDX-License-Identifier: Apache-2.0 */
/* References: any iterable of str as an array for C. */
#include "fast.h"

/* What has a reference to itself, or says something else than it seems, is not to get into a batch:
 * of a str of a subclass, its text. */
static PyObject *exact(PyObject *ref, Py_ssize_t index) {
  if (PyUnicode_Check(ref)) return PyUnicode_FromObject(ref);
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(ref), "__name__");
  if (name) PyErr_Format(PyExc_TypeError, "refs[%zd] must be str, not %U", index, name);
  Py_XDECREF(name);
  return NULL;
}

/* The same as a tuple of exact str. Takes over `texts`. */
static PyObject *exact_all(PyObject *texts) {
  Py_ssize_t count = PyTuple_Size(texts);
  PyObject *made = PyTuple_New(count);
  for (Py_ssize_t i = 0; made && i < count; i++) {
    PyObject *text = exact(PyTuple_GetItem(texts, i), i);
    if (!text || PyTuple_SetItem(made, i, text) != 0) Py_CLEAR(made);
  }
  Py_DECREF(texts);
  return made;
}

static bool are_exact(PyObject *texts, Py_ssize_t count) {
  for (Py_ssize_t i = 0; i < count; i++)
    if (!Py_IS_TYPE(PyTuple_GetItem(texts, i), &PyUnicode_Type)) return false;
  return true;
}

/* Says which one it was. */
static void point_at(Py_ssize_t index) {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  if (PyErr_GivenExceptionMatches(error, PyExc_UnicodeEncodeError)) {
    PyObject *reason = PyUnicode_FromFormat("surrogates not allowed: refs[%zd]", index);
    if (!reason || PyObject_SetAttrString(error, "reason", reason) != 0) PyErr_Clear();
    Py_XDECREF(reason);
  }
  PyErr_Restore(type, error, trace);
}

static bool fill(fast_refs *refs) {
  for (uint32_t i = 0; i < refs->count; i++) {
    if (fast_utf8(PyTuple_GetItem(refs->texts, (Py_ssize_t)i), &refs->refs[i])) continue;
    point_at((Py_ssize_t)i);
    return false;
  }
  return true;
}

/* Takes over `texts`. */
static fast_refs *of_tuple(PyTypeObject *type, PyObject *texts) {
  Py_ssize_t count = PyTuple_Size(texts);
  if ((size_t)count >= SHEAF_REST) {
    PyErr_Format(PyExc_ValueError, "%zd refs are too many: at most 2,147,483,647 at once", count);
    Py_DECREF(texts);
    return NULL;
  }
  if (!are_exact(texts, count)) texts = exact_all(texts);
  fast_refs *refs = texts ? PyObject_New(fast_refs, type) : NULL;
  if (!refs) {
    Py_XDECREF(texts);
    return NULL;
  }
  refs->texts = texts;
  refs->count = (uint32_t)count;
  refs->refs = PyMem_Malloc((size_t)count * sizeof *refs->refs);
  if (!refs->refs) PyErr_NoMemory();
  if (!refs->refs || !fill(refs)) Py_CLEAR(refs);
  return refs;
}

/* What is iterable and meant otherwise. -1 with an exception. */
static int is_refused(const fast_state *state, PyObject *refs) {
  return fast_is_text(refs) ? 1 : PyObject_IsInstance(refs, state->mapping);
}

static PyObject *tuple_of(const fast_state *state, PyObject *refs) {
  static const char refusal[] = "refs must be an iterable of str, not %U";
  if (PyList_CheckExact(refs)) return PyList_AsTuple(refs);
  if (PyTuple_CheckExact(refs)) {
    Py_INCREF(refs);
    return refs;
  }
  int refused = is_refused(state, refs);
  if (refused < 0) return NULL;
  PyObject *iterator = refused ? NULL : PyObject_GetIter(refs);
  if (!iterator) {
    if (!refused && !PyErr_ExceptionMatches(PyExc_TypeError)) return NULL;
    PyErr_Clear();
    fast_type_error(refusal, refs);
    return NULL;
  }
  PyObject *texts = PySequence_Tuple(iterator);
  Py_DECREF(iterator);
  return texts;
}

fast_refs *fast_refs_from(fast_state *state, PyObject *refs) {
  if (Py_IS_TYPE(refs, state->refs_type)) {
    Py_INCREF(refs);
    return (fast_refs *)refs;
  }
  PyObject *texts = tuple_of(state, refs);
  return texts ? of_tuple(state->refs_type, texts) : NULL;
}

/* --------------------------------------------------------------------------------- as an object */

static PyObject *new_refs(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
  static char name[] = "refs", *parameters[] = {name, NULL};
  PyObject *refs;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O:Refs", parameters, &refs)) return NULL;
  return (PyObject *)fast_refs_from(PyType_GetModuleState(type), refs);
}

static void dealloc(PyObject *self) {
  fast_refs *refs = (fast_refs *)self;
  PyTypeObject *type = Py_TYPE(self);
  Py_DECREF(refs->texts);
  PyMem_Free(refs->refs);
  PyObject_Free(refs);
  Py_DECREF(type);
}

static Py_ssize_t length(PyObject *self) { return (Py_ssize_t)((fast_refs *)self)->count; }

static PyObject *item(PyObject *self, Py_ssize_t index) {
  PyObject *text = PyTuple_GetItem(((fast_refs *)self)->texts, index);
  Py_XINCREF(text);
  return text;
}

/* One reference; of a slice, Refs. */
static PyObject *subscript(PyObject *self, PyObject *key) {
  PyObject *found = PyObject_GetItem(((fast_refs *)self)->texts, key);
  if (!found || !PySlice_Check(key)) return found;
  return (PyObject *)of_tuple(Py_TYPE(self), found);
}

static PyObject *iterate(PyObject *self) { return PyObject_GetIter(((fast_refs *)self)->texts); }

static int contains(PyObject *self, PyObject *ref) {
  return PySequence_Contains(((fast_refs *)self)->texts, ref);
}

static PyObject *address(PyObject *self, void *closure) {
  (void)closure;
  return PyLong_FromVoidPtr(((fast_refs *)self)->refs);
}

static PyObject *texts(PyObject *self, void *closure) {
  (void)closure;
  Py_INCREF(((fast_refs *)self)->texts);
  return ((fast_refs *)self)->texts;
}

static PyGetSetDef members[] = {
    {"address", address, NULL, "Of the array of sheaf_str, for C.", NULL},
    {"texts", texts, NULL, "The references, as a tuple.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static char doc[] = "References, prepared once for many calls.";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
static PyType_Slot slots[] = {{Py_tp_new, (void *)new_refs},
                              {Py_tp_dealloc, (void *)dealloc},
                              {Py_sq_length, (void *)length},
                              {Py_sq_item, (void *)item},
                              {Py_sq_contains, (void *)contains},
                              {Py_mp_length, (void *)length},
                              {Py_mp_subscript, (void *)subscript},
                              {Py_tp_iter, (void *)iterate},
                              {Py_tp_getset, members},
                              {Py_tp_doc, doc},
                              {0, NULL}};
#pragma GCC diagnostic pop

PyType_Spec fast_refs_spec = {"sheaf.Refs", sizeof(fast_refs), 0, Py_TPFLAGS_DEFAULT, slots};
