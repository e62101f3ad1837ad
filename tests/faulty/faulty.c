/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One plugin, wrong in many ways: each build has one fault, named by the definition FAULT, which is
 * also the id of its manager. CMakeLists.txt has the same list as FAULTS below. FAULT=none is the
 * control: nothing wrong with it.
 *
 * It answers a reference with trait "faulty", key "index", the index; references that begin with
 * faulty:///sheaf-check do not exist.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <sheaf/abi.h>

#include "faulty.h"

#define FAULT_PASTE(a, b) a##b
#define FAULT_OF(name) FAULT_PASTE(FAULT_, name)
#define FAULT_TEXT_(name) #name
#define FAULT_TEXT(name) FAULT_TEXT_(name)
#define FAULT_ID FAULT_TEXT(FAULT)

enum {
#define FAULT_ENUM(name) FAULT_##name,
  FAULTS(FAULT_ENUM)
#undef FAULT_ENUM
      FAULT_COUNT
};

/* Is this the build with that fault? Constant, so that one source stays one source. */
#define IS(name) (FAULT_OF(FAULT) == FAULT_##name)

#ifndef FAULT_ENTRY
#define FAULT_ENTRY sheaf_plugin_v1
#endif

static const sheaf_str bad_utf8 = SHEAF_STR("caf\xe9 \xff\xfe \xc0\x80");

struct manager {
  sheaf_id trait, key;
  pthread_t thread; /* answers late; joined by destroy */
  bool has_thread;
  sheaf_sink *sink; /* kept beyond the batch, which is the fault */
  const sheaf_call *call;
  uint32_t last;
};

typedef struct batch {
  struct manager *self;
  const sheaf_request *request;
  sheaf_sink *sink;
} batch;

/* -------------------------------------------------------------------------------- right answers */

static void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}

/* The right answer for an index, in range or not. */
static sheaf_result right_result(const batch *b, uint32_t i, sheaf_property *p) {
  static const sheaf_str none = SHEAF_STR("faulty:///sheaf-check");
  sheaf_id verb = b->request->verb;
  bool there = i >= b->request->count || !sheaf_str_starts_with(b->request->refs[i], none);
  *p = (sheaf_property){b->self->trait, b->self->key, sheaf_int64(i)};
  if (verb == SHEAF_VERB_TRAITS) *p = (sheaf_property){b->self->trait, 0, sheaf_none()};
  if (verb == SHEAF_VERB_EXISTS)
    *p = (sheaf_property){SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_bool(there)};
  if (there || verb == SHEAF_VERB_EXISTS) return (sheaf_result){i, SHEAF_OK, p, 1, 0, {NULL, 0}};
  return (sheaf_result){i, SHEAF_ENTITY_RESOLUTION_ERROR, NULL, 0, 0, SHEAF_STR("no such thing")};
}

static uint32_t answer(const batch *b, uint32_t i) {
  sheaf_property p;
  sheaf_result result = right_result(b, i, &p);
  return b->sink->results(b->sink, &result, 1);
}

static sheaf_status answer_range(const batch *b, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++)
    if (answer(b, i) == SHEAF_STOP) return SHEAF_STOPPED;
  return SHEAF_OK;
}

static sheaf_status batch_none(const batch *b) { return answer_range(b, 0, b->request->count); }

/* -------------------------------------------------------------- which index, and how many times */

static sheaf_status batch_twice(const batch *b) {
  sheaf_status status = answer_range(b, 0, b->request->count);
  if (b->request->count > 0) answer(b, b->request->count / 2);
  return status;
}

static sheaf_status batch_never(const batch *b) {
  (void)b;
  return SHEAF_OK;
}

/* All but the last. */
static sheaf_status batch_misses_one(const batch *b) {
  return answer_range(b, 0, b->request->count ? b->request->count - 1 : 0);
}

static sheaf_status batch_out_of_range(const batch *b) {
  sheaf_status status = batch_none(b);
  answer(b, b->request->count);
  answer(b, UINT32_MAX - 1);
  return status;
}

