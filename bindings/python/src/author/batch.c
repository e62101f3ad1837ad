/* SPDX-License-Identifier: Apache-2.0 */
/* The batch path: one list in, one call, what it answers out. */
#define _GNU_SOURCE /* CLOCK_MONOTONIC_COARSE */
#include "serve.h"

#include <time.h>

#include <sheaf/utf8.h>

enum {
  LIST_GROUP = 4096,      /* results of a list that are sent at once */
  YIELD_GROUP = 256,      /* the same of an iterator's */
  YIELD_MS = 10,          /* and how long one of these may be held back */
  GROUP_BYTES = 8u << 20, /* memory at which a group is sent before it is full */
};

/* -------------------------------------------------------------------------------------- sending */

/* Without the GIL, or about to give it up: the sink may do whatever it likes. */
static void send(serve_turn *turn) {
  serve_work *work = turn->work;
  if (work->count > 0 && !turn->is_over)
    turn->is_over = turn->sink->results(turn->sink, work->results, work->count) == SHEAF_STOP;
  work->count = 0;
}

static void send_group(serve_turn *turn) {
  Py_BEGIN_ALLOW_THREADS send(turn);
  serve_arena_rewind(&turn->work->arena);
  Py_END_ALLOW_THREADS
}

void serve_send_pending(serve_turn *turn) {
  if (turn->work->count > 0 && !turn->is_reading) send_group(turn);
}

/* What the batch may fail with: that the host erred (class 4), or that it ended the call (class 2), is
 * not for a manager to say, unless the host did. */
static sheaf_status batch_status(const serve_turn *turn, sheaf_status status) {
  const sheaf_call *call = turn->request->call;
  uint32_t class = SHEAF_STATUS_CLASS(status);
  if (class == 4 || (class == 2 && call->poll(call) == SHEAF_OK)) return SHEAF_MANAGER_FAILURE;
  return status;
}

/* The last of a batch, once the GIL has been given back: nothing of Python's is needed any more. */
static sheaf_status send_last(serve_turn *turn) {
  const sheaf_host *host = turn->manager->host;
  const sheaf_call *call = turn->request->call;
  serve_failure failure = turn->work->failure;
  if (failure.is_shape && call->poll(call) != SHEAF_OK) failure = (serve_failure)SERVE_NO_FAILURE;
  if (failure.log.size > 0) host->log(host, SHEAF_LOG_ERROR, failure.log);
  send(turn);
  if (failure.status == SHEAF_OK || turn->is_over) return SHEAF_OK;
  const sheaf_property delay = {SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS,
                                sheaf_int64(failure.retry_after_ms)};
  const sheaf_status status = batch_status(turn, failure.status);
  const sheaf_result rest = {SHEAF_REST,    status,
                             &delay,        failure.retry_after_ms < 0 ? 0 : 1,
                             failure.flags, failure.message};
  (void)turn->sink->results(turn->sink, &rest, 1);
  return status;
}

/* ------------------------------------------------------------------------------- one reference */

static bool read_exists(serve_turn *turn, PyObject *answer) {
  sheaf_value value;
  turn->work->row_count = 0;
  if (answer == Py_None || !serve_value(turn->work, answer, &value) ||
      value.kind != SHEAF_KIND_BOOL) {
    char type[SERVE_TYPE_NAME];
    (void)sheaf_error_set(&turn->work->why, SHEAF_MANAGER_FAILURE,
                          "whether an entity exists is a bool or an exception, not a %s",
                          serve_type_name(answer, type));
    return false;
  }
  return serve_row_add(turn->work, SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, value);
}

static bool read_trait_set(serve_turn *turn, PyObject *answer) {
  serve_work *work = turn->work;
  char type[SERVE_TYPE_NAME];
  bool is_text = PyUnicode_Check(answer) || PyBytes_Check(answer);
  PyObject *traits = is_text ? NULL : PyObject_GetIter(answer), *trait;
  work->row_count = 0;
  PyErr_Clear();
  if (!traits) {
    (void)sheaf_error_set(&work->why, SHEAF_MANAGER_FAILURE,
                          "a trait set is an iterable of str, None (there is no such entity) or an "
                          "exception, not a %s",
                          serve_type_name(answer, type));
    return false;
  }
  bool read = true;
  while (read && (trait = PyIter_Next(traits)) != NULL) {
    sheaf_id id = serve_names_id(&turn->manager->names, trait, &work->why);
    read = id != 0 && serve_row_add(work, id, 0, sheaf_none());
    Py_DECREF(trait);
  }
  Py_DECREF(traits);
  if (!PyErr_Occurred()) return read;
  PyErr_Clear();
  (void)sheaf_error_set(&work->why, SHEAF_MANAGER_FAILURE, "a trait set cannot be read to its end");
  return false;
}

