/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the call that a manager is given. */
#include <stdlib.h>

#include "core/copy.h"
#include "core/flight.h"
#include "core/manager.h"

/* Results that a manager's thread handed in, copied. */
struct sheaf_posted {
  sheaf_posted *next;
  sheaf_arena arena;
  sheaf_result *results;
  uint32_t count;
};

static sheaf_flight *flight_of(const sheaf_call *call) {
  return (sheaf_flight *)((char *)(uintptr_t)call - offsetof(sheaf_flight, call));
}

static bool on_its_thread(sheaf_flight *f) {
  sheaf_thread *here = sheaf_thread_here;
  return here && atomic_load_explicit(&f->thread, memory_order_relaxed) == here &&
         atomic_load_explicit(&f->owner, memory_order_relaxed) != SHEAF_AT_REST;
}

static void *scratch(const sheaf_call *call, size_t size) {
  sheaf_flight *f = flight_of(call);
  if (on_its_thread(f)) return sheaf_arena_alloc(sheaf_flight_arena(f), size);
  sheaf_flight_complain(f, "called call->scratch outside its batch or its thread: refused");
  return NULL;
}

static sheaf_status poll_call(const sheaf_call *call) {
  sheaf_flight *f = flight_of(call);
  return atomic_load(&f->owner) == SHEAF_AT_REST ? SHEAF_CLOSED : sheaf_flight_poll(f);
}

static void discard(sheaf_posted *posted) {
  sheaf_arena_free(&posted->arena);
  free(posted);
}

static sheaf_posted *copy_posted(const sheaf_result *results, uint32_t count) {
  sheaf_posted *posted = calloc(1, sizeof *posted);
  if (!posted) return NULL;
  posted->count = count;
  posted->results = sheaf_arena_alloc(&posted->arena, count * sizeof *posted->results);
  if (!posted->results) {
    discard(posted);
    return NULL;
  }
  for (uint32_t i = 0; i < count; i++)
    sheaf_copy_result(&posted->arena, &posted->results[i], &results[i]);
  return posted;
}

/* Under the sleeper's lock, both. */
static void append(sheaf_flight *f, sheaf_posted *posted) {
  if (atomic_load_explicit(&f->posted, memory_order_relaxed)) f->last_posted->next = posted;
  else atomic_store(&f->posted, posted);
  f->last_posted = posted;
}

static sheaf_posted *take(sheaf_flight *f) { return atomic_exchange(&f->posted, NULL); }

static void discard_all(sheaf_posted *posted) {
  while (posted) {
    sheaf_posted *next = posted->next;
    discard(posted);
    posted = next;
  }
}

/* Whether nothing may be posted any more. */
static bool is_over(const sheaf_flight *f) {
  return atomic_load(&f->settled) || atomic_load(&f->owner) == SHEAF_AT_REST;
}

static sheaf_status post(const sheaf_call *call, const sheaf_result *results, uint32_t count) {
  sheaf_flight *f = flight_of(call);
  if (count == 0) return SHEAF_OK;
  if (!results) return SHEAF_INVALID_ARGUMENT;
  sheaf_status status = atomic_load_explicit(&f->ended, memory_order_relaxed);
  if (status && !is_over(f)) return status;
  sheaf_posted *posted = copy_posted(results, count);
  if (!posted) return SHEAF_OUT_OF_MEMORY;

  pthread_mutex_lock(&f->sleeper.lock);
  append(f, posted);
  /* First append, then look whether it is still open; shutting does it the other way round. Should
   * neither see the other, for no barrier is between, it is found when the flight is opened again. */
  sheaf_posted *too_late = is_over(f) ? take(f) : NULL;
  pthread_cond_broadcast(&f->sleeper.wake);
  pthread_mutex_unlock(&f->sleeper.lock);

  if (!too_late) return SHEAF_OK;
  discard_all(too_late);
  sheaf_flight_complain(f, "posted after its batch had returned: refused");
  return SHEAF_CLOSED;
}

static void deliver(sheaf_flight *f, sheaf_posted *posted) {
  for (sheaf_posted *p = posted; p; p = p->next)
    (void)f->sink.results(&f->sink, p->results, p->count);
  discard_all(posted);
}

static sheaf_posted *take_locked(sheaf_flight *f) {
  pthread_mutex_lock(&f->sleeper.lock);
  sheaf_posted *posted = take(f);
  pthread_mutex_unlock(&f->sleeper.lock);
  return posted;
}

