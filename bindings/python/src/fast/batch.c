/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a batch, as a sequence of records and errors. */
#include "fast.h"

#include <structmember.h>

/* Of a manager that is being closed, the last batch destroys it: that may wait for threads of its,
 * and they for the GIL. */
static void free_results(fast_manager *m, sheaf_batch *batch) {
  if (!m->closing) {
    m->state->sheaf.batch_free(batch);
    return;
  }
  Py_BEGIN_ALLOW_THREADS m->state->sheaf.batch_free(batch);
  Py_END_ALLOW_THREADS
}

PyObject *fast_batch_new(fast_manager *manager, fast_refs *refs, sheaf_id verb,
                         sheaf_batch *results) {
  fast_batch *batch =
      PyErr_Occurred() ? NULL : PyObject_GC_New(fast_batch, manager->state->batch_type);
  if (!batch) {
    free_results(manager, results);
    return NULL;
  }
  Py_INCREF(manager);
  Py_INCREF(refs);
  batch->state = manager->state;
  batch->manager = manager;
  batch->names = manager->names;
  batch->refs = refs;
  batch->batch = results;
  batch->verb = verb;
  batch->count = manager->state->sheaf.batch_count(results);
  batch->forks = manager->state->forks;
  batch->weak_references = NULL;
  PyObject_GC_Track(batch);
  return (PyObject *)batch;
}

static int traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(((fast_batch *)self)->manager);
  return 0;
}

static void dealloc(PyObject *self) {
  fast_batch *batch = (fast_batch *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (batch->weak_references) PyObject_ClearWeakRefs(self);
  /* In the child of a fork the manager's threads are not there: it is left alone. */
  if (batch->forks == batch->state->forks) free_results(batch->manager, batch->batch);
  Py_DECREF(batch->refs);
  Py_DECREF(batch->manager);
  PyObject_GC_Del(batch);
  Py_DECREF(type);
}

/* --------------------------------------------------------------------------------------- elements */

/* Seconds; None if the manager did not say. */
static PyObject *retry_after(const sheaf_result *result) {
  const sheaf_value *ms = sheaf_result_find(result, SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS);
  if (ms && ms->kind == SHEAF_KIND_INT64) return PyFloat_FromDouble((double)ms->u.integer / 1000);
  Py_RETURN_NONE;
}

static PyObject *error_object(const fast_batch *batch, uint32_t index, const sheaf_result *result) {
  PyObject *message =
      PyUnicode_DecodeUTF8(result->message.data, (Py_ssize_t)result->message.size, "replace");
  PyObject *retryable = result->flags & SHEAF_RESULT_RETRYABLE ? Py_True : Py_False;
  PyObject *ref = PyTuple_GetItem(batch->refs->texts, (Py_ssize_t)index);
  PyObject *seconds = retry_after(result), *error = NULL;
  if (message && ref && seconds)
    error = PyObject_CallFunction(batch->state->element_error, "OIIOOO", message, result->status,
                                  index, ref, retryable, seconds);
  Py_XDECREF(message);
  Py_XDECREF(seconds);
  return error;
}

static PyObject *trait_set(const fast_batch *batch, const sheaf_result *result) {
  PyObject *names = fast_trait_names(batch->names, result);
  PyObject *set = names ? PyFrozenSet_New(names) : NULL;
  Py_XDECREF(names);
  return set;
}

PyObject *fast_batch_element(fast_batch *batch, uint32_t index) {
  const sheaf_result *result = batch->state->sheaf.batch_at(batch->batch, index);
  if (!SHEAF_IS_OK(result->status)) return error_object(batch, index, result);
  if (batch->verb == SHEAF_VERB_EXISTS) return PyBool_FromLong(sheaf_record_exists(result));
  if (batch->verb == SHEAF_VERB_TRAITS) return trait_set(batch, result);
  return fast_view_new(batch, result, 0);
}

static PyObject *out_of_range(void) {
  PyErr_SetString(PyExc_IndexError, "batch index out of range");
  return NULL;
}

static PyObject *slice(fast_batch *batch, PyObject *key) {
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(key, &start, &stop, &step) != 0) return NULL;
  Py_ssize_t count = PySlice_AdjustIndices((Py_ssize_t)batch->count, &start, &stop, step);
  PyObject *list = PyList_New(count);
  for (Py_ssize_t i = 0; list && i < count; i++) {
    PyObject *element = fast_batch_element(batch, (uint32_t)(start + i * step));
    if (!element || PyList_SetItem(list, i, element) != 0) Py_CLEAR(list);
  }
  return list;
}

/* A negative index counts from the end. */
static PyObject *element_at(fast_batch *batch, Py_ssize_t index) {
  if (index < 0) index += batch->count;
  return (size_t)index < batch->count ? fast_batch_element(batch, (uint32_t)index) : out_of_range();
}

