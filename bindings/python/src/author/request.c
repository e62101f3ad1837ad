/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf.Request: what is asked, and whether it still is. It looks into the core's own request, so it
 * ends with the call that it was made for: whoever keeps it is told so.
 */
#define _GNU_SOURCE /* CLOCK_MONOTONIC_COARSE */
#include "serve.h"

#include <pthread.h>
#include <time.h>

/* How often `cancelled` asks the core: in between it repeats what was said. The core may ask the
 * host, which must not happen with the GIL held, and giving that up beside a busy thread is dear. */
enum { ASK_EVERY_MS = 5 };

typedef struct request_object {
  PyObject_HEAD serve_turn *turn; /* NULL: it is over */
  pthread_t thread;
  int64_t asked_ms; /* when the core was asked last; 0: never */
  sheaf_status said;
} request_object;

static PyTypeObject *request_type;

/* NULL with an exception. */
static const sheaf_request *look(PyObject *self) {
  const serve_turn *turn = ((request_object *)self)->turn;
  if (turn) return turn->request;
  PyErr_SetString(serve_help.closed_error,
                  "this request is over: it lasts as long as the call that it was handed to");
  return NULL;
}

/* Of a request that is not over. */
static serve_names *names_of(PyObject *self) {
  return &((request_object *)self)->turn->manager->names;
}

/* ---------------------------------------------------------------------------------- what is asked */

static PyObject *get_verb(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  PyObject *name = serve_names_text(names_of(self), request->verb);
  Py_XINCREF(name);
  return name;
}

static PyObject *get_access(PyObject *self, void *unused) {
  static const char *const names[] = {
#define NAME(upper, number, text) [number] = text,
      SHEAF_ACCESS_MAP(NAME)
#undef NAME
  };
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  if (request->access < SHEAF_ACCESS_COUNT) return PyUnicode_FromString(names[request->access]);
  return PyUnicode_FromFormat("%u", (unsigned)request->access);
}

static PyObject *get_traits(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  if (request->flags & SHEAF_REQUEST_ALL_TRAITS) Py_RETURN_NONE;
  serve_names *names = names_of(self);
  PyObject *traits = PyTuple_New((Py_ssize_t)request->trait_count);
  for (uint32_t i = 0; traits && i < request->trait_count; i++) {
    PyObject *name = serve_names_text(names, request->traits[i]);
    Py_XINCREF(name);
    if (!name || PyTuple_SetItem(traits, (Py_ssize_t)i, name) != 0) Py_CLEAR(traits);
  }
  return traits;
}

static PyObject *get_properties(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  serve_names *names = names_of(self);
  PyObject *slots = PyTuple_New((Py_ssize_t)request->slot_count);
  for (uint32_t i = 0; slots && i < request->slot_count; i++) {
    PyObject *trait = serve_names_text(names, request->slots[i].trait);
    PyObject *key = trait ? serve_names_text(names, request->slots[i].key) : NULL;
    PyObject *slot = key ? PyTuple_Pack(2, trait, key) : NULL;
    if (!slot || PyTuple_SetItem(slots, (Py_ssize_t)i, slot) != 0) Py_CLEAR(slots);
  }
  return slots;
}

static PyObject *get_inputs(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  if (!request->inputs) Py_RETURN_NONE;
  serve_names *names = names_of(self);
  PyObject *inputs = PyList_New((Py_ssize_t)request->count);
  for (uint32_t i = 0; inputs && i < request->count; i++) {
    const sheaf_record *input = &request->inputs[i];
    PyObject *record = serve_record_object(names, input->properties, input->property_count);
    if (!record || PyList_SetItem(inputs, (Py_ssize_t)i, record) != 0) Py_CLEAR(inputs);
  }
  return inputs;
}

