/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any stack of stages over managers that answer in random order, late, twice, never, or with an error,
 * gives each index exactly one right result; what is stopped stays so; and the stack's counters add up. So it
 * does while others cancel, flush, read, ask it from inside callbacks and managers, and close it under its
 * callers.
 *
 * A stage joins by a row in `rows`. A failure prints its seed: run with SHEAF_TEST_SEED=<seed> for that
 * stack alone.
 */
#include "stage/chaos.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define STACKS 150
#define PESTERED 50
#define THREADS 4      /* over a random stack */
#define MOST_THREADS 8 /* over one that is known */
#define REFS 64        /* different references */
#define MOST_POSSIBLE 64

/* An assertion also for other threads, where cmocka cannot end the test. */
static _Thread_local uint64_t seed_here;
#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s (SHEAF_TEST_SEED=%llu)\n", __FILE__, __LINE__,            \
              #condition, (unsigned long long)seed_here);                                          \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

typedef struct stack {
  chance chance;
  sheaf_library *library;
  chaos model;
  sheaf_manager *top;
  char text[1000]; /* what it is made of, outermost first */
  bool calm;       /* nothing fails, ends or stops: counters can be told exactly */
  sheaf_status possible[MOST_POSSIBLE]; /* errors that stages make */
  uint32_t possible_count;
  bool several;  /* managers below */
  bool pestered; /* see the section of that name */
  pthread_mutex_t lock;
  sheaf_cancel *cancels[MOST_THREADS]; /* of the calls under way, with the lock; NULL: none */
} stack;

/* ------------------------------------------------------------------------------ the stages */

static sheaf_manager *open_chaos(stack *s) {
  sheaf_manager *m = chaos_open(s->library, &s->model);
  MUST(m);
  return m;
}

/* Puts a stage on `below`. Settings: name, text, name, text, ..., NULL. */
static sheaf_manager *put(stack *s, sheaf_manager *below, const char *stage, ...) {
  sheaf_setting settings[16];
  sheaf_error error = {0};
  uint32_t count = 0;
  va_list arguments;
  (void)s;
  va_start(arguments, stage);
  for (const char *name; (name = va_arg(arguments, const char *)) && count < 16; count++)
    settings[count] = (sheaf_setting){sheaf_cstr(name),
                                      sheaf_string(sheaf_cstr(va_arg(arguments, const char *)))};
  va_end(arguments);
  sheaf_manager *m = sheaf_stage_over(below, stage, settings, count, &error);
  if (!m) fprintf(stderr, "%s: %s\n", stage, error.message);
  MUST(m);
  return m;
}

static uint64_t counter(sheaf_manager *stage, const char *name) {
  sheaf_stage_counter counters[32];
  uint32_t count = sheaf_stage_counters(stage, counters, 32), i = 0;
  while (i < count && strcmp(counters[i].name, name) != 0) i++;
  MUST(i < count);
  return counters[i].value;
}

static const char *one_of(chance *c, const char *const *texts, uint32_t count) {
  return texts[chance_below(c, count)];
}

static sheaf_manager *put_batch(stack *s, sheaf_manager *below) {
  static const char *const chains[] = {"",
                                       "single",
                                       "size(7)",
                                       "bytes(50)",
                                       "sort",
                                       "sort | size(10)",
                                       "by(scheme) | merge",
                                       "by(scheme) | size(3)",
                                       "by(prefix, /) | bytes(100)"};
  static const char *const overlaps[] = {"1", "1", "2", "5"};
  return put(s, below, "batch", "batchers", one_of(&s->chance, chains, 9), "overlap",
             one_of(&s->chance, overlaps, 4), NULL);
}

static sheaf_manager *put_cache(stack *s, sheaf_manager *below) {
  static const char *const entries[] = {"1", "10", "100000"}, *const bytes[] = {"500", "5000",
                                                                                "67108864"};
  static const char *const errors[] = {"true", "false"};
  return put(s, below, "cache", "max_entries", one_of(&s->chance, entries, 3), "max_bytes",
             one_of(&s->chance, bytes, 3), "errors", one_of(&s->chance, errors, 2), NULL);
}