static PyObject *subscript(PyObject *self, PyObject *key) {
  fast_batch *batch = (fast_batch *)self;
  if (Py_IS_TYPE(key, &PyLong_Type)) { /* nearly always: in range, and not negative */
    Py_ssize_t index = PyLong_AsSsize_t(key);
    if ((size_t)index < batch->count) return fast_batch_element(batch, (uint32_t)index);
    PyErr_Clear();
  }
  if (PySlice_Check(key)) return slice(batch, key);
  if (!Py_IS_TYPE(key, &PyLong_Type) && !PyIndex_Check(key)) {
    fast_type_error("batch indices must be integers or slices, not %U", key);
    return NULL;
  }
  Py_ssize_t index = PyNumber_AsSsize_t(key, PyExc_IndexError);
  if (index != -1 || !PyErr_Occurred()) return element_at(batch, index);
  return PyErr_ExceptionMatches(PyExc_IndexError) ? out_of_range() : NULL;
}

/* For iteration, which asks for index after index until there is none. The interpreter has added the
 * length to a negative one. */
static PyObject *item(PyObject *self, Py_ssize_t index) {
  fast_batch *batch = (fast_batch *)self;
  return (size_t)index < batch->count ? fast_batch_element(batch, (uint32_t)index) : out_of_range();
}

static Py_ssize_t length(PyObject *self) { return (Py_ssize_t)((fast_batch *)self)->count; }

/* ----------------------------------------------------------------------------- of the whole batch */

static PyObject *status_code(PyObject *self, void *closure) {
  fast_batch *batch = (fast_batch *)self;
  (void)closure;
  return PyLong_FromUnsignedLong(batch->state->sheaf.batch_status(batch->batch));
}

static PyObject *failed(PyObject *self, void *closure) {
  fast_batch *batch = (fast_batch *)self;
  (void)closure;
  return PyLong_FromUnsignedLong(batch->state->sheaf.batch_failed(batch->batch));
}

static PyObject *refs(PyObject *self, void *closure) {
  (void)closure;
  Py_INCREF(((fast_batch *)self)->refs);
  return (PyObject *)((fast_batch *)self)->refs;
}

/* The ElementError of each reference that failed, by index. */
static PyObject *errors(PyObject *self, void *closure) {
  fast_batch *batch = (fast_batch *)self;
  const fast_functions *sheaf = &batch->state->sheaf;
  PyObject *list = PyList_New(0);
  uint32_t left = sheaf->batch_failed(batch->batch);
  (void)closure;
  for (uint32_t i = 0; list && left && i < batch->count; i++) {
    const sheaf_result *result = sheaf->batch_at(batch->batch, i);
    if (SHEAF_IS_OK(result->status)) continue;
    PyObject *error = error_object(batch, i, result);
    if (!error || PyList_Append(list, error) != 0) Py_CLEAR(list);
    Py_XDECREF(error);
    left--;
  }
  return list;
}

static PyObject *plain(fast_batch *batch, uint32_t index) {
  PyObject *element = fast_batch_element(batch, index);
  if (!element || !Py_IS_TYPE(element, batch->state->record_type)) return element;
  PyObject *dict = fast_view_dict((fast_view *)element);
  Py_DECREF(element);
  return dict;
}

static PyObject *to_list(PyObject *self, PyObject *none) {
  fast_batch *batch = (fast_batch *)self;
  PyObject *list = PyList_New((Py_ssize_t)batch->count);
  (void)none;
  for (uint32_t i = 0; list && i < batch->count; i++) {
    PyObject *element = plain(batch, i);
    if (!element || PyList_SetItem(list, (Py_ssize_t)i, element) != 0) Py_CLEAR(list);
  }
  return list;
}

static PyMethodDef methods[] = {{"to_list", to_list, METH_NOARGS,
                                 "A list that needs no batch: records as dicts, and the errors."},
                                {NULL, NULL, 0, NULL}};

static PyMemberDef fields[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(fast_batch, weak_references), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};

static PyGetSetDef members[] = {
    {"_status", status_code, NULL, "Of the batch, a number.", NULL},
    {"failed", failed, NULL, "How many references failed.", NULL},
    {"refs", refs, NULL, "The references that were asked about.", NULL},
    {"errors", errors, NULL, "The ElementError of each reference that failed, by index.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static char doc[] = "The results of a batch, by index.";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
static PyType_Slot slots[] = {{Py_tp_dealloc, (void *)dealloc},
                              {Py_tp_traverse, (void *)traverse},
                              {Py_sq_length, (void *)length},
                              {Py_sq_item, (void *)item},
                              {Py_mp_length, (void *)length},
                              {Py_mp_subscript, (void *)subscript},
                              {Py_tp_iter, (void *)PySeqIter_New},
                              {Py_tp_getset, members},
                              {Py_tp_members, fields},
                              {Py_tp_methods, methods},
                              {Py_tp_doc, doc},
                              {0, NULL}};
#pragma GCC diagnostic pop

PyType_Spec fast_batch_spec = {
    "sheaf.Batch", sizeof(fast_batch), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
