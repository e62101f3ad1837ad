/* SPDX-License-Identifier: Apache-2.0 */
/* Each stage over a manager: opened, used, closed. What cannot be opened leaves the manager as it was. */
#include <stdio.h>

#include "scenarios.h"
#include "scenarios_manager.h"

/* A stage as it is opened. */
typedef struct staging {
  const char *stage;
  const char *settings[4]; /* name, value, name, value */
  uint32_t how;            /* the manager's: see scenarios_manager.h */
  uint32_t children;
  const sheaf_batcher *own;
} staging;

static const staging *now; /* the one at hand */
static bool was_opened;

static const sheaf_str refs[] = {SHEAF_STR("a1"), SHEAF_STR("b1"), SHEAF_STR("a2"),
                                 SHEAF_STR("a1"), SHEAF_STR("c3"), SHEAF_STR("b1"),
                                 SHEAF_STR(""),   SHEAF_STR("a3"), SHEAF_STR("b2"),
                                 SHEAF_STR("a1"), SHEAF_STR("c1"), SHEAF_STR("c2")};
enum { REFS = sizeof refs / sizeof *refs };

static void ignore(void *ctx, sheaf_str text) { (void)ctx, (void)text; }

/* What a stage has besides being asked. */
static void use_extensions(sheaf_manager *top) {
  sheaf_interface found;
  sheaf_error error = {0};
  sheaf_stage_counter counters[8];
  (void)sheaf_stage_counters(top, counters, 8);
  sheaf_status status = sheaf_meter_prometheus(top, ignore, NULL);
  scenario_must(status == SHEAF_OK || (scenario_excused() && status == SHEAF_OUT_OF_MEMORY),
                "the stack's numbers can be had");
  if (sheaf_manager_get_extension(top, SHEAF_CACHE_EXTENSION, &found)) return;
  const sheaf_cache_functions *cache = found.table;
  const sheaf_result result = {0, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  sheaf_request request = sheaf_request_for(refs + 4, 1);
  request.verb = SHEAF_VERB_RESOLVE;
  cache->clear_ref(found.self, refs[0]);
  status = cache->prime(found.self, &request, &result, 1, &error);
  if (status) scenario_failed("prime", status, &error);
}

static void use(sheaf_manager *top) {
  for (int i = 0; i < 2; i++) {
    scenario_ask(top, refs, REFS, 0);
    scenario_collect(top, refs, REFS);
  }
  scenario_flush(top);
  if (sheaf_stage_child(top, 0)) use_extensions(top);
  scenario_ask(top, refs, 1, 0);
  scenario_must(sheaf_manager_close(top) == SHEAF_OK, "the stack can be closed");
}

/* ------------------------------------------------------------------------------------ one stage */

static uint32_t settings_of(const staging *s, sheaf_setting *out) {
  uint32_t count = 0;
  for (; count < 2 && s->settings[2 * count]; count++)
    out[count] = (sheaf_setting){sheaf_cstr(s->settings[2 * count]),
                                 sheaf_string(sheaf_cstr(s->settings[2 * count + 1]))};
  return count;
}

static void use_stage(sheaf_manager *manager) {
  sheaf_error error = {0};
  sheaf_setting settings[2];
  sheaf_manager *children[2] = {manager, NULL};
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  options.settings = settings;
  options.setting_count = settings_of(now, settings);
  options.children = children;
  options.child_count = now->children;
  options.batchers = &now->own;
  options.batcher_count = now->own ? 1 : 0;
  sheaf_library *library = sheaf_manager_library(manager);
  if (options.child_count == 2) children[1] = scenario_open(library, "local", NULL, 0);
  sheaf_manager *top = sheaf_stage_open(library, now->stage, &options, &error);
  scenario_also = now->how & FAILS_AT_FIRST ? SHEAF_UNAVAILABLE : SHEAF_OK;
  was_opened = top != NULL;
  if (top) {
    use(top);
  } else if (options.child_count == 1 || children[1]) {
    scenario_failed(now->stage, error.status, &error);
    /* The manager is as it was: nobody has it. */
    if (!scenario_also) scenario_ask(manager, refs, REFS, 0);
    scenario_must(sheaf_manager_close(manager) == SHEAF_OK, "nobody has taken the manager");
  }
  scenario_also = SHEAF_OK;
}

static void run(const staging *s) {
  now = s;
  scenario_with_local(s->how, use_stage);
}

#define SCENARIO(name, stage, how, children, ...)                                                  \
  void scenario_stage_##name(void) {                                                               \
    static const staging staged = {stage, {__VA_ARGS__}, how, children, NULL};                     \
    run(&staged);                                                                                  \
  }

