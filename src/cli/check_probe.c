/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/check_probe.h"

int64_t check_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *zeroed(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (memory) return memory;
  cli_error("out of memory");
  _Exit(CLI_FAILED); /* in the check's own process */
}

probe_run *probe_run_new(const char *shape, uint32_t count, sheaf_library *library) {
  probe_run *run = zeroed(1, sizeof *run);
  run->shape = shape;
  run->count = count;
  run->library = library;
  run->answers = zeroed(count, sizeof *run->answers);
  run->statuses = zeroed(count, sizeof *run->statuses);
  run->digests = zeroed(count, sizeof *run->digests);
  pthread_mutex_init(&run->lock, NULL);
  return run;
}

/* -------------------------------------------------------------------------- noting what is sent */

static void note_fault(probe_run *run, const sheaf_result *r, const char *fault, uint32_t outcome) {
  if (outcome <= run->fault_outcome) return;
  run->fault_outcome = outcome;
  if (r) {
    snprintf(run->fault, sizeof run->fault, "%s, index %u: %s", run->shape, r->index, fault);
  } else {
    snprintf(run->fault, sizeof run->fault, "%s: %s", run->shape, fault);
  }
}

/* A failure of all that is not answered yet. */
static void note_rest(probe_run *run, const sheaf_result *r) {
  if (r->status == SHEAF_OK) {
    note_fault(run, NULL, "SHEAF_REST came with a success; it stands for failures only",
               CHECK_FAILED);
    return;
  }
  const char *fault = check_message_fault(r->message);
  if (fault) note_fault(run, NULL, fault, CHECK_FAILED);
  size_t size = r->message.size < sizeof run->message ? r->message.size : sizeof run->message - 1;
  if (r->message.data) memcpy(run->message, r->message.data, size);
  for (uint32_t i = 0; i < run->count; i++) {
    if (run->answers[i] > 0) continue;
    run->answers[i] = 1;
    run->statuses[i] = r->status;
  }
}

/* Properties that exist are what to ask for later. */
static void note_seen(probe_run *run, const sheaf_result *r) {
  for (uint32_t i = 0; i < r->property_count && run->seen_count < PROBE_SEEN; i++) {
    if (r->properties[i].key == 0) continue;
    run->seen[run->seen_count++] = (sheaf_slot){r->properties[i].trait, r->properties[i].key};
  }
}

static void note_content(probe_run *run, const sheaf_result *r) {
  uint32_t outcome = CHECK_PASSED;
  const char *fault = check_result_fault(r, &run->request, run->library, &outcome);
  if (fault) note_fault(run, r, fault, outcome);
  if (fault && outcome == CHECK_FAILED) return;
  if (r->index < run->count) run->digests[r->index] = check_result_digest(r);
  if (r->status != SHEAF_OK) return;
  run->successes++;
  if (run->request.verb == SHEAF_VERB_RESOLVE && run->seen_count == 0) note_seen(run, r);
  const sheaf_value *exists = sheaf_result_find(r, SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS);
  if (exists && exists->u.integer) run->existing++;
}

static void note_result(probe_run *run, const sheaf_result *r) {
  run->results++;
  if (r->index == SHEAF_REST) {
    note_rest(run, r);
    return;
  }
  if (r->index >= run->count) {
    if (run->beyond++ == 0) run->first_beyond = r->index;
    return;
  }
  uint8_t *answers = &run->answers[r->index];
  if (*answers > 0 && run->repeated++ == 0) run->first_repeated = r->index;
  if (*answers < UINT8_MAX) (*answers)++;
  run->statuses[r->index] = r->status;
  note_content(run, r);
}

/* The run that this thread was last told to stop. */
static _Thread_local const probe_run *told_to_stop;

/* Under the lock. Whether the results may go on to the core. */
static bool note(probe_run *run, const sheaf_result *results, uint32_t count, bool posted) {
  if (!results || count == 0) {
    note_fault(run, NULL, "results was called with nothing: it takes one or more", CHECK_FAILED);
    return false;
  }
  if (run->returned && !(posted && run->holds > 0)) {
    if (run->late == 0) run->first_late = results[0].index;
    run->late += count;
    return false;
  }
  /* A thread that posts learns of the stop from its own post: only its next is one too many. */
  bool told = !posted || told_to_stop == run;
  if (run->stopped && told && results[0].index != SHEAF_REST) run->after_stop += count;
  if (run->stopped && posted) told_to_stop = run;
  for (uint32_t i = 0; i < count; i++) note_result(run, &results[i]);
  if (posted || pthread_equal(pthread_self(), run->thread)) return true;
  if (run->foreign == 0) run->first_foreign = results[0].index;
  run->foreign += count;
  return false;
}

