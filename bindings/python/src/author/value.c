/* SPDX-License-Identifier: Apache-2.0 */
/* Python's objects as values. What is of Python's own types is read without running any Python; the
 * rest (scalars and arrays of other libraries) by what they offer: tolist, __index__, __float__. */
#include "serve.h"

#include <sheaf/utf8.h>

static bool refuse(serve_work *work, const char *format, ...) SERVE_PRINTF(2, 3);

static bool refuse(serve_work *work, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  PyErr_Clear();
  (void)sheaf_error_set(&work->why, SHEAF_MANAGER_FAILURE, "%s", text);
  return false;
}

static bool no_memory(serve_work *work) {
  PyErr_Clear();
  (void)sheaf_error_set(&work->why, SHEAF_OUT_OF_MEMORY, "out of memory");
  return false;
}

const char *serve_type_name(PyObject *object, char text[SERVE_TYPE_NAME]) {
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__qualname__");
  const char *utf8 = name && PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  const sheaf_str cut = sheaf_utf8_cut(sheaf_cstr(utf8 ? utf8 : "?"), SERVE_TYPE_NAME - 1);
  memcpy(text, cut.data, cut.size);
  text[cut.size] = '\0';
  PyErr_Clear();
  Py_XDECREF(name);
  return text;
}

sheaf_str serve_words(serve_work *work, PyObject *object) {
  const sheaf_str none = {NULL, 0};
  if (!object || !PyUnicode_Check(object)) return none;
  PyObject *encoded = PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace");
  char *bytes;
  Py_ssize_t size;
  sheaf_str words = none;
  if (encoded && PyBytes_AsStringAndSize(encoded, &bytes, &size) == 0 &&
      serve_copy(work, bytes, (size_t)size, &words.data))
    words.size = (size_t)size;
  PyErr_Clear();
  Py_XDECREF(encoded);
  return words;
}

/* ----------------------------------------------------------------------------------- Python's own */

static bool take_bytes(serve_work *work, sheaf_kind kind, const char *data, Py_ssize_t size,
                       sheaf_value *value) {
  if ((size_t)size > SHEAF_MAX_VALUE_BYTES)
    return refuse(work, "a value of %lld bytes is too large: 1 GiB is the most", (long long)size);
  *value = sheaf_value_make(kind, (size_t)size);
  return serve_copy(work, data, (size_t)size, &value->u.data) || no_memory(work);
}

static bool take_text(serve_work *work, PyObject *object, sheaf_value *value) {
  Py_ssize_t size;
  const char *data = PyUnicode_AsUTF8AndSize(object, &size);
  if (data) return take_bytes(work, SHEAF_KIND_STRING, data, size, value);
  if (PyErr_ExceptionMatches(PyExc_MemoryError)) return no_memory(work);
  return refuse(work, "a str has a lone surrogate, which UTF-8 cannot hold: give bytes, or a str "
                      "that can be encoded");
}

static bool take_integer(serve_work *work, PyObject *object, sheaf_value *value) {
  int overflow;
  long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow)
    return refuse(work, "an int %s, and integers have 64 bits: give a str or a float",
                  overflow > 0 ? "is greater than 2**63 - 1" : "is less than -2**63");
  *value = sheaf_int64(number);
  return true;
}

static bool take_real(serve_work *work, PyObject *object, sheaf_value *value) {
  double number = PyFloat_AsDouble(object);
  if (number == -1.0 && PyErr_Occurred()) return refuse(work, "a float cannot be read");
  *value = sheaf_double(number);
  return true;
}

static bool take_bytes_object(serve_work *work, PyObject *object, sheaf_value *value) {
  char *data;
  Py_ssize_t size;
  if (PyBytes_AsStringAndSize(object, &data, &size) != 0)
    return refuse(work, "bytes cannot be read");
  return take_bytes(work, SHEAF_KIND_BYTES, data, size, value);
}

static bool take(serve_work *work, PyObject *object, int depth, sheaf_value *value);

static bool take_items(serve_work *work, PyObject *list, Py_ssize_t count, int depth,
                       sheaf_value *items) {
  bool is_list = PyList_Check(list);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = is_list ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i);
    if (!item) return refuse(work, "a list changed while it was read");
    if (item == Py_None) {
      items[i] = sheaf_none();
      continue;
    }
    Py_INCREF(item);
    bool taken = take(work, item, depth + 1, &items[i]);
    Py_DECREF(item);
    if (!taken) return false;
  }
  return true;
}

static bool take_list(serve_work *work, PyObject *list, int depth, sheaf_value *value) {
  if (depth >= SHEAF_MAX_LIST_DEPTH)
    return refuse(work, "lists are nested deeper than %d", SHEAF_MAX_LIST_DEPTH);
  Py_ssize_t count = PyList_Check(list) ? PyList_Size(list) : PyTuple_Size(list);
  if ((size_t)count > SHEAF_MAX_VALUE_BYTES / sizeof(sheaf_value))
    return refuse(work, "a list of %lld items is too long: 1 GiB is the most", (long long)count);
  sheaf_value *items = serve_arena_take(&work->arena, (size_t)count * sizeof *items);
  if (!items) return no_memory(work);
  *value = sheaf_list(items, (size_t)count);
  return take_items(work, list, count, depth, items);
}

/* 1 if it was, 0 if `object` is of no type of Python's own, -1 if it cannot be taken. */
static int take_builtin(serve_work *work, PyObject *object, int depth, sheaf_value *value) {
  if (PyUnicode_Check(object)) return take_text(work, object, value) ? 1 : -1;
  if (PyBool_Check(object)) return *value = sheaf_bool(object == Py_True), 1;
  if (PyLong_Check(object)) return take_integer(work, object, value) ? 1 : -1;
  if (PyFloat_Check(object)) return take_real(work, object, value) ? 1 : -1;
  if (PyBytes_Check(object)) return take_bytes_object(work, object, value) ? 1 : -1;
  if (PyList_Check(object) || PyTuple_Check(object))
    return take_list(work, object, depth, value) ? 1 : -1;
  return 0;
}

/* ----------------------------------------------------------------------------------------- others */

/* What an object of another type is as one of Python's own: new, or NULL if it is nothing of the
 * sort, without an exception. */
static PyObject *as_builtin(PyObject *object) {
  PyObject *made = NULL;
  if (PyByteArray_Check(object) || PyMemoryView_Check(object)) {
    made = PyBytes_FromObject(object);
  } else if (PyObject_HasAttrString((PyObject *)Py_TYPE(object), "tolist")) {
    made = PyObject_CallMethod(object, "tolist", NULL); /* numpy's scalars and arrays */
  } else if (PyIndex_Check(object)) {
    made = PyNumber_Index(object);
  } else if (PyObject_HasAttrString((PyObject *)Py_TYPE(object), "__float__")) {
    made = PyNumber_Float(object);
  }
  PyErr_Clear();
  return made;
}

static bool take(serve_work *work, PyObject *object, int depth, sheaf_value *value) {
  int taken = take_builtin(work, object, depth, value);
  if (taken != 0) return taken > 0;
  PyObject *other = as_builtin(object);
  if (other) taken = take_builtin(work, other, depth, value);
  Py_XDECREF(other);
  if (taken != 0) return taken > 0;
  char type[SERVE_TYPE_NAME];
  return refuse(work, "a %s is no value: give a bool, int, float, str, bytes or a list of them",
                serve_type_name(object, type));
}

bool serve_value(serve_work *work, PyObject *object, sheaf_value *value) {
  return take(work, object, 0, value);
}