static int64_t cache_saves(sheaf_manager *stage) {
  return (int64_t)(counter(stage, "hits") + counter(stage, "shared"));
}

static sheaf_manager *put_dedupe(stack *s, sheaf_manager *below) {
  return put(s, below, "dedupe", NULL);
}

static int64_t dedupe_saves(sheaf_manager *stage) { return (int64_t)counter(stage, "folded"); }

static sheaf_manager *put_linger(stack *s, sheaf_manager *below) {
  static const char *const waits[] = {"0.001", "0.1", "1"}, *const sizes[] = {"1", "5", "1000"};
  return put(s, below, "linger", "max_wait_ms", one_of(&s->chance, waits, 3), "max_size",
             one_of(&s->chance, sizes, 3), NULL);
}

static sheaf_manager *put_parallel(stack *s, sheaf_manager *below) {
  static const char *const threads[] = {"1", "2", "7"}, *const sizes[] = {"1", "10", "1000"};
  return put(s, below, "parallel", "threads", one_of(&s->chance, threads, 3), "min_size",
             one_of(&s->chance, sizes, 3), NULL);
}

static sheaf_manager *put_meter(stack *s, sheaf_manager *below) {
  return put(s, below, "meter", NULL);
}

/* A stage over what is below and `more` further managers, which answer the same. */
static sheaf_manager *put_several(stack *s, sheaf_manager *below, const char *stage, uint32_t more,
                                  const char *name, const char *value) {
  sheaf_manager *children[4] = {below};
  sheaf_setting setting = {sheaf_cstr(name), sheaf_string(sheaf_cstr(value))};
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  for (uint32_t i = 1; i <= more; i++) children[i] = open_chaos(s);
  options.children = children;
  options.child_count = more + 1;
  options.settings = &setting;
  options.setting_count = 1;
  sheaf_manager *m = sheaf_stage_open(s->library, stage, &options, NULL);
  MUST(m);
  return m;
}

static sheaf_manager *put_circuit(stack *s, sheaf_manager *below) {
  return put(s, below, "circuit", "failures", "2", "interval_ms", "1", NULL);
}

static sheaf_manager *put_fallback(stack *s, sheaf_manager *below) {
  return put_several(s, below, "fallback", 1 + chance_below(&s->chance, 2), "statuses",
                     "unavailable, no_result");
}

static sheaf_manager *put_limit(stack *s, sheaf_manager *below) {
  return put(s, below, "limit", "in_flight", chance_one_in(&s->chance, 2) ? "1" : "2", "queue",
             !s->calm && chance_one_in(&s->chance, 4) ? "1" : "100", NULL);
}

static sheaf_manager *put_retry(stack *s, sheaf_manager *below) {
  return put(s, below, "retry", "statuses", "unavailable, no_result, overloaded", "backoff_ms", "0",
             "max_wait_ms", "1", NULL);
}

static int64_t retry_saves(sheaf_manager *stage) { return -(int64_t)counter(stage, "retried"); }

static sheaf_manager *put_route(stack *s, sheaf_manager *below) {
  return put_several(s, below, "route", 2, "routes", "a:// b://1/|b://2/ *");
}

static sheaf_manager *put_timeout(stack *s, sheaf_manager *below) {
  return put(s, below, "timeout", "ms", s->calm || chance_one_in(&s->chance, 2) ? "60000" : "1",
             NULL);
}

