/* SPDX-License-Identifier: Apache-2.0 */
/* For the core's own tests: a manager whose batch is a function of the test's. */
#ifndef SHEAF_CORE_TESTING_H
#define SHEAF_CORE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sheaf/sheaf.h>

#include "core/manager.h"

typedef sheaf_status (*fake_batch)(void *self, const sheaf_request *request, sheaf_sink *sink);

/* What the fake manager is to be, and what it saw. */
typedef struct fake {
  fake_batch batch;
  uint32_t flags; /* of its description */
  bool plain;     /* its verb is neither pure nor idempotent */
  void *data;     /* the test's */
  unsigned destroyed;
  sheaf_library *library;
  sheaf_manager *manager;
  char log[4096]; /* all lines, one after another */
} fake;

static const sheaf_verb_info fake_verbs[] = {
    {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT}, {SHEAF_VERB_RESOLVE, 0}};

static __thread sheaf_description fake_description;

static inline const sheaf_description *fake_describe(void *self) {
  const fake *f = self;
  fake_description =
      (sheaf_description){sizeof fake_description, f->flags, &fake_verbs[f->plain], NULL, 1, 0};
  return &fake_description;
}

static inline sheaf_status fake_run(void *self, const sheaf_request *request, sheaf_sink *sink) {
  return ((fake *)self)->batch(self, request, sink);
}

static inline void fake_destroy(void *self) { ((fake *)self)->destroyed++; }

static inline sheaf_status fake_create(const sheaf_factory *factory, const sheaf_host *host,
                                       const sheaf_value *settings, uint32_t count,
                                       sheaf_interface *out, sheaf_error *error) {
  static const sheaf_manager_table table = {sizeof table, 0,    fake_describe, fake_run,
                                            NULL,         NULL, fake_destroy};
  (void)host, (void)settings, (void)count, (void)error;
  *out = (sheaf_interface){&table, factory->data};
  return SHEAF_OK;
}

static inline void fake_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  fake *f = ctx;
  size_t used = strlen(f->log);
  (void)level;
  snprintf(f->log + used, sizeof f->log - used, "%.*s: %.*s\n", (int)source.size, source.data,
           (int)message.size, message.data);
}

/* Opens it. `f->batch` and `f->flags` are set. */
static inline void fake_open(fake *f) {
  static sheaf_factory factory;
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  sheaf_error error = {0};
  options.log = fake_log;
  options.log_ctx = f;
  f->library = sheaf_library_new(&options, &error);
  assert_non_null(f->library);
  factory = (sheaf_factory){
      .struct_size = sizeof factory, .id = "fake", .data = f, .create = fake_create};
  f->manager = sheaf_manager_create(f->library, &factory, &factory, 0, NULL, &error);
  assert_non_null(f->manager);
}

static inline void fake_close(fake *f) {
  assert_int_equal(sheaf_library_free(f->library), SHEAF_OK);
  assert_int_equal(f->destroyed, 1);
}

/* `count` references of no meaning. */
static inline const sheaf_str *fake_refs(uint32_t count) {
  static const sheaf_str refs[20000];
  assert_true(count <= sizeof refs / sizeof refs[0]);
  return refs;
}

/* Answers everything in order, with one int64 that is the index. */
static inline sheaf_status fake_answer_all(void *self, const sheaf_request *request,
                                           sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < request->count; i++) {
    sheaf_property p = {300, 301, sheaf_int64(i)};
    if (sheaf_emit_success(sink, i, &p, 1, 0) != SHEAF_CONTINUE) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

#endif
