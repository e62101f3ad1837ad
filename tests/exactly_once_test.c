/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once, as a property: a manager that answers in random order, in random groups, from
 * whichever thread, late, twice, never and out of range gives a host exactly one right result for
 * each index, and sums that add up. Each round follows from its seed, which a failure prints;
 * SHEAF_TEST_SEED=n runs that round of every test alone.
 */
#include "harness.h"

enum { MOST = 150, MOST_SENDS = 3 * MOST, WORKERS = 4 };

/* How the answers reach the core. */
enum { DIRECT, PARALLEL, POSTED, HELD };

/* One answer that the manager gives. */
typedef struct send {
  uint32_t index;  /* may be out of range, or SHEAF_REST */
  uint32_t serial; /* counts from 1; tells a first answer from a second */
  bool success;
  bool is_static;
} send;

/* What the manager does in one batch, and what the host does. Reaches the manager as the context's
 * `opaque`. */
typedef struct plan {
  uint64_t seed, random;
  int how;
  uint32_t count;
  uint32_t send_count;
  send sends[MOST_SENDS];
  sheaf_status returns;
  bool heeds_stop;
  uint32_t stop_at, cancel_at; /* the how-manieth callback; 0: never */
  sheaf_cancel *cancel;
  const sheaf_request *request;
  sheaf_sink *sink;
  pthread_t workers[WORKERS];
  uint32_t worker_count;
} plan;

static struct {
  sheaf_id trait, number, text, list;
} ids;

static sheaf_sink *old_sink; /* of a batch before, for answers that come late */

