/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/workers.h"

#include <signal.h>
#include <stdlib.h>

#include "core/thread.h"

typedef struct sheaf_worker {
  struct sheaf_worker *next;
  sheaf_workers *all;
  pthread_t thread;
  sheaf_thread here;
} sheaf_worker;

bool sheaf_workers_init(sheaf_workers *w, uint32_t most) {
  *w = (sheaf_workers){.most = most};
  w->last = &w->first;
  if (pthread_mutex_init(&w->lock, NULL)) return false;
  if (pthread_cond_init(&w->wake, NULL) == 0) return true;
  pthread_mutex_destroy(&w->lock);
  return false;
}

/* The next job; NULL: it is over. */
static sheaf_job *take(sheaf_workers *w) {
  pthread_mutex_lock(&w->lock);
  w->idle++;
  while (!w->first && !w->closing) pthread_cond_wait(&w->wake, &w->lock);
  w->idle--;
  sheaf_job *job = w->first;
  if (job) {
    w->first = job->next;
    if (!w->first) w->last = &w->first;
    w->waiting--;
  }
  pthread_mutex_unlock(&w->lock);
  return job;
}

static void *work(void *worker) {
  sheaf_workers *w = ((sheaf_worker *)worker)->all;
  sheaf_thread *self = &((sheaf_worker *)worker)->here;
  sheaf_thread_begin(self);
  self->worker = true;
  for (sheaf_job *job; (job = take(w));) {
    self->owing = job->owing;
    self->seated = job->seated;
    self->outer = job->outer;
    job->run(job);
    self->owing = self->seated = self->outer = 0;
  }
  sheaf_thread_end(self);
  return NULL;
}

/* A host's signals are for its own threads. */
static bool start(pthread_t *thread, sheaf_worker *worker) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = pthread_create(thread, NULL, work, worker) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

/* With the lock held. */
static bool add_thread(sheaf_workers *w) {
  if (w->count == w->most) return false;
  sheaf_worker *worker = calloc(1, sizeof *worker);
  if (!worker) return false;
  worker->all = w;
  if (!start(&worker->thread, worker)) {
    free(worker);
    return false;
  }
  worker->next = w->threads;
  w->threads = worker;
  w->count++;
  return true;
}

bool sheaf_workers_run(sheaf_workers *w, sheaf_job *job) {
  pthread_mutex_lock(&w->lock);
  bool taken = w->idle > w->waiting || add_thread(w) || w->count > 0;
  if (taken) {
    job->next = NULL;
    *w->last = job;
    w->last = &job->next;
    w->waiting++;
    pthread_cond_signal(&w->wake);
  }
  pthread_mutex_unlock(&w->lock);
  return taken;
}

bool sheaf_workers_take_back(sheaf_workers *w, sheaf_job *job) {
  pthread_mutex_lock(&w->lock);
  sheaf_job **at = &w->first;
  while (*at && *at != job) at = &(*at)->next;
  bool found = *at != NULL;
  if (found) {
    *at = job->next;
    if (!job->next) w->last = at;
    w->waiting--;
  }
  pthread_mutex_unlock(&w->lock);
  return found;
}

void sheaf_workers_close(sheaf_workers *w) {
  pthread_mutex_lock(&w->lock);
  w->closing = true;
  pthread_cond_broadcast(&w->wake);
  pthread_mutex_unlock(&w->lock);
  while (w->threads) {
    sheaf_worker *worker = w->threads;
    w->threads = worker->next;
    pthread_join(worker->thread, NULL);
    free(worker);
  }
  pthread_cond_destroy(&w->wake);
  pthread_mutex_destroy(&w->lock);
}
