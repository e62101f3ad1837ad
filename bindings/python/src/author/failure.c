/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions as errors of an element, of a batch, of a lifecycle call. */
#include "serve.h"

#include <sheaf/utf8.h>

serve_helpers serve_help;

static const sheaf_str no_memory = SHEAF_STR("out of memory");

/* The exception that is set, taken: new. NULL only without memory. */
static PyObject *take_exception(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (value && traceback) (void)PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return value;
}

/* Asks the Python half what to say. */
static bool report(serve_work *work, const char *what, PyObject *exception,
                   serve_failure *failure) {
  PyObject *told =
      exception ? PyObject_CallFunction(serve_help.report, "Os", exception, what) : NULL;
  unsigned int status, flags;
  long long retry_after_ms;
  PyObject *message, *log;
  int is_interrupt;
  bool is_told = told && PyArg_ParseTuple(told, "IOILOp", &status, &message, &flags,
                                          &retry_after_ms, &log, &is_interrupt);
  if (is_told)
    *failure = (serve_failure){status,
                               flags,
                               retry_after_ms,
                               serve_words(work, message),
                               serve_words(work, log),
                               is_interrupt != 0,
                               false};
  PyErr_Clear();
  Py_XDECREF(told);
  return is_told;
}

void serve_fail_by_exception(serve_work *work, const char *what) {
  PyObject *exception = take_exception();
  if (!report(work, what, exception, &work->failure))
    work->failure =
        (serve_failure){.status = SHEAF_OUT_OF_MEMORY, .retry_after_ms = -1, .message = no_memory};
  Py_XDECREF(exception);
}

void serve_fail(serve_work *work, sheaf_status status, const char *format, ...) {
  sheaf_error text;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text.message, sizeof text.message, format, arguments);
  va_end(arguments);
  sheaf_str message = no_memory;
  size_t size = sheaf_utf8_valid_size(sheaf_cstr(text.message)); /* it may have been cut */
  if (serve_copy(work, text.message, size, &message.data)) message.size = size;
  work->failure = (serve_failure){
      .status = status, .retry_after_ms = -1, .message = message, .log = message, .is_shape = true};
}

/* ------------------------------------------------------------------------------- of an element */

static bool read_long(PyObject *object, const char *name, long long *number) {
  PyObject *attribute = PyObject_GetAttrString(object, name);
  *number = attribute ? PyLong_AsLongLong(attribute) : -1;
  bool is_read = attribute && !(*number == -1 && PyErr_Occurred());
  PyErr_Clear();
  Py_XDECREF(attribute);
  return is_read;
}

/* A sheaf.SheafError without a delay, by far the most of them, is read without running Python. */
static bool read_plain(serve_work *work, PyObject *exception, serve_failure *failure) {
  long long status;
  if (PyObject_IsInstance(exception, serve_help.error_type) != 1) return PyErr_Clear(), false;
  PyObject *delay = PyObject_GetAttrString(exception, "retry_after");
  PyObject *again = PyObject_GetAttrString(exception, "retryable");
  PyObject *message = PyObject_GetAttrString(exception, "message");
  bool is_plain = delay == Py_None && again && message && PyUnicode_Check(message) &&
                  read_long(exception, "status", &status) && status >= 100 && status < UINT32_MAX;
  if (is_plain)
    *failure = (serve_failure){.status = (sheaf_status)status,
                               .flags = again == Py_True ? SHEAF_RESULT_RETRYABLE : 0,
                               .retry_after_ms = -1,
                               .message = serve_words(work, message)};
  PyErr_Clear();
  Py_XDECREF(delay);
  Py_XDECREF(again);
  Py_XDECREF(message);
  return is_plain;
}

bool serve_error_result(serve_work *work, const char *what, PyObject *exception,
                        sheaf_result *result) {
  serve_failure failure;
  if (!read_plain(work, exception, &failure) && !report(work, what, exception, &failure))
    return false;
  result->status = failure.status;
  result->flags = failure.flags;
  result->message = failure.message;
  if (failure.retry_after_ms < 0) return true;
  sheaf_property *delay = serve_arena_take(&work->arena, sizeof *delay);
  if (!delay) return false;
  *delay = (sheaf_property){SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS,
                            sheaf_int64(failure.retry_after_ms)};
  result->properties = delay;
  result->property_count = 1;
  return true;
}

/* -------------------------------------------------------------------------- of a lifecycle call */

sheaf_status serve_error_set(const sheaf_host *host, const char *what, sheaf_error *error) {
  serve_work *work = serve_work_new();
  if (!work) return PyErr_Clear(), sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  serve_fail_by_exception(work, what);
  const serve_failure failure = work->failure;
  Py_BEGIN_ALLOW_THREADS if (failure.log.size > 0) host->log(host, SHEAF_LOG_ERROR, failure.log);
  Py_END_ALLOW_THREADS(void)
      sheaf_error_set(error, failure.status, "%.*s", (int)failure.message.size,
                      failure.message.size ? failure.message.data : "");
  serve_work_free(work);
  return failure.status;
}