/* Until something is posted or no hold is left. */
static void sleep_for_posts(sheaf_flight *f) {
  for (bool ready = false; !ready;) {
    int64_t until = sheaf_cancel_ask(f->call.cancel);
    pthread_mutex_lock(&f->sleeper.lock);
    ready = atomic_load(&f->posted) || atomic_load(&f->holds) == 0;
    if (!ready) sheaf_sleeper_wait(&f->sleeper, until);
    pthread_mutex_unlock(&f->sleeper.lock);
  }
}

void sheaf_flight_drain(sheaf_flight *f) {
  while (sheaf_flight_is_awaited(f)) {
    sleep_for_posts(f);
    deliver(f, take_locked(f));
  }
}

void sheaf_flight_discard(sheaf_flight *f) {
  discard_all(take_locked(f));
  sheaf_flight_complain(f, "posted while its batch was returning: refused; hold the call until the "
                           "last post");
}

void sheaf_flight_wake(sheaf_flight *f) {
  pthread_mutex_lock(&f->sleeper.lock);
  pthread_cond_broadcast(&f->sleeper.wake);
  pthread_mutex_unlock(&f->sleeper.lock);
}

/* A host may hold a lock of its own because of that promise: it hears that it is not kept. On the
 * flight's own thread. */
static void expect_blocking(sheaf_flight *f, const char *fault) {
  const sheaf_manager *m = atomic_load_explicit(&f->blamed, memory_order_relaxed);
  if (m->description.flags & SHEAF_MANAGER_NONBLOCKING) sheaf_flight_complain(f, fault);
}

static void hold(const sheaf_call *call) {
  sheaf_flight *f = flight_of(call);
  if (!on_its_thread(f)) {
    sheaf_flight_complain(f, "called call->hold outside its batch or its thread: refused");
    return;
  }
  expect_blocking(f, "said SHEAF_MANAGER_NONBLOCKING, and holds its call for other threads");
  atomic_fetch_add(&f->holds, 1);
}

static void release(const sheaf_call *call) {
  sheaf_flight *f = flight_of(call);
  /* Under the lock to the end: without a hold the flight may be somebody else's at once. */
  pthread_mutex_lock(&f->sleeper.lock);
  bool held = atomic_load(&f->holds) > 0;
  if (held) atomic_fetch_sub(&f->holds, 1);
  pthread_cond_broadcast(&f->sleeper.wake);
  pthread_mutex_unlock(&f->sleeper.lock);
  if (!held) sheaf_flight_complain(f, "released a call more often than it held it");
}

/* Sleeps until something is posted, the flight ends, or the time comes. */
static void sleep_until(sheaf_flight *f, int64_t until_ns) {
  sheaf_cancel_join(f->call.cancel, &f->sleeper);
  for (bool ready = false; !ready;) {
    int64_t ask_ns = sheaf_cancel_ask(f->call.cancel);
    pthread_mutex_lock(&f->sleeper.lock);
    ready = atomic_load(&f->posted) || sheaf_flight_look(f) || !sheaf_is_before(until_ns);
    if (!ready) sheaf_sleeper_wait(&f->sleeper, ask_ns < until_ns ? ask_ns : until_ns);
    pthread_mutex_unlock(&f->sleeper.lock);
  }
  sheaf_cancel_leave(f->call.cancel, &f->sleeper);
}

/* When to wake at the latest. */
static int64_t wake_time(const sheaf_flight *f, int64_t timeout_ns) {
  int64_t now = sheaf_now_ns();
  int64_t until = timeout_ns < 0 || timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
  int64_t deadline = f->call.deadline_ns;
  return deadline && deadline < until ? deadline : until;
}

static sheaf_status wait_call(const sheaf_call *call, int64_t timeout_ns) {
  sheaf_flight *f = flight_of(call);
  if (!on_its_thread(f)) {
    sheaf_flight_complain(f, "called call->wait outside its batch or its thread: refused");
    return SHEAF_INVALID_ARGUMENT;
  }
  if (timeout_ns) expect_blocking(f, "said SHEAF_MANAGER_NONBLOCKING, and sleeps in call->wait");
  sleep_until(f, wake_time(f, timeout_ns));
  deliver(f, take_locked(f));
  return sheaf_flight_poll(f);
}

sheaf_flight *sheaf_flight_of_call(const sheaf_call *call) {
  return call->scratch == scratch ? flight_of(call) : NULL;
}

void sheaf_call_init(sheaf_call *call) {
  call->struct_size = sizeof *call;
  call->scratch = scratch;
  call->poll = poll_call;
  call->wait = wait_call;
  call->post = post;
  call->hold = hold;
  call->release = release;
}
