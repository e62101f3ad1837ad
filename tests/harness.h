/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests that span modules share: a log that is kept, libraries that look into one folder,
 * and a host that counts what it is told about each index.
 */
#ifndef SHEAF_TESTS_HARNESS_H
#define SHEAF_TESTS_HARNESS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <sheaf/sheaf.h>

/* An assertion for code that also runs on threads of its own, where cmocka ends the process without
 * a word. */
#define MUST(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                      \
      fail();                                                                                      \
    }                                                                                              \
  } while (0)

static inline void sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static inline int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* -------------------------------------------------------------------------------------- the log */

typedef struct kept_log {
  pthread_mutex_t lock;
  size_t size;
  char text[1 << 16]; /* "source: message\n", as many lines as fit */
} kept_log;

static inline void log_reset(kept_log *log) {
  memset(log, 0, sizeof *log);
  pthread_mutex_init(&log->lock, NULL);
}

static inline void log_keep(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  kept_log *log = ctx;
  (void)level;
  pthread_mutex_lock(&log->lock);
  int written = snprintf(log->text + log->size, sizeof log->text - log->size, "%.*s: %.*s\n",
                         (int)source.size, source.data, (int)message.size, message.data);
  if (written > 0 && (size_t)written < sizeof log->text - log->size) log->size += (size_t)written;
  log->text[log->size] = '\0';
  pthread_mutex_unlock(&log->lock);
}

static inline bool log_has(kept_log *log, const char *words) {
  pthread_mutex_lock(&log->lock);
  bool has = strstr(log->text, words) != NULL;
  pthread_mutex_unlock(&log->lock);
  return has;
}

/* ---------------------------------------------------------------------------------- the library */

/* A library that keeps its log; `folder` is where it looks for plugins first, or NULL. */
static inline sheaf_library *library_with(kept_log *log, const char *folder) {
  sheaf_error error = {0};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.application = "tests";
  options.log = log_keep;
  options.log_ctx = log;
  options.log_level = SHEAF_LOG_DEBUG;
  options.plugin_paths = &folder;
  options.plugin_path_count = folder ? 1 : 0;
  sheaf_library *library = sheaf_library_new(&options, &error);
  if (!library) fail_msg("sheaf_library_new: %s", error.message);
  return library;
}

/* Opens a manager that is to open. */
static inline sheaf_manager *open_manager(sheaf_library *library, const char *id) {
  sheaf_error error = {0};
  sheaf_manager *manager = sheaf_manager_open(library, id, NULL, 0, &error);
  if (!manager) fail_msg("%s: %s", id, error.message);
  return manager;
}

/* Closes all; nothing may be in use any more. */
static inline void free_library(sheaf_library *library) {
  assert_int_equal(sheaf_library_free(library), SHEAF_OK);
}

/* A plugin that has no shared object: a factory of one id, and what its managers are. */
typedef struct local_plugin {
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin;
} local_plugin;

static inline void local_register(sheaf_library *library, local_plugin *local, const char *id,
                                  sheaf_status (*create)(const sheaf_factory *, const sheaf_host *,
                                                         const sheaf_value *, uint32_t,
                                                         sheaf_interface *, sheaf_error *),
                                  void *data) {
  sheaf_error error = {0};
  memset(local, 0, sizeof *local);
  local->factory.struct_size = sizeof local->factory;
  local->factory.id = id;
  local->factory.create = create;
  local->factory.data = data;
  local->factories[0] = &local->factory;
  local->plugin.struct_size = sizeof local->plugin;
  local->plugin.factories = local->factories;
  local->plugin.factory_count = 1;
  if (sheaf_register(library, &local->plugin, &error) != SHEAF_OK) {
    fail_msg("sheaf_register(%s): %s", id, error.message);
  }
}

/* ------------------------------------------------------------------------------------- the host */

/* What a host was told. */
typedef struct tally {
  uint32_t count;
  uint32_t *times;        /* callbacks, by index */
  sheaf_status *statuses; /* the last, by index */
  uint32_t successes, errors, beyond, elsewhere;
  pthread_t thread;
  char message[256]; /* of the last error */
} tally;

static inline void tally_init(tally *t, uint32_t count) {
  memset(t, 0, sizeof *t);
  t->count = count;
  t->times = calloc(count + 1u, sizeof *t->times);
  t->statuses = calloc(count + 1u, sizeof *t->statuses);
  t->thread = pthread_self();
  MUST(t->times);
  MUST(t->statuses);
}

static inline void tally_free(tally *t) {
  free(t->times);
  free(t->statuses);
}

static inline void tally_note(tally *t, uint32_t index, sheaf_status status) {
  if (!pthread_equal(t->thread, pthread_self())) t->elsewhere++;
  if (index >= t->count) {
    t->beyond++;
    return;
  }
  t->times[index]++;
  t->statuses[index] = status;
}

static inline uint32_t tally_success(void *ctx, uint32_t index, const sheaf_result *record) {
  tally *t = ctx;
  t->successes++;
  tally_note(t, index, record->status);
  return SHEAF_CONTINUE;
}

static inline uint32_t tally_error(void *ctx, uint32_t index, const sheaf_result *error) {
  tally *t = ctx;
  t->errors++;
  size_t size = error->message.size;
  if (size >= sizeof t->message) size = sizeof t->message - 1;
  if (size > 0) memcpy(t->message, error->message.data, size);
  t->message[size] = '\0';
  tally_note(t, index, error->status);
  return SHEAF_CONTINUE;
}

static inline sheaf_callbacks tally_callbacks(tally *t) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  callbacks.ctx = t;
  callbacks.success = tally_success;
  callbacks.error = tally_error;
  return callbacks;
}

/* No hole, no second, none out of range, all on the thread that asked, and the sums right. */
static inline void tally_assert_once(const tally *t, const sheaf_summary *summary) {
  for (uint32_t i = 0; i < t->count; i++) {
    if (t->times[i] == 1) continue;
    fprintf(stderr, "index %u of %u has %u results\n", i, t->count, t->times[i]);
    fail();
  }
  MUST(t->beyond == 0);
  MUST(t->elsewhere == 0);
  MUST(t->successes + t->errors == t->count);
  if (!summary) return;
  MUST(summary->succeeded == t->successes);
  MUST(summary->failed == t->errors);
}

/* `count` references, "test:///0" on. Freed with free. */
static inline sheaf_str *make_refs(uint32_t count) {
  enum { ROOM = 24 };
  sheaf_str *refs = malloc((count + 1u) * (sizeof *refs + ROOM));
  MUST(refs);
  char *text = (char *)(refs + count + 1);
  for (uint32_t i = 0; i < count; i++, text += ROOM) {
    snprintf(text, ROOM, "test:///%u", i);
    refs[i] = sheaf_cstr(text);
  }
  return refs;
}

#endif