static bool read_record(serve_turn *turn, PyObject *answer) {
  switch (turn->verb->answer) {
  case SERVE_EXISTS:
    return read_exists(turn, answer);
  case SERVE_TRAITS:
    return read_trait_set(turn, answer);
  default:
    return serve_flatten(turn, answer);
  }
}

/* The row, copied into the arena, as the result's. */
static bool keep_row(serve_turn *turn, sheaf_result *result) {
  serve_work *work = turn->work;
  const char *row;
  if (!serve_copy(work, (const char *)work->row, work->row_count * sizeof *work->row, &row))
    return false;
  result->properties = (const void *)row;
  result->property_count = work->row_count;
  if (turn->verb->answer == SERVE_RECORD) result->flags = serve_flatten_flags(turn->request);
  return true;
}

/* work->why as the result's error. */
static bool keep_why(serve_work *work, sheaf_result *result) {
  size_t size = sheaf_utf8_valid_size(sheaf_cstr(work->why.message));
  result->status = work->why.status;
  if (!serve_copy(work, work->why.message, size, &result->message.data)) return false;
  result->message.size = size;
  return true;
}

bool serve_answer(serve_turn *turn, uint32_t index, PyObject *answer) {
  serve_work *work = turn->work;
  sheaf_result result = {.index = index};
  bool kept;
  turn->is_reading = true;
  if (PyExceptionInstance_Check(answer)) {
    kept = serve_error_result(work, turn->verb->name, answer, &result);
  } else if (answer == Py_None && turn->verb->answer != SERVE_EXISTS) {
    result.status = SHEAF_ENTITY_RESOLUTION_ERROR;
    kept = true;
  } else {
    kept = read_record(turn, answer) ? keep_row(turn, &result) : keep_why(work, &result);
  }
  turn->is_reading = false;
  if (kept && serve_result_add(work, &result)) return true;
  serve_fail(work, SHEAF_OUT_OF_MEMORY, "out of memory for the answers of %s", turn->verb->name);
  return false;
}

/* ------------------------------------------------------------------------------------ all of them */

static bool is_group(const serve_work *work, uint32_t size) {
  return work->count >= size || work->arena.taken >= GROUP_BYTES;
}

static void take_list(serve_turn *turn, PyObject *list) {
  const uint32_t count = turn->request->count;
  bool is_list = PyList_Check(list);
  Py_ssize_t size = is_list ? PyList_Size(list) : PyTuple_Size(list);
  if (size != (Py_ssize_t)count) {
    serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
               "%s returned %lld answers for %u references: it must return one for each, in their "
               "order, or yield (index, answer)",
               turn->verb->name, (long long)size, count);
    return;
  }
  for (uint32_t i = 0; i < count && !turn->is_over; i++) {
    PyObject *answer = is_list ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i);
    if (!answer) {
      PyErr_Clear();
      serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
                 "the list that %s returned was changed while it was read", turn->verb->name);
      return;
    }
    Py_INCREF(answer);
    bool taken = serve_answer(turn, i, answer);
    Py_DECREF(answer);
    if (!taken) return;
    if (is_group(turn->work, LIST_GROUP)) send_group(turn);
  }
}

/* (index, answer): false, and the failure said, if it is nothing of the kind. */
static bool take_yielded(serve_turn *turn, PyObject *item) {
  char type[SERVE_TYPE_NAME];
  if (!PyTuple_Check(item) || PyTuple_Size(item) != 2) {
    serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
               "%s yielded a %s: it must yield tuples (index, answer), or return a list",
               turn->verb->name, serve_type_name(item, type));
    return false;
  }
  PyObject *number = PyNumber_Index(PyTuple_GetItem(item, 0));
  if (!number) {
    PyErr_Clear();
    serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
               "%s yielded an index that is a %s: indices are int", turn->verb->name,
               serve_type_name(PyTuple_GetItem(item, 0), type));
    return false;
  }
  int overflow;
  long long index = PyLong_AsLongLongAndOverflow(number, &overflow);
  Py_DECREF(number);
  if (!overflow && index >= 0 && index < (long long)turn->request->count)
    return serve_answer(turn, (uint32_t)index, PyTuple_GetItem(item, 1));
  serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
             "%s yielded an index out of range, %s%lld: the batch has %u references",
             turn->verb->name, overflow ? "far from " : "", overflow ? 0 : index,
             turn->request->count);
  return false;
}

