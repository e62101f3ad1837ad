/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that asks about the next sub-batch while the host takes the results of one. */
#include <signal.h>

#include "core/flight.h"
#include "core/iterator.h"

bool sheaf_fetcher_init(sheaf_fetcher *f) { return sheaf_sleeper_init(&f->sleeper); }

/* The next that is handed in; NULL: it is over. Under the lock. */
static sheaf_sub_batch *next_queued(sheaf_fetcher *f) {
  while (f->queued == 0 && !f->quit) pthread_cond_wait(&f->sleeper.wake, &f->sleeper.lock);
  if (f->quit) return NULL;
  sheaf_sub_batch *sub = f->queue[0];
  f->queue[0] = f->queue[1];
  f->queued--;
  return sub;
}

static void *fetch(void *arg) {
  sheaf_iterator *it = arg;
  sheaf_fetcher *f = &it->fetcher;
  sheaf_sub_batch *sub;
  pthread_mutex_lock(&f->sleeper.lock);
  while ((sub = next_queued(f))) {
    pthread_mutex_unlock(&f->sleeper.lock);
    sheaf_sub_ask(it, sub);
    pthread_mutex_lock(&f->sleeper.lock);
    sub->stage = SHEAF_SUB_DONE;
    pthread_cond_broadcast(&f->sleeper.wake);
  }
  pthread_mutex_unlock(&f->sleeper.lock);
  return NULL;
}

/* Signals are for the host's threads. */
static bool start(sheaf_iterator *it) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  it->fetcher.started = pthread_create(&it->fetcher.thread, NULL, fetch, it) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return it->fetcher.started;
}

bool sheaf_fetcher_hand(sheaf_iterator *it, sheaf_sub_batch *sub) {
  sheaf_fetcher *f = &it->fetcher;
  /* The thread might wait for what this one has or owes, a gate or an answer, and this one for the thread. */
  if (sheaf_flight_has_gate() || sheaf_thread_owes()) return false;
  if (!f->started && !start(it)) return false;
  pthread_mutex_lock(&f->sleeper.lock);
  sub->stage = SHEAF_SUB_HANDED;
  f->queue[f->queued++] = sub;
  pthread_cond_broadcast(&f->sleeper.wake);
  pthread_mutex_unlock(&f->sleeper.lock);
  return true;
}

void sheaf_fetcher_wait(sheaf_iterator *it, sheaf_sub_batch *sub) {
  sheaf_fetcher *f = &it->fetcher;
  for (bool ready = false; !ready;) {
    int64_t until = sheaf_cancel_ask(it->cancel);
    pthread_mutex_lock(&f->sleeper.lock);
    atomic_store(&f->host_waits, true);
    ready = sub->stage != SHEAF_SUB_HANDED || atomic_load(&sub->ready) > sub->taken;
    if (!ready) sheaf_sleeper_wait(&f->sleeper, until);
    atomic_store(&f->host_waits, false);
    pthread_mutex_unlock(&f->sleeper.lock);
  }
}

void sheaf_fetcher_publish(sheaf_iterator *it, sheaf_sub_batch *sub, uint32_t ready) {
  sheaf_fetcher *f = &it->fetcher;
  /* First publish, then look whether somebody waits; who waits does it the other way round, so that
   * one of the two sees the other. */
  atomic_store(&sub->ready, ready);
  if (!atomic_load(&f->host_waits)) return;
  pthread_mutex_lock(&f->sleeper.lock);
  pthread_cond_broadcast(&f->sleeper.wake);
  pthread_mutex_unlock(&f->sleeper.lock);
}

void sheaf_fetcher_end(sheaf_fetcher *f) {
  if (f->started) {
    pthread_mutex_lock(&f->sleeper.lock);
    f->quit = true;
    pthread_cond_broadcast(&f->sleeper.wake);
    pthread_mutex_unlock(&f->sleeper.lock);
    pthread_join(f->thread, NULL);
  }
  sheaf_sleeper_end(&f->sleeper);
}
