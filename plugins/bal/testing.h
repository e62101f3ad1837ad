/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of this folder: the smallest host that a manager can have, and a sink that
 * collects. They speak to the manager's table directly, so that what they see is the manager's own
 * doing and not the core's.
 */
#ifndef BAL_TESTING_H
#define BAL_TESTING_H

#include "manager.h"
#include "../common/message.h"
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <sheaf/utf8.h>

/* ----------------------------------------------------------------------------------- the host */

typedef struct test_host {
  sheaf_host host; /* first: a test_host is told from its host */
  bal_names names;
  uint32_t limit; /* of names; 0: none */
  uint32_t warnings;
  char last_warning[1024];
} test_host;

static inline sheaf_status test_intern(const sheaf_host *host, const sheaf_str *names,
                                       uint32_t count, sheaf_id *ids,
                                       sheaf_error *error) SHEAF_NOEXCEPT {
  test_host *self = (test_host *)(uintptr_t)host;
  for (uint32_t i = 0; i < count; i++) {
    assert_in_range(names[i].size, 1, 1024);
    assert_true(sheaf_utf8_valid(names[i]));
    if (self->limit && self->names.count >= self->limit) {
      memset(ids, 0, count * sizeof *ids);
      return sheaf_error_set(error, SHEAF_LIMIT, "too many names: '%.*s' is one too many",
                             (int)names[i].size, names[i].data);
    }
    ids[i] = bal_names_number(&self->names, names[i]) + SHEAF_FIRST_FREE_ID;
  }
  return SHEAF_OK;
}

static inline sheaf_str test_name(const sheaf_host *host, sheaf_id id) SHEAF_NOEXCEPT {
  const test_host *self = (const test_host *)host;
  if (id <= SHEAF_FIRST_FREE_ID || id > SHEAF_FIRST_FREE_ID + self->names.count)
    return sheaf_strn(NULL, 0);
  return self->names.list[id - SHEAF_FIRST_FREE_ID - 1];
}

static inline void test_log(const sheaf_host *host, uint32_t level,
                            sheaf_str message) SHEAF_NOEXCEPT {
  test_host *self = (test_host *)(uintptr_t)host;
  assert_true(sheaf_utf8_valid(message));
  if (level < SHEAF_LOG_WARNING) return;
  self->warnings++;
  (void)snprintf(self->last_warning, sizeof self->last_warning, "%.*s", (int)message.size,
                 message.data);
}

static inline void test_host_init(test_host *self) {
  memset(self, 0, sizeof *self);
  self->host.struct_size = sizeof self->host;
  self->host.application = "test";
  self->host.intern = test_intern;
  self->host.name = test_name;
  self->host.log = test_log;
  bal_names_init(&self->names);
}

static inline void test_host_free(test_host *self) { bal_names_free(&self->names); }

static inline sheaf_id test_id(test_host *self, const char *name) {
  return bal_names_number(&self->names, sheaf_cstr(name)) + SHEAF_FIRST_FREE_ID;
}

/* -------------------------------------------------------------------------------- the manager */

typedef struct test_manager {
  test_host host;
  const sheaf_manager_table *table;
  void *self;
  const sheaf_description *description;
  sheaf_error error;
} test_manager;

/* Opens a manager; what is NULL is not set. The status is create's. */
static inline sheaf_status test_open(test_manager *m, const char *path, const char *json,
                                     const char *scheme, int64_t latency_ms) {
  sheaf_value values[BAL_SETTING_COUNT] = {
      sheaf_none(), sheaf_none(), sheaf_string(sheaf_cstr("bal")), sheaf_int64(latency_ms)};
  sheaf_interface out = {NULL, NULL};
  const sheaf_factory *factory = sheaf_plugin_v1()->factories[0];
  if (path) values[0] = sheaf_string(sheaf_cstr(path));
  if (json) values[1] = sheaf_string(sheaf_cstr(json));
  if (scheme) values[2] = sheaf_string(sheaf_cstr(scheme));
  memset(m, 0, sizeof *m);
  test_host_init(&m->host);
  sheaf_status status =
      factory->create(factory, &m->host.host, values, BAL_SETTING_COUNT, &out, &m->error);
  if (status != SHEAF_OK) {
    assert_int_equal(m->error.status, status);
    assert_true(m->error.message[0] != '\0');
    assert_true(sheaf_utf8_valid(sheaf_cstr(m->error.message)));
    return status;
  }
  m->table = out.table;
  m->self = out.self;
  m->description = m->table->describe(m->self);
  return status;
}

static inline void test_close(test_manager *m) {
  if (m->table) m->table->destroy(m->self);
  test_host_free(&m->host);
  m->table = NULL;
}

/* ------------------------------------------------------------------------------------ the call */

typedef struct test_call {
  sheaf_call call; /* first */
  void *blocks[4096];
  uint32_t block_count;
  uint32_t allowed; /* how many pieces of scratch there are */
  int64_t waited_ns;
  sheaf_status wait_answer;
} test_call;

static inline void *test_scratch(const sheaf_call *call, size_t size) SHEAF_NOEXCEPT {
  test_call *self = (test_call *)(uintptr_t)call;
  if (self->block_count >= self->allowed) return NULL;
  return self->blocks[self->block_count++] = malloc(size);
}

static inline sheaf_status test_poll(const sheaf_call *call) SHEAF_NOEXCEPT {
  (void)call;
  return SHEAF_OK;
}

static inline sheaf_status test_wait(const sheaf_call *call, int64_t timeout_ns) SHEAF_NOEXCEPT {
  test_call *self = (test_call *)(uintptr_t)call;
  self->waited_ns += timeout_ns;
  return self->wait_answer;
}

