/* SPDX-License-Identifier: Apache-2.0 */
#include "core/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/flight.h"

_Thread_local sheaf_thread *sheaf_thread_here;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;
static _Atomic uint64_t made; /* threads, ever */

void sheaf_thread_begin(sheaf_thread *self) {
  self->number = atomic_fetch_add(&made, 1) + 1;
  sheaf_thread_here = self;
}

/* Its flights go on resting elsewhere. */
void sheaf_thread_end(sheaf_thread *self) {
  sheaf_thread_here = NULL;
  sheaf_flights_hand_over(self);
  sheaf_arena_free(&self->scratch);
}

static void leave(void *thread) {
  sheaf_thread_end(thread);
  free(thread);
}

static void make_key(void) { have_key = pthread_key_create(&key, leave) == 0; }

sheaf_thread *sheaf_thread_make(void) {
  pthread_once(&once, make_key);
  if (!have_key) return NULL;
  sheaf_thread *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  if (pthread_setspecific(key, self) != 0) {
    free(self);
    return NULL;
  }
  sheaf_thread_begin(self);
  return self;
}