/* splitmix64 */
static uint64_t next_random(plan *p) {
  uint64_t z = (p->random += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint32_t below(plan *p, uint32_t n) { return (uint32_t)(next_random(p) % n); }
static bool one_in(plan *p, uint32_t n) { return below(p, n) == 0; }

/* --------------------------------------------------------------------------------- making plans */

static void add_send(plan *p, uint32_t index) {
  if (p->send_count == MOST_SENDS) return;
  send *s = &p->sends[p->send_count++];
  *s = (send){index, p->send_count, !one_in(p, 5), one_in(p, 4)};
}

static void shuffle(plan *p, uint32_t window) {
  for (uint32_t i = 0; i + 1 < p->send_count; i++) {
    uint32_t reach = p->send_count - i < window ? p->send_count - i : window;
    uint32_t j = i + below(p, reach);
    send kept = p->sends[i];
    p->sends[i] = p->sends[j];
    p->sends[j] = kept;
  }
}

static sheaf_status choose_return(plan *p) {
  static const sheaf_status odd[] = {SHEAF_UNAVAILABLE,      SHEAF_MANAGER_FAILURE, 350,
                                     SHEAF_INVALID_ARGUMENT, SHEAF_CANCELLED,       SHEAF_STOPPED};
  return one_in(p, 4) ? odd[below(p, sizeof odd / sizeof *odd)] : SHEAF_OK;
}

static void make_plan(plan *p, uint64_t seed, int how) {
  memset(p, 0, sizeof *p);
  p->seed = p->random = seed;
  p->how = how;
  p->count = one_in(p, 10) ? below(p, 3) : below(p, MOST);
  uint32_t forgets = one_in(p, 2) ? 0 : 1 + below(p, 8); /* one in so many */
  uint32_t repeats = one_in(p, 2) ? 0 : 1 + below(p, 8);
  for (uint32_t i = 0; i < p->count; i++) {
    if (!forgets || !one_in(p, forgets)) add_send(p, i);
    if (repeats && one_in(p, repeats)) add_send(p, i);
    if (one_in(p, 60)) add_send(p, p->count + below(p, 3));
    if (one_in(p, 200)) add_send(p, UINT32_MAX - below(p, 3));
  }
  if (one_in(p, 2)) shuffle(p, one_in(p, 2) ? MOST_SENDS : 1 + below(p, 10));
  if (how == DIRECT && one_in(p, 5)) { /* only last, but for faulty managers */
    add_send(p, SHEAF_REST);
    p->sends[p->send_count - 1].success = false;
    if (one_in(p, 3)) add_send(p, 0);
  }
  p->returns = choose_return(p);
  p->heeds_stop = !one_in(p, 3);
  if (one_in(p, 4)) p->stop_at = 1 + below(p, MOST);
  else if (one_in(p, 4)) p->cancel_at = 1 + below(p, MOST);
}

/* ------------------------------------------------------------------------------------ answering */

/* What a result points to; for static ones on the heap until the end of the tests. */
typedef struct body {
  sheaf_property properties[3];
  sheaf_value items[3];
  char text[32];
  struct body *next;
} body;

static body *static_bodies;
static pthread_mutex_t static_lock = PTHREAD_MUTEX_INITIALIZER;

static body *new_static_body(void) {
  body *b = calloc(1, sizeof *b);
  assert_non_null(b);
  pthread_mutex_lock(&static_lock);
  b->next = static_bodies;
  static_bodies = b;
  pthread_mutex_unlock(&static_lock);
  return b;
}

static void fill_result(const send *s, body *b, sheaf_result *r) {
  snprintf(b->text, sizeof b->text, "%u/%u", s->serial, s->index);
  *r = (sheaf_result){.index = s->index};
  if (s->is_static) r->flags = SHEAF_RESULT_STATIC;
  if (!s->success) {
    r->status = SHEAF_UNKNOWN_ERROR + s->serial % 8;
    r->message = sheaf_cstr(b->text);
    return;
  }
  for (int i = 0; i < 3; i++) b->items[i] = sheaf_int64(s->index + (uint32_t)i);
  sheaf_value number = sheaf_int64((int64_t)s->serial << 32 | s->index);
  b->properties[0] = (sheaf_property){ids.trait, ids.number, number};
  b->properties[1] = (sheaf_property){ids.trait, ids.text, sheaf_string(sheaf_cstr(b->text))};
  b->properties[2] = (sheaf_property){ids.trait, ids.list, sheaf_list(b->items, 3)};
  r->properties = b->properties;
  r->property_count = 3;
}

/* Sends up to eight at once. What is not static is overwritten straight after. */
static bool send_group(plan *p, const send *sends, uint32_t count) {
  body borrowed[8];
  sheaf_result results[8];
  for (uint32_t i = 0; i < count; i++) {
    body *b = sends[i].is_static ? new_static_body() : &borrowed[i];
    fill_result(&sends[i], b, &results[i]);
  }
  const sheaf_call *call = p->request->call;
  bool go_on = p->how == POSTED || p->how == HELD
                   ? call->post(call, results, count) == SHEAF_OK
                   : p->sink->results(p->sink, results, count) == SHEAF_CONTINUE;
  memset(borrowed, 0xaa, sizeof borrowed);
  memset(results, 0xaa, sizeof results);
  return go_on || !p->heeds_stop;
}

typedef struct worker {
  plan *plan;
  uint32_t number;
} worker;

/* Every WORKERS-th answer, one at a time. */
static void *work(void *worker_) {
  worker *w = worker_;
  plan *p = w->plan;
  const sheaf_call *call = p->request->call;
  for (uint32_t i = w->number; i < p->send_count; i += WORKERS) {
    if (!send_group(p, &p->sends[i], 1)) break;
  }
  if (p->how == HELD) call->release(call);
  free(w);
  return NULL;
}

static void start_workers(plan *p) {
  const sheaf_call *call = p->request->call;
  for (uint32_t i = 0; i < WORKERS; i++) {
    worker *w = malloc(sizeof *w);
    assert_non_null(w);
    *w = (worker){p, i};
    if (p->how == HELD) call->hold(call);
    assert_int_equal(pthread_create(&p->workers[i], NULL, work, w), 0);
    p->worker_count++;
  }
}

static void join_workers(plan *p) {
  for (uint32_t i = 0; i < p->worker_count; i++) pthread_join(p->workers[i], NULL);
  p->worker_count = 0;
}

/* An answer to a batch that is over: nobody hears it. */
static void answer_late(plan *p) {
  if (!old_sink || !one_in(p, 3)) return;
  sheaf_result result = {below(p, MOST), SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  assert_int_equal(old_sink->results(old_sink, &result, 1), SHEAF_STOP);
}

static sheaf_status chaos_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  plan *p = request->call->context->opaque;
  (void)self;
  p->request = request;
  p->sink = sink;
  if (p->how == DIRECT) answer_late(p);
  if (p->how != DIRECT) start_workers(p);
  if (p->how == PARALLEL || p->how == POSTED) join_workers(p);
  for (uint32_t i = 0; p->how == DIRECT && i < p->send_count;) {
    uint32_t group = 1 + below(p, 8);
    if (group > p->send_count - i) group = p->send_count - i;
    if (!send_group(p, &p->sends[i], group)) break;
    i += group;
  }
  if (p->how == DIRECT) old_sink = sink;
  return p->returns;
}

static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
static const sheaf_description plain = {sizeof plain, 0, verbs, NULL, 1, 0};
static const sheaf_description serialized = {
    sizeof serialized, SHEAF_MANAGER_SERIALIZED, verbs, NULL, 1, 0};

static const sheaf_description *chaos_describe(void *self) { return self; }

static const sheaf_manager_table chaos_table = {
    .struct_size = sizeof chaos_table, .describe = chaos_describe, .batch = chaos_batch};

static sheaf_status chaos_create(const sheaf_factory *factory, const sheaf_host *host,
                                 const sheaf_value *settings, uint32_t setting_count,
                                 sheaf_interface *out, sheaf_error *error) {
  static const sheaf_str names[] = {SHEAF_STR("chaos"), SHEAF_STR("number"), SHEAF_STR("text"),
                                    SHEAF_STR("list")};
  sheaf_id made[4];
  (void)settings, (void)setting_count;
  sheaf_status status = host->intern(host, names, 4, made, error);
  if (status != SHEAF_OK) return status;
  ids.trait = made[0];
  ids.number = made[1];
  ids.text = made[2];
  ids.list = made[3];
  *out = (sheaf_interface){&chaos_table, factory->data};
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------- the host */

typedef struct heard {
  plan *plan;
  pthread_mutex_t lock;
  pthread_t thread;
  uint32_t total, successes, errors, beyond, elsewhere, wrong;
  uint32_t times[MOST];
  sheaf_status statuses[MOST];
  uint32_t serials[MOST]; /* 0: the core's own answer */
} heard;

/* Which answer it is, by its contents, all of which must agree; 0: the core's; UINT32_MAX: none
 * that was ever given. */
static uint32_t serial_of(const sheaf_result *r) {
  unsigned serial = 0, index = 0;
  char text[40] = "";
  const sheaf_value *string = sheaf_result_find(r, ids.trait, ids.text);
  sheaf_str from = r->status == SHEAF_OK ? sheaf_value_str(string) : r->message;
  if (from.size >= sizeof text) return r->status == SHEAF_OK ? UINT32_MAX : 0;
  memcpy(text, from.data, from.size);
  int read = sscanf(text, "%u/%u", &serial, &index);
  if (r->status != SHEAF_OK) return read == 2 ? serial : 0;
  const sheaf_value *number = sheaf_result_find(r, ids.trait, ids.number);
  const sheaf_value *list = sheaf_result_find(r, ids.trait, ids.list);
  if (read != 2 || index != r->index || r->property_count != 3) return UINT32_MAX;
  if (number->u.integer != ((int64_t)serial << 32 | index)) return UINT32_MAX;
  for (uint32_t i = 0; i < 3; i++) {
    if (list->length != 3 || list->u.items[i].u.integer != index + i) return UINT32_MAX;
  }
  return serial;
}

static uint32_t hear(heard *h, uint32_t index, const sheaf_result *r) {
  plan *p = h->plan;
  pthread_mutex_lock(&h->lock);
  uint32_t nth = ++h->total;
  if (r->status == SHEAF_OK) h->successes++;
  else h->errors++;
  if (p->how != PARALLEL && !pthread_equal(h->thread, pthread_self())) h->elsewhere++;
  if (index >= p->count || r->index != index) {
    h->beyond++;
  } else {
    h->times[index]++;
    h->statuses[index] = r->status;
    h->serials[index] = serial_of(r);
  }
  pthread_mutex_unlock(&h->lock);
  if (nth == p->cancel_at) sheaf_cancel_set(p->cancel);
  return nth == p->stop_at ? SHEAF_STOP : SHEAF_CONTINUE;
}

static uint32_t hear_success(void *ctx, uint32_t index, const sheaf_result *record) {
  heard *h = ctx;
  if (record->status != SHEAF_OK) h->wrong++;
  return hear(h, index, record);
}

static uint32_t hear_error(void *ctx, uint32_t index, const sheaf_result *error) {
  heard *h = ctx;
  if (error->status == SHEAF_OK || error->message.size == 0) h->wrong++;
  return hear(h, index, error);
}

/* ------------------------------------------------------------------------------------ the judge */

/* What an index without an answer of its own gets. */
static sheaf_status status_of_rest(const plan *p) {
  uint32_t class = SHEAF_STATUS_CLASS(p->returns);
  if (p->returns == SHEAF_OK) return SHEAF_NO_RESULT;
  return class == 2 || class == 4 ? SHEAF_MANAGER_FAILURE : p->returns;
}

/* The first answer for each index, by serial; 0: none. */
static void first_answers(const plan *p, uint32_t *first) {
  memset(first, 0, MOST * sizeof *first);
  for (uint32_t i = 0; i < p->send_count; i++) {
    const send *s = &p->sends[i];
    if (s->index == SHEAF_REST) {
      for (uint32_t k = 0; k < p->count; k++) {
        if (!first[k]) first[k] = s->serial;
      }
    } else if (s->index < p->count && !first[s->index]) {
      first[s->index] = s->serial;
    }
  }
}

static const send *send_of(const plan *p, uint32_t serial) {
  for (uint32_t i = 0; i < p->send_count; i++) {
    if (p->sends[i].serial == serial) return &p->sends[i];
  }
  return NULL;
}

/* Whether an answer was ever given to that index, and with that status. */
static bool was_given(const plan *p, uint32_t index, uint32_t serial, sheaf_status status) {
  const send *s = send_of(p, serial);
  if (!s || (s->index != index && s->index != SHEAF_REST)) return false;
  return status == (s->success ? SHEAF_OK : SHEAF_UNKNOWN_ERROR + serial % 8);
}

static const char *judge_index(const plan *p, uint32_t i, uint32_t first, sheaf_status status,
                               uint32_t serial, bool cancelled) {
  if (serial == 0) { /* the core's */
    if (cancelled && status == SHEAF_CANCELLED) return NULL;
    if (first != 0) return "an answer was lost";
    return status == status_of_rest(p) ? NULL : "a missing answer got a wrong status";
  }
  if (!was_given(p, i, serial, status)) return "an answer is none that was given";
  if (p->how == DIRECT && serial != first) return "it is not the first answer that counted";
  return NULL;
}

static void complain(const plan *p, const char *what, uint32_t index) {
  fail_msg("seed %llu: %s (index %u of %u, how %d, returns %u, stop at %u, cancel at %u)",
           (unsigned long long)p->seed, what, index, p->count, p->how, p->returns, p->stop_at,
           p->cancel_at);
}

static void judge(const heard *h, sheaf_status status, const sheaf_summary *summary) {
  const plan *p = h->plan;
  uint32_t first[MOST];
  bool stopped = p->stop_at && h->total >= p->stop_at;
  bool cancelled = p->cancel_at && h->total >= p->cancel_at;
  first_answers(p, first);
  if (h->beyond || h->elsewhere || h->wrong) complain(p, "a callback with wrong arguments", 0);
  for (uint32_t i = 0; i < p->count; i++) {
    if (h->times[i] > 1) complain(p, "more than one result", i);
    if (h->times[i] == 0 && !stopped) complain(p, "no result", i);
    if (h->times[i] == 0) continue;
    const char *fault = judge_index(p, i, first[i], h->statuses[i], h->serials[i], cancelled);
    if (fault && !(stopped && p->how != DIRECT)) complain(p, fault, i);
  }
  if (stopped && p->how != PARALLEL && h->total != p->stop_at) complain(p, "heard after stop", 0);
  if (stopped && status != SHEAF_STOPPED) complain(p, "not stopped", status);
  if (!stopped && h->total != p->count) complain(p, "wrong number of callbacks", h->total);
  bool undisturbed = !stopped && !cancelled && p->returns == SHEAF_OK;
  if (undisturbed && status != SHEAF_OK) complain(p, "wrong status", status);
  if (summary->succeeded != h->successes) complain(p, "wrong successes", summary->succeeded);
  if (summary->failed != h->errors) complain(p, "wrong failures", summary->failed);
}

/* ----------------------------------------------------------------------------------- the rounds */

typedef struct stage_set {
  kept_log log;
  sheaf_library *library;
  sheaf_manager *manager;
  local_plugin local;
  sheaf_str *refs;
} stage_set;

static stage_set *set_up(const sheaf_description *description) {
  stage_set *s = calloc(1, sizeof *s);
  assert_non_null(s);
  log_reset(&s->log);
  s->library = library_with(&s->log, NULL);
  local_register(s->library, &s->local, "chaos", chaos_create, (void *)(uintptr_t)description);
  s->manager = open_manager(s->library, "chaos");
  s->refs = make_refs(MOST);
  return s;
}

static void tear_down(stage_set *s) {
  free_library(s->library);
  free(s->refs);
  free(s);
  old_sink = NULL;
  while (static_bodies) {
    body *next = static_bodies->next;
    free(static_bodies);
    static_bodies = next;
  }
}

static sheaf_request round_request(const stage_set *s, plan *p, sheaf_context *context,
                                   sheaf_call *call) {
  *context = (sheaf_context)SHEAF_CONTEXT_INIT;
  *call = (sheaf_call)SHEAF_CALL_INIT;
  context->opaque = p;
  call->context = context;
  call->cancel = p->cancel;
  sheaf_request request = sheaf_request_for(s->refs, p->count);
  request.call = call;
  return request;
}

static void call_round(stage_set *s, plan *p) {
  sheaf_context context;
  sheaf_call call;
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  heard h = {.plan = p, .thread = pthread_self()};
  pthread_mutex_init(&h.lock, NULL);
  if (p->cancel_at) p->cancel = sheaf_cancel_new();
  callbacks.flags = p->how == PARALLEL ? SHEAF_PARALLEL_RESULTS : 0;
  callbacks.ctx = &h;
  callbacks.success = hear_success;
  callbacks.error = hear_error;
  sheaf_request request = round_request(s, p, &context, &call);
  sheaf_status status = sheaf_resolve(s->manager, &request, &callbacks, &summary, NULL);
  join_workers(p);
  judge(&h, status, &summary);
  sheaf_cancel_free(p->cancel);
  pthread_mutex_destroy(&h.lock);
}

static void batch_round(stage_set *s, plan *p) {
  sheaf_context context;
  sheaf_call call;
  uint32_t first[MOST], failed = 0;
  p->stop_at = p->cancel_at = 0;
  sheaf_request request = round_request(s, p, &context, &call);
  sheaf_batch *batch = sheaf_resolve_batch(s->manager, &request, NULL);
  join_workers(p);
  if (!batch || sheaf_batch_count(batch) != p->count) complain(p, "no batch", 0);
  first_answers(p, first);
  for (uint32_t i = 0; i < p->count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    if (r->index != i) complain(p, "a result of another index", i);
    const char *fault = judge_index(p, i, first[i], r->status, serial_of(r), false);
    if (fault) complain(p, fault, i);
    failed += r->status != SHEAF_OK;
  }
  if (sheaf_batch_failed(batch) != failed) complain(p, "wrong count of failures", failed);
  sheaf_batch_free(batch);
}

static void run_rounds(const sheaf_description *description, int how, uint32_t rounds,
                       void (*run)(stage_set *, plan *)) {
  static plan p;
  stage_set *s = set_up(description);
  const char *wanted = getenv("SHEAF_TEST_SEED");
  uint64_t from = wanted ? strtoull(wanted, NULL, 10) : 1;
  for (uint64_t seed = from; seed < from + (wanted ? 1 : rounds); seed++) {
    make_plan(&p, seed, how);
    run(s, &p);
  }
  tear_down(s);
}

static void test_callbacks(void **state) {
  (void)state;
  run_rounds(&plain, DIRECT, 4000, call_round);
}

static void test_batches(void **state) {
  (void)state;
  run_rounds(&plain, DIRECT, 2000, batch_round);
}

static void test_serialized(void **state) {
  (void)state;
  run_rounds(&serialized, DIRECT, 2000, call_round);
  run_rounds(&serialized, DIRECT, 1000, batch_round);
}

static void test_parallel(void **state) {
  (void)state;
  run_rounds(&plain, PARALLEL, 400, call_round);
}

static void test_posted(void **state) {
  (void)state;
  run_rounds(&plain, POSTED, 400, call_round);
  run_rounds(&plain, POSTED, 200, batch_round);
  run_rounds(&serialized, POSTED, 200, call_round);
}

static void test_held(void **state) {
  (void)state;
  run_rounds(&plain, HELD, 400, call_round);
  run_rounds(&plain, HELD, 200, batch_round);
  run_rounds(&serialized, HELD, 200, call_round);
}

/* ------------------------------------------------------------------------------------ the relay */

/* A manager that asks another and passes its answers on from inside that one's callbacks, turned
 * round: the outer batch's bookkeeping must not live in the inner one's memory. */
typedef struct relay {
  sheaf_manager *inner;
  sheaf_sink *sink;
  uint32_t count;
  char *scratch; /* asked for inside a callback */
  const sheaf_call *call;
} relay;

static uint32_t relay_result(void *ctx, uint32_t index, const sheaf_result *result) {
  relay *r = ctx;
  sheaf_result turned = *result;
  turned.index = r->count - 1 - index;
  if (!r->scratch) {
    r->scratch = r->call->scratch(r->call, 1000);
    assert_non_null(r->scratch);
    memset(r->scratch, 0x5a, 1000);
  }
  return r->sink->results(r->sink, &turned, 1);
}

static sheaf_status relay_ask(relay *r, const sheaf_request *request, uint32_t from, uint32_t to) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_request part = sheaf_request_for(request->refs + from, to - from);
  callbacks.ctx = r;
  callbacks.success = relay_result;
  callbacks.error = relay_result;
  return sheaf_resolve(r->inner, &part, &callbacks, NULL, NULL);
}

static uint32_t ignore(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)ctx, (void)index, (void)result;
  return SHEAF_CONTINUE;
}

/* Answers the second half of the indices from inside the callbacks of one inner batch; puts another
 * inner batch, which uses whatever memory is free, in between; then answers the first half. */
static sheaf_status relay_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  relay *r = self;
  uint32_t half = request->count / 2;
  *r = (relay){r->inner, sink, request->count, NULL, request->call};
  relay_ask(r, request, 0, half);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.success = ignore;
  sheaf_request other = sheaf_request_for(request->refs, request->count);
  sheaf_resolve(r->inner, &other, &callbacks, NULL, NULL);
  for (uint32_t i = 0; r->scratch && i < 1000; i++) assert_int_equal(r->scratch[i], 0x5a);
  for (uint32_t i = 0; i < request->count; i++) { /* the first half, and all others once more */
    sheaf_result result = {i, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
    sink->results(sink, &result, 1);
  }
  return SHEAF_OK;
}

static sheaf_status backwards_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  char text[24];
  uint32_t junk = request->count;
  char *scratch = request->call->scratch(request->call, 20000);
  if (scratch) memset(scratch, 0xee, 20000);
  while (junk-- > 0) {
    snprintf(text, sizeof text, "inner %u", junk);
    sheaf_property p = {ids.trait, ids.text, sheaf_string(sheaf_cstr(text))};
    sheaf_emit_success(sink, junk, &p, 1, 0);
  }
  return SHEAF_OK;
}