/* Is this property wanted? Without `key`: anything of the trait? */
static PyObject *wants(PyObject *self, PyObject *arguments) {
  const sheaf_request *request = look(self);
  PyObject *trait, *key = Py_None;
  if (!request || !PyArg_ParseTuple(arguments, "U|O:wants", &trait, &key)) return NULL;
  if (request->flags & SHEAF_REQUEST_ALL_TRAITS) Py_RETURN_TRUE;
  serve_names *names = names_of(self);
  sheaf_error why;
  sheaf_id trait_id = serve_names_id(names, trait, &why);
  sheaf_id key_id = trait_id && key != Py_None ? serve_names_id(names, key, &why) : 0;
  if (trait_id == 0 || (key != Py_None && key_id == 0))
    return PyErr_SetString(PyExc_ValueError, why.message), NULL;
  for (uint32_t i = 0; i < request->trait_count; i++)
    if (request->traits[i] == trait_id) Py_RETURN_TRUE;
  for (uint32_t i = 0; i < request->slot_count; i++)
    if (request->slots[i].trait == trait_id && (!key_id || request->slots[i].key == key_id))
      Py_RETURN_TRUE;
  Py_RETURN_FALSE;
}

/* --------------------------------------------------------------------------------- on whose behalf */

static PyObject *bytes_of(sheaf_str text) {
  return PyBytes_FromStringAndSize(text.data, (Py_ssize_t)text.size);
}

static PyObject *make_context(serve_names *names, const sheaf_context *context) {
  static const sheaf_context none;
  if (!context) context = &none;
  PyObject *share_key = bytes_of(context->share_key), *authority = bytes_of(context->authority);
  PyObject *state = bytes_of(context->state), *made = NULL;
  const sheaf_record *place = context->locale;
  PyObject *locale = serve_record_object(names, place ? place->properties : NULL,
                                         place ? place->property_count : 0);
  if (share_key && authority && state && locale)
    made =
        PyObject_CallFunctionObjArgs(serve_help.context, share_key, authority, state, locale, NULL);
  Py_XDECREF(share_key);
  Py_XDECREF(authority);
  Py_XDECREF(state);
  Py_XDECREF(locale);
  return made;
}

static PyObject *get_context(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  return make_context(names_of(self), request->call->context);
}

static PyObject *context_of(PyObject *self, PyObject *number) {
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  long long index = PyLong_AsLongLong(number);
  if (index == -1 && PyErr_Occurred()) return NULL;
  if (index < 0 || index >= (long long)request->count) {
    PyErr_Format(PyExc_IndexError, "index %lld of a request for %u references", index,
                 (unsigned)request->count);
    return NULL;
  }
  const sheaf_context *own = request->contexts ? request->contexts[index] : NULL;
  return make_context(names_of(self), own ? own : request->call->context);
}

/* ------------------------------------------------------------------------------------ how long yet */

static int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static PyObject *get_remaining(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  if (!request) return NULL;
  if (request->call->deadline_ns == 0) Py_RETURN_NONE;
  int64_t left = request->call->deadline_ns - now_ns(CLOCK_MONOTONIC);
  return PyFloat_FromDouble(left > 0 ? (double)left / 1e9 : 0.0);
}

static bool is_own_thread(const request_object *self) {
  return pthread_equal(self->thread, pthread_self());
}

/* What the sink said, which only its own thread may look at. */
static bool is_over(const request_object *self) {
  return is_own_thread(self) && self->turn->is_over;
}

/* Another thread keeps the GIL, which the end of the call needs: so that the call is still there. */
static sheaf_status poll(const request_object *self) {
  const sheaf_call *call = self->turn->request->call;
  sheaf_status said;
  if (!is_own_thread(self)) return call->poll(call);
  serve_send_pending(self->turn);
  Py_BEGIN_ALLOW_THREADS said = call->poll(call);
  Py_END_ALLOW_THREADS return said;
}

static PyObject *get_cancelled(PyObject *self_, void *unused) {
  (void)unused;
  request_object *self = (request_object *)self_;
  if (!look(self_)) return NULL;
  int64_t now = now_ns(CLOCK_MONOTONIC_COARSE) / 1000000;
  if (self->said == SHEAF_OK && (self->asked_ms == 0 || now - self->asked_ms >= ASK_EVERY_MS)) {
    self->asked_ms = now;
    self->said = poll(self);
  }
  return PyBool_FromLong(self->said != SHEAF_OK || is_over(self));
}

