/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "failing_malloc.h"
#include "scenarios_import.h"
#include "scenarios_manager.h"

enum { MOST = 4000 };

/* ------------------------------------------------------------------------------------- judging */

void scenario_must(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  _exit(1);
}

bool scenario_excused(void) { return failing_has_failed(); }

static void complain(const char *what, sheaf_status status, const char *message) {
  fprintf(stderr, "%s: %s: \"%s\"%s\n", what, sheaf_status_name(status), message,
          scenario_excused() ? ": should be out_of_memory, in words" : ", and nothing had failed");
  _exit(1);
}

/* The C library's loader says it in its own words, with a status that is not ours. */
static bool names_memory(sheaf_status status, const sheaf_error *error) {
  bool may_be = status == SHEAF_OUT_OF_MEMORY || status == SHEAF_LOAD_FAILED;
  return may_be && strstr(error->message, "memory");
}

void scenario_failed(const char *what, sheaf_status status, const sheaf_error *error) {
  if (!scenario_excused() || error->status != status || !names_memory(status, error))
    complain(what, status, error->message);
}

void scenario_refused(sheaf_status wanted, const sheaf_error *error) {
  if (error->status != wanted) scenario_failed("a refusal", error->status, error);
  scenario_must(error->message[0] != '\0', "a refusal has words");
}

/* A thread whose manager does not wait for it, and whose post failed, has nobody to tell. */
static bool may_be_missing;

sheaf_status scenario_also;

void scenario_index_failed(const char *what, sheaf_status status) {
  if (scenario_excused() && scenario_also && status == scenario_also) return;
  if (scenario_excused() && status == SHEAF_NO_RESULT && may_be_missing) return;
  if (!scenario_excused() || status != SHEAF_OUT_OF_MEMORY) complain(what, status, "");
}

/* -------------------------------------------------------------------------------------- opening */

static void ignore_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level, (void)source, (void)message;
}

sheaf_library *scenario_library(const char *folder, const sheaf_config *config) {
  sheaf_error error = {0};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.application = "out of memory";
  options.log = ignore_log;
  options.log_level = SHEAF_LOG_DEBUG;
  options.plugin_paths = &folder;
  options.plugin_path_count = folder ? 1 : 0;
  options.config = config;
  sheaf_library *library = sheaf_library_new(&options, &error);
  if (!library) scenario_failed("sheaf_library_new", error.status, &error);
  return library;
}

void scenario_library_free(sheaf_library *library) {
  scenario_must(sheaf_library_free(library) == SHEAF_OK, "the library can be freed");
}

sheaf_manager *scenario_open(sheaf_library *library, const char *id, const sheaf_setting *settings,
                             uint32_t count) {
  sheaf_error error = {0};
  sheaf_manager *manager = sheaf_manager_open(library, id, settings, count, &error);
  if (!manager) scenario_failed(id, error.status, &error);
  return manager;
}

/* --------------------------------------------------------------------------------------- asking */

static struct {
  uint8_t times[MOST];
  uint32_t count, successes, errors;
} heard;

static uint32_t hear_success(void *ctx, uint32_t index, const sheaf_result *record) {
  (void)ctx, (void)record;
  scenario_must(index < heard.count && heard.times[index]++ == 0, "an index has one result");
  heard.successes++;
  return SHEAF_CONTINUE;
}

static uint32_t hear_error(void *ctx, uint32_t index, const sheaf_result *error) {
  (void)ctx;
  scenario_must(index < heard.count && heard.times[index]++ == 0, "an index has one result");
  scenario_must(error->message.size > 0, "an error has a message");
  scenario_index_failed("an index", error->status);
  heard.errors++;
  return SHEAF_CONTINUE;
}

void scenario_ask(sheaf_manager *manager, const sheaf_str *refs, uint32_t count,
                  uint32_t callback_flags) {
  sheaf_error error = {0};
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_request request = sheaf_request_for(refs, count);
  callbacks.flags = callback_flags;
  callbacks.success = hear_success;
  callbacks.error = hear_error;
  memset(&heard, 0, sizeof heard);
  heard.count = count;
  sheaf_status status = sheaf_resolve(manager, &request, &callbacks, &summary, &error);
  if (status) scenario_failed("sheaf_resolve", status, &error);
  scenario_must(heard.successes + heard.errors == count, "every index has a result");
  scenario_must(summary.succeeded == heard.successes && summary.failed == heard.errors,
                "the summary is right");
}

void scenario_collect_verb(sheaf_manager *manager, sheaf_id verb, const sheaf_str *refs,
                           uint32_t count) {
  sheaf_error error = {0};
  sheaf_request request = sheaf_request_for(refs, count);
  uint32_t failed = 0;
  sheaf_batch *batch = sheaf_perform_batch(manager, verb, &request, &error);
  if (!batch) {
    scenario_failed("sheaf_perform_batch", error.status, &error);
    return;
  }
  if (sheaf_batch_status(batch)) scenario_failed("its batch", sheaf_batch_status(batch), &error);
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    scenario_must(r->index == i, "a result is that of its index");
    failed += !SHEAF_IS_OK(r->status);
    if (!SHEAF_IS_OK(r->status)) scenario_index_failed("a collected index", r->status);
  }
  scenario_must(sheaf_batch_count(batch) == count && sheaf_batch_failed(batch) == failed,
                "the batch counts rightly");
  sheaf_batch_free(batch);
}

