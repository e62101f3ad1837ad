/* SPDX-License-Identifier: Apache-2.0 */
#include "soak_manager.h"

#include <stdio.h>
#include <stdlib.h>

atomic_long soak_created, soak_destroyed;

/* ------------------------------------------------------------------------------------ answering */

/* Sends up to eight answers; what they point to is overwritten straight after. */
static bool send_group(const soak_plan *p, sheaf_sink *sink, const uint32_t *indices,
                       uint32_t count, bool fails) {
  enum { MOST = 8 };
  sheaf_result results[MOST];
  sheaf_property properties[MOST][2];
  sheaf_value items[MOST][2];
  char texts[MOST][48];
  for (uint32_t i = 0; i < count; i++) {
    int size = snprintf(texts[i], sizeof texts[i], "answer %u", indices[i]);
    sheaf_str text = sheaf_strn(texts[i], (size_t)size);
    items[i][0] = sheaf_int64(soak_value(p, indices[i]));
    items[i][1] = sheaf_string(text);
    properties[i][0] = (sheaf_property){SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE, items[i][0]};
    properties[i][1] =
        (sheaf_property){SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_list(items[i], 2)};
    results[i] = (sheaf_result){indices[i], SHEAF_OK, properties[i], 2, 0, {NULL, 0}};
    if (fails) results[i] = (sheaf_result){indices[i], SHEAF_AUTH_ERROR, NULL, 0, 0, text};
  }
  const sheaf_call *call = p->request->call;
  bool go_on = sink ? sink->results(sink, results, count) == SHEAF_CONTINUE
                    : call->post(call, results, count) == SHEAF_OK;
  memset(items, 0xaa, sizeof items);
  memset(texts, 0xaa, sizeof texts);
  return go_on;
}

/* Every `stride`-th index from `from` on, one in `faults` of them forgotten, repeated or out of
 * range (0: none). `sink` NULL: by post. */
static void answer_some(const soak_plan *p, soak_random *random, sheaf_sink *sink, uint32_t from,
                        uint32_t stride, uint32_t faults) {
  uint32_t count = p->request->count, indices[8], held = 0;
  for (uint32_t i = from; i < count; i += stride) {
    uint32_t index = i;
    if (faults && soak_one_in(random, faults)) {
      uint32_t what = soak_below(random, 3);
      if (what == 0) continue;
      index = what == 1 ? soak_below(random, count) : count + soak_below(random, 3);
    }
    indices[held++] = index;
    bool full = held == 1 + soak_below(random, 8) || held == 8;
    if (full && !send_group(p, sink, indices, held, soak_one_in(random, 6))) return;
    if (full) held = 0;
  }
  if (held) (void)send_group(p, sink, indices, held, false);
}

static void answer_backwards(const soak_plan *p, sheaf_sink *sink) {
  for (uint32_t i = p->request->count; i-- > 0;)
    if (!send_group(p, sink, &i, 1, false)) return;
}

typedef struct worker {
  soak_plan *plan;
  sheaf_sink *sink; /* NULL: by post */
  uint32_t number;
  bool holds;
} worker;

static void *work(void *worker_) {
  worker w = *(worker *)worker_;
  const sheaf_call *call = w.plan->request->call;
  soak_random random = {w.plan->worker_seeds[w.number]};
  free(worker_);
  answer_some(w.plan, &random, w.sink, w.number, SOAK_WORKERS, 20);
  if (w.holds) call->release(call);
  return NULL;
}

static void start_worker(soak_plan *p, sheaf_sink *sink, bool holds) {
  worker *w = malloc(sizeof *w);
  if (!w) return;
  *w = (worker){p, sink, p->worker_count, holds};
  p->worker_seeds[w->number] = soak_next(&p->random);
  if (holds) p->request->call->hold(p->request->call);
  if (pthread_create(&p->workers[p->worker_count], NULL, work, w) == 0) {
    p->worker_count++;
    return;
  }
  if (holds) p->request->call->release(p->request->call);
  free(w);
}

static void answer_by_workers(soak_plan *p, sheaf_sink *sink) {
  bool parallel = (sink->flags & SHEAF_PARALLEL_RESULTS) && soak_one_in(&p->random, 2);
  bool holds = !parallel && soak_one_in(&p->random, 2);
  for (int i = 0; i < SOAK_WORKERS; i++) start_worker(p, parallel ? sink : NULL, holds);
  if (holds) return; /* the host joins them */
  if (!parallel) (void)p->request->call->wait(p->request->call, 200000);
  while (p->worker_count > 0) pthread_join(p->workers[--p->worker_count], NULL);
}