SCENARIO(batch, "batch", ANSWERS_IN_ORDER, 1, "batchers",
         "by(prefix, 1) | sort | bytes(5) | size(2)", "keep_empty", "true")
SCENARIO(batch_overlap, "batch", ANSWERS_IN_ORDER, 1, "batchers", "size(3)", "overlap", "2")
SCENARIO(cache, "cache", ANSWERS_BACKWARDS, 1, "max_entries", "5", "ttl_ms", "60000")
SCENARIO(circuit, "circuit", ANSWERS_IN_ORDER, 1, NULL)
SCENARIO(dedupe, "dedupe", ANSWERS_BACKWARDS, 1, NULL)
SCENARIO(fallback, "fallback", FAILS_AT_FIRST, 2, "statuses", "unavailable")
SCENARIO(limit, "limit", ANSWERS_IN_ORDER, 1, "in_flight", "1", "references_per_second", "1000000")
SCENARIO(linger, "linger", ANSWERS_IN_ORDER, 1, "max_wait_ms", "0.01")
SCENARIO(parallel, "parallel", ANSWERS_IN_ORDER, 1, "min_size", "1", "threads", "2")
SCENARIO(retry, "retry", FAILS_AT_FIRST, 1, "attempts", "3", "backoff_ms", "0")
SCENARIO(route, "route", ANSWERS_IN_ORDER, 2, "routes", "a|b1 *")
SCENARIO(timeout, "timeout", ANSWERS_IN_ORDER, 1, "ms", "3600000")

/* Its trace is a file. */
void scenario_stage_meter(void) {
  char path[SCENARIO_PATH];
  snprintf(path, sizeof path, "%s/trace.json", scenario_folder);
  const staging staged = {"meter", {"trace", path}, ANSWERS_IN_ORDER, 1, NULL};
  run(&staged);
}

/* A host's batcher: gone once if the stage was made, and else never. */
static int gone;

static void count_gone(void *ctx) { (void)ctx, gone++; }

static sheaf_status one_each(void *ctx, const sheaf_request *request, const sheaf_shape *in,
                             sheaf_shape_builder *out, sheaf_error *error) {
  sheaf_status status = SHEAF_OK;
  (void)ctx, (void)request, (void)error;
  for (uint32_t i = 0; i < in->count && !status; i++)
    status = sheaf_shape_add(out, &in->order[i], 1);
  return status;
}

void scenario_stage_batch_own(void) {
  sheaf_batcher own = SHEAF_BATCHER_INIT;
  own.name = "each";
  own.batch = one_each;
  own.destroy = count_gone;
  const staging staged = {"batch", {"batchers", "sort | each"}, ANSWERS_IN_ORDER, 1, &own};
  gone = 0;
  was_opened = false;
  run(&staged);
  scenario_must(gone == was_opened, "a batcher goes with its stage");
}

/* -------------------------------------------------------------------------------------- stacks */

static void use_stack(sheaf_manager *top) {
  static const char *const stages[] = {"timeout", "retry", "batch", "cache", "dedupe", "meter"};
  sheaf_error error = {0};
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    const sheaf_setting ms = {SHEAF_STR("ms"), sheaf_int64(3600000)},
                        batchers = {SHEAF_STR("batchers"), sheaf_string(sheaf_cstr("size(4)"))};
    const sheaf_setting *setting = i == 0 ? &ms : i == 2 ? &batchers : NULL;
    sheaf_manager *next = sheaf_stage_over(top, stages[i], setting, setting ? 1 : 0, &error);
    if (next) top = next;
    else scenario_failed(stages[i], error.status, &error);
  }
  use(top);
}

void scenario_stage_stack(void) { scenario_with_local(ANSWERS_BACKWARDS, use_stack); }

static void use_configured(sheaf_manager *manager) {
  sheaf_error error = {0};
  sheaf_config *config = sheaf_config_load(SHEAF_SOURCE_DIR "/tests/full/stages.json", &error);
  if (!config) {
    scenario_failed("sheaf_config_load", error.status, &error);
    return;
  }
  sheaf_manager *top = sheaf_stage_configure(manager, config, &error);
  sheaf_config_free(config);
  if (top) use(top);
  else {
    scenario_failed("sheaf_stage_configure", error.status, &error);
    scenario_must(sheaf_manager_close(manager) == SHEAF_CLOSED, "the manager was closed");
  }
}

void scenario_stage_configured(void) { scenario_with_local(ANSWERS_IN_ORDER, use_configured); }
