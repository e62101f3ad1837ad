/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf._fast: asking about a batch from Python, and reading what came of it, with no object an
 * element until one is read. `sheaf/_batch.py` does the same through CFFI, and says what is right.
 *
 * It links to neither libsheaf nor libpython, and keeps to Python's limited API of 3.10. The
 * functions of libsheaf that it needs are given to it by address. Every function here wants the GIL,
 * which is what guards the caches.
 *
 * Records, and the properties of traits, are made and gone in a moment: they take no part in garbage
 * collection. What one refers to, its batch, does. A batch's references are exact str: no cycle goes
 * through them.
 */
#ifndef SHEAF_FAST_H
#define SHEAF_FAST_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sheaf/batch.h>

#include "to_python.h"

/* The functions of libsheaf that are called. */
#define FAST_FUNCTIONS(XX)                                                                         \
  XX(sheaf_batch *, perform_batch,                                                                 \
     (sheaf_manager *, sheaf_id, const sheaf_request *, sheaf_error *))                            \
  XX(void, batch_free, (sheaf_batch *))                                                            \
  XX(sheaf_status, batch_status, (const sheaf_batch *))                                            \
  XX(uint32_t, batch_count, (const sheaf_batch *))                                                 \
  XX(uint32_t, batch_failed, (const sheaf_batch *))                                                \
  XX(const sheaf_result *, batch_at, (const sheaf_batch *, uint32_t))                              \
  XX(sheaf_status, intern,                                                                         \
     (sheaf_library *, const sheaf_str *, uint32_t, sheaf_id *, sheaf_error *))                    \
  XX(sheaf_str, name, (const sheaf_library *, sheaf_id))

typedef struct fast_functions {
#define FAST_FUNCTION(type, name, parameters) type(*name) parameters;
  FAST_FUNCTIONS(FAST_FUNCTION)
#undef FAST_FUNCTION
} fast_functions;

typedef struct fast_view fast_view;

enum { FAST_SPARE_VIEWS = 16 };

/* Views that nobody has any more, for those that are read next: `batch[i]["named"]["name"]` makes two
 * that live for a moment. Each counts one reference, the list's. */
typedef struct fast_spares {
  uint32_t count;
  fast_view *views[FAST_SPARE_VIEWS];
} fast_spares;

/* What belongs to the module. */
typedef struct fast_state {
  fast_functions sheaf;
  PyObject *element_error; /* (message, status, index, ref, retryable, retry_after) -> exception */
  PyObject *error_for;     /* (status, message) -> exception */
  PyObject *default_call;  /* () -> the address of a sheaf_call, or 0 */
  PyObject *mapping;       /* collections.abc.Mapping */
  PyObject *no_name;       /* "" */
  PyTypeObject *names_type, *manager_type, *refs_type, *batch_type, *record_type, *properties_type;
  fast_spares records, properties;
  uint32_t forks; /* how often this process is the child of a fork */
} fast_state;

extern PyType_Spec fast_names_spec, fast_manager_spec, fast_refs_spec, fast_batch_spec,
    fast_record_spec, fast_properties_spec;

/* ----------------------------------------------------------------------------------------- names */

enum { FAST_RECENT_NAMES = 256 };

/* The names of a library, both ways. A name is looked for by identity first: a program asks with the
 * very same str objects again and again. */
typedef struct fast_names {
  PyObject_HEAD fast_state *state;
  sheaf_library *library;
  PyObject *keep; /* keeps the library */
  struct {
    PyObject *name; /* held, so that nothing else can be where it is */
    sheaf_id id;
  } recent[FAST_RECENT_NAMES];
  PyObject **texts; /* by id; NULL: not met yet */
  uint32_t text_count;
} fast_names;

static inline size_t fast_names_place(const PyObject *name) {
  uintptr_t at = (uintptr_t)name;
  return ((at >> 4) ^ (at >> 12)) % FAST_RECENT_NAMES;
}

/* The id of a name that was used a short while ago; 0: not known. */
static inline sheaf_id fast_names_recent(const fast_names *names, const PyObject *name) {
  size_t place = fast_names_place(name);
  return names->recent[place].name == name ? names->recent[place].id : 0;
}

void fast_names_remember(fast_names *names, PyObject *name, sheaf_id id);

/* The id of a name, made if it is new. 0 with an exception. */
sheaf_id fast_names_intern(fast_names *names, PyObject *name);

/* The name of an id; "" if there is none. Borrowed; NULL with an exception. */
PyObject *fast_names_text(fast_names *names, sheaf_id id);

/* ------------------------------------------------------------------------------------------ text */

/* The UTF-8 of a str, which owns it. False with an exception if it has a lone surrogate. */
bool fast_utf8(PyObject *text, sheaf_str *utf8);

/* Whether it is iterable, but one thing: str, bytes or bytearray. */
bool fast_is_text(PyObject *object);

/* Raises a TypeError: `format` has one %U, the name of the object's type. */
void fast_type_error(const char *format, PyObject *object);

/* Raises the exception for what libsheaf said. */
void fast_raise(const fast_state *state, sheaf_status status, const char *message);

/* ------------------------------------------------------------------------------------ references */

/* References, prepared once for many calls. */
typedef struct fast_refs {
  PyObject_HEAD PyObject *texts; /* a tuple of exact str, which own what `refs` points to */
  sheaf_str *refs;
  uint32_t count;
} fast_refs;

/* `refs` itself if it is Refs, else made of anything iterable. New; NULL with an exception. */
fast_refs *fast_refs_from(fast_state *state, PyObject *refs);

/* --------------------------------------------------------------------------------------- managers */

/* A manager that is asked. */
typedef struct fast_manager {
  PyObject_HEAD fast_state *state;
  fast_names *names;
  sheaf_manager *manager;
  bool nonblocking; /* it answers from memory */
  bool closing;     /* freeing a batch may destroy it */
} fast_manager;

/* ----------------------------------------------------------------------------------------- batches */

typedef struct fast_batch {
  PyObject_HEAD fast_state *state;
  fast_manager *manager;
  fast_names *names; /* the manager's */
  fast_refs *refs;
  sheaf_batch *batch;
  sheaf_id verb;
  uint32_t count;
  uint32_t forks; /* the state's when it was made */
  PyObject *weak_references;
} fast_batch;

/* Takes over `results`, also if it fails. New; NULL with an exception. */
PyObject *fast_batch_new(fast_manager *manager, fast_refs *refs, sheaf_id verb,
                         sheaf_batch *results);

/* The result of an index that there is, as an object. New; NULL with an exception. */
PyObject *fast_batch_element(fast_batch *batch, uint32_t index);

/* ------------------------------------------------------------------------------------------ views */

/* A record of a batch, or the properties of one of its traits. */
struct fast_view {
  PyObject_HEAD fast_batch *batch;
  const sheaf_result *result;
  sheaf_id trait; /* 0 of a record */
};

/* `trait` 0: a record. New; NULL with an exception. */
PyObject *fast_view_new(fast_batch *batch, const sheaf_result *result, sheaf_id trait);

/* The same as dicts and lists. New; NULL with an exception. */
PyObject *fast_view_dict(fast_view *view);

/* Frees them. */
void fast_spares_clear(fast_spares *spares);

/* The names of the traits that a result has, in its order, as the keys of a dict. New; NULL with an
 * exception. */
PyObject *fast_trait_names(fast_names *names, const sheaf_result *result);

#endif /* SHEAF_FAST_H */
