/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios_manager.h"

#include <pthread.h>
#include <stdio.h>

#include "failing_malloc.h"
#include "scenarios.h"

/* A batch under way. */
typedef struct work {
  uint32_t how;
  bool fails; /* every third */
  const sheaf_request *request;
  sheaf_sink *sink;
  sheaf_status status; /* of the thread, for who waits for it */
} work;

static const sheaf_verb_info verbs[] = {
    {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT}};

static const sheaf_description *describe(void *self) {
  return &((local_manager *)self)->description;
}

/* An answer that has to be copied, deeply. */
static sheaf_status answer(work *w, uint32_t index) {
  char text[40];
  int size = snprintf(text, sizeof text, "the answer for %u", index);
  sheaf_value items[2] = {sheaf_int64(index), sheaf_string(sheaf_strn(text, (size_t)size))};
  sheaf_property properties[2] = {{SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE, items[1]},
                                  {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_list(items, 2)}};
  sheaf_result result = {index, SHEAF_OK, properties, 2, 0, {NULL, 0}};
  if (w->fails && index % 3 == 0)
    result = (sheaf_result){index, SHEAF_UNAVAILABLE,      properties,
                            1,     SHEAF_RESULT_RETRYABLE, SHEAF_STR("not now")};
  if (w->how == POSTS || w->how == HOLDS_AND_POSTS)
    return w->request->call->post(w->request->call, &result, 1);
  return w->sink->results(w->sink, &result, 1) == SHEAF_CONTINUE ? SHEAF_OK : SHEAF_STOPPED;
}

static void *answer_all(void *work_) {
  work *w = work_;
  uint32_t count = w->request->count;
  for (uint32_t i = 0; i < count && w->status == SHEAF_OK; i++)
    w->status = answer(w, w->how == ANSWERS_BACKWARDS ? count - 1 - i : i);
  if (w->how != HOLDS_AND_POSTS) return NULL;
  const sheaf_call *call = w->request->call;
  call->release(call); /* and the work is gone */
  return NULL;
}

/* Threads that nobody waits for in the batch, but the process's live count does. */
static pthread_t held_thread;
static bool have_held_thread;

static void join_held_thread(void) {
  if (have_held_thread) pthread_join(held_thread, NULL);
  have_held_thread = false;
}

static sheaf_status hold_and_start(work *w) {
  const sheaf_call *call = w->request->call;
  call->hold(call);
  join_held_thread();
  if (pthread_create(&held_thread, NULL, answer_all, w) == 0) {
    have_held_thread = true;
    return SHEAF_OK;
  }
  call->release(call);
  return SHEAF_OUT_OF_MEMORY;
}

static sheaf_status batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  local_manager *local = self;
  pthread_t thread;
  work *w = request->call->scratch(request->call, sizeof *w);
  if (!w) return sheaf_emit_failure(sink, SHEAF_OUT_OF_MEMORY, sheaf_strn(NULL, 0), 0);
  bool fails = local->how & FAILS_AT_FIRST && local->batches++ % 2 == 0;
  *w = (work){local->how & ~(uint32_t)(IS_SERIALIZED | FAILS_AT_FIRST), fails, request, sink,
              SHEAF_OK};
  /* Who collects does not allow it. */
  if (w->how == ANSWERS_FROM_A_THREAD && !(sink->flags & SHEAF_PARALLEL_RESULTS))
    w->how = ANSWERS_BACKWARDS;
  if (w->how == HOLDS_AND_POSTS) return hold_and_start(w);
  if (w->how == ANSWERS_IN_ORDER || w->how == ANSWERS_BACKWARDS) {
    (void)answer_all(w);
  } else {
    if (pthread_create(&thread, NULL, answer_all, w)) return SHEAF_OUT_OF_MEMORY;
    pthread_join(thread, NULL);
  }
  return w->status;
}

static void destroy(void *self) {
  (void)self;
  join_held_thread();
}

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t count, sheaf_interface *out,
                           sheaf_error *error) {
  static const sheaf_manager_table table = {sizeof table, 0, describe, batch, NULL, NULL, destroy};
  (void)host, (void)settings, (void)count, (void)error;
  *out = (sheaf_interface){&table, factory->data};
  return SHEAF_OK;
}

void local_manager_init(local_manager *local, uint32_t how) {
  memset(local, 0, sizeof *local);
  local->how = how;
  local->factory.struct_size = sizeof local->factory;
  local->factory.id = "local";
  local->factory.create = create;
  local->factory.data = local;
  local->factories[0] = &local->factory;
  local->plugin = (sheaf_plugin){sizeof local->plugin, 0, 0, 0, local->factories, 1, 0};
  uint32_t flags = how & IS_SERIALIZED ? SHEAF_MANAGER_SERIALIZED : 0;
  local->description = (sheaf_description){sizeof local->description, flags, verbs, NULL, 1, 0};
}