static const struct row {
  const char *name;
  sheaf_manager *(*put)(stack *s, sheaf_manager *below); /* more managers: open_chaos(s) */
  /* How many elements fewer go down than come, where nothing is stopped. NULL: as many. */
  int64_t (*saves)(sheaf_manager *stage);
  /* Errors that it may give by itself. */
  sheaf_status errors[4];
} rows[] = {
    {"batch", put_batch, NULL, {0}},
    {"cache", put_cache, cache_saves, {0}},
    {"circuit", put_circuit, NULL, {SHEAF_UNAVAILABLE}},
    {"dedupe", put_dedupe, dedupe_saves, {0}},
    {"fallback", put_fallback, NULL, {0}},
    {"limit", put_limit, NULL, {SHEAF_OVERLOADED}},
    {"linger", put_linger, NULL, {0}},
    {"meter", put_meter, NULL, {0}},
    {"parallel", put_parallel, NULL, {0}},
    {"retry", put_retry, retry_saves, {0}},
    {"route", put_route, NULL, {0}},
    {"timeout", put_timeout, NULL, {0}},
};
#define ROWS (sizeof rows / sizeof *rows)

static const struct row *row_of(sheaf_manager *stage) {
  const char *id = sheaf_manager_factory(stage)->id;
  for (size_t i = 0; i < ROWS; i++)
    if (strcmp(rows[i].name, id) == 0) return &rows[i];
  return NULL;
}

/* Up to five stages, a meter above, below and between all of them. */
static void build(stack *s) {
  uint32_t depth = chance_below(&s->chance, 6);
  s->top = put(s, open_chaos(s), "meter", NULL);
  for (uint32_t i = 0; i < depth; i++) {
    const struct row *row = &rows[chance_below(&s->chance, ROWS)];
    s->top = row->put(s, s->top);
    if (s->calm || chance_one_in(&s->chance, 2)) s->top = put(s, s->top, "meter", NULL);
  }
  for (sheaf_manager *m = s->top; m; m = sheaf_stage_child(m, 0)) {
    size_t at = strlen(s->text);
    snprintf(s->text + at, sizeof s->text - at, "%s%s", at ? " > " : "",
             sheaf_manager_factory(m)->id);
  }
}

/* ------------------------------------------------------------------------------------ a host */

typedef struct host {
  stack *stack;
  uint32_t number;
  chance chance;
  uint64_t seed;
  uint64_t asked[4]; /* references, by verb */
} host;

typedef struct heard {
  const sheaf_request *request;
  _Atomic uint32_t *times;               /* by index */
  _Atomic uint32_t calls, stopped_after; /* 0: never */
  _Atomic bool stopped;
  const host *host;
  pthread_t thread;
  bool parallel;
} heard;

/* Errors that the managers, or how the call was ended, account for. */
static bool is_possible(const stack *s, sheaf_status status) {
  static const sheaf_status always[] = {SHEAF_UNAVAILABLE, SHEAF_NO_RESULT, SHEAF_CANCELLED,
                                        SHEAF_DEADLINE};
  if (s->calm) return false;
  if (s->pestered && (status == SHEAF_CLOSED || status == SHEAF_BUSY)) return true;
  for (size_t i = 0; i < sizeof always / sizeof *always; i++)
    if (status == always[i]) return true;
  for (uint32_t i = 0; i < s->possible_count; i++)
    if (status == s->possible[i]) return true;
  return false;
}

/* Those of the stages: noted while the stack can still be walked. */
static void note_possible(stack *s) {
  for (sheaf_manager *m = s->top; m; m = sheaf_stage_child(m, 0)) {
    const struct row *row = row_of(m);
    s->several |= sheaf_stage_child(m, 1) != NULL;
    for (int i = 0; row && i < 4 && row->errors[i]; i++) {
      MUST(s->possible_count < MOST_POSSIBLE);
      s->possible[s->possible_count++] = row->errors[i];
    }
  }
}

static void check_text(const heard *h, uint32_t index, sheaf_str text) {
  char wanted[24];
  uint64_t answer = chaos_answer(h->request, index);
  snprintf(wanted, sizeof wanted, "%016llx", (unsigned long long)answer);
  MUST(sheaf_str_equal(text, sheaf_cstr(wanted)));
}

