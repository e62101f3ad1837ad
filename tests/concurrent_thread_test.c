/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads: through one manager, serialised and not; from manager to manager and back inside
 * callbacks; ended, closed and answered from where one would not expect it. Runs under TSan too. A
 * deadlock is a test that does not end: an alarm ends it.
 */
#include "harness.h"

#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 8, TOO_LONG_S = 240 };

/* ---------------------------------------------------------------------------------- the manager */

/* What the managers of these tests do with a batch. */
enum { ANSWERS, WAITS, KEEPS_LATE, ASKS_ITSELF, ELSEWHERE };

typedef struct subject {
  int does;
  bool is_serialized;
  sheaf_manager *itself;
  atomic_int inside, most_inside, destroyed, batches;
  atomic_bool foreign_done;
  sheaf_status asked; /* what asking itself came to */
  _Atomic(sheaf_sink *) kept;
} subject;

static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
static const sheaf_description plain = {sizeof plain, 0, verbs, NULL, 1, 0};
static const sheaf_description serialized = {
    sizeof serialized, SHEAF_MANAGER_SERIALIZED, verbs, NULL, 1, 0};

static const sheaf_description *subject_describe(void *self) {
  subject *s = self;
  return s->is_serialized ? &serialized : &plain;
}

static void enter(subject *s) {
  int now = atomic_fetch_add(&s->inside, 1) + 1;
  int most = atomic_load(&s->most_inside);
  while (now > most && !atomic_compare_exchange_weak(&s->most_inside, &most, now)) {
  }
  atomic_fetch_add(&s->batches, 1);
}

static uint32_t answer_one(sheaf_sink *sink, uint32_t i) {
  char text[16];
  snprintf(text, sizeof text, "%u", i);
  if (i % 5 == 4) return sheaf_emit_error(sink, i, SHEAF_ENTITY_RESOLUTION_ERROR, sheaf_cstr(text));
  sheaf_property p = {SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE, sheaf_string(sheaf_cstr(text))};
  return sheaf_emit_success(sink, i, &p, 1, 0);
}

