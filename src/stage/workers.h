/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads for what stages do beside the threads that ask: made when they are first needed, kept until
 * the stage is closed.
 */
#ifndef SHEAF_STAGE_WORKERS_H
#define SHEAF_STAGE_WORKERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A piece of work. It belongs to whoever made it: `run` may free it. */
typedef struct sheaf_job {
  struct sheaf_job *next;
  void (*run)(struct sheaf_job *job);
  /* What a thread that waits for the job owes, and holds, on its own: see core/thread.h. It is the
   * worker's while the job runs. */
  unsigned owing, seated, outer;
} sheaf_job;

typedef struct sheaf_workers {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  sheaf_job *first, **last; /* waiting for a thread */
  uint32_t waiting;         /* jobs */
  uint32_t idle;            /* threads */
  uint32_t most;
  bool closing;
  struct sheaf_worker *threads; /* all */
  uint32_t count;
} sheaf_workers;

/* False: out of memory. */
bool sheaf_workers_init(sheaf_workers *workers, uint32_t most);

/* Has a thread run the job, soon or once one has time. False, and the job is not touched any more: there
 * is no thread, and none can be made. */
bool sheaf_workers_run(sheaf_workers *workers, sheaf_job *job);

/* Takes a job back that no thread has begun with. False: one has, or is done with it. */
bool sheaf_workers_take_back(sheaf_workers *workers, sheaf_job *job);

/* Waits until all jobs have run and all threads have ended. */
void sheaf_workers_close(sheaf_workers *workers);

#endif