/* From inside a callback: the top, or what is below. */
static void ask_inside(const stack *s, uint32_t index) {
  static const sheaf_str refs[] = {SHEAF_STR("a://1/1"), SHEAF_STR("b://2/2")};
  sheaf_request request = sheaf_request_for(refs, 2);
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_manager *m = s->top, *below;
  for (uint32_t i = index / 8 % 4; i > 0 && (below = sheaf_stage_child(m, 0)); i--) m = below;
  sheaf_status status = sheaf_perform(m, CHAOS_PURE, &request, &callbacks, &summary, NULL);
  MUST(summary.succeeded + summary.failed == 2 || status == SHEAF_CLOSED);
}

/* From inside a manager; not from inside what it asks so. Two that take one call at a time, and ask each other
 * from inside, can wait for each other whatever is between them. */
static void ask_from_below(void *stack_, uint32_t number) {
  static _Thread_local bool is_asking;
  const stack *s = stack_;
  if (is_asking || (s->several && s->model.flags)) return;
  is_asking = true;
  ask_inside(stack_, number);
  is_asking = false;
}

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  heard *h = ctx;
  MUST(index < h->request->count && r->index == index);
  MUST(h->parallel || pthread_equal(h->thread, pthread_self()));
  MUST(!h->stopped || h->parallel);
  MUST(atomic_fetch_add(&h->times[index], 1) == 0);
  bool settled = chaos_is_error(chaos_answer(h->request, index));
  if (r->status == SHEAF_OK) {
    MUST(!settled && r->property_count == 1 && r->properties[0].trait == 300);
    check_text(h, index, sheaf_value_str(&r->properties[0].value));
  } else if (r->status == SHEAF_ENTITY_RESOLUTION_ERROR) {
    MUST(settled);
    check_text(h, index, r->message);
  } else {
    MUST(is_possible(h->host->stack, r->status));
  }
  if (h->host->stack->pestered && index % 8 == 3) ask_inside(h->host->stack, index);
  if (atomic_fetch_add(&h->calls, 1) + 1 != h->stopped_after) return SHEAF_CONTINUE;
  h->stopped = true;
  return SHEAF_STOP;
}

/* What a random request is made of. */
typedef struct question {
  sheaf_request request;
  sheaf_call call;
  sheaf_str refs[300];
  const sheaf_context *contexts[300];
  sheaf_record inputs[300];
  sheaf_context own[8];
  char text[REFS][24], keys[8][16];
} question;

static void make_contexts(question *q, chance *c) {
  for (uint32_t i = 0; i < 8; i++) {
    snprintf(q->keys[i], sizeof q->keys[i], "k%u", i / 2); /* two of each are equal */
    q->own[i] = (sheaf_context)SHEAF_CONTEXT_INIT;
    q->own[i].share_key = sheaf_cstr(q->keys[i]);
    if (chance_one_in(c, 4)) q->own[i].authority = sheaf_cstr(q->keys[i]);
  }
  q->call = (sheaf_call)SHEAF_CALL_INIT;
  if (chance_one_in(c, 2)) q->call.context = &q->own[chance_below(c, 8)];
}

static void make_question(question *q, chance *c) {
  static const sheaf_id traits[] = {400, 401};
  static const uint32_t most[] = {1, 2, 20, 300};
  make_contexts(q, c);
  uint32_t count = chance_below(c, most[chance_below(c, 4)] + 1),
           differ = 1 + chance_below(c, REFS);
  for (uint32_t i = 0; i < REFS; i++)
    snprintf(q->text[i], sizeof q->text[i], "%c://%u/%u", 'a' + (int)i % 3, i % 5, i);
  for (uint32_t i = 0; i < count; i++) {
    q->refs[i] = sheaf_cstr(q->text[chance_below(c, differ)]);
    q->contexts[i] = chance_one_in(c, 3) ? NULL : &q->own[chance_below(c, 8)];
    q->inputs[i] = (sheaf_record){NULL, 0, i};
  }
  q->request = sheaf_request_for(q->refs, count);
  q->request.call = &q->call;
  q->request.access = chance_below(c, 2);
  if (chance_one_in(c, 2)) q->request.contexts = q->contexts;
  if (chance_one_in(c, 6)) q->request.inputs = q->inputs;
  if (!chance_one_in(c, 3)) return;
  q->request.flags = 0;
  q->request.traits = traits;
  q->request.trait_count = chance_below(c, 3);
}