static sheaf_status batch_rest_succeeds(const batch *b) {
  sheaf_emit_success(b->sink, SHEAF_REST, NULL, 0, 0);
  return SHEAF_OK;
}

static sheaf_status batch_ignores_stop(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++) answer(b, i);
  return SHEAF_OK;
}

static sheaf_status batch_no_results(const batch *b) {
  sheaf_result result = {0, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  b->sink->results(b->sink, &result, 0);
  b->sink->results(b->sink, NULL, b->request->count ? 1 : 0);
  return batch_none(b);
}

/* -------------------------------------------------------------------- when, and on which thread */

static void start(struct manager *self, void *(*run)(void *)) {
  self->has_thread = pthread_create(&self->thread, NULL, run, self) == 0;
}

static void join(struct manager *self) {
  if (self->has_thread) pthread_join(self->thread, NULL);
  self->has_thread = false;
}

static void *late_thread(void *self_) {
  struct manager *self = self_;
  sleep_ms(20);
  sheaf_emit_error(self->sink, self->last, SHEAF_UNKNOWN_ERROR, sheaf_cstr("late"));
  return NULL;
}

static sheaf_status batch_late(const batch *b) {
  sheaf_status status = batch_misses_one(b);
  join(b->self);
  b->self->sink = b->sink;
  b->self->last = b->request->count ? b->request->count - 1 : 0;
  start(b->self, late_thread);
  return status;
}

static void *post_late_thread(void *self_) {
  struct manager *self = self_;
  sheaf_result result = {self->last, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  sleep_ms(20);
  self->call->post(self->call, &result, 1);
  return NULL;
}

static sheaf_status batch_post_late(const batch *b) {
  sheaf_status status = batch_misses_one(b);
  join(b->self);
  b->self->call = b->request->call;
  b->self->last = b->request->count ? b->request->count - 1 : 0;
  start(b->self, post_late_thread);
  return status;
}

static void *foreign_thread(void *b) {
  batch_none(b);
  return NULL;
}

/* Correct in all but the thread. */
static sheaf_status batch_foreign(const batch *b) {
  pthread_t thread;
  batch copy = *b;
  if (pthread_create(&thread, NULL, foreign_thread, &copy) != 0) return SHEAF_OUT_OF_MEMORY;
  pthread_join(thread, NULL);
  return SHEAF_OK;
}

static void *posting_thread(void *b_) {
  const batch *b = b_;
  for (uint32_t i = 0; i < b->request->count; i++) {
    sheaf_property p;
    sheaf_result result = right_result(b, i, &p);
    if (b->request->call->post(b->request->call, &result, 1) != SHEAF_OK) break;
  }
  return NULL;
}

/* Right, for once: a manager with a thread of its own that posts. */
static sheaf_status batch_posts(const batch *b) {
  pthread_t thread;
  batch copy = *b;
  if (pthread_create(&thread, NULL, posting_thread, &copy) != 0) return SHEAF_OUT_OF_MEMORY;
  pthread_join(thread, NULL);
  return SHEAF_OK;
}

static void *holding_thread(void *b_) {
  batch *b = b_;
  const sheaf_call *call = b->request->call;
  posting_thread(b);
  free(b);
  call->release(call);
  return NULL;
}

/* Right as well: it returns, and its thread goes on under a hold. */
static sheaf_status batch_holds(const batch *b) {
  batch *copy = malloc(sizeof *copy);
  if (!copy) return SHEAF_OUT_OF_MEMORY;
  *copy = *b;
  join(b->self);
  b->request->call->hold(b->request->call);
  b->self->has_thread = pthread_create(&b->self->thread, NULL, holding_thread, copy) == 0;
  if (b->self->has_thread) return SHEAF_OK;
  b->request->call->release(b->request->call);
  free(copy);
  return SHEAF_OUT_OF_MEMORY;
}

/* Holds the call and never lets go. */
static sheaf_status batch_never_releases(const batch *b) {
  b->request->call->hold(b->request->call);
  return batch_none(b);
}

/* Lets go of what it never held. */
static sheaf_status batch_overreleases(const batch *b) {
  b->request->call->release(b->request->call);
  return batch_none(b);
}

static void *idle_thread(void *unused) {
  for (;;) sleep_ms(1000);
  return unused;
}

/* Says nothing of SERIALIZED, and is not fit to be called twice at once. */
static sheaf_status batch_unsafe(const batch *b) {
  static int inside; /* not atomic on its own: that is the fault; the builtins keep TSan quiet */
  int others = __atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
  sleep_ms(2);
  sheaf_status status = answer_range(b, 0, others ? b->request->count / 2 : b->request->count);
  __atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
  return status;
}

/* ------------------------------------------------------------------------------- failing midway */

static sheaf_status batch_midway(const batch *b) {
  answer_range(b, 0, b->request->count / 2);
  return SHEAF_UNAVAILABLE;
}

static sheaf_status batch_midway_message(const batch *b) {
  answer_range(b, 0, b->request->count / 2);
  sheaf_str why = sheaf_cstr("the database has gone home");
  return sheaf_emit_failure(b->sink, SHEAF_UNAVAILABLE, why, 0);
}

static sheaf_status batch_odd_return(const batch *b) {
  answer_range(b, 0, b->request->count / 2);
  return 4242;
}

static sheaf_status batch_odd_status(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_error(b->sink, i, i % 2 ? 999 : 150, sheaf_cstr("a status of my own"));
  return SHEAF_OK;
}

static sheaf_status batch_bad_message(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_error(b->sink, i, SHEAF_UNKNOWN_ERROR, bad_utf8);
  return SHEAF_OK;
}

static sheaf_status batch_rest_bad_message(const batch *b) {
  answer_range(b, 0, b->request->count / 2);
  return sheaf_emit_failure(b->sink, SHEAF_UNAVAILABLE, bad_utf8, 0);
}

/* --------------------------------------------------------------------------------- wrong values */

static sheaf_status send_value(const batch *b, sheaf_value value) {
  for (uint32_t i = 0; i < b->request->count; i++) {
    sheaf_property p = {b->self->trait, b->self->key, value};
    if (sheaf_emit_success(b->sink, i, &p, 1, 0) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

static sheaf_status batch_long_string(const batch *b) {
  sheaf_value v = sheaf_string(sheaf_strn("short", 5));
  v.length = SHEAF_MAX_VALUE_BYTES + 1;
  return send_value(b, v);
}

static sheaf_status batch_long_list(const batch *b) {
  static const sheaf_value item = {SHEAF_KIND_INT64, 0, 0, {1}};
  sheaf_value v = sheaf_list(&item, 1);
  v.length = UINT32_MAX;
  return send_value(b, v);
}

static sheaf_status batch_deep_list(const batch *b) {
  sheaf_value levels[SHEAF_MAX_LIST_DEPTH + 2];
  levels[0] = sheaf_int64(1);
  for (int i = 1; i <= SHEAF_MAX_LIST_DEPTH + 1; i++) levels[i] = sheaf_list(&levels[i - 1], 1);
  return send_value(b, levels[SHEAF_MAX_LIST_DEPTH + 1]);
}

static sheaf_status batch_null_list(const batch *b) { return send_value(b, sheaf_list(NULL, 3)); }

static sheaf_status batch_null_string(const batch *b) {
  return send_value(b, sheaf_string(sheaf_strn(NULL, 3)));
}

static sheaf_status batch_bad_text(const batch *b) { return send_value(b, sheaf_string(bad_utf8)); }

/* 0xfff0 is inline, 0xfff1 bytes: kinds from the future, which is allowed. */
static sheaf_status batch_odd_kind(const batch *b) {
  sheaf_value v = sheaf_string(sheaf_strn("later", 5));
  v.kind = 0xfff1;
  return send_value(b, v);
}

static sheaf_status batch_reserved_kind(const batch *b) {
  sheaf_value v = sheaf_int64(7);
  v.kind = 7;
  return send_value(b, v);
}

static sheaf_status batch_value_flag(const batch *b) {
  sheaf_value v = sheaf_int64(7);
  v.flags = 0x8000;
  return send_value(b, v);
}

static sheaf_status batch_null_properties(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++) sheaf_emit_success(b->sink, i, NULL, 3, 0);
  return SHEAF_OK;
}

static sheaf_status batch_null_message(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_error(b->sink, i, SHEAF_UNKNOWN_ERROR, sheaf_strn(NULL, 12));
  return SHEAF_OK;
}

/* A success with a message, though nobody reads it, and at NULL, which it may not be. */
static sheaf_status batch_null_remark(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++) {
    sheaf_property p = {b->self->trait, b->self->key, sheaf_int64(i)};
    sheaf_result result = {i, SHEAF_OK, &p, 1, 0, {NULL, 12}};
    b->sink->results(b->sink, &result, 1);
  }
  return SHEAF_OK;
}

static sheaf_status batch_posts_null(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++) {
    sheaf_result result = {i, SHEAF_OK, NULL, 3, 0, {NULL, 0}};
    b->request->call->post(b->request->call, &result, 1);
  }
  b->request->call->post(b->request->call, NULL, 1);
  return SHEAF_OK;
}

static sheaf_status batch_result_flag(const batch *b) {
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_success(b->sink, i, NULL, 0, 0x80000000u);
  return SHEAF_OK;
}

/* Claims slot order with one property too many. */
static sheaf_status batch_slot_count(const batch *b) {
  sheaf_property p[2] = {{b->self->trait, b->self->key, sheaf_int64(1)},
                         {b->self->trait, b->self->key, sheaf_int64(2)}};
  uint32_t count = b->request->slot_count == 1 ? 2 : 1;
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_success(b->sink, i, p, count, SHEAF_RESULT_IN_SLOT_ORDER);
  return SHEAF_OK;
}

/* Claims slot order; the ids are not the slots'. */
static sheaf_status batch_slot_ids(const batch *b) {
  sheaf_property p[8];
  uint32_t count = b->request->slot_count < 8 ? b->request->slot_count : 8;
  for (uint32_t s = 0; s < count; s++)
    p[s] = (sheaf_property){SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_bool(true)};
  for (uint32_t i = 0; i < b->request->count; i++)
    sheaf_emit_success(b->sink, i, p, count, count ? SHEAF_RESULT_IN_SLOT_ORDER : 0);
  return SHEAF_OK;
}

static sheaf_status batch_unknown_id(const batch *b) {
  sheaf_property p = {0x7ffffff0, 0x7ffffff1, sheaf_int64(1)};
  for (uint32_t i = 0; i < b->request->count; i++) sheaf_emit_success(b->sink, i, &p, 1, 0);
  return SHEAF_OK;
}

/* ---------------------------------------------------------------------------- never coming back */

static sheaf_status batch_sleeps(const batch *b) {
  if (b->request->count == 1000) sleep_ms(1500); /* not at every batch: tests are to end */
  return batch_none(b);
}

/* Right: it waits on the call, so that a cancel ends it. */
static sheaf_status batch_waits(const batch *b) {
  sheaf_status status = b->request->call->wait(b->request->call, 50000000);
  return status == SHEAF_OK ? batch_none(b) : status;
}

static sheaf_status batch_loops(const batch *b) {
  while (b) sleep_ms(1000);
  return SHEAF_OK;
}

static sheaf_status batch_crashes(const batch *b) {
  answer_range(b, 0, b->request->count / 2);
  raise(SIGSEGV);
  return SHEAF_OK;
}

static sheaf_status batch_aborts(const batch *b) {
  (void)b;
  abort();
}

static sheaf_status batch_exits(const batch *b) {
  (void)b;
  _Exit(0); /* a process that ends well, and yet no answer */
}

static sheaf_status (*const batches[FAULT_COUNT])(const batch *) = {
    [FAULT_twice] = batch_twice,
    [FAULT_never] = batch_never,
    [FAULT_misses_one] = batch_misses_one,
    [FAULT_out_of_range] = batch_out_of_range,
    [FAULT_rest_succeeds] = batch_rest_succeeds,
    [FAULT_ignores_stop] = batch_ignores_stop,
    [FAULT_no_results] = batch_no_results,
    [FAULT_late] = batch_late,
    [FAULT_post_late] = batch_post_late,
    [FAULT_foreign] = batch_foreign,
    [FAULT_posts] = batch_posts,
    [FAULT_holds] = batch_holds,
    [FAULT_never_releases] = batch_never_releases,
    [FAULT_overreleases] = batch_overreleases,
    [FAULT_unsafe] = batch_unsafe,
    [FAULT_midway] = batch_midway,
    [FAULT_midway_message] = batch_midway_message,
    [FAULT_odd_return] = batch_odd_return,
    [FAULT_odd_status] = batch_odd_status,
    [FAULT_bad_message] = batch_bad_message,
    [FAULT_rest_bad_message] = batch_rest_bad_message,
    [FAULT_long_string] = batch_long_string,
    [FAULT_long_list] = batch_long_list,
    [FAULT_deep_list] = batch_deep_list,
    [FAULT_null_list] = batch_null_list,
    [FAULT_null_string] = batch_null_string,
    [FAULT_bad_text] = batch_bad_text,
    [FAULT_odd_kind] = batch_odd_kind,
    [FAULT_reserved_kind] = batch_reserved_kind,
    [FAULT_value_flag] = batch_value_flag,
    [FAULT_null_properties] = batch_null_properties,
    [FAULT_null_message] = batch_null_message,
    [FAULT_null_remark] = batch_null_remark,
    [FAULT_posts_null] = batch_posts_null,
    [FAULT_result_flag] = batch_result_flag,
    [FAULT_slot_count] = batch_slot_count,
    [FAULT_slot_ids] = batch_slot_ids,
    [FAULT_unknown_id] = batch_unknown_id,
    [FAULT_sleeps] = batch_sleeps,
    [FAULT_waits] = batch_waits,
    [FAULT_loops] = batch_loops,
    [FAULT_crashes] = batch_crashes,
    [FAULT_aborts] = batch_aborts,
    [FAULT_exits] = batch_exits,
};

static sheaf_status faulty_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  batch b = {self, request, sink};
  return (batches[FAULT_OF(FAULT)] ? batches[FAULT_OF(FAULT)] : batch_none)(&b);
}

/* ------------------------------------------------------------------------------------ a manager */

static const sheaf_description *faulty_describe(void *self) {
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
      {SHEAF_VERB_EXISTS, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
      {SHEAF_VERB_TRAITS, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
  };
  static const sheaf_str prefixes[] = {SHEAF_STR("faulty:///")};
  static const sheaf_description description = {
      .struct_size = IS(short_description) ? 8 : sizeof description,
      .flags = IS(describe_flag) ? 1u << 31
               : IS(serialized)  ? SHEAF_MANAGER_SERIALIZED
                                 : 0,
      .verbs = IS(describe_null_verbs) ? NULL : verbs,
      .verb_count = IS(describe_no_verbs) ? 0 : 3,
      .prefixes = IS(describe_null_prefixes) ? NULL : prefixes,
      .prefix_count = 1,
  };
  (void)self;
  if (IS(describe_crashes)) raise(SIGSEGV);
  return IS(describe_fails) ? NULL : &description;
}

/* For a table that no core may trust, and so none may destroy through. */
static struct manager undestroyed;

static void faulty_destroy(void *self) {
  join(self);
  if (self != &undestroyed) free(self);
  if (IS(destroy_crashes)) raise(SIGSEGV);
}

static const sheaf_manager_table table = {
    .struct_size = IS(short_table) ? 16 : sizeof table,
    .flags = IS(table_flag) ? 1u << 31 : 0,
    .describe = IS(null_describe) ? NULL : faulty_describe,
    .batch = IS(null_batch) ? NULL : faulty_batch,
    .destroy = faulty_destroy,
};

/* Answers in the two ways that a failing create has of being wrong itself, and the right one. */
static sheaf_status fail_to_create(sheaf_interface *out, sheaf_error *error) {
  if (IS(create_fails))
    return sheaf_error_set(error, SHEAF_UNAVAILABLE, "the licence server is asleep: wake it");
  if (IS(create_bad_message) && error) { /* not UTF-8, not even terminated */
    memset(error->message, 0xff, sizeof error->message);
    error->status = SHEAF_OK;
    return SHEAF_UNAVAILABLE;
  }
  if (IS(create_crashes)) raise(SIGSEGV);
  if (IS(create_null)) { /* success without a manager */
    *out = (sheaf_interface){NULL, NULL};
    return SHEAF_OK;
  }
  return SHEAF_UNAVAILABLE;
}

static sheaf_status faulty_create(const sheaf_factory *factory, const sheaf_host *host,
                                  const sheaf_value *settings, uint32_t setting_count,
                                  sheaf_interface *out, sheaf_error *error) {
  static const sheaf_str names[] = {SHEAF_STR("faulty"), SHEAF_STR("index")};
  (void)factory, (void)settings, (void)setting_count;
  if (IS(create_fails) || IS(create_silent) || IS(create_bad_message) || IS(create_crashes) ||
      IS(create_null))
    return fail_to_create(out, error);
  bool untrusted = IS(short_table) || IS(table_flag) || IS(null_describe) || IS(null_batch);
  struct manager *self = untrusted ? &undestroyed : calloc(1, sizeof *self);
  if (!self) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "no memory");
  sheaf_id ids[2];
  sheaf_status status = host->intern(host, names, 2, ids, error);
  if (status != SHEAF_OK) {
    faulty_destroy(self);
    return status;
  }
  self->trait = ids[0];
  self->key = ids[1];
  if (IS(logs_badly)) host->log(host, SHEAF_LOG_ERROR, bad_utf8);
  if (IS(logs_null)) host->log(host, SHEAF_LOG_ERROR, sheaf_strn(NULL, 12));
  if (IS(leaks_thread)) {
    pthread_t idle;
    if (pthread_create(&idle, NULL, idle_thread, NULL) == 0) pthread_detach(idle);
  }
  out->table = &table;
  out->self = self;
  return SHEAF_OK;
}

/* ----------------------------------------------------------------------------------- the plugin */

static const sheaf_setting_info settings_info[] = {
    {IS(setting_unnamed) ? NULL : "colour", IS(setting_default) ? "blue" : NULL, "Of no use.",
     IS(setting_kind) ? SHEAF_KIND_LIST : SHEAF_KIND_INT64,
     IS(setting_required) ? SHEAF_SETTING_REQUIRED : 0},
};

static const sheaf_factory factory = {
    .struct_size = IS(short_factory) ? 24 : sizeof factory,
    .flags = IS(factory_flag) ? 1u << 31 : 0,
    .id = IS(null_id)    ? NULL
          : IS(bad_id)   ? "Bad Id!"
          : IS(other_id) ? "somebody"
                         : FAULT_ID,
    .display_name = "Faulty: " FAULT_ID,
    .version = "0.1.0",
    .description = "For tests.",
    .settings = IS(null_settings) ? NULL : settings_info,
    .setting_count = 1,
    .create = IS(null_create) ? NULL : faulty_create,
};

static const sheaf_factory *const factories[] = {IS(null_factory) ? NULL : &factory};

#ifdef FAULT_UNRESOLVED
extern const sheaf_plugin *sheaf_test_function_that_is_nowhere(void);
#endif

static const sheaf_plugin plugin = {
    .struct_size = IS(short_plugin) ? 12 : sizeof plugin,
    .flags = IS(plugin_flag) ? 1u << 31 : 0,
    .abi_minor = IS(abi_too_new) ? 99 : 0,
    .abi_minor_min = IS(abi_too_new)    ? 98
                     : IS(abi_inverted) ? 1
                                        : 0,
    .factories = IS(null_factories) ? NULL : factories,
    .factory_count = IS(no_factories) ? 0 : 1,
};

SHEAF_PLUGIN_EXPORT const sheaf_plugin *FAULT_ENTRY(void);

const sheaf_plugin *FAULT_ENTRY(void) {
#ifdef FAULT_UNRESOLVED
  return sheaf_test_function_that_is_nowhere();
#endif
  if (IS(entry_crashes)) raise(SIGSEGV);
  return IS(entry_null) ? NULL : &plugin;
}
