/* SPDX-License-Identifier: Apache-2.0 */
#include "core/iterator.h"

#include <stdlib.h>

#include "core/cancel.h"
#include "core/extensible.h"
#include "core/manager.h"

enum { DEFAULT_CHUNK = 1000 };

/* ----------------------------------------------------------------------------- making and freeing */

static sheaf_status invalid(sheaf_error *error, const char *what) {
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s", what);
}

static sheaf_status read_options(sheaf_iterator *it, const sheaf_iterator_options *options,
                                 sheaf_error *error) {
  const sheaf_request *r = &it->question.request;
  sheaf_iterator_options o = SHEAF_ITERATOR_OPTIONS_INIT;
  sheaf_status status =
      options ? SHEAF_TAKE_STRUCT(&o, options, 0, "sheaf_iterator_options", error) : SHEAF_OK;
  if (status) return status;
  if (o.chunk_size >= SHEAF_REST)
    return invalid(error, "sheaf_iterator_options.chunk_size is too large: at most 2,147,483,647");
  if (o.source && (r->count || r->refs || r->contexts || r->inputs))
    return invalid(error, "the references come from a source: the request has a count of 0, and no "
                          "refs, contexts or inputs");
  it->flags = o.flags;
  it->chunk_size = o.chunk_size ? o.chunk_size : DEFAULT_CHUNK;
  it->source = o.source;
  it->source_ctx = o.source_ctx;
  if (!o.source && r->count == 0) it->source_status = SHEAF_STOPPED;
  return SHEAF_OK;
}

/* What fetching ahead takes: a switch that ends it, whoever throws it. */
static sheaf_status prepare_fetcher(sheaf_iterator *it, sheaf_error *error) {
  sheaf_call *call = &it->question.call;
  if (!(it->flags & SHEAF_ITERATOR_PREFETCH)) return SHEAF_OK;
  sheaf_cancel *cancel = sheaf_cancel_new_child(call->cancel);
  if (cancel && sheaf_fetcher_init(&it->fetcher)) {
    it->cancel = call->cancel = cancel;
    return SHEAF_OK;
  }
  sheaf_cancel_free(cancel);
  return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for an iterator");
}

sheaf_iterator *sheaf_iterator_new(sheaf_manager *manager, sheaf_id verb,
                                   const sheaf_request *request,
                                   const sheaf_iterator_options *options, sheaf_error *error) {
  if (!manager) {
    invalid(error, "the manager is NULL");
    return NULL;
  }
  sheaf_iterator *it = calloc(1, sizeof *it);
  if (!it) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for an iterator");
    return NULL;
  }
  sheaf_status status = sheaf_question_read(&it->question, verb, request, error);
  if (!status) status = read_options(it, options, error);
  if (!status) status = prepare_fetcher(it, error);
  if (status) {
    free(it);
    return NULL;
  }
  it->manager = manager;
  (void)sheaf_manager_hold(manager); /* closed or not: asking finds out */
  return it;
}

void sheaf_iterator_free(sheaf_iterator *it) {
  if (!it) return;
  if (it->cancel) {
    sheaf_cancel_set(it->cancel);
    sheaf_fetcher_end(&it->fetcher);
    sheaf_cancel_free(it->cancel);
  }
  for (int i = 0; i < 2; i++) sheaf_sub_clear(&it->subs[i]);
  sheaf_manager *manager = it->manager;
  free(it);
  sheaf_manager_release(manager);
}

/* -------------------------------------------------------------------------------- the next result */

/* Results of the current sub-batch that have not been handed out, `most` at most; 0 if there are none
 * left. */
static uint32_t take(sheaf_iterator *it, const sheaf_result **out, uint32_t most) {
  sheaf_sub_batch *sub = it->current;
  uint32_t ready = atomic_load_explicit(&sub->ready, memory_order_acquire);
  if (ready <= sub->taken) {
    if (sub->taken == sub->count) return 0;
    sheaf_fetcher_wait(it, sub);
    ready = atomic_load_explicit(&sub->ready, memory_order_acquire);
  }
  uint32_t count = ready - sub->taken < most ? ready - sub->taken : most;
  *out = &sub->results[sub->taken];
  sub->taken += count;
  const sheaf_result *last = &sub->results[sub->taken - 1];
  uint32_t place = last->index - (uint32_t)sub->first; /* both wrap */
  it->index = sub->first + place;
  it->ref = sub->refs[place];
  return count;
}