/* What the checker does at the first result. */
static void act(probe_run *run) {
  pthread_mutex_lock(&run->lock);
  bool cancels = run->cancel_at_first && run->cancelled_ns == 0;
  if (cancels) run->cancelled_ns = check_now();
  if (run->stop_at_first) run->stopped = true;
  pthread_mutex_unlock(&run->lock);
  if (cancels) sheaf_cancel_set(run->cancel_at_first);
}

static uint32_t probe_results(sheaf_sink *sink, const sheaf_result *results, uint32_t count) {
  probe_run *run = (probe_run *)(void *)sink;
  pthread_mutex_lock(&run->lock);
  bool stopped = run->stopped;
  bool good = note(run, results, count, false);
  pthread_mutex_unlock(&run->lock);
  if (stopped || run->late > 0) return SHEAF_STOP;
  if (!good) return SHEAF_CONTINUE; /* noted; the next ones are of interest too */
  act(run);
  uint32_t answer = run->inner->results(run->inner, results, count);
  return run->stop_at_first ? SHEAF_STOP : answer;
}

/* ------------------------------------------------------------------------------------- the call */

static void *probe_scratch(const sheaf_call *call, size_t size) {
  const sheaf_call *inner = ((const probe_call *)(const void *)call)->inner;
  return inner->scratch(inner, size);
}

/* What the core says, or that the checker has stopped the batch. */
static sheaf_status or_stopped(probe_run *run, sheaf_status status) {
  pthread_mutex_lock(&run->lock);
  if (run->stopped && SHEAF_IS_OK(status)) status = SHEAF_STOPPED;
  pthread_mutex_unlock(&run->lock);
  return status;
}

static sheaf_status probe_poll(const sheaf_call *call) {
  const probe_call *self = (const probe_call *)(const void *)call;
  return or_stopped(self->run, self->inner->poll(self->inner));
}

static sheaf_status probe_wait(const sheaf_call *call, int64_t timeout_ns) {
  const probe_call *self = (const probe_call *)(const void *)call;
  return or_stopped(self->run, self->inner->wait(self->inner, timeout_ns));
}

static sheaf_status probe_post(const sheaf_call *call, const sheaf_result *results,
                               uint32_t count) {
  const probe_call *self = (const probe_call *)(const void *)call;
  pthread_mutex_lock(&self->run->lock);
  bool stopped = self->run->stopped;
  uint32_t late = self->run->late;
  bool good = note(self->run, results, count, true);
  late = self->run->late - late;
  pthread_mutex_unlock(&self->run->lock);
  if (late > 0) return SHEAF_CLOSED;
  if (!good || stopped) return SHEAF_STOPPED;
  act(self->run);
  sheaf_status status = self->inner->post(self->inner, results, count);
  return self->run->stop_at_first ? SHEAF_STOPPED : status;
}

static void probe_hold(const sheaf_call *call) {
  const probe_call *self = (const probe_call *)(const void *)call;
  pthread_mutex_lock(&self->run->lock);
  self->run->holds++;
  pthread_mutex_unlock(&self->run->lock);
  self->inner->hold(self->inner);
}

static void probe_release(const sheaf_call *call) {
  const probe_call *self = (const probe_call *)(const void *)call;
  pthread_mutex_lock(&self->run->lock);
  bool held = self->run->holds > 0;
  if (held) self->run->holds--;
  else self->run->overreleased++;
  pthread_mutex_unlock(&self->run->lock);
  if (held) self->inner->release(self->inner);
}

/* ---------------------------------------------------------------------------------- the manager */

static void prepare(probe_run *run, const sheaf_request *request, sheaf_sink *sink) {
  run->call.call = *request->call;
  run->call.call.scratch = probe_scratch;
  run->call.call.poll = probe_poll;
  run->call.call.wait = probe_wait;
  run->call.call.post = probe_post;
  run->call.call.hold = probe_hold;
  run->call.call.release = probe_release;
  run->call.inner = request->call;
  run->call.run = run;
  run->request = *request;
  run->request.call = &run->call.call;
  run->inner = sink;
  run->sink = *sink;
  run->sink.results = probe_results;
  run->thread = pthread_self();
  run->called = true;
}

