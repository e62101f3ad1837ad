/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a manager. */
#include "fast.h"

/* Beyond this many references the GIL is let go even for a manager that answers from memory. */
enum { FAST_MOST_UNDER_GIL = 4096, FAST_TRAITS_ON_STACK = 32 };

/* What is asked for. `ids` is `few`, or allocated. */
typedef struct fast_traits {
  sheaf_id few[FAST_TRAITS_ON_STACK];
  sheaf_id *ids;
} fast_traits;

static void free_traits(fast_traits *traits) {
  if (traits->ids != traits->few) PyMem_Free(traits->ids);
}

/* A list or tuple of the names; new. */
static PyObject *sequence_of(const fast_state *state, PyObject *traits) {
  if (PyList_CheckExact(traits) || PyTuple_CheckExact(traits)) {
    Py_INCREF(traits);
    return traits;
  }
  int refused = fast_is_text(traits);
  if (!refused) refused = PyObject_IsInstance(traits, state->mapping);
  if (refused < 0) return NULL;
  PyObject *iterator = refused ? NULL : PyObject_GetIter(traits);
  PyObject *sequence = iterator ? PySequence_Tuple(iterator) : NULL;
  Py_XDECREF(iterator);
  if (iterator || (!refused && !PyErr_ExceptionMatches(PyExc_TypeError))) return sequence;
  PyErr_Clear();
  fast_type_error("traits must be an iterable of str, or None for all traits, not %U", traits);
  return NULL;
}

static bool intern_all(fast_names *names, PyObject *sequence, sheaf_id *ids, Py_ssize_t count) {
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *trait = PySequence_GetItem(sequence, i);
    if (!trait) return false;
    ids[i] = 0;
    if (PyUnicode_Check(trait)) ids[i] = fast_names_intern(names, trait);
    else fast_type_error("traits must be str, not %U", trait);
    Py_DECREF(trait);
    if (!ids[i]) return false;
  }
  return true;
}

static bool read_traits(fast_manager *m, PyObject *object, fast_traits *traits,
                        sheaf_request *request) {
  traits->ids = traits->few;
  if (object == Py_None) return true;
  PyObject *sequence = sequence_of(m->state, object);
  if (!sequence) return false;
  Py_ssize_t count = PySequence_Size(sequence);
  if (count > FAST_TRAITS_ON_STACK) traits->ids = PyMem_Malloc((size_t)count * sizeof *traits->ids);
  bool read = traits->ids && count <= UINT32_MAX;
  if (!read) PyErr_NoMemory();
  read = read && intern_all(m->names, sequence, traits->ids, count);
  Py_DECREF(sequence);
  request->flags = 0;
  request->traits = traits->ids;
  request->trait_count = (uint32_t)count;
  return read;
}

/* Giving up the GIL beside a thread that is busy with Python costs 5 ms, the interpreter's switch
 * interval. So a manager that answers from memory is asked under it, as hashlib does for little. */
static bool keeps_gil(const fast_manager *m, uint32_t count) {
  return m->nonblocking && count <= FAST_MOST_UNDER_GIL;
}

static sheaf_batch *ask(const fast_manager *m, sheaf_id verb, const sheaf_request *request,
                        sheaf_error *error) {
  if (keeps_gil(m, request->count))
    return m->state->sheaf.perform_batch(m->manager, verb, request, error);
  sheaf_batch *batch;
  Py_BEGIN_ALLOW_THREADS batch = m->state->sheaf.perform_batch(m->manager, verb, request, error);
  Py_END_ALLOW_THREADS return batch;
}

/* The arguments of `ask`, in their order. */
enum { VERB, REFS, TRAITS, ACCESS, CALL, ARGUMENT_COUNT };

/* What there is to say about the call if the caller says nothing: nothing, where it is over before
 * anybody could end it. */
static const sheaf_call *default_call(const fast_manager *m, uint32_t count) {
  if (keeps_gil(m, count)) return NULL;
  PyObject *address = PyObject_CallNoArgs(m->state->default_call);
  const sheaf_call *call = address ? PyLong_AsVoidPtr(address) : NULL;
  Py_XDECREF(address);
  return call;
}