static sheaf_id any_verb(chance *c) {
  static const sheaf_id verbs[] = {CHAOS_PURE, CHAOS_PURE, CHAOS_IDEMPOTENT, CHAOS_NEITHER};
  return verbs[chance_below(c, 4)];
}

/* For others to throw while the call is under way; NULL: it is over. */
static void expose(host *h, sheaf_cancel *cancel) {
  pthread_mutex_lock(&h->stack->lock);
  h->stack->cancels[h->number] = cancel;
  pthread_mutex_unlock(&h->stack->lock);
}

/* How a call may end before its time. */
static sheaf_cancel *endanger(host *h, question *q, heard *e) {
  sheaf_cancel *cancel = NULL;
  if (h->stack->calm) return NULL;
  if (chance_one_in(&h->chance, 8)) e->stopped_after = 1 + chance_below(&h->chance, 50);
  if (chance_one_in(&h->chance, 12))
    q->call.deadline_ns = sheaf_deadline_in(chance_below(&h->chance, 300000));
  if (chance_one_in(&h->chance, 12)) {
    cancel = q->call.cancel = sheaf_cancel_new();
    sheaf_cancel_set(cancel);
  } else if (h->stack->pestered && chance_one_in(&h->chance, 2)) {
    cancel = q->call.cancel = sheaf_cancel_new();
    expose(h, cancel);
  }
  return cancel;
}

static void ask_once(host *h) {
  question *q = malloc(sizeof *q);
  heard e = {.host = h, .thread = pthread_self()};
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_error error;
  MUST(q);
  make_question(q, &h->chance);
  q->request.verb = any_verb(&h->chance);
  sheaf_cancel *cancel = endanger(h, q, &e);
  e.request = &q->request;
  e.times = calloc(q->request.count + 1u, sizeof *e.times);
  e.parallel = chance_one_in(&h->chance, 5);
  sheaf_callbacks callbacks = {sizeof callbacks, e.parallel ? SHEAF_PARALLEL_RESULTS : 0, &e, hear,
                               hear};
  sheaf_status status =
      sheaf_perform(h->stack->top, q->request.verb, &q->request, &callbacks, &summary, &error);
  MUST(summary.succeeded + summary.failed == e.calls);
  MUST((status == SHEAF_STOPPED) == e.stopped);
  bool refused = h->stack->pestered && status == SHEAF_CLOSED && e.calls == 0;
  if (!e.stopped && !refused) MUST(e.calls == q->request.count); /* and none twice: see hear */
  expose(h, NULL);
  h->asked[q->request.verb % 4] += q->request.count;
  sheaf_cancel_free(cancel);
  free((void *)e.times);
  free(q);
}

static void *ask_often(void *host_) {
  host *h = host_;
  seed_here = h->seed;
  for (int i = 0; i < 12; i++) ask_once(h);
  return NULL;
}

/* --------------------------------------------------------------------------------- counting */

static sheaf_meter_snapshot read_meter(sheaf_manager *m) {
  sheaf_interface meter;
  sheaf_meter_snapshot snapshot = {.struct_size = sizeof snapshot};
  MUST(sheaf_manager_get_extension(m, SHEAF_METER_EXTENSION, &meter) == SHEAF_OK);
  MUST(((const sheaf_meter_table *)meter.table)->snapshot(meter.self, &snapshot) == SHEAF_OK);
  return snapshot;
}