static sheaf_status how_it_ends(soak_plan *p, sheaf_sink *sink) {
  static const sheaf_status statuses[] = {SHEAF_UNAVAILABLE, SHEAF_MANAGER_FAILURE, 350,
                                          SHEAF_INVALID_ARGUMENT, SHEAF_CANCELLED};
  if (!soak_one_in(&p->random, 8)) return SHEAF_OK;
  sheaf_status status = statuses[soak_below(&p->random, 5)];
  if (soak_one_in(&p->random, 2)) return status;
  return sheaf_emit_failure(sink, status, sheaf_cstr("gone"), SHEAF_RESULT_RETRYABLE);
}

static sheaf_status chaos_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  soak_plan *p = request->call->context->opaque;
  (void)self;
  p->request = request;
  char *scratch = request->call->scratch(request->call, 1 + soak_below(&p->random, 5000));
  if (!scratch) return SHEAF_OUT_OF_MEMORY;
  *scratch = 'x';
  if (soak_one_in(&p->random, 16))
    (void)request->call->wait(request->call, soak_below(&p->random, 500000));
  if (p->other && soak_one_in(&p->random, 4)) soak_ask(p->other, &p->random, p->depth + 1);
  if (soak_one_in(&p->random, 3) && request->call->poll(request->call)) return SHEAF_CANCELLED;
  if (*scratch != 'x') abort();
  switch (soak_below(&p->random, 20)) {
  case 0:
    answer_by_workers(p, sink);
    break;
  case 1:
  case 2:
    answer_backwards(p, sink);
    break;
  case 3:
    answer_some(p, &p->random, NULL, 0, 1, 0);
    break;
  case 4:
  case 5:
    answer_some(p, &p->random, sink, 0, 1, 3);
    break;
  default:
    answer_some(p, &p->random, sink, 0, 1, 0);
    break;
  }
  /* With holds out, other threads may still answer: SHEAF_REST is not for then. */
  return p->worker_count ? SHEAF_OK : how_it_ends(p, sink);
}

/* ----------------------------------------------------------------------------------- the plugin */

static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, 0}};
static const sheaf_description plain = {sizeof plain, 0, verbs, NULL, 1, 0};
static const sheaf_description serialized = {
    sizeof serialized, SHEAF_MANAGER_SERIALIZED, verbs, NULL, 1, 0};

typedef struct chaos {
  const sheaf_description *description;
  char *memory; /* freed when it is destroyed, for ASan to see who comes later */
} chaos;

static const sheaf_description *chaos_describe(void *self) { return ((chaos *)self)->description; }

static sheaf_status chaos_flush(void *self, const sheaf_call *call, sheaf_error *error) {
  (void)error;
  ((chaos *)self)->memory[1] = 'f';
  return call->poll(call);
}

static void chaos_destroy(void *self) {
  free(((chaos *)self)->memory);
  free(self);
  atomic_fetch_add(&soak_destroyed, 1);
}

static sheaf_status touching_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  chaos *c = self;
  if (c->memory[0] != 'm') abort();
  sheaf_status status = chaos_batch(self, request, sink);
  if (c->memory[0] != 'm') abort();
  return status;
}

static const sheaf_manager_table table = {sizeof table, 0,    chaos_describe, touching_batch,
                                          NULL,         NULL, chaos_destroy};
static const sheaf_manager_table serialized_table = {
    sizeof serialized_table, 0, chaos_describe, touching_batch, chaos_flush, NULL, chaos_destroy};

static sheaf_status chaos_create(const sheaf_factory *factory, const sheaf_host *host,
                                 const sheaf_value *settings, uint32_t count, sheaf_interface *out,
                                 sheaf_error *error) {
  chaos *c = malloc(sizeof *c);
  (void)host, (void)settings, (void)count;
  if (!c) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  c->description = factory->data;
  c->memory = malloc(2);
  if (!c->memory) abort();
  c->memory[0] = 'm';
  *out = (sheaf_interface){c->description == &serialized ? &serialized_table : &table, c};
  atomic_fetch_add(&soak_created, 1);
  return SHEAF_OK;
}

const sheaf_plugin *soak_plugin(void) {
  static const sheaf_factory factories[] = {{.struct_size = sizeof(sheaf_factory),
                                             .id = "chaos",
                                             .create = chaos_create,
                                             .data = (void *)(uintptr_t)&plain},
                                            {.struct_size = sizeof(sheaf_factory),
                                             .id = "chaos-serialized",
                                             .create = chaos_create,
                                             .data = (void *)(uintptr_t)&serialized}};
  static const sheaf_factory *const list[] = {&factories[0], &factories[1]};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, list, 2, 0};
  return &plugin;
}
