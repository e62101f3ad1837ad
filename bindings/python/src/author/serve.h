/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf._author_fast: managers written in Python, behind the table that sheaf/abi.h asks of a manager.
 * One crossing a batch: the references become a list of str, the manager's `resolve` is called once,
 * and what it answers is copied out of Python's objects. The results then go to the sink without the
 * GIL. Needs sheaf/abi.h and Python's limited API; links to neither libsheaf nor libpython.
 *
 * Every function here wants the GIL, unless it says otherwise.
 */
#ifndef SERVE_H
#define SERVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdatomic.h>

#include <sheaf/abi.h>

#include "to_python.h"

#if defined(__GNUC__)
#define SERVE_PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))
#else
#define SERVE_PRINTF(format_at, first)
#endif

/* ---------------------------------------------------------------------------------------- memory */

/* Bytes that are given back all at once. Needs no GIL. */
typedef struct serve_arena {
  struct serve_chunk *chunks; /* the one in use first */
  size_t taken;               /* bytes handed out */
} serve_arena;

/* 8-byte aligned, uninitialised. NULL if there is no memory. */
void *serve_arena_take(serve_arena *arena, size_t size);
/* Takes everything back; keeps one chunk for the next time. */
void serve_arena_rewind(serve_arena *arena);
void serve_arena_free(serve_arena *arena);

/* Why the indices that have no result yet fail. */
typedef struct serve_failure {
  sheaf_status status; /* SHEAF_OK: they do not */
  uint32_t flags;
  int64_t retry_after_ms; /* negative: not said */
  sheaf_str message, log; /* in the arena */
  bool is_interrupt;      /* Ctrl-C, which the host is to hear of too */
  bool is_shape; /* what was returned is no answer: of no interest once the call has ended */
} serve_failure;

#define SERVE_NO_FAILURE {.status = SHEAF_OK, .retry_after_ms = -1}

/* What a batch needs beside Python's objects. Kept from one batch to the next. */
typedef struct serve_work {
  serve_arena arena;
  sheaf_result *results; /* not yet sent */
  uint32_t count, room;
  sheaf_property *row; /* the record being read */
  uint32_t row_count, row_room;
  sheaf_error why; /* the record, the value or the name cannot be taken */
  serve_failure failure;
} serve_work;

serve_work *serve_work_new(void);
void serve_work_free(serve_work *work);

/* Puts one more property into the row. False, with `why` filled, if there is no memory. */
bool serve_row_add(serve_work *work, sheaf_id trait, sheaf_id key, sheaf_value value);
/* Puts one more result behind the others. False if there is no memory. */
bool serve_result_add(serve_work *work, const sheaf_result *result);
/* A copy of the bytes in the arena. False if there is no memory. */
bool serve_copy(serve_work *work, const char *data, size_t size, const char **copy);

/* ----------------------------------------------------------------------------------------- names */

enum { SERVE_RECENT_NAMES = 256 };

/* Names and ids, both ways. Names are looked up by identity first: a manager's keys are mostly the
 * very same objects each time. */
typedef struct serve_names {
  const sheaf_host *host;
  struct {
    PyObject *name; /* held, so that nothing else can be where it is */
    sheaf_id id;
  } recent[SERVE_RECENT_NAMES];
  PyObject *ids;    /* dict: str -> int */
  PyObject **texts; /* by id; NULL: not met yet */
  uint32_t text_count;
} serve_names;

bool serve_names_init(serve_names *names, const sheaf_host *host);
void serve_names_clear(serve_names *names);
/* 0, with `why` filled and no exception, if it is no name. */
sheaf_id serve_names_id(serve_names *names, PyObject *name, sheaf_error *why);
/* Borrowed; NULL with an exception. */
PyObject *serve_names_text(serve_names *names, sheaf_id id);

/* ---------------------------------------------------------------------------------------- values */

/* Python's object as a value, copied into the arena. False, with work->why filled and no exception,
 * if there is no such value. */
bool serve_value(serve_work *work, PyObject *object, sheaf_value *value);

/* Properties as dict of dicts: trait -> key -> value; new. NULL with an exception. */
PyObject *serve_record_object(serve_names *names, const sheaf_property *properties, uint32_t count);

/* The UTF-8 of a str, in which what UTF-8 cannot hold is escaped. Copied into the arena. Empty if
 * there is no memory, or `object` is no str. */
sheaf_str serve_words(serve_work *work, PyObject *object);

