/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cancel.h"

#include <stdlib.h>

#include "core/thread.h"

static int64_t now_by(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sheaf_now_ns(void) { return now_by(CLOCK_MONOTONIC); }

bool sheaf_sleeper_init(sheaf_sleeper *sleeper) {
  pthread_condattr_t monotonic;
  memset(sleeper, 0, sizeof *sleeper);
  if (pthread_mutex_init(&sleeper->lock, NULL)) return false;
  if (pthread_condattr_init(&monotonic) == 0) {
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&sleeper->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!failed) return true;
  }
  pthread_mutex_destroy(&sleeper->lock);
  return false;
}

void sheaf_sleeper_end(sheaf_sleeper *sleeper) {
  pthread_cond_destroy(&sleeper->wake);
  pthread_mutex_destroy(&sleeper->lock);
}

void sheaf_sleeper_wait(sheaf_sleeper *sleeper, int64_t until_ns) {
  if (until_ns == INT64_MAX) {
    pthread_cond_wait(&sleeper->wake, &sleeper->lock);
    return;
  }
  if (until_ns < 0) until_ns = 0;
  struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
  pthread_cond_timedwait(&sleeper->wake, &sleeper->lock, &until);
}

int64_t sheaf_deadline_in(int64_t ns) {
  int64_t now = sheaf_now_ns();
  if (ns > INT64_MAX - now) return INT64_MAX;
  return ns > -now ? now + ns : 1; /* 0 would be none */
}

sheaf_cancel *sheaf_cancel_new(void) {
  sheaf_cancel *cancel = calloc(1, sizeof *cancel);
  if (!cancel) return NULL;
  if (pthread_mutex_init(&cancel->lock, NULL)) {
    free(cancel);
    return NULL;
  }
  return cancel;
}

sheaf_cancel *sheaf_cancel_new_child(sheaf_cancel *parent) {
  sheaf_cancel *child = sheaf_cancel_new();
  if (!child || !parent) return child;
  child->parent = parent;
  child->asking = parent->asking;
  pthread_mutex_lock(&parent->lock);
  child->sibling = parent->children;
  child->sibling_link = &parent->children;
  if (child->sibling) child->sibling->sibling_link = &child->sibling;
  parent->children = child;
  /* Who throws the parent says so first and then looks for children. */
  atomic_store_explicit(&child->set, sheaf_cancel_is_thrown(parent), memory_order_release);
  pthread_mutex_unlock(&parent->lock);
  return child;
}

static void leave_parent(sheaf_cancel *child) {
  pthread_mutex_lock(&child->parent->lock);
  *child->sibling_link = child->sibling;
  if (child->sibling) child->sibling->sibling_link = child->sibling_link;
  pthread_mutex_unlock(&child->parent->lock);
}

void sheaf_cancel_free(sheaf_cancel *cancel) {
  if (!cancel) return;
  if (cancel->parent) leave_parent(cancel);
  pthread_mutex_destroy(&cancel->lock);
  free(cancel);
}

bool sheaf_cancel_is_set(const sheaf_cancel *cancel) { return sheaf_cancel_is_thrown(cancel); }

void sheaf_cancel_set(sheaf_cancel *cancel) {
  if (!cancel) return;
  atomic_store_explicit(&cancel->set, true, memory_order_release);
  pthread_mutex_lock(&cancel->lock);
  for (sheaf_sleeper *s = cancel->sleepers; s; s = s->next) {
    /* Under the sleeper's lock, so that it cannot fall between its look and its sleep. */
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
  }
  for (sheaf_cancel *c = cancel->children; c; c = c->sibling) sheaf_cancel_set(c);
  pthread_mutex_unlock(&cancel->lock);
}

/* ------------------------------------------------------------------------------------- asking */

enum { LEAST_INTERVAL_NS = 1000000 };

sheaf_cancel *sheaf_cancel_new_asking(sheaf_cancel_ask_fn ask, void *ctx, int64_t interval_ns) {
  const sheaf_thread *here = sheaf_thread_self();
  sheaf_cancel *cancel = here ? sheaf_cancel_new() : NULL;
  if (!cancel || !ask) return cancel;
  if (interval_ns < LEAST_INTERVAL_NS) interval_ns = LEAST_INTERVAL_NS;
  cancel->own = (sheaf_asking){
      cancel, ask, ctx, interval_ns, sheaf_deadline_in(interval_ns), here->number, false, 0, 1, 0};
  cancel->asking = &cancel->own;
  return cancel;
}

/* What may be asked now, here; NULL: nothing. */
static sheaf_asking *to_be_asked(sheaf_cancel *cancel) {
  sheaf_asking *a = sheaf_cancel_asks(cancel) ? cancel->asking : NULL;
  const sheaf_thread *here = sheaf_thread_here;
  if (!a || !here || here->number != a->thread) return NULL;
  return a->under_way || sheaf_cancel_is_thrown(cancel) ? NULL : a;
}

static void ask(sheaf_asking *a) {
  a->under_way = true;
  if (a->ask(a->ctx)) sheaf_cancel_set(a->cancel);
  a->under_way = false;
  a->next_ns = sheaf_deadline_in(a->interval_ns);
}

int64_t sheaf_cancel_ask(sheaf_cancel *cancel) {
  sheaf_asking *a = to_be_asked(cancel);
  if (!a) return INT64_MAX;
  if (sheaf_now_ns() >= a->next_ns) ask(a);
  return a->next_ns;
}

enum { LONGEST_STRIDE = 16 };

void sheaf_cancel_ask_in_passing(sheaf_cancel *cancel) {
  sheaf_asking *a = to_be_asked(cancel);
  if (!a || (a->pass && a->pass--)) return;
  int64_t now = now_by(CLOCK_MONOTONIC_COARSE);
  bool quickly = now - a->looked_ns < a->interval_ns / LONGEST_STRIDE;
  if (!quickly) a->stride = 1;
  else if (a->stride < LONGEST_STRIDE) a->stride *= 2;
  a->looked_ns = now;
  a->pass = a->stride - 1;
  if (now >= a->next_ns) ask(a);
}

/* ------------------------------------------------------------------------------------ sleepers */

void sheaf_cancel_join(sheaf_cancel *cancel, sheaf_sleeper *sleeper) {
  if (!cancel) return;
  pthread_mutex_lock(&cancel->lock);
  sleeper->next = cancel->sleepers;
  sleeper->link = &cancel->sleepers;
  if (sleeper->next) sleeper->next->link = &sleeper->next;
  cancel->sleepers = sleeper;
  pthread_mutex_unlock(&cancel->lock);
}

void sheaf_cancel_leave(sheaf_cancel *cancel, sheaf_sleeper *sleeper) {
  if (!cancel) return;
  pthread_mutex_lock(&cancel->lock);
  *sleeper->link = sleeper->next;
  if (sleeper->next) sleeper->next->link = sleeper->link;
  pthread_mutex_unlock(&cancel->lock);
}