static sheaf_status answer_all(const sheaf_request *request, sheaf_sink *sink) {
  for (uint32_t i = 0; i < request->count; i++) {
    uint32_t at = request->count % 2 ? i : request->count - 1 - i; /* sometimes not in order */
    if (answer_one(sink, at) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

static void *answer_elsewhere(void *sink) {
  for (uint32_t i = 0; i < 20; i++) answer_one(sink, i);
  return NULL;
}

static uint32_t ignore(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)ctx, (void)index, (void)result;
  return SHEAF_CONTINUE;
}

static sheaf_status ask(sheaf_manager *manager, uint32_t count) {
  sheaf_str *refs = make_refs(count);
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.success = ignore;
  sheaf_status status = sheaf_resolve(manager, &request, &callbacks, NULL, NULL);
  free(refs);
  return status;
}

static sheaf_status subject_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  subject *s = self;
  sheaf_status status = SHEAF_OK;
  pthread_t thread;
  enter(s);
  if (s->does == WAITS) status = request->call->wait(request->call, -1);
  if (s->does == ASKS_ITSELF) s->asked = ask(s->itself, 3);
  if (s->does == ELSEWHERE && pthread_create(&thread, NULL, answer_elsewhere, sink) == 0) {
    pthread_join(thread, NULL);
  }
  if (status == SHEAF_OK) status = answer_all(request, sink);
  if (s->does == KEEPS_LATE) atomic_store(&s->kept, sink);
  atomic_fetch_sub(&s->inside, 1);
  return status;
}

static void subject_destroy(void *self) {
  subject *s = self;
  MUST(atomic_load(&s->inside) == 0);
  atomic_fetch_add(&s->destroyed, 1);
}

static const sheaf_manager_table table = {.struct_size = sizeof table,
                                          .describe = subject_describe,
                                          .batch = subject_batch,
                                          .destroy = subject_destroy};

static sheaf_status subject_create(const sheaf_factory *factory, const sheaf_host *host,
                                   const sheaf_value *settings, uint32_t setting_count,
                                   sheaf_interface *out, sheaf_error *error) {
  (void)host, (void)settings, (void)setting_count, (void)error;
  *out = (sheaf_interface){&table, factory->data};
  return SHEAF_OK;
}

/* A library with one manager. */
typedef struct house {
  kept_log log;
  local_plugin local;
  subject subject;
  sheaf_library *library;
  sheaf_manager *manager;
} house;

static house *build(int does, bool is_serialized) {
  house *h = calloc(1, sizeof *h);
  MUST(h);
  log_reset(&h->log);
  h->subject.does = does;
  h->subject.is_serialized = is_serialized;
  h->library = library_with(&h->log, NULL);
  local_register(h->library, &h->local, "subject", subject_create, &h->subject);
  h->manager = open_manager(h->library, "subject");
  h->subject.itself = h->manager;
  return h;
}

static void demolish(house *h) {
  free_library(h->library);
  MUST(h->subject.destroyed == 1);
  free(h);
}

static void run_threads(void *(*run)(void *), void *argument) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    MUST(pthread_create(&threads[i], NULL, run, argument) == 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* -------------------------------------------------------------------------- through one manager */

static void ask_and_judge(sheaf_manager *manager, const sheaf_str *refs, uint32_t count) {
  tally t;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  tally_init(&t, count);
  sheaf_callbacks callbacks = tally_callbacks(&t);
  sheaf_request request = sheaf_request_for(refs, count);
  MUST(sheaf_resolve(manager, &request, &callbacks, &summary, NULL) == SHEAF_OK);
  tally_assert_once(&t, &summary);
  for (uint32_t i = 0; i < count; i++) {
    MUST(t.statuses[i] == (i % 5 == 4 ? SHEAF_ENTITY_RESOLUTION_ERROR : SHEAF_OK));
  }
  tally_free(&t);
}

static void *ask_many(void *manager) {
  sheaf_str *refs = make_refs(100);
  for (uint32_t round = 0; round < 150; round++) {
    ask_and_judge(manager, refs, round % 100);
    if (round % 10) continue;
    sheaf_request request = sheaf_request_for(refs, 50);
    sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
    MUST(batch);
    MUST(sheaf_batch_failed(batch) == 10);
    sheaf_batch_free(batch);
  }
  free(refs);
  return NULL;
}

static void test_one_manager(void **state) {
  (void)state;
  house *h = build(ANSWERS, false);
  run_threads(ask_many, h->manager);
  demolish(h);
}

static void test_one_serialized_manager(void **state) {
  (void)state;
  house *h = build(ANSWERS, true);
  run_threads(ask_many, h->manager);
  MUST(h->subject.most_inside == 1);
  demolish(h);
}

/* ------------------------------------------------------------------- from callbacks, to and fro */

typedef struct visit {
  sheaf_manager *here, *there;
  int depth;
} visit;

static uint32_t visit_other(void *ctx, uint32_t index, const sheaf_result *result);

static sheaf_status visit_batch(visit *v, uint32_t count) {
  sheaf_str *refs = make_refs(count);
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.ctx = v;
  callbacks.success = visit_other;
  callbacks.error = visit_other;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_status status = sheaf_resolve(v->here, &request, &callbacks, &summary, NULL);
  if (status == SHEAF_OK) MUST(summary.succeeded + summary.failed == count);
  free(refs);
  return status;
}

/* Each result asks the other manager, whose results ask this one, and so on. */
static uint32_t visit_other(void *ctx, uint32_t index, const sheaf_result *result) {
  visit *v = ctx;
  char text[16];
  snprintf(text, sizeof text, "%u", index);
  visit next = {v->there, v->here, v->depth - 1};
  if (next.depth > 0) MUST(visit_batch(&next, 2) == SHEAF_OK);
  /* And the result that is being delivered is still what it was. */
  const sheaf_value *value = sheaf_result_find(result, SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE);
  sheaf_str is = result->status == SHEAF_OK ? sheaf_value_str(value) : result->message;
  MUST(sheaf_str_equal(is, sheaf_cstr(text)));
  return SHEAF_CONTINUE;
}

static void *visit_many(void *houses_) {
  house **houses = houses_;
  for (int round = 0; round < 30; round++) {
    visit v = {houses[round % 2]->manager, houses[1 - round % 2]->manager, 4};
    MUST(visit_batch(&v, 5) == SHEAF_OK);
  }
  return NULL;
}

static void test_two_hosts(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    house *houses[] = {build(ANSWERS, kind & 1), build(ANSWERS, kind & 2)};
    run_threads(visit_many, houses);
    demolish(houses[0]);
    demolish(houses[1]);
  }
}

/* A manager that takes one call at a time asks itself from inside its own batch. */
static void test_asks_itself(void **state) {
  (void)state;
  house *h = build(ASKS_ITSELF, true);
  MUST(ask(h->manager, 4) == SHEAF_OK);
  MUST(h->subject.asked == SHEAF_BUSY);
  demolish(h);
}

/* ----------------------------------------------------------------------------- cancel, deadline */

typedef struct waiting {
  house *house;
  sheaf_cancel *cancel;
  int64_t deadline_ns;
  sheaf_status wanted;
} waiting;

static void *wait_to_be_ended(void *waiting_) {
  waiting *w = waiting_;
  tally t;
  sheaf_str *refs = make_refs(20);
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_request request = sheaf_request_for(refs, 20);
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  call.cancel = w->cancel;
  call.deadline_ns = w->deadline_ns;
  request.call = &call;
  tally_init(&t, 20);
  sheaf_callbacks callbacks = tally_callbacks(&t);
  sheaf_status status = sheaf_resolve(w->house->manager, &request, &callbacks, &summary, NULL);
  MUST(status == w->wanted);
  tally_assert_once(&t, &summary);
  for (uint32_t i = 0; i < 20; i++) MUST(t.statuses[i] == w->wanted);
  sheaf_batch *batch = sheaf_resolve_batch(w->house->manager, &request, NULL);
  MUST(batch);
  MUST(sheaf_batch_status(batch) == w->wanted);
  MUST(sheaf_batch_failed(batch) == 20);
  sheaf_batch_free(batch);
  tally_free(&t);
  free(refs);
  return NULL;
}

static void *cancel_after_a_while(void *cancel) {
  sleep_ms(50);
  sheaf_cancel_set(cancel);
  return NULL;
}

/* One waits in the manager; where it is serialised, the others wait for their turn. */
static void check_cancel(bool is_serialized) {
  pthread_t thread;
  house *h = build(WAITS, is_serialized);
  waiting w = {h, sheaf_cancel_new(), 0, SHEAF_CANCELLED};
  MUST(w.cancel);
  MUST(pthread_create(&thread, NULL, cancel_after_a_while, w.cancel) == 0);
  int64_t began = now_ms();
  run_threads(wait_to_be_ended, &w);
  MUST(now_ms() - began < 10000);
  pthread_join(thread, NULL);
  sheaf_cancel_free(w.cancel);
  demolish(h);
}

static void test_cancel(void **state) {
  (void)state;
  check_cancel(false);
  check_cancel(true);
}

static void check_deadline(bool is_serialized) {
  house *h = build(WAITS, is_serialized);
  waiting w = {h, NULL, (now_ms() + 60) * 1000000, SHEAF_DEADLINE};
  int64_t began = now_ms();
  run_threads(wait_to_be_ended, &w);
  MUST(now_ms() - began < 10000);
  demolish(h);
}

static void test_deadline(void **state) {
  (void)state;
  check_deadline(false);
  check_deadline(true);
}

/* -------------------------------------------------------------------------------------- closing */

typedef struct closing {
  house *house;
  atomic_int answered, refused;
  atomic_bool closed;
} closing;

static void *ask_until_closed(void *closing_) {
  closing *c = closing_;
  sheaf_status status;
  while ((status = ask(c->house->manager, 30)) == SHEAF_OK) atomic_fetch_add(&c->answered, 1);
  MUST(status == SHEAF_CLOSED);
  atomic_fetch_add(&c->refused, 1);
  MUST(sheaf_manager_close(c->house->manager) == SHEAF_CLOSED);
  return NULL;
}

static void *close_after_a_while(void *closing_) {
  closing *c = closing_;
  while (atomic_load(&c->answered) < 100) sleep_ms(1);
  MUST(sheaf_manager_close(c->house->manager) == SHEAF_OK);
  return NULL;
}

static void check_close(bool is_serialized) {
  pthread_t thread;
  closing c = {.house = build(ANSWERS, is_serialized)};
  MUST(pthread_create(&thread, NULL, close_after_a_while, &c) == 0);
  run_threads(ask_until_closed, &c);
  pthread_join(thread, NULL);
  MUST(c.refused == THREADS);
  MUST(c.house->subject.destroyed == 1); /* when the last call left */
  demolish(c.house);
}

static void test_close_in_flight(void **state) {
  (void)state;
  check_close(false);
  check_close(true);
}

static uint32_t try_to_close(void *ctx, uint32_t index, const sheaf_result *result) {
  house *h = ctx;
  (void)index, (void)result;
  MUST(sheaf_manager_close(h->manager) == SHEAF_BUSY);
  MUST(sheaf_library_free(h->library) == SHEAF_BUSY);
  return SHEAF_CONTINUE;
}

/* From inside a callback of its own call nothing is closed. */
static void test_close_from_callback(void **state) {
  (void)state;
  for (int is_serialized = 0; is_serialized < 2; is_serialized++) {
    house *h = build(ANSWERS, is_serialized);
    sheaf_str *refs = make_refs(10);
    sheaf_request request = sheaf_request_for(refs, 10);
    sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
    callbacks.ctx = h;
    callbacks.success = try_to_close;
    callbacks.error = try_to_close;
    MUST(sheaf_resolve(h->manager, &request, &callbacks, NULL, NULL) == SHEAF_OK);
    MUST(h->subject.destroyed == 0);
    MUST(ask(h->manager, 3) == SHEAF_OK);
    free(refs);
    demolish(h);
  }
}

static void *free_batch(void *batch) {
  MUST(sheaf_batch_count(batch) == 10);
  MUST(sheaf_batch_at(batch, 9));
  sheaf_batch_free(batch);
  return NULL;
}

/* A collected batch outlives the close, keeps the manager, and may be freed on another thread. */
static void test_batch_outlives_close(void **state) {
  (void)state;
  pthread_t thread;
  house *h = build(ANSWERS, false);
  sheaf_str *refs = make_refs(10);
  sheaf_request request = sheaf_request_for(refs, 10);
  sheaf_batch *batch = sheaf_resolve_batch(h->manager, &request, NULL);
  MUST(batch);
  MUST(sheaf_manager_close(h->manager) == SHEAF_OK);
  MUST(h->subject.destroyed == 0);
  MUST(sheaf_library_free(h->library) == SHEAF_BUSY);
  MUST(pthread_create(&thread, NULL, free_batch, batch) == 0);
  pthread_join(thread, NULL);
  MUST(h->subject.destroyed == 1);
  free(refs);
  demolish(h);
}

/* ----------------------------------------------------------------------------- late and foreign */

typedef struct pesterer {
  house *house;
  atomic_bool done;
  atomic_int tries;
} pesterer;

/* Answers batches that may be over, from a thread that may not answer at all. */
static void *pester(void *pesterer_) {
  pesterer *p = pesterer_;
  while (!atomic_load(&p->done)) {
    sheaf_sink *sink = atomic_load(&p->house->subject.kept);
    sheaf_result result = {0, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
    if (!sink) continue;
    MUST(sink->results(sink, &result, 1) == SHEAF_STOP);
    atomic_fetch_add(&p->tries, 1);
  }
  return NULL;
}

static void test_late_answers(void **state) {
  (void)state;
  for (int is_serialized = 0; is_serialized < 2; is_serialized++) {
    pthread_t thread;
    pesterer p = {.house = build(KEEPS_LATE, is_serialized)};
    MUST(pthread_create(&thread, NULL, pester, &p) == 0);
    run_threads(ask_many, p.house->manager);
    while (atomic_load(&p.tries) == 0) sleep_ms(1);
    atomic_store(&p.done, true);
    pthread_join(thread, NULL);
    MUST(log_has(&p.house->log, "subject: "));
    demolish(p.house);
  }
}

static void test_foreign_answers(void **state) {
  (void)state;
  for (int is_serialized = 0; is_serialized < 2; is_serialized++) {
    house *h = build(ELSEWHERE, is_serialized);
    run_threads(ask_many, h->manager);
    MUST(log_has(&h->log, "thread"));
    demolish(h);
  }
}

/* ---------------------------------------------------------------------------------------- names */

static void *intern_many(void *library) {
  for (int i = 0; i < 2000; i++) {
    char text[24];
    snprintf(text, sizeof text, "name %d", i);
    sheaf_id id = sheaf_intern_one(library, text);
    MUST(id != 0);
    MUST(sheaf_str_equal(sheaf_name(library, id), sheaf_cstr(text)));
    MUST(sheaf_lookup(library, sheaf_cstr(text)) == id);
  }
  return NULL;
}

static void test_names(void **state) {
  (void)state;
  static kept_log log;
  log_reset(&log);
  sheaf_library *library = library_with(&log, NULL);
  run_threads(intern_many, library);
  free_library(library);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_manager),
      cmocka_unit_test(test_one_serialized_manager),
      cmocka_unit_test(test_two_hosts),
      cmocka_unit_test(test_asks_itself),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_deadline),
      cmocka_unit_test(test_close_in_flight),
      cmocka_unit_test(test_close_from_callback),
      cmocka_unit_test(test_batch_outlives_close),
      cmocka_unit_test(test_late_answers),
      cmocka_unit_test(test_foreign_answers),
      cmocka_unit_test(test_names),
  };
  alarm(TOO_LONG_S);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