/* The name of an object's type, into `text`, which it returns. */
enum { SERVE_TYPE_NAME = 128 };
const char *serve_type_name(PyObject *object, char text[SERVE_TYPE_NAME]);

/* --------------------------------------------------------------------------------------- a manager */

/* What the manager's function answers for one reference. */
enum { SERVE_RECORD = 0, SERVE_EXISTS = 1, SERVE_TRAITS = 2 };

typedef struct serve_verb {
  PyObject *function; /* (refs, request) -> list, or iterator of (index, answer) */
  const char *name;   /* of the function; the spec's */
  uint32_t answer;    /* SERVE_... */
} serve_verb;

typedef struct serve_manager {
  const sheaf_host *host;
  PyObject *spec;          /* holds all that is borrowed from it */
  PyObject *flush, *close; /* or None; the spec's */
  serve_verb *verbs;
  sheaf_verb_info *infos; /* verbs[i] is infos[i] */
  sheaf_str *prefixes;
  sheaf_description description;
  serve_names names;
  serve_work *_Atomic spare; /* for the next batch; NULL: make one */
} serve_manager;

/* Puts (host, spec) behind a manager's table: see manager.c for the spec. New: a tuple of two
 * addresses, table and self. NULL with an exception. */
PyObject *serve_manager_new(PyObject *module, PyObject *arguments);

extern const sheaf_manager_table serve_table;

/* The table's `batch`. Takes the GIL by itself. */
sheaf_status serve_batch(void *self, const sheaf_request *request, sheaf_sink *sink) SHEAF_NOEXCEPT;

/* One batch on its way. */
typedef struct serve_turn {
  serve_manager *manager;
  const serve_verb *verb;
  const sheaf_request *request;
  sheaf_sink *sink;
  serve_work *work;
  bool is_over;    /* nothing more is wanted */
  bool is_reading; /* an answer, piece by piece: what there is of it must stay where it is */
} serve_turn;

/* Sends what is held back, without the GIL. On the turn's own thread. */
void serve_send_pending(serve_turn *turn);

/* Reads what the manager said of one reference into the work's results. False if there is no memory
 * for it: work->failure says so. */
bool serve_answer(serve_turn *turn, uint32_t index, PyObject *answer);

/* Reads a record, as much of it as was asked for, into the work's row. False with work->why. */
bool serve_flatten(serve_turn *turn, PyObject *record);
/* `flags` of such a result. */
uint32_t serve_flatten_flags(const sheaf_request *request);

/* ------------------------------------------------------------------------------------------ the GIL */

/* Takes it, on any thread; given back with PyGILState_Release. Not while Python is ending. */
PyGILState_STATE serve_gil_take(void);
/* Is the interpreter being finalised, or gone? Then nobody can have the GIL any more. Needs no GIL. */
bool serve_python_is_ending(void);
/* Once, at import. */
void serve_gil_init(void);

/* -------------------------------------------------------------------------------------- failures */

/* What the Python half gives: set once, at import. */
typedef struct serve_helpers {
  PyObject *error_type;   /* sheaf.SheafError */
  PyObject *closed_error; /* sheaf.ClosedError */
  PyObject *report;       /* (exception, what) -> see sheaf/_author_report.py */
  PyObject *context;      /* (share_key, authority, state, locale) -> sheaf.Context */
} serve_helpers;
extern serve_helpers serve_help;

/* The exception that is set becomes the failure of all that has no result yet, and is gone. `what`
 * was being done: "resolve". */
void serve_fail_by_exception(serve_work *work, const char *what);
void serve_fail(serve_work *work, sheaf_status status, const char *format, ...) SERVE_PRINTF(3, 4);

/* Fills an error result from an exception object. */
bool serve_error_result(serve_work *work, const char *what, PyObject *exception,
                        sheaf_result *result);

/* The exception that is set fills `error` and goes to the log. Gives error->status. */
sheaf_status serve_error_set(const sheaf_host *host, const char *what, sheaf_error *error);

/* --------------------------------------------------------------------------------------- requests */

/* sheaf.Request for a request that is under way. New. */
PyObject *serve_request_new(serve_turn *turn);
/* The request is over: whoever kept the object gets an exception from now on. */
void serve_request_end(PyObject *request);

bool serve_request_init(PyObject *module);
/* A plugin for sheaf_register, see plugin.c: its address. */
PyObject *serve_plugin_new(PyObject *module, PyObject *arguments);

#endif /* SERVE_H */