static int64_t delivered(sheaf_manager *m) {
  sheaf_meter_snapshot s = read_meter(m);
  MUST(s.in_flight == 0);
  MUST(s.latency_ns.count == s.batches && s.size.count == s.batches);
  MUST(s.size.sum == s.succeeded + s.failed);
  return (int64_t)(s.succeeded + s.failed);
}

/* References of a verb that reached the managers below. */
static uint64_t arrived(sheaf_manager *m, sheaf_id verb) {
  uint64_t sum = 0;
  if (!sheaf_stage_child(m, 0)) return chaos_of(m)->asked[verb % 4];
  for (uint32_t i = 0; sheaf_stage_child(m, i); i++) sum += arrived(sheaf_stage_child(m, i), verb);
  return sum;
}

/* Nothing failed or was stopped, and there is a meter above and below each stage. */
static void counters_add_up(const stack *s, const uint64_t *asked) {
  MUST(delivered(s->top) == (int64_t)(asked[0] + asked[1] + asked[2] + asked[3]));
  MUST(arrived(s->top, CHAOS_PURE) <= asked[CHAOS_PURE % 4]);
  MUST(arrived(s->top, CHAOS_IDEMPOTENT) == asked[CHAOS_IDEMPOTENT % 4]);
  MUST(arrived(s->top, CHAOS_NEITHER) == asked[CHAOS_NEITHER % 4]);
  for (sheaf_manager *m = s->top; sheaf_stage_child(m, 0);) {
    sheaf_manager *stage = sheaf_stage_child(m, 0), *below = sheaf_stage_child(stage, 0);
    if (!below) break; /* the lowest meter, over the manager */
    const struct row *row = row_of(stage);
    if (!sheaf_stage_child(stage, 1))
      MUST(delivered(m) - delivered(below) == (row && row->saves ? row->saves(stage) : 0));
    m = below;
  }
}

/* ---------------------------------------------------------------------------------- pestering */

typedef struct pest {
  stack *stack;
  chance chance;
  uint64_t seed;
  pthread_t thread;
  sheaf_status closed;
} pest;

static void cancel_one(stack *s, uint32_t number) {
  pthread_mutex_lock(&s->lock);
  if (s->cancels[number]) sheaf_cancel_set(s->cancels[number]);
  pthread_mutex_unlock(&s->lock);
}

static void ignore(void *ctx, sheaf_str text) { (void)ctx, (void)text; }

/* What an impatient host does from another thread. */
static void pester(pest *p) {
  stack *s = p->stack;
  sheaf_stage_counter counters[16];
  switch (chance_below(&p->chance, 4)) {
  case 0:
    cancel_one(s, chance_below(&p->chance, THREADS));
    break;
  case 1:
    (void)sheaf_manager_flush(s->top, NULL, NULL);
    break;
  case 2:
    (void)sheaf_meter_prometheus(s->top, ignore, NULL);
    break;
  default:
    for (sheaf_manager *m = s->top; m; m = sheaf_stage_child(m, 0))
      (void)sheaf_stage_counters(m, counters, 16);
  }
}

static void *pester_often(void *pest_) {
  pest *p = pest_;
  seed_here = p->seed;
  for (int i = 0; i < 20; i++) pester(p);
  struct timespec pause = {0, chance_below(&p->chance, 3000000)};
  nanosleep(&pause, NULL);
  p->closed = sheaf_manager_close(p->stack->top);
  return NULL;
}

/* Two at once, who close it in the end: one of them does. */
static void pester_and_close(stack *s, uint64_t seed) {
  pest pests[2];
  for (int i = 0; i < 2; i++) {
    pests[i] = (pest){.stack = s, .chance = {seed * 17 + (uint64_t)i * 2 + 1}, .seed = seed};
    MUST(pthread_create(&pests[i].thread, NULL, pester_often, &pests[i]) == 0);
  }
  for (int i = 0; i < 2; i++) pthread_join(pests[i].thread, NULL);
  MUST((pests[0].closed == SHEAF_OK) != (pests[1].closed == SHEAF_OK));
  MUST((pests[0].closed == SHEAF_CLOSED) != (pests[1].closed == SHEAF_CLOSED));
}