static bool read_numbers(const fast_manager *m, PyObject *const *arguments, sheaf_id *verb,
                         sheaf_request *request) {
  *verb = (sheaf_id)PyLong_AsUnsignedLong(arguments[VERB]);
  request->access = (sheaf_access)PyLong_AsUnsignedLong(arguments[ACCESS]);
  if (arguments[CALL] == Py_None) request->call = default_call(m, request->count);
  else request->call = PyLong_AsVoidPtr(arguments[CALL]);
  return !PyErr_Occurred();
}

static PyObject *perform(fast_manager *m, fast_refs *refs, PyObject *const *arguments) {
  sheaf_id verb;
  sheaf_error error;
  fast_traits traits;
  sheaf_batch *batch = NULL;
  sheaf_request request = sheaf_request_for(refs->refs, refs->count);
  if (!read_numbers(m, arguments, &verb, &request)) return NULL;
  if (read_traits(m, arguments[TRAITS], &traits, &request)) {
    batch = ask(m, verb, &request, &error);
    /* A signal's handler that raised: the call was cancelled for it. */
    if (!batch && !PyErr_Occurred()) fast_raise(m->state, error.status, error.message);
  }
  free_traits(&traits);
  return batch ? fast_batch_new(m, refs, verb, batch) : NULL;
}

static PyObject *ask_batch(PyObject *self, PyObject *const *arguments, Py_ssize_t count) {
  fast_manager *m = (fast_manager *)self;
  if (count != ARGUMENT_COUNT) {
    PyErr_SetString(PyExc_TypeError, "ask(verb, refs, traits, access, call)");
    return NULL;
  }
  fast_refs *refs = fast_refs_from(m->state, arguments[REFS]);
  if (!refs) return NULL;
  PyObject *batch = perform(m, refs, arguments);
  Py_DECREF(refs);
  return batch;
}

/* -------------------------------------------------------------------------------- as an object */

static PyObject *new_manager(PyTypeObject *type, PyObject *arguments, PyObject *none) {
  fast_state *state = PyType_GetModuleState(type);
  unsigned long long address;
  int nonblocking;
  PyObject *names;
  (void)none;
  if (!PyArg_ParseTuple(arguments, "KO!p:Manager", &address, state->names_type, &names,
                        &nonblocking))
    return NULL;
  fast_manager *m = PyObject_GC_New(fast_manager, type);
  if (!m) return NULL;
  Py_INCREF(names);
  m->state = state;
  m->names = (fast_names *)names;
  m->manager = (sheaf_manager *)(uintptr_t)address;
  m->nonblocking = nonblocking != 0;
  m->closing = false;
  PyObject_GC_Track(m);
  return (PyObject *)m;
}

static int traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(((fast_manager *)self)->names);
  return 0;
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_DECREF(((fast_manager *)self)->names);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

static PyObject *closing(PyObject *self, PyObject *none) {
  (void)none;
  ((fast_manager *)self)->closing = true;
  Py_RETURN_NONE;
}

static char doc[] = "Manager(manager, names, nonblocking): the sheaf_manager at an address.";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
#pragma GCC diagnostic ignored "-Wcast-function-type"
static PyMethodDef methods[] = {
    {"ask", (PyCFunction)ask_batch, METH_FASTCALL,
     "ask(verb, refs, traits, access, call) -> Batch. traits: names, or None for all; call: the "
     "address of a sheaf_call, 0 for none, or None for what `connect` was given."},
    {"closing", closing, METH_NOARGS, "To be called before the manager is closed."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot slots[] = {{Py_tp_new, (void *)new_manager},
                              {Py_tp_dealloc, (void *)dealloc},
                              {Py_tp_traverse, (void *)traverse},
                              {Py_tp_methods, methods},
                              {Py_tp_doc, doc},
                              {0, NULL}};
#pragma GCC diagnostic pop

PyType_Spec fast_manager_spec = {"sheaf._fast.Manager", sizeof(fast_manager), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
