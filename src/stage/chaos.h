/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of stacks: a manager that answers rightly and behaves badly. What it says of a
 * reference is settled (chaos_answer); when, in which order, how often, on which thread and in what
 * memory is not.
 */
#ifndef SHEAF_STAGE_CHAOS_H
#define SHEAF_STAGE_CHAOS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sheaf/sheaf.h>

#include "core/manager.h"

/* ------------------------------------------------------------------------------------- chance */

/* xorshift64*; never 0. */
typedef struct chance {
  uint64_t state;
} chance;

static inline uint32_t chance_below(chance *c, uint32_t n) {
  c->state ^= c->state >> 12;
  c->state ^= c->state << 25;
  c->state ^= c->state >> 27;
  return (uint32_t)((c->state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static inline bool chance_one_in(chance *c, uint32_t n) { return chance_below(c, n) == 0; }

/* ------------------------------------------------------------------------------------ the truth */

static inline uint64_t chaos_mix(uint64_t hash, const void *data, size_t size) {
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
  return (hash ^ size) * 0x100000001b3ULL;
}

/* What index i of a request is to be answered: of everything that an answer may depend on. */
static inline uint64_t chaos_answer(const sheaf_request *r, uint32_t i) {
  const sheaf_context *c = r->contexts ? r->contexts[i] : NULL;
  if (!c) c = r->call ? r->call->context : NULL;
  const uint32_t words[] = {r->verb, r->access, r->flags, r->trait_count, r->slot_count};
  uint64_t hash = chaos_mix(0xcbf29ce484222325ULL, words, sizeof words);
  hash = chaos_mix(hash, r->refs[i].data, r->refs[i].size);
  hash = chaos_mix(hash, r->traits, r->trait_count * sizeof *r->traits);
  hash = chaos_mix(hash, r->slots, r->slot_count * sizeof *r->slots);
  hash = chaos_mix(hash, c ? c->share_key.data : NULL, c ? c->share_key.size : 0);
  hash = chaos_mix(hash, c ? c->authority.data : NULL, c ? c->authority.size : 0);
  return r->inputs ? chaos_mix(hash, &r->inputs[i].flags, sizeof r->inputs[i].flags) : hash;
}

/* Of some references the answer is an error, for good. */
static inline bool chaos_is_error(uint64_t answer) { return answer % 11 == 3; }

/* ------------------------------------------------------------------------------------ a manager */

typedef struct chaos {
  _Atomic uint64_t seed;                   /* a new chance for each batch */
  bool calm;                               /* no faults, and no failures but the settled ones */
  uint32_t flags;                          /* of its description */
  void (*ask)(void *ctx, uint32_t number); /* now and then, from inside a batch; NULL: never */
  void *ctx;
  sheaf_description description;
  _Atomic uint64_t asked[4], batches;   /* references, by verb */
  _Atomic uint32_t inside, most_inside; /* batches at once */
} chaos;

/* One result, in memory that is gone when it has been sent. */
typedef struct chaos_result {
  sheaf_result result;
  sheaf_property property;
  char text[24];
} chaos_result;

static inline void chaos_make(chaos_result *c, const sheaf_request *r, uint32_t i) {
  uint64_t answer = chaos_answer(r, i);
  c->result = (sheaf_result){i, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  snprintf(c->text, sizeof c->text, "%016llx", (unsigned long long)answer);
  if (chaos_is_error(answer)) {
    c->result.status = SHEAF_ENTITY_RESOLUTION_ERROR;
    c->result.message = sheaf_cstr(c->text);
    return;
  }
  c->property = (sheaf_property){300, 301, sheaf_string(sheaf_cstr(c->text))};
  c->result.properties = &c->property;
  c->result.property_count = 1;
}

static inline void chaos_make_fault(chaos_result *c, uint32_t i, sheaf_status status,
                                    bool retryable) {
  c->result = (sheaf_result){i, status, NULL, 0, retryable ? SHEAF_RESULT_RETRYABLE : 0, {NULL, 0}};
}

/* Sends a group and spoils its memory. */
static inline uint32_t chaos_send(sheaf_sink *sink, chaos_result *group, uint32_t count) {
  sheaf_result results[32];
  for (uint32_t i = 0; i < count; i++) results[i] = group[i].result;
  uint32_t said = sink->results(sink, results, count);
  memset(group, 0xdb, count * sizeof *group);
  memset(results, 0xdb, sizeof results);
  return said;
}

static inline void chaos_shuffle(chance *c, uint32_t *order, uint32_t count) {
  for (uint32_t i = count; i > 1; i--) {
    uint32_t j = chance_below(c, i), swapped = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swapped;
  }
}

/* Results that are posted later from another thread. */
typedef struct chaos_late {
  const sheaf_request *request;
  const uint32_t *order;
  uint32_t count;
} chaos_late;

static inline void *chaos_post(void *late_) {
  const chaos_late *late = late_;
  const sheaf_call *call = late->request->call;
  for (uint32_t i = 0; i < late->count; i++) {
    chaos_result one;
    chaos_make(&one, late->request, late->order[i]);
    call->post(call, &one.result, 1);
    memset(&one, 0xdb, sizeof one);
  }
  call->release(call);
  return NULL;
}

/* Hands the order's end over to a thread; how many it took. */
static inline uint32_t chaos_hand_over(chance *c, const sheaf_request *r, const uint32_t *order) {
  pthread_t thread;
  chaos_late *late = r->call->scratch(r->call, sizeof *late);
  uint32_t count = chance_below(c, r->count < 64 ? r->count + 1 : 64);
  *late = (chaos_late){r, order + r->count - count, count};
  r->call->hold(r->call);
  if (pthread_create(&thread, NULL, chaos_post, late)) {
    r->call->release(r->call);
    return 0;
  }
  pthread_detach(thread);
  return count;
}

static inline void chaos_enter(chaos *self) {
  uint32_t inside = atomic_fetch_add(&self->inside, 1) + 1, most = atomic_load(&self->most_inside);
  while (most < inside && !atomic_compare_exchange_weak(&self->most_inside, &most, inside)) {
  }
}

static inline sheaf_status chaos_answer_all(chaos *self, chance *c, const sheaf_request *r,
                                            sheaf_sink *sink) {
  uint32_t *order = r->call->scratch(r->call, (r->count + 1) * sizeof *order), here = r->count;
  for (uint32_t i = 0; i < r->count; i++) order[i] = i;
  if (!chance_one_in(c, 3)) chaos_shuffle(c, order, r->count);
  if (!chance_one_in(c, 4)) here -= chaos_hand_over(c, r, order);
  uint32_t fail_at =
      self->calm || !chance_one_in(c, 10) ? UINT32_MAX : chance_below(c, r->count + 1);
  chaos_result group[32];
  for (uint32_t i = 0, n = 0, size = 1 + chance_below(c, 15); i < here; i++) {
    uint32_t fault = self->calm ? 100 : chance_below(c, 100);
    if (i == fail_at)
      return chance_one_in(c, 2) ? SHEAF_UNAVAILABLE
                                 : sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("gone"),
                                                      SHEAF_RESULT_RETRYABLE);
    if (fault == 0) continue; /* never */
    if (fault <= 3) chaos_make_fault(&group[n++], order[i], SHEAF_UNAVAILABLE, fault == 1);
    else chaos_make(&group[n++], r, order[i]);
    if (fault == 4) chaos_make_fault(&group[n++], order[i], SHEAF_AUTH_ERROR, false); /* again */
    if (fault == 5) chaos_make_fault(&group[n++], r->count + order[i], SHEAF_AUTH_ERROR, false);
    if (n < size && i + 1 < here) continue;
    if (chaos_send(sink, group, n) != SHEAF_CONTINUE) return SHEAF_STOPPED;
    n = 0;
  }
  return SHEAF_OK;
}

static inline sheaf_status chaos_batch(void *self_, const sheaf_request *r, sheaf_sink *sink) {
  chaos *self = self_;
  chance c = {(atomic_fetch_add(&self->seed, 0x9e3779b97f4a7c15ULL) << 1 | 1)};
  (void)chance_below(&c, 2);
  atomic_fetch_add(&self->asked[r->verb % 4], r->count);
  atomic_fetch_add(&self->batches, 1);
  chaos_enter(self);
  if (self->ask && chance_one_in(&c, 4)) self->ask(self->ctx, chance_below(&c, 64));
  sheaf_status status = chaos_answer_all(self, &c, r, sink);
  atomic_fetch_sub(&self->inside, 1);
  return status;
}

/* One verb of each sort. */
#define CHAOS_PURE SHEAF_VERB_RESOLVE
#define CHAOS_IDEMPOTENT SHEAF_VERB_EXISTS
#define CHAOS_NEITHER SHEAF_VERB_TRAITS

static inline const sheaf_description *chaos_describe(void *self_) {
  static const sheaf_verb_info verbs[] = {{CHAOS_PURE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
                                          {CHAOS_IDEMPOTENT, SHEAF_VERB_IDEMPOTENT},
                                          {CHAOS_NEITHER, 0}};
  chaos *self = self_;
  self->description = (sheaf_description){sizeof self->description, self->flags, verbs, NULL, 3, 0};
  return &self->description;
}

static inline sheaf_status chaos_create(const sheaf_factory *factory, const sheaf_host *host,
                                        const sheaf_value *settings, uint32_t count,
                                        sheaf_interface *out, sheaf_error *error) {
  static const sheaf_manager_table table = {.struct_size = sizeof table,
                                            .describe = chaos_describe,
                                            .batch = chaos_batch,
                                            .destroy = free};
  chaos *self = calloc(1, sizeof *self);
  (void)host, (void)settings, (void)count, (void)error;
  const chaos *model = factory->data;
  atomic_init(&self->seed, atomic_load(&model->seed));
  self->calm = model->calm;
  self->flags = model->flags;
  self->ask = model->ask;
  self->ctx = model->ctx;
  *out = (sheaf_interface){&table, self};
  return SHEAF_OK;
}

/* Opens one like the model; closing it frees its own record. */
static inline sheaf_manager *chaos_open(sheaf_library *library, const chaos *model) {
  static const sheaf_factory factory = {
      .struct_size = sizeof factory, .id = "chaos", .create = chaos_create};
  sheaf_factory original = factory;
  original.data = (void *)(uintptr_t)model;
  return sheaf_manager_create(library, &factory, &original, SHEAF_ABI_MINOR, NULL, NULL);
}

static inline chaos *chaos_of(sheaf_manager *manager) { return manager->self; }

#endif