/* ------------------------------------------------------------------------------------- the test */

static void quiet(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level, (void)source, (void)message;
}

static void try_stack(uint64_t seed, uint32_t threads, void (*make)(stack *s), bool pester) {
  stack s = {.chance = {seed}};
  host hosts[MOST_THREADS];
  pthread_t ids[MOST_THREADS];
  uint64_t asked[4] = {0};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  seed_here = seed;
  options.log = quiet;
  s.library = sheaf_library_new(&options, NULL);
  MUST(s.library);
  s.pestered = pester;
  s.calm = !pester && chance_one_in(&s.chance, 3);
  MUST(pthread_mutex_init(&s.lock, NULL) == 0);
  s.model.calm = s.calm;
  s.model.flags = chance_one_in(&s.chance, 4) ? SHEAF_MANAGER_SERIALIZED : 0;
  atomic_init(&s.model.seed, seed);
  if (pester) s.model.ask = ask_from_below, s.model.ctx = &s;
  make(&s);
  note_possible(&s);
  for (uint32_t i = 0; i < threads; i++) {
    hosts[i] = (host){.stack = &s, .number = i, .chance = {seed * 31 + i * 2 + 1}, .seed = seed};
    if (i > 0) MUST(pthread_create(&ids[i], NULL, ask_often, &hosts[i]) == 0);
  }
  if (pester) pester_and_close(&s, seed);
  ask_often(&hosts[0]);
  for (uint32_t i = 0; i < threads; i++) {
    if (i > 0) pthread_join(ids[i], NULL);
    for (int v = 0; v < 4; v++) asked[v] += hosts[i].asked[v];
  }
  if (s.calm && make == build) counters_add_up(&s, asked);
  else if (!pester)
    MUST(arrived(s.top, CHAOS_NEITHER) <= asked[CHAOS_NEITHER % 4]); /* never asked twice */
  MUST(sheaf_library_free(s.library) == SHEAF_OK);
  pthread_mutex_destroy(&s.lock);
}

static void each_index_once_and_rightly(void **state) {
  const char *only = getenv("SHEAF_TEST_SEED");
  (void)state;
  for (uint64_t i = 0; i < (only ? 1 : STACKS); i++) {
    uint64_t seed = only ? strtoull(only, NULL, 10) : (i + 1) * 0x9e3779b97f4a7c15ULL | 1;
    try_stack(seed, 1 + (uint32_t)(seed >> 20) % THREADS, build, false);
  }
}

/* What threads share most over. */
static void build_for_many(stack *s) {
  s->top = put_limit(s, open_chaos(s));
  s->top = put_retry(s, s->top);
  s->top = put_cache(s, s->top);
  if (chance_one_in(&s->chance, 2)) s->top = put_cache(s, put_linger(s, s->top));
  else s->top = put_linger(s, s->top);
}

static void eight_threads_over_linger_cache_retry_and_limit(void **state) {
  (void)state;
  for (uint64_t i = 1; i <= 20; i++)
    try_stack(i * 0xd1342543de82ef95ULL | 1, MOST_THREADS, build_for_many, false);
}

static void while_others_pester_and_close(void **state) {
  const char *only = getenv("SHEAF_TEST_SEED");
  (void)state;
  for (uint64_t i = 0; i < (only ? 1 : PESTERED); i++)
    try_stack(only ? strtoull(only, NULL, 10) : (i + 1) * 0x94d049bb133111ebULL | 1, THREADS,
              i % 4 ? build : build_for_many, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_index_once_and_rightly),
      cmocka_unit_test(eight_threads_over_linger_cache_retry_and_limit),
      cmocka_unit_test(while_others_pester_and_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
