/* SPDX-License-Identifier: Apache-2.0 */
/* Names and ids, both ways. */
#include "fast.h"

static PyObject *new_names(PyTypeObject *type, PyObject *arguments, PyObject *none) {
  unsigned long long address;
  PyObject *keep;
  (void)none;
  if (!PyArg_ParseTuple(arguments, "KO:Names", &address, &keep)) return NULL;
  fast_names *names = PyObject_GC_New(fast_names, type);
  if (!names) return NULL;
  memset((char *)names + sizeof(PyObject), 0, sizeof *names - sizeof(PyObject));
  names->state = PyType_GetModuleState(type);
  names->library = (sheaf_library *)(uintptr_t)address;
  Py_INCREF(keep);
  names->keep = keep;
  PyObject_GC_Track(names);
  return (PyObject *)names;
}

/* Of a cycle, there is always somebody else to break it. */
static int traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(((fast_names *)self)->keep);
  return 0;
}

static void dealloc(PyObject *self) {
  fast_names *names = (fast_names *)self;
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  for (size_t i = 0; i < FAST_RECENT_NAMES; i++) Py_XDECREF(names->recent[i].name);
  for (uint32_t i = 0; i < names->text_count; i++) Py_XDECREF(names->texts[i]);
  PyMem_Free(names->texts);
  Py_DECREF(names->keep);
  PyObject_GC_Del(names);
  Py_DECREF(type);
}

void fast_names_remember(fast_names *names, PyObject *name, sheaf_id id) {
  size_t place = fast_names_place(name);
  PyObject *old = names->recent[place].name;
  if (!PyUnicode_CheckExact(name))
    return; /* another one may change its mind about what it equals */
  Py_INCREF(name);
  names->recent[place].name = name;
  names->recent[place].id = id;
  Py_XDECREF(old);
}

sheaf_id fast_names_intern(fast_names *names, PyObject *name) {
  sheaf_str text;
  sheaf_error error;
  sheaf_id id = fast_names_recent(names, name);
  if (id) return id;
  if (!fast_utf8(name, &text)) return 0;
  sheaf_status status = names->state->sheaf.intern(names->library, &text, 1, &id, &error);
  if (status != SHEAF_OK) {
    fast_raise(names->state, status, error.message);
    return 0;
  }
  fast_names_remember(names, name, id);
  return id;
}

static bool make_room(fast_names *names, sheaf_id id) {
  uint32_t count = names->text_count ? names->text_count : 512;
  while (count <= id) count *= 2;
  if (count == names->text_count) return true;
  PyObject **texts = PyMem_Realloc(names->texts, count * sizeof *texts);
  if (!texts) {
    PyErr_NoMemory();
    return false;
  }
  for (uint32_t i = names->text_count; i < count; i++) texts[i] = NULL;
  names->texts = texts;
  names->text_count = count;
  return true;
}

PyObject *fast_names_text(fast_names *names, sheaf_id id) {
  if (id < names->text_count && names->texts[id]) return names->texts[id];
  sheaf_str text = names->state->sheaf.name(names->library, id);
  if (text.size == 0) return names->state->no_name; /* not kept: a manager can make up any id */
  PyObject *made = make_room(names, id) ? to_python_text(text) : NULL;
  if (!made) return NULL;
  PyUnicode_InternInPlace(&made); /* so that look-ups are by identity, mostly */
  names->texts[id] = made;
  return made;
}

static PyObject *text_of(PyObject *self, PyObject *argument) {
  unsigned long id = PyLong_AsUnsignedLong(argument);
  if (PyErr_Occurred()) return NULL;
  PyObject *text = id <= UINT32_MAX ? fast_names_text((fast_names *)self, (sheaf_id)id) : NULL;
  Py_XINCREF(text);
  return text;
}

static PyMethodDef methods[] = {{"text", text_of, METH_O, "The name of an id."},
                                {NULL, NULL, 0, NULL}};

static char doc[] =
    "Names(library, keep): the names of the sheaf_library at an address, which `keep` keeps.";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* functions as void *, as slots want them */
static PyType_Slot slots[] = {{Py_tp_new, (void *)new_names},
                              {Py_tp_dealloc, (void *)dealloc},
                              {Py_tp_traverse, (void *)traverse},
                              {Py_tp_methods, methods},
                              {Py_tp_doc, doc},
                              {0, NULL}};
#pragma GCC diagnostic pop

PyType_Spec fast_names_spec = {"sheaf._fast.Names", sizeof(fast_names), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};
