/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GIL, for threads that Python did not make. Python would make a thread state for each call of
 * theirs and free it after, which takes 8 us (a batch of one takes 0.7) and loses what a manager keeps
 * in threading.local: its connections. So a thread that came once keeps its state until it ends.
 */
#include "serve.h"

#include <pthread.h>

static pthread_key_t key;
static bool has_key;

/* At the end of a thread that has a state of ours. Python itself does not know of it any more: the C
 * library has forgotten what the thread had by then. */
static void drop_state(void *state) {
  if (!Py_IsInitialized()) return;
  PyEval_RestoreThread(state);
  PyThreadState_Clear(state);
  (void)PyEval_SaveThread();
  PyThreadState_Delete(state);
}

/* As PyGILState_Release would, but for the state, which stays. */
static void keep_state(void) {
  PyGILState_STATE gil = PyGILState_Ensure();
  if (has_key && pthread_setspecific(key, PyThreadState_Get()) == 0) (void)PyEval_SaveThread();
  else PyGILState_Release(gil);
}

void serve_gil_init(void) {
  if (!has_key) has_key = pthread_key_create(&key, drop_state) == 0;
}

PyGILState_STATE serve_gil_take(void) {
  if (!PyGILState_GetThisThreadState()) keep_state();
  return PyGILState_Ensure();
}

bool serve_python_is_ending(void) { return !Py_IsInitialized(); }