void scenario_collect(sheaf_manager *manager, const sheaf_str *refs, uint32_t count) {
  scenario_collect_verb(manager, SHEAF_VERB_RESOLVE, refs, count);
}

void scenario_flush(sheaf_manager *manager) {
  sheaf_error error = {0};
  sheaf_status status = sheaf_manager_flush(manager, NULL, &error);
  if (status) scenario_failed("sheaf_manager_flush", status, &error);
}

static void ask_one(sheaf_manager *manager, sheaf_str ref) {
  sheaf_error error = {0};
  sheaf_batch *batch = sheaf_resolve_one(manager, ref, &error);
  if (!batch && error.status == SHEAF_NO_RESULT) scenario_index_failed("one", error.status);
  else if (!batch) scenario_failed("sheaf_resolve_one", error.status, &error);
  sheaf_batch_free(batch);
}

/* `count` references that are empty, which the managers of this test don't mind. */
static const sheaf_str empty_refs[MOST];

/* -------------------------------------------------------------------------------- the scenarios */

static void run_library(void) {
  static const sheaf_str names[] = {SHEAF_STR("a"), SHEAF_STR("b"), SHEAF_STR("c")};
  sheaf_error error = {0};
  sheaf_id ids[3];
  sheaf_library *library = scenario_library("/nowhere", NULL);
  if (!library) return;
  sheaf_status status = sheaf_intern(library, names, 3, ids, &error);
  if (status) scenario_failed("sheaf_intern", status, &error);
  scenario_must(!ids[0] == !!status && !ids[2] == !!status, "all ids or none");
  sheaf_cancel_free(sheaf_cancel_new());
  scenario_library_free(library);
}

static void run_config(void) {
  sheaf_error error = {0};
  sheaf_config *config = sheaf_config_load(SHEAF_SOURCE_DIR "/tests/full/config.json", &error);
  if (!config) {
    scenario_failed("sheaf_config_load", error.status, &error);
    return;
  }
  sheaf_library *library = scenario_library(NULL, config);
  sheaf_config_free(config);
  if (library) scenario_library_free(library);
}

static void run_list(void) {
  sheaf_error error = {0};
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, &error);
  if (!list) scenario_failed("sheaf_plugin_list_new", error.status, &error);
  if (list && !scenario_excused())
    scenario_must(sheaf_plugin_list_count(list) >= 2, "the plugins are listed");
  sheaf_plugin_list_free(list);
  scenario_library_free(library);
}

/* What hosts do with a manager. */
static void use(sheaf_manager *manager, const sheaf_str *refs, uint32_t count) {
  scenario_ask(manager, refs, count, 0);
  scenario_collect(manager, refs, count);
  ask_one(manager, refs[0]);
  scenario_must(sheaf_manager_close(manager) == SHEAF_OK, "the manager can be closed");
}

static void run_bal(void) {
  static const char json[] =
      "{\"variables\":{\"A\":\"a\"},\"managementPolicy\":{\"read\":{\"default\":{\"t\":{\"p\":1}},"
      "\"overrideByTraitSet\":[{\"traitSet\":[\"t\",\"u\"],\"policy\":{\"v\":{}}}]}},"
      "\"defaultEntities\":{\"read\":[{\"traits\":[\"t\"],\"entity\":\"a\"}]},"
      "\"entities\":{\"a\":{\"versions\":[{\"traits\":{\"t\":{\"p\":\"${A}x\",\"n\":1}}},"
      "{\"traits\":{\"t\":{\"p\":\"file:///$A\"},\"u\":{}}}],"
      "\"overrideByAccess\":{\"write\":{\"traits\":{\"w\":{\"p\":1.5}}}},"
      "\"relations\":[{\"traits\":{\"t\":{\"p\":\"how\"}},\"entities\":[\"b\"]}]},"
      "\"b\":{\"versions\":[{\"traits\":{\"t\":{\"q\":true}}}]}}}";
  static const sheaf_str refs[] = {SHEAF_STR("bal:///a"), SHEAF_STR("bal:///b"),
                                   SHEAF_STR("bal:///a?v=1"), SHEAF_STR("bal:///\ta?v=2")};
  sheaf_setting setting = {SHEAF_STR("library_json"), sheaf_string(sheaf_cstr(json))};
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  sheaf_manager *manager = scenario_open(library, "bal", &setting, 1);
  if (manager) use(manager, refs, 4);
  scenario_library_free(library);
}

static void run_template(void) {
  static const sheaf_str refs[] = {SHEAF_STR("template:///apple"), SHEAF_STR("template:///fig")};
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  sheaf_manager *manager = scenario_open(library, "template", NULL, 0);
  if (manager) use(manager, refs, 2);
  scenario_library_free(library);
}