static sheaf_status probe_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  check_probe *probe = self;
  probe_run *run = request->call->context->opaque;
  prepare(run, request, sink);
  sheaf_status status = probe->table.batch(probe->manager.self, &run->request, &run->sink);
  pthread_mutex_lock(&run->lock);
  run->returned = true;
  run->status = status;
  pthread_mutex_unlock(&run->lock);
  return status;
}

static const sheaf_description *probe_describe(void *self) {
  static const sheaf_verb_info verb = {SHEAF_VERB_RESOLVE, 0};
  static const sheaf_description stand_in = {sizeof stand_in, 0, &verb, NULL, 1, 0};
  check_probe *probe = self;
  return probe->describes_none ? &stand_in : probe->table.describe(probe->manager.self);
}

static sheaf_status probe_flush(void *self, const sheaf_call *call, sheaf_error *error) {
  check_probe *probe = self;
  return probe->table.flush(probe->manager.self, call, error);
}

static sheaf_status probe_get_extension(void *self, const char *id, sheaf_interface *out) {
  check_probe *probe = self;
  return probe->table.get_extension(probe->manager.self, id, out);
}

static void probe_destroy(void *self) {
  check_probe *probe = self;
  probe->table.destroy(probe->manager.self);
}

/* Wraps each function that is there, and leaves out what is not, so that the core judges a table
 * with the faults of the real one. */
static void wrap(check_probe *probe, const sheaf_manager_table *real) {
  sheaf_manager_table *t = &probe->table, *w = &probe->wrapped;
  memset(t, 0, sizeof *t);
  memcpy(t, real, real->struct_size < sizeof *t ? real->struct_size : sizeof *t);
  memset(w, 0, sizeof *w);
  w->struct_size = t->struct_size < sizeof *w ? t->struct_size : (uint32_t)sizeof *w;
  w->flags = t->flags;
  w->describe = t->describe ? probe_describe : NULL;
  w->batch = t->batch ? probe_batch : NULL;
  w->flush = t->flush ? probe_flush : NULL;
  w->get_extension = t->get_extension ? probe_get_extension : NULL;
  w->destroy = t->destroy ? probe_destroy : NULL;
}

static sheaf_status probe_create(const sheaf_factory *factory, const sheaf_host *host,
                                 const sheaf_value *settings, uint32_t setting_count,
                                 sheaf_interface *out, sheaf_error *error) {
  check_probe *probe = factory->data;
  probe->asked = true;
  sheaf_status status = probe->real->create(probe->real, probe_host_init(&probe->host, host),
                                            settings, setting_count, &probe->manager, error);
  if (status != SHEAF_OK) {
    size_t size = strnlen(error->message, sizeof error->message);
    probe->create_fault = check_message_fault(sheaf_strn(error->message, size));
  }
  if (status != SHEAF_OK || !probe->manager.table) {
    out->table = NULL;
    return status;
  }
  wrap(probe, probe->manager.table);
  out->table = &probe->wrapped;
  out->self = probe;
  return SHEAF_OK;
}

/* The plugin's own record of a factory, which is what `create` must be given: a host only gets a
 * copy, but the copy's functions lead to the library, and its entry to the record. NULL if not. */
static const sheaf_factory *own_record(const sheaf_factory *copy, uint32_t *abi_minor) {
  Dl_info info;
  sheaf_plugin_entry entry = NULL;
  void *address = NULL;
  memcpy(&address, &copy->create, sizeof address);
  if (!dladdr(address, &info) || !info.dli_fname) return NULL;
  void *library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  void *symbol = library ? dlsym(library, SHEAF_PLUGIN_ENTRY_NAME) : NULL;
  if (!symbol) return NULL;
  memcpy(&entry, &symbol, sizeof entry);
  const sheaf_plugin *plugin = entry();
  *abi_minor = plugin->abi_minor;
  for (uint32_t i = 0; i < plugin->factory_count; i++) {
    if (strcmp(plugin->factories[i]->id, copy->id) == 0) return plugin->factories[i];
  }
  return NULL;
}

void check_probe_init(check_probe *probe, const sheaf_factory *real) {
  const sheaf_factory *own = own_record(real, &probe->plugin.abi_minor);
  probe->real = own ? own : real;
  probe->factory = *real;
  probe->factory.data = probe;
  probe->factory.create = probe_create;
  probe->factories[0] = &probe->factory;
  probe->plugin.struct_size = sizeof probe->plugin;
  probe->plugin.factories = probe->factories;
  probe->plugin.factory_count = 1;
}
