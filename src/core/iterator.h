/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an iterator: two sub-batches, of which one is being handed out and the other fetched
 * ahead, and the thread that fetches.
 */
#ifndef SHEAF_CORE_ITERATOR_H
#define SHEAF_CORE_ITERATOR_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/iterator.h>

#include "core/arena.h"
#include "core/cancel.h"
#include "core/perform.h"

/* How far a sub-batch is. */
enum {
  SHEAF_SUB_FREE,   /* nobody's: may be filled */
  SHEAF_SUB_FILLED, /* has references; nobody asked yet */
  SHEAF_SUB_HANDED, /* the fetcher's */
  SHEAF_SUB_DONE    /* has all its results, and a status */
};

typedef struct sheaf_sub_batch {
  _Atomic uint32_t stage; /* HANDED becomes DONE under the fetcher's lock */
  uint64_t first;         /* the place of its first reference in the whole input */
  uint32_t count;
  uint32_t taken; /* results handed out */
  const sheaf_str *refs;
  sheaf_str *own_refs; /* of a source, with their bytes in `bytes` */
  sheaf_arena bytes;
  uint32_t room;          /* that own_refs and results have */
  sheaf_result *results;  /* by index, or in order of arrival */
  sheaf_arena arena;      /* what they point to */
  _Atomic uint32_t ready; /* how many may be handed out */
  sheaf_status status;
  sheaf_error error;
} sheaf_sub_batch;

/* The thread, and what it and the host's thread tell each other. */
typedef struct sheaf_fetcher {
  bool started;
  pthread_t thread;
  sheaf_sleeper sleeper; /* its lock guards what follows */
  sheaf_sub_batch *queue[2];
  uint32_t queued;
  bool quit;
  _Atomic bool host_waits;
} sheaf_fetcher;

struct sheaf_iterator {
  sheaf_manager *manager;  /* held */
  sheaf_question question; /* what each sub-batch begins with */
  uint32_t flags, chunk_size;
  sheaf_source_fn source;
  void *source_ctx;
  sheaf_cancel *cancel;       /* with PREFETCH: the host's switch, and free's */
  uint64_t next_index;        /* of the reference that is to be taken next */
  sheaf_status source_status; /* SHEAF_OK: it may have more */
  sheaf_sub_batch subs[2];
  sheaf_sub_batch *current, *ahead; /* NULL: none */
  uint64_t index;                   /* of the last result */
  sheaf_str ref;
  sheaf_error end; /* why there is no further sub-batch, if its status is not SHEAF_OK */
  sheaf_fetcher fetcher;
};

static inline bool sheaf_iterator_arrives(const sheaf_iterator *it) {
  return it->flags & SHEAF_ITERATOR_AS_THEY_ARRIVE;
}

/* Takes up to a chunk of references into a free sub-batch (iterator_fill.c). False if there are
 * none; it->source_status then says why. */
bool sheaf_sub_fill(sheaf_iterator *it, sheaf_sub_batch *sub);
void sheaf_sub_clear(sheaf_sub_batch *sub);

/* Asks the manager about a sub-batch, on this thread. Its stage stays as it is. */
void sheaf_sub_ask(sheaf_iterator *it, sheaf_sub_batch *sub);

/* The fetcher (iterator_fetch.c). Init: false if out of memory. */
bool sheaf_fetcher_init(sheaf_fetcher *fetcher);

/* Has a filled sub-batch asked about on the fetcher's thread. False, and it stays FILLED, if there
 * can be no such thread. */
bool sheaf_fetcher_hand(sheaf_iterator *it, sheaf_sub_batch *sub);

/* Waits until more than `taken` results are ready, or the sub-batch is DONE. */
void sheaf_fetcher_wait(sheaf_iterator *it, sheaf_sub_batch *sub);

/* Says that a result more is ready. From the fetcher's thread. */
void sheaf_fetcher_publish(sheaf_iterator *it, sheaf_sub_batch *sub, uint32_t ready);

/* Ends the thread, once what it is at has returned. */
void sheaf_fetcher_end(sheaf_fetcher *fetcher);

#endif