void scenario_with_local(uint32_t how, void (*ask)(sheaf_manager *manager)) {
  local_manager local;
  sheaf_error error = {0};
  sheaf_library *library = scenario_library(NULL, NULL);
  if (!library) return;
  local_manager_init(&local, how);
  sheaf_status status = sheaf_register(library, &local.plugin, &error);
  if (status) scenario_failed("sheaf_register", status, &error);
  sheaf_manager *manager = status ? NULL : scenario_open(library, "local", NULL, 0);
  if (manager) ask(manager);
  scenario_library_free(library);
}

static uint32_t callback_flags;

static void use_many(sheaf_manager *manager) {
  scenario_ask(manager, empty_refs, MOST, callback_flags);
  use(manager, empty_refs, 300);
}

/* Each answer is two allocations. */
static void use_few(sheaf_manager *manager) {
  scenario_ask(manager, empty_refs, 100, callback_flags);
  use(manager, empty_refs, 20);
}

static void run_registered(uint32_t how, uint32_t flags) {
  uint32_t way = how & ~(uint32_t)IS_SERIALIZED;
  callback_flags = flags;
  scenario_with_local(how, way == POSTS || way == HOLDS_AND_POSTS ? use_few : use_many);
}

static void run_in_order(void) { run_registered(ANSWERS_IN_ORDER, 0); }
static void run_backwards(void) { run_registered(ANSWERS_BACKWARDS, 0); }
static void run_serialized(void) { run_registered(ANSWERS_BACKWARDS | IS_SERIALIZED, 0); }
static void run_parallel(void) { run_registered(ANSWERS_FROM_A_THREAD, SHEAF_PARALLEL_RESULTS); }
static void run_posted(void) { run_registered(POSTS, 0); }
static void run_posted_serialized(void) { run_registered(POSTS | IS_SERIALIZED, 0); }
static void run_held(void) {
  may_be_missing = true;
  run_registered(HOLDS_AND_POSTS, 0);
  may_be_missing = false;
}

static void run_refusals(void) {
  sheaf_error error = {0};
  sheaf_setting settings[] = {{SHEAF_STR("library_json"), sheaf_string(sheaf_cstr("{\"a\": [}"))},
                              {SHEAF_STR("latency"), sheaf_int64(1)}};
  scenario_must(!sheaf_config_load("/nowhere/sheaf.json", &error), "it is not there");
  scenario_refused(SHEAF_IO_ERROR, &error);
  scenario_must(!sheaf_config_load(SHEAF_SOURCE_DIR "/Makefile", &error), "it is no JSON");
  scenario_refused(SHEAF_INVALID_CONFIG, &error);
  sheaf_library *library = scenario_library(SHEAF_TEST_PLUGIN_DIR, NULL);
  if (!library) return;
  scenario_must(!sheaf_manager_open(library, "bak", NULL, 0, &error), "there is none");
  scenario_refused(SHEAF_NOT_FOUND, &error);
  scenario_must(!sheaf_manager_open(library, "/nowhere/x.so", NULL, 0, &error), "nor here");
  scenario_refused(SHEAF_NOT_FOUND, &error);
  scenario_must(!sheaf_manager_open(library, "bal", settings, 1, &error), "it is no JSON");
  scenario_refused(SHEAF_INVALID_CONFIG, &error);
  scenario_must(!sheaf_manager_open(library, "bal", settings, 2, &error), "no such setting");
  scenario_refused(SHEAF_INVALID_ARGUMENT, &error);
  scenario_library_free(library);
}

const scenario scenarios[] = {
    {"library", run_library, false, NULL},
    {"config", run_config, false, NULL},
    {"list", run_list, false, NULL},
    {"bal", run_bal, false, NULL},
    {"template", run_template, false, NULL},
    {"refusals", run_refusals, false, NULL},
    {"in order", run_in_order, false, NULL},
    {"backwards", run_backwards, false, NULL},
    {"serialized", run_serialized, false, NULL},
    {"parallel", run_parallel, true, NULL},
    {"posted", run_posted, true, NULL},
    {"posted, serialized", run_posted_serialized, true, NULL},
    {"held", run_held, true, NULL},
    {"columns", scenario_columns, false, NULL},
    {"columns, backwards", scenario_columns_backwards, false, NULL},
    {"iterator", scenario_iterator, false, NULL},
    {"iterator, arriving", scenario_iterator_arriving, false, NULL},
    {"iterator, ahead", scenario_iterator_ahead, true, NULL},
    {"iterator, both", scenario_iterator_arriving_ahead, true, NULL},
    {"import", scenario_import, false, scenario_import_prepare},
    {"import again", scenario_import_again, false, scenario_import_prepare},
#define ROW(name, has_threads) {"stage " #name, scenario_stage_##name, has_threads, NULL},
    SCENARIO_STAGES(ROW)
#undef ROW
        {"stages, configured", scenario_stage_configured, false, NULL},
    {"sqlite, imported", scenario_sqlite_imported, false, scenario_import_prepare},
    {"sqlite, a table", scenario_sqlite_table, false, scenario_sqlite_table_prepare},
    {"sqlite, refusals", scenario_sqlite_refusals, false, scenario_sqlite_table_prepare},
};
const unsigned scenario_count = sizeof scenarios / sizeof *scenarios;