static inline void test_call_init(test_call *self) {
  memset(self, 0, sizeof *self);
  self->allowed = sizeof self->blocks / sizeof self->blocks[0];
  self->call.struct_size = sizeof self->call;
  self->call.scratch = test_scratch;
  self->call.poll = test_poll;
  self->call.wait = test_wait;
}

static inline void test_call_free(test_call *self) {
  for (uint32_t i = 0; i < self->block_count; i++) free(self->blocks[i]);
}

/* ------------------------------------------------------------------------------------ the sink */

/* A result, copied. */
typedef struct test_result {
  bool there;
  sheaf_status status;
  uint32_t flags;
  uint32_t count;
  sheaf_property *properties; /* strings copied too */
  char message[PLUGIN_MESSAGE_SIZE + 1];
} test_result;

typedef struct test_sink {
  sheaf_sink sink; /* first */
  test_result *results;
  uint32_t count;
  uint32_t answered, calls;
  uint32_t stop_after; /* answers; 0: never */
  bool stopped;
  sheaf_status rest; /* of a failure that stands for all that were not answered */
} test_sink;

static inline void test_keep(test_result *kept, const sheaf_result *r) {
  assert_false(kept->there);
  kept->there = true;
  kept->status = r->status;
  kept->flags = r->flags;
  kept->count = r->property_count;
  assert_true(r->properties || !r->property_count);
  assert_true(r->message.size <= PLUGIN_MESSAGE_SIZE);
  assert_true(sheaf_utf8_valid(r->message));
  if (r->message.size) memcpy(kept->message, r->message.data, r->message.size);
  kept->properties = calloc(kept->count + (size_t)1, sizeof *kept->properties);
  for (uint32_t i = 0; i < kept->count; i++) {
    sheaf_property *p = &kept->properties[i];
    *p = r->properties[i];
    if (p->value.kind != SHEAF_KIND_STRING) continue;
    assert_true(sheaf_utf8_valid(sheaf_value_str(&p->value)));
    char *copy = malloc(p->value.length + (size_t)1);
    if (p->value.length) memcpy(copy, p->value.u.data, p->value.length);
    copy[p->value.length] = '\0';
    p->value.u.data = copy;
  }
}

static inline uint32_t test_results(sheaf_sink *sink, const sheaf_result *results,
                                    uint32_t count) SHEAF_NOEXCEPT {
  test_sink *self = (test_sink *)sink;
  assert_true(count >= 1);
  assert_false(self->stopped); /* no call after it said stop */
  self->calls++;
  for (uint32_t i = 0; i < count; i++) {
    if (results[i].index == SHEAF_REST) {
      self->rest = results[i].status;
      continue;
    }
    assert_true(results[i].index < self->count);
    test_keep(&self->results[results[i].index], &results[i]);
    self->answered++;
    if (self->stop_after && self->answered >= self->stop_after) {
      self->stopped = true;
      return SHEAF_STOP;
    }
  }
  return SHEAF_CONTINUE;
}

static inline void test_sink_init(test_sink *self, uint32_t count) {
  memset(self, 0, sizeof *self);
  self->sink.struct_size = sizeof self->sink;
  self->sink.results = test_results;
  self->count = count;
  self->results = calloc(count + (size_t)1, sizeof *self->results);
}

static inline void test_sink_free(test_sink *self) {
  for (uint32_t i = 0; i < self->count; i++) {
    test_result *r = &self->results[i];
    for (uint32_t k = 0; k < r->count; k++)
      if (r->properties[k].value.kind == SHEAF_KIND_STRING)
        free((void *)(uintptr_t)r->properties[k].value.u.data);
    free(r->properties);
  }
  free(self->results);
}

/* A request for all traits, for reading. */
static inline sheaf_request test_request(const sheaf_str *refs, uint32_t count) {
  sheaf_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.verb = SHEAF_VERB_RESOLVE;
  request.flags = SHEAF_REQUEST_ALL_TRAITS;
  request.refs = refs;
  request.count = count;
  return request;
}

/* Asks, with a call of its own, and sees to it that each index was answered once. */
static inline void test_ask(test_manager *m, sheaf_request *request, test_sink *sink) {
  test_call *call = malloc(sizeof *call);
  test_call_init(call);
  test_sink_init(sink, request->count);
  request->call = &call->call;
  sheaf_status status = m->table->batch(m->self, request, &sink->sink);
  if (status == SHEAF_OK && !sink->rest) assert_int_equal(sink->answered, request->count);
  test_call_free(call);
  free(call);
}

/* The value of a property of a kept result; NULL if it has none. */
static inline const sheaf_value *test_value(test_manager *m, const test_result *r,
                                            const char *trait, const char *key) {
  sheaf_result result = {0, r->status, r->properties, r->count, r->flags, {NULL, 0}};
  return sheaf_result_find(&result, test_id(&m->host, trait), test_id(&m->host, key));
}

#define assert_text(value, text)                                                                   \
  do {                                                                                             \
    const sheaf_value *text_value = (value);                                                       \
    assert_non_null(text_value);                                                                   \
    assert_int_equal(text_value->kind, SHEAF_KIND_STRING);                                         \
    assert_string_equal(sheaf_value_str(text_value).data, (text));                                 \
  } while (0)

#define assert_contains(text, part)                                                                \
  do {                                                                                             \
    if (!strstr((text), (part))) fail_msg("\"%s\" does not contain \"%s\"", (text), (part));       \
  } while (0)

#endif /* BAL_TESTING_H */
