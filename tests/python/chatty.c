/* SPDX-License-Identifier: Apache-2.0 */
/* A manager for the tests of the log: it says what happens to it, and as much more as it is told. */
#include <pthread.h>
#include <stdlib.h>

#include <sheaf/abi.h>

struct chatty {
  const sheaf_host *host;
  int64_t lines;
};

static const sheaf_host *latest;

static void say(const sheaf_host *host, uint32_t level, const char *text) {
  host->log(host, level, sheaf_cstr(text));
}

static void count(const sheaf_host *host, int64_t lines) {
  char text[32];
  for (int64_t i = 0; i < lines; i++) {
    snprintf(text, sizeof text, "line %lld", (long long)i);
    say(host, SHEAF_LOG_WARNING, text);
  }
}

static void *log_from_a_thread(void *lines) {
  count(latest, *(const int64_t *)lines);
  return NULL;
}

/* Has a thread log that many lines, and waits for it. */
SHEAF_PLUGIN_EXPORT void chatty_wait_for_a_thread(int64_t lines);
void chatty_wait_for_a_thread(int64_t lines) {
  pthread_t thread;
  pthread_create(&thread, NULL, log_from_a_thread, &lines);
  pthread_join(thread, NULL);
}

static sheaf_status batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  struct chatty *chatty = self;
  count(chatty->host, chatty->lines);
  for (uint32_t i = 0; i < request->count; i++) sheaf_emit_success(sink, i, NULL, 0, 0);
  return SHEAF_OK;
}

static sheaf_status flush(void *self, const sheaf_call *call, sheaf_error *error) {
  struct chatty *chatty = self;
  if (call->deadline_ns) return sheaf_error_set(error, SHEAF_DEADLINE, "there is a deadline");
  count(chatty->host, chatty->lines);
  say(chatty->host, SHEAF_LOG_DEBUG, "debug");
  say(chatty->host, SHEAF_LOG_INFO, "info");
  say(chatty->host, SHEAF_LOG_ERROR, "caf\xc3\xa9 \xff \x1b[31m\ttab");
  return SHEAF_OK;
}

static void destroy(void *self) {
  struct chatty *chatty = self;
  say(chatty->host, SHEAF_LOG_WARNING, "destroyed");
  free(chatty);
}

static const sheaf_description *describe(void *self) {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, 0}};
  static const sheaf_description description = {sizeof description, 0, verbs, NULL, 1, 0};
  return (void)self, &description;
}

static const sheaf_manager_table table = {.struct_size = sizeof table,
                                          .describe = describe,
                                          .batch = batch,
                                          .flush = flush,
                                          .destroy = destroy};

static const sheaf_setting_info settings[] = {
    {"lines", "0", "How many lines are logged by each batch, and by flushing.", SHEAF_KIND_INT64,
     0},
    {"fraction", "0.5", "A double.", SHEAF_KIND_DOUBLE, 0},
    {"flag", "false", "A bool.", SHEAF_KIND_BOOL, 0},
    {"text", NULL, "A string.", SHEAF_KIND_STRING, SHEAF_SETTING_SECRET},
};

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *values, uint32_t value_count, sheaf_interface *out,
                           sheaf_error *error) {
  char text[256];
  struct chatty *chatty = malloc(sizeof *chatty);
  (void)factory, (void)value_count;
  if (!chatty) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  *chatty = (struct chatty){host, values[0].u.integer};
  latest = host;
  sheaf_str given = sheaf_value_str(&values[3]);
  snprintf(text, sizeof text, "created for %s with %lld, %g, %s, '%.*s'", host->application,
           (long long)values[0].u.integer, values[1].u.real, values[2].u.integer ? "true" : "false",
           (int)given.size, given.data ? given.data : "");
  say(host, SHEAF_LOG_INFO, text);
  *out = (sheaf_interface){&table, chatty};
  return SHEAF_OK;
}

static const sheaf_factory factory = {.struct_size = sizeof factory,
                                      .id = "chatty",
                                      .version = "2.5",
                                      .description = "Says much.",
                                      .settings = settings,
                                      .setting_count = 4,
                                      .create = create};
static const sheaf_factory *const factories[] = {&factory};
static const sheaf_plugin plugin = {
    .struct_size = sizeof plugin, .factories = factories, .factory_count = 1};
const sheaf_plugin *sheaf_plugin_v1(void) { return &plugin; }