/* No further sub-batch would fare better. */
static bool is_final(sheaf_status status) {
  return status == SHEAF_CLOSED || SHEAF_STATUS_CLASS(status) == SHEAF_STATUS_CLASS(SHEAF_ENDED);
}

/* Done with the current sub-batch, whose results have all been handed out: how it went. */
static sheaf_status leave(sheaf_iterator *it, sheaf_error *error) {
  sheaf_sub_batch *sub = it->current;
  if (sub->stage == SHEAF_SUB_HANDED) {
    sub->taken = UINT32_MAX; /* not for more results: for its end */
    sheaf_fetcher_wait(it, sub);
  }
  sub->stage = SHEAF_SUB_FREE;
  it->current = NULL;
  if (is_final(sub->status) && it->source_status != sub->status) {
    it->source_status = sub->status;
    it->end = sub->error;
  }
  if (sub->status && error) *error = sub->error;
  return sub->status;
}

static void fetch_ahead(sheaf_iterator *it, sheaf_sub_batch *sub) {
  if (!(it->flags & SHEAF_ITERATOR_PREFETCH) || !sheaf_sub_fill(it, sub)) return;
  it->ahead = sub;
  (void)sheaf_fetcher_hand(it, sub); /* if not, it is asked about when its turn comes */
}

/* Has the sub-batch give results: by itself, or by the fetcher. */
static void start(sheaf_iterator *it, sheaf_sub_batch *sub) {
  bool streams = sheaf_iterator_arrives(it) && it->cancel;
  if (sub->stage == SHEAF_SUB_FILLED && !(streams && sheaf_fetcher_hand(it, sub))) {
    sheaf_sub_ask(it, sub);
    sub->stage = SHEAF_SUB_DONE;
  }
  it->current = sub;
}

/* Goes on to the next sub-batch; false if there is none. */
static bool advance(sheaf_iterator *it) {
  sheaf_sub_batch *sub = it->ahead;
  it->ahead = NULL;
  if (!sub) {
    sub = &it->subs[0];
    if (!sheaf_sub_fill(it, sub)) return false;
  }
  start(it, sub);
  fetch_ahead(it, sub == &it->subs[0] ? &it->subs[1] : &it->subs[0]);
  return true;
}

/* `*count` is how many are wanted at most, and then how many there are. */
static sheaf_status next(sheaf_iterator *it, const sheaf_result **results, uint32_t *count,
                         sheaf_error *error) {
  uint32_t most = *count;
  *results = NULL;
  for (;;) {
    if (it->current) {
      if ((*count = take(it, results, most))) return SHEAF_OK;
      sheaf_status status = leave(it, error);
      if (status) return status;
    }
    if (!advance(it)) break;
  }
  *count = 0;
  if (it->source_status == SHEAF_STOPPED) return SHEAF_OK;
  if (error) *error = it->end;
  return it->source_status;
}

sheaf_status sheaf_iterator_next(sheaf_iterator *it, const sheaf_result **result,
                                 sheaf_error *error) {
  uint32_t count = 1;
  if (!it || !result) return invalid(error, "the iterator, or where its result goes, is NULL");
  return next(it, result, &count, error);
}

sheaf_status sheaf_iterator_next_many(sheaf_iterator *it, const sheaf_result **results,
                                      uint32_t *count, sheaf_error *error) {
  if (!it || !results || !count)
    return invalid(error, "the iterator, or where its results go, is NULL");
  *count = UINT32_MAX;
  return next(it, results, count, error);
}

uint64_t sheaf_iterator_index(const sheaf_iterator *it) { return it ? it->index : 0; }

sheaf_str sheaf_iterator_ref(const sheaf_iterator *it) { return it ? it->ref : sheaf_cstr(NULL); }
