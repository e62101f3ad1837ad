/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that asks about the next sub-batch while the host takes the results of one. */
#include <signal.h>

#include "core/iterator.h"

bool sheaf_fetcher_init(sheaf_fetcher *f) {
  if (pthread_mutex_init(&f->lock, NULL)) return false;
  if (pthread_cond_init(&f->changed, NULL) == 0) return true;
  pthread_mutex_destroy(&f->lock);
  return false;
}

/* The next that is handed in; NULL: it is over. Under the lock. */
static sheaf_sub_batch *next_queued(sheaf_fetcher *f) {
  while (f->queued == 0 && !f->quit) pthread_cond_wait(&f->changed, &f->lock);
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
  pthread_mutex_lock(&f->lock);
  while ((sub = next_queued(f))) {
    pthread_mutex_unlock(&f->lock);
    sheaf_sub_ask(it, sub);
    pthread_mutex_lock(&f->lock);
    sub->stage = SHEAF_SUB_DONE;
    pthread_cond_broadcast(&f->changed);
  }
  pthread_mutex_unlock(&f->lock);
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
  if (!f->started && !start(it)) return false;
  pthread_mutex_lock(&f->lock);
  sub->stage = SHEAF_SUB_HANDED;
  f->queue[f->queued++] = sub;
  pthread_cond_broadcast(&f->changed);
  pthread_mutex_unlock(&f->lock);
  return true;
}

void sheaf_fetcher_wait(sheaf_iterator *it, sheaf_sub_batch *sub) {
  sheaf_fetcher *f = &it->fetcher;
  pthread_mutex_lock(&f->lock);
  atomic_store(&f->host_waits, true);
  while (sub->stage == SHEAF_SUB_HANDED && atomic_load(&sub->ready) <= sub->taken)
    pthread_cond_wait(&f->changed, &f->lock);
  atomic_store(&f->host_waits, false);
  pthread_mutex_unlock(&f->lock);
}

void sheaf_fetcher_publish(sheaf_iterator *it, sheaf_sub_batch *sub, uint32_t ready) {
  sheaf_fetcher *f = &it->fetcher;
  /* First publish, then look whether somebody waits; who waits does it the other way round, so that
   * one of the two sees the other. */
  atomic_store(&sub->ready, ready);
  if (!atomic_load(&f->host_waits)) return;
  pthread_mutex_lock(&f->lock);
  pthread_cond_broadcast(&f->changed);
  pthread_mutex_unlock(&f->lock);
}

void sheaf_fetcher_end(sheaf_fetcher *f) {
  if (f->started) {
    pthread_mutex_lock(&f->lock);
    f->quit = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
  }
  pthread_cond_destroy(&f->changed);
  pthread_mutex_destroy(&f->lock);
}
