/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/check_subject.h"

/* All of them, ended by one without a name. */
static const check_shape shapes[] = {
    {"resolve, all traits", SHEAF_VERB_RESOLVE, SHEAF_REQUEST_ALL_TRAITS, false, false},
    {"resolve, no traits", SHEAF_VERB_RESOLVE, 0, false, false},
    {"resolve, by traits", SHEAF_VERB_RESOLVE, 0, true, false},
    {"resolve, by slots", SHEAF_VERB_RESOLVE, 0, false, true},
    {"exists", SHEAF_VERB_EXISTS, 0, false, false},
    {"traits", SHEAF_VERB_TRAITS, 0, false, false},
    {NULL, 0, 0, false, false},
};

void check_sleep_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

/* -------------------------------------------------------------------------------------- opening */

/* What the core logs about the manager's faults is what the checks report themselves. */
static void say_nothing(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level, (void)source, (void)message;
}

static sheaf_library *new_library(const check_options *options, check_verdict *verdict) {
  sheaf_error error = {0};
  sheaf_library_options o = SHEAF_LIBRARY_OPTIONS_INIT;
  o.application = "sheaf check";
  o.plugin_paths = options->common.plugin_paths;
  o.plugin_path_count = options->common.plugin_path_count;
  o.config = options->session.config;
  if (!getenv("SHEAF_LOG")) o.log = say_nothing;
  sheaf_library *library = sheaf_library_new(&o, &error);
  if (!library) {
    check_note(verdict, CHECK_FAILED, "%s", error.message);
    verdict->status = error.status;
  }
  return library;
}

bool check_find(check_subject *subject, check_verdict *verdict) {
  sheaf_error error = {0};
  subject->finder = new_library(subject->options, verdict);
  if (!subject->finder) return false;
  subject->factory = sheaf_find_factory(subject->finder, subject->options->place, &error);
  if (subject->factory) return true;
  check_note(verdict, CHECK_FAILED, "%s", error.message);
  verdict->status = error.status;
  return false;
}

/* A second library holds the probe, so that it can have the id, and so the messages, of the real
 * manager. */
bool check_open(check_subject *subject, check_verdict *verdict) {
  sheaf_error error = {0};
  const cli_session *session = &subject->options->session;
  if (!check_find(subject, verdict)) return false;
  subject->library = new_library(subject->options, verdict);
  if (!subject->library) return false;
  check_probe_init(&subject->probe, subject->factory);
  sheaf_status status = sheaf_register(subject->library, &subject->probe.plugin, &error);
  if (status == SHEAF_OK) {
    subject->manager = sheaf_manager_open(subject->library, subject->factory->id, session->settings,
                                          session->setting_count, &error);
  }
  if (subject->manager) return true;
  const char *fault = subject->probe.create_fault;
  check_note(verdict, CHECK_FAILED, "%s%s%s%s", fault ? "create's error: " : "", fault ? fault : "",
             fault ? ": " : "", error.message);
  if (!subject->probe.asked) verdict->status = error.status;
  return false;
}

/* Whether the manager says that it serves a verb. */
static bool serves(const check_subject *subject, sheaf_id verb) {
  const sheaf_description *d = sheaf_manager_description(subject->manager);
  for (uint32_t i = 0; d && i < d->verb_count; i++) {
    if (d->verbs[i].verb == verb) return true;
  }
  return false;
}

const check_shape *check_served_shape(const check_subject *subject, uint32_t i) {
  for (const check_shape *shape = shapes; shape->name; shape++) {
    if (serves(subject, shape->verb) && i-- == 0) return shape;
  }
  return NULL;
}

/* ----------------------------------------------------------------------------------- references */

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (memory) return memory;
  cli_error("out of memory");
  _Exit(CLI_FAILED);
}

const sheaf_str *check_unknown_refs(const check_subject *subject, uint32_t count) {
  const sheaf_description *d = sheaf_manager_description(subject->manager);
  sheaf_str prefix = d && d->prefix_count > 0 ? d->prefixes[0] : sheaf_cstr("");
  size_t room = prefix.size + sizeof "sheaf-check-unknown-4294967295";
  sheaf_str *refs = allocate(count, sizeof *refs);
  char *text = allocate(count, room);
  for (uint32_t i = 0; i < count; i++, text += room) {
    if (prefix.size > 0) memcpy(text, prefix.data, prefix.size);
    snprintf(text + prefix.size, room - prefix.size, "sheaf-check-unknown-%u", i);
    refs[i] = sheaf_cstr(text);
  }
  return refs;
}

const sheaf_str *check_refs(const check_subject *subject, uint32_t count) {
  const check_options *options = subject->options;
  if (options->ref_count == 0) return check_unknown_refs(subject, count);
  sheaf_str *refs = allocate(count, sizeof *refs);
  for (uint32_t i = 0; i < count; i++) refs[i] = sheaf_cstr(options->refs[i % options->ref_count]);
  return refs;
}

/* --------------------------------------------------------------------------------------- asking */

/* Finds properties that the first references are known to have, or makes up one that nobody has. */
static void find_properties(check_subject *subject) {
  const check_shape *all = &shapes[0];
  if (subject->slot_count > 0) return;
  probe_run *run = check_ask_simply(subject, all, subject->options->ref_count ? 16 : 1);
  memcpy(subject->slots, run->seen, sizeof run->seen);
  subject->slot_count = run->seen_count;
  if (run->seen_count > 0) return;
  subject->slots[0].trait = sheaf_intern_one(subject->library, "sheaf.check");
  subject->slots[0].key = sheaf_intern_one(subject->library, "nothing");
  subject->slot_count = 1;
}

void check_ask(check_subject *subject, const check_shape *shape, const sheaf_str *refs,
               sheaf_cancel *cancel, probe_run *run) {
  sheaf_context context = SHEAF_CONTEXT_INIT;
  context.opaque = run;
  sheaf_call call = SHEAF_CALL_INIT;
  call.context = &context;
  call.cancel = cancel;
  sheaf_request request = sheaf_request_for(refs, run->count);
  request.flags = shape->flags;
  request.call = &call;
  sheaf_id traits[PROBE_SEEN];
  if (shape->traits || shape->slots) {
    find_properties(subject);
    for (uint32_t i = 0; i < subject->slot_count; i++) traits[i] = subject->slots[i].trait;
    request.traits = shape->traits ? traits : NULL;
    request.trait_count = shape->traits ? subject->slot_count : 0;
    request.slots = shape->slots ? subject->slots : NULL;
    request.slot_count = shape->slots ? subject->slot_count : 0;
  }
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT; /* the probe has seen it all */
  sheaf_perform(subject->manager, shape->verb, &request, &callbacks, NULL, NULL);
  run->ended_ns = check_now();
}

probe_run *check_ask_simply(check_subject *subject, const check_shape *shape, uint32_t count) {
  probe_run *run = probe_run_new(shape->name, count, subject->library);
  check_ask(subject, shape, check_refs(subject, count), NULL, run);
  return run;
}