static bool too_many(serve_turn *turn) {
  serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
             "%s yields more than twice as many answers as there are references, and was ended",
             turn->verb->name);
  return false;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_yields(serve_turn *turn, PyObject *iterator) {
  /* Some may come twice, which the core tells; one that never ends is ended. */
  const uint64_t most = 2 * (uint64_t)turn->request->count + 16;
  int64_t first_ms = 0; /* when the oldest of those held back came */
  uint64_t yielded = 0;
  PyObject *item;
  while (!turn->is_over && (item = PyIter_Next(iterator)) != NULL) {
    if (turn->work->count == 0) first_ms = now_ms();
    bool taken = ++yielded > most ? too_many(turn) : take_yielded(turn, item);
    Py_DECREF(item);
    if (!taken) return;
    if (is_group(turn->work, YIELD_GROUP) || now_ms() - first_ms >= YIELD_MS) send_group(turn);
  }
}

static void take_answers(serve_turn *turn, PyObject *answers) {
  if (PyList_Check(answers) || PyTuple_Check(answers)) {
    take_list(turn, answers);
    return;
  }
  bool is_iterator = PyIter_Check(answers);
  if (is_iterator) {
    take_yields(turn, answers);
    return;
  }
  char type[SERVE_TYPE_NAME];
  serve_fail(turn->work, SHEAF_MANAGER_FAILURE,
             "%s returned a %s: it must return a list with an answer for each reference, or yield "
             "(index, answer)",
             turn->verb->name, serve_type_name(answers, type));
}

/* ---------------------------------------------------------------------------------------- the call */

static PyObject *reference_list(const sheaf_request *request) {
  PyObject *list = PyList_New((Py_ssize_t)request->count);
  for (uint32_t i = 0; list && i < request->count; i++) {
    PyObject *ref = to_python_text(request->refs[i]);
    if (!ref || PyList_SetItem(list, (Py_ssize_t)i, ref) != 0) Py_CLEAR(list);
  }
  return list;
}

static void ask(serve_turn *turn) {
  PyObject *answers = NULL, *refs = reference_list(turn->request);
  PyObject *request = refs ? serve_request_new(turn) : NULL;
  if (request) answers = PyObject_CallFunctionObjArgs(turn->verb->function, refs, request, NULL);
  Py_XDECREF(refs);
  if (answers) take_answers(turn, answers);
  if (PyErr_Occurred()) serve_fail_by_exception(turn->work, turn->verb->name);
  Py_XDECREF(answers); /* an iterator that was left ends here, its request still there */
  if (PyErr_Occurred()) PyErr_Clear();
  if (request) serve_request_end(request);
  Py_XDECREF(request);
  if (turn->work->failure.is_interrupt) PyErr_SetInterrupt(); /* for the code that asked */
}

static const serve_verb *find_verb(const serve_manager *manager, sheaf_id verb) {
  for (uint32_t i = 0; i < manager->description.verb_count; i++)
    if (manager->infos[i].verb == verb) return &manager->verbs[i];
  return NULL;
}

sheaf_status serve_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  serve_manager *manager = self;
  const serve_verb *verb = find_verb(manager, request->verb);
  if (!verb) return SHEAF_UNSUPPORTED;
  if (serve_python_is_ending())
    return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE,
                              sheaf_cstr("the Python interpreter of this process is ending"), 0);
  serve_work *work = atomic_exchange(&manager->spare, NULL);
  if (!work) work = serve_work_new();
  if (!work) return SHEAF_OUT_OF_MEMORY;
  work->failure = (serve_failure)SERVE_NO_FAILURE;
  serve_turn turn = {manager, verb, request, sink, work, false, false};

  PyGILState_STATE gil = serve_gil_take();
  ask(&turn);
  PyGILState_Release(gil);

  sheaf_status status = send_last(&turn);
  serve_arena_rewind(&work->arena);
  serve_work_free(atomic_exchange(&manager->spare, work));
  return status;
}