static const sheaf_description *relay_describe(void *self) {
  (void)self;
  return &plain;
}

static const sheaf_description *serialized_describe(void *self) {
  (void)self;
  return &serialized;
}

static const sheaf_manager_table relay_tables[] = {
    {.struct_size = sizeof(sheaf_manager_table), .describe = relay_describe, .batch = relay_batch},
    {.struct_size = sizeof(sheaf_manager_table),
     .describe = serialized_describe,
     .batch = relay_batch},
    {.struct_size = sizeof(sheaf_manager_table),
     .describe = relay_describe,
     .batch = backwards_batch}};

static relay the_relay;

static sheaf_status relay_create(const sheaf_factory *factory, const sheaf_host *host,
                                 const sheaf_value *settings, uint32_t setting_count,
                                 sheaf_interface *out, sheaf_error *error) {
  (void)host, (void)settings, (void)setting_count, (void)error;
  *out = (sheaf_interface){factory->data, &the_relay};
  return SHEAF_OK;
}

static void relay_rounds(sheaf_manager *outer, uint32_t count, const char *what) {
  sheaf_str *refs = make_refs(count);
  sheaf_request request = sheaf_request_for(refs, count);
  for (int round = 0; round < 20; round++) {
    tally t;
    sheaf_summary summary = SHEAF_SUMMARY_INIT;
    tally_init(&t, count);
    sheaf_callbacks callbacks = tally_callbacks(&t);
    assert_int_equal(sheaf_resolve(outer, &request, &callbacks, &summary, NULL), SHEAF_OK);
    tally_assert_once(&t, &summary);
    assert_int_equal(t.errors, 0);
    tally_free(&t);

    sheaf_batch *batch = sheaf_resolve_batch(outer, &request, NULL);
    assert_non_null(batch);
    for (uint32_t i = 0; i < count; i++) {
      const sheaf_value *text = sheaf_batch_value(batch, i, "chaos", "text");
      char wanted[24];
      snprintf(wanted, sizeof wanted, "inner %u", count - 1 - i);
      if (i < count - count / 2) continue;
      if (!text || !sheaf_str_equal(sheaf_value_str(text), sheaf_cstr(wanted))) {
        fail_msg("%s: index %u of %u is not '%s'", what, i, count, wanted);
      }
    }
    sheaf_batch_free(batch);
  }
  free(refs);
}

static void test_relay(void **state) {
  (void)state;
  static kept_log log;
  local_plugin plugins[3];
  log_reset(&log);
  sheaf_library *library = library_with(&log, NULL);
  static const char *const names[] = {"relay", "relay-serialized", "backwards"};
  for (int i = 0; i < 3; i++) {
    local_register(library, &plugins[i], names[i], relay_create,
                   (void *)(uintptr_t)&relay_tables[i]);
  }
  ids.trait = sheaf_intern_one(library, "chaos");
  ids.text = sheaf_intern_one(library, "text");
  the_relay.inner = open_manager(library, "backwards");
  for (int i = 0; i < 2; i++) {
    sheaf_manager *outer = open_manager(library, names[i]);
    for (uint32_t count = 2; count <= 5000; count = count * 3 + 1) {
      relay_rounds(outer, count, names[i]);
    }
  }
  free_library(library);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_callbacks),  cmocka_unit_test(test_batches),
      cmocka_unit_test(test_serialized), cmocka_unit_test(test_parallel),
      cmocka_unit_test(test_posted),     cmocka_unit_test(test_held),
      cmocka_unit_test(test_relay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
