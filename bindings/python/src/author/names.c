/* SPDX-License-Identifier: Apache-2.0 */
/* Names and ids, both ways, each met name once through the host. */
#include "serve.h"

#include <stdlib.h>

bool serve_names_init(serve_names *names, const sheaf_host *host) {
  names->host = host;
  names->ids = PyDict_New();
  return names->ids != NULL;
}

void serve_names_clear(serve_names *names) {
  for (size_t i = 0; i < SERVE_RECENT_NAMES; i++) Py_CLEAR(names->recent[i].name);
  for (uint32_t i = 0; i < names->text_count; i++) Py_CLEAR(names->texts[i]);
  free(names->texts);
  names->texts = NULL;
  names->text_count = 0;
  Py_CLEAR(names->ids);
}

/* ---------------------------------------------------------------------------------- name -> id */

static sheaf_id refuse(sheaf_error *why, const char *what) {
  PyErr_Clear();
  (void)sheaf_error_set(why, SHEAF_MANAGER_FAILURE, "%s", what);
  return 0;
}

static sheaf_id intern(serve_names *names, PyObject *name, sheaf_error *why) {
  Py_ssize_t size;
  const char *text = PyUnicode_AsUTF8AndSize(name, &size);
  if (!text) return refuse(why, "a name has a lone surrogate, which UTF-8 cannot hold");
  const sheaf_str words = {text, (size_t)size};
  sheaf_id id = 0;
  sheaf_status status = names->host->intern(names->host, &words, 1, &id, why);
  if (status == SHEAF_OK) return id;
  why->status = status == SHEAF_INVALID_ARGUMENT ? SHEAF_MANAGER_FAILURE : status;
  return 0;
}

static sheaf_id find(serve_names *names, PyObject *name, sheaf_error *why) {
  PyObject *known = PyDict_GetItemWithError(names->ids, name);
  if (known) return (sheaf_id)PyLong_AsUnsignedLong(known);
  if (PyErr_Occurred()) return refuse(why, "a name cannot be hashed");
  sheaf_id id = intern(names, name, why);
  if (id == 0) return 0;
  /* Not kept for want of memory: then it is asked for again. */
  PyObject *number = PyLong_FromUnsignedLong(id);
  if (!number || PyDict_SetItem(names->ids, name, number) != 0) PyErr_Clear();
  Py_XDECREF(number);
  return id;
}

static size_t place_of(const PyObject *name) {
  uintptr_t at = (uintptr_t)name;
  return ((at >> 4) ^ (at >> 12)) % SERVE_RECENT_NAMES;
}

sheaf_id serve_names_id(serve_names *names, PyObject *name, sheaf_error *why) {
  size_t place = place_of(name);
  if (names->recent[place].name == name) return names->recent[place].id;
  if (!PyUnicode_Check(name)) {
    char type[SERVE_TYPE_NAME];
    (void)sheaf_error_set(why, SHEAF_MANAGER_FAILURE,
                          "names of traits and keys are str, and one is of type %s",
                          serve_type_name(name, type));
    return 0;
  }
  sheaf_id id = find(names, name, why);
  if (id == 0 || !PyUnicode_CheckExact(name)) return id;
  PyObject *old = names->recent[place].name;
  Py_INCREF(name);
  names->recent[place].name = name;
  names->recent[place].id = id;
  Py_XDECREF(old);
  return id;
}

/* ---------------------------------------------------------------------------------- id -> name */

static bool make_room(serve_names *names, sheaf_id id) {
  uint32_t count = names->text_count ? names->text_count : 512;
  while (count <= id) count *= 2;
  if (count == names->text_count) return true;
  PyObject **texts = realloc(names->texts, count * sizeof *texts);
  if (!texts) return PyErr_NoMemory(), false;
  for (uint32_t i = names->text_count; i < count; i++) texts[i] = NULL;
  names->texts = texts;
  names->text_count = count;
  return true;
}

PyObject *serve_names_text(serve_names *names, sheaf_id id) {
  if (id < names->text_count && names->texts[id]) return names->texts[id];
  sheaf_str text = names->host->name(names->host, id);
  if (text.size == 0) {
    PyErr_Format(PyExc_SystemError, "the host has no name of id %u", (unsigned)id);
    return NULL;
  }
  if (!make_room(names, id)) return NULL;
  PyObject *made = to_python_text(text);
  if (!made) return NULL;
  PyUnicode_InternInPlace(&made); /* then look-ups in a manager's dicts are by identity, mostly */
  names->texts[id] = made;
  return made;
}