static PyObject *wait_for(PyObject *self_, PyObject *argument) {
  request_object *self = (request_object *)self_;
  const sheaf_request *request = look(self_);
  if (!request) return NULL;
  double seconds = PyFloat_AsDouble(argument);
  if (seconds == -1.0 && PyErr_Occurred()) return NULL;
  if (!(seconds >= 0 && seconds <= 9e9))
    return PyErr_SetString(PyExc_ValueError, "wait takes seconds, 0 or more"), NULL;
  if (!is_own_thread(self)) {
    PyErr_SetString(PyExc_RuntimeError,
                    "wait works only on the thread that the manager was called on");
    return NULL;
  }
  sheaf_status said = SHEAF_STOPPED;
  serve_send_pending(self->turn);
  Py_BEGIN_ALLOW_THREADS if (!self->turn->is_over) said =
      request->call->wait(request->call, (int64_t)(seconds * 1e9));
  Py_END_ALLOW_THREADS if (said != SHEAF_OK) self->said = said;
  return PyBool_FromLong(said == SHEAF_OK);
}

static PyObject *get_count(PyObject *self, void *unused) {
  (void)unused;
  const sheaf_request *request = look(self);
  return request ? PyLong_FromUnsignedLong(request->count) : NULL;
}

/* ---------------------------------------------------------------------------------------- the type */

static PyObject *represent(PyObject *self) {
  if (!((request_object *)self)->turn) return PyUnicode_FromString("<sheaf.Request, over>");
  const sheaf_request *request = look(self);
  PyObject *verb = get_verb(self, NULL);
  PyObject *text = verb ? PyUnicode_FromFormat("<sheaf.Request %U of %u references>", verb,
                                               (unsigned)request->count)
                        : NULL;
  Py_XDECREF(verb);
  return text;
}

static void dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyGetSetDef members[] = {
    {"verb", get_verb, NULL, "What is asked: \"sheaf.resolve/1\".", NULL},
    {"access", get_access, NULL, "The mode of access: \"read\", \"write\", ...", NULL},
    {"traits", get_traits, NULL,
     "The traits asked for whole, a tuple of str; None if all are. What is in neither `traits` nor "
     "`properties` need not be looked up.",
     NULL},
    {"properties", get_properties, NULL,
     "Single properties asked for beside `traits`: a tuple of (trait, key).", NULL},
    {"inputs", get_inputs, NULL,
     "What a verb that takes more than references was given: a list of records, or None.", NULL},
    {"context", get_context, NULL, "On whose behalf it is asked: a sheaf.Context.", NULL},
    {"remaining", get_remaining, NULL, "Seconds until the deadline; None without one.", NULL},
    {"cancelled", get_cancelled, NULL,
     "Has the host given up (cancelled, stopped, past the deadline)? Then return: the rest of the "
     "answers is not wanted. Cheap; up to 5 ms late.",
     NULL},
    {"count", get_count, NULL, "How many references it has.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyMethodDef methods[] = {
    {"wants", wants, METH_VARARGS,
     "wants(trait, key=None)\n--\n\nWhether that property, or anything of the trait, was asked "
     "for."},
    {"context_of", context_of, METH_O,
     "context_of(index)\n--\n\nThe context of one reference, where they differ within a batch."},
    {"wait", wait_for, METH_O,
     "wait(seconds)\n--\n\nSleeps, as time.sleep must not: True once the time is over, False as "
     "soon as "
     "the host gives up. Only on the thread that the manager was called on."},
    {NULL, NULL, 0, NULL}};

static char doc[] =
    "What is asked about a batch of references. Lasts as long as the call that it is "
    "handed to; using it later raises sheaf.ClosedError.";

/* Python keeps functions in pointers to data. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
static PyType_Slot slots[] = {{Py_tp_doc, doc},
                              {Py_tp_getset, members},
                              {Py_tp_methods, methods},
                              {Py_tp_repr, (void *)represent},
                              {Py_tp_dealloc, (void *)dealloc},
                              {0, NULL}};
#pragma GCC diagnostic pop

static PyType_Spec spec = {"sheaf.Request", sizeof(request_object), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

bool serve_request_init(PyObject *module) {
  request_type = (PyTypeObject *)PyType_FromSpec(&spec);
  if (!request_type) return false;
  return PyModule_AddObjectRef(module, "Request", (PyObject *)request_type) == 0;
}

PyObject *serve_request_new(serve_turn *turn) {
  request_object *made = PyObject_New(request_object, request_type);
  if (!made) return NULL;
  made->turn = turn;
  made->thread = pthread_self();
  made->asked_ms = 0;
  made->said = SHEAF_OK;
  return (PyObject *)made;
}

void serve_request_end(PyObject *request) { ((request_object *)request)->turn = NULL; }
