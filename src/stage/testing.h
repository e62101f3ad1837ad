/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of stages: a manager below whose batch is a function of the test's, a stage on it, and
 * a host that notes what it hears of each index.
 */
#ifndef SHEAF_STAGE_TESTING_H
#define SHEAF_STAGE_TESTING_H

#include "core/testing.h"

#define STAGED_MOST 20000u

/* A stack of one stage over a fake; `top` is what is asked. */
typedef struct staged {
  fake below;
  sheaf_manager *top;
  sheaf_request request; /* of the last batch; its call is the test's to set before */
  sheaf_error error;     /* of it */
  sheaf_summary summary;
  uint32_t heard[STAGED_MOST]; /* callbacks, by index */
  sheaf_status status[STAGED_MOST];
  int64_t value[STAGED_MOST]; /* the first property's, if it is an int64 */
  char message[256];          /* of the last error */
  uint32_t calls, stop_after;
} staged;

static inline uint32_t staged_hear(void *ctx, uint32_t index, const sheaf_result *result) {
  staged *s = ctx;
  assert_true(index < STAGED_MOST);
  s->heard[index]++;
  s->status[index] = result->status;
  if (!SHEAF_IS_OK(result->status))
    snprintf(s->message, sizeof s->message, "%.*s", (int)result->message.size,
             result->message.data);
  else if (result->property_count && result->properties[0].value.kind == SHEAF_KIND_INT64)
    s->value[index] = result->properties[0].value.u.integer;
  return ++s->calls == s->stop_after ? SHEAF_STOP : SHEAF_CONTINUE;
}

/* Opens the fake with that batch function. `s` was zeroed. */
static inline void staged_open(staged *s, fake_batch batch) {
  s->below.batch = batch;
  fake_open(&s->below);
  s->top = s->below.manager;
}

static inline sheaf_setting staged_text(const char *name, const char *value) {
  return (sheaf_setting){sheaf_cstr(name), sheaf_string(sheaf_cstr(value))};
}

/* Puts a stage on top; it must open. Settings: name, text, name, text, ..., NULL. */
static inline void staged_put(staged *s, const char *stage, ...) {
  sheaf_setting settings[16];
  uint32_t count = 0;
  va_list arguments;
  va_start(arguments, stage);
  for (const char *name; (name = va_arg(arguments, const char *)) && count < 16; count++)
    settings[count] = staged_text(name, va_arg(arguments, const char *));
  va_end(arguments);
  sheaf_manager *top = sheaf_stage_over(s->top, stage, settings, count, &s->error);
  if (!top) fail_msg("%s: %s", stage, s->error.message);
  s->top = top;
}

/* Asks the top about references; `s` forgets the batch before. */
static inline sheaf_status staged_ask(staged *s, const sheaf_str *refs, uint32_t count) {
  sheaf_callbacks callbacks = {sizeof callbacks, 0, s, staged_hear, staged_hear};
  const sheaf_call *call = s->request.call;
  s->request = sheaf_request_for(refs, count);
  s->request.call = call;
  s->summary = (sheaf_summary)SHEAF_SUMMARY_INIT;
  s->calls = 0;
  memset(s->heard, 0, sizeof s->heard);
  memset(s->value, 0xff, sizeof s->value);
  return sheaf_resolve(s->top, &s->request, &callbacks, &s->summary, &s->error);
}

static inline void staged_assert_once(const staged *s) {
  for (uint32_t i = 0; i < s->request.count; i++)
    if (s->heard[i] != 1) fail_msg("index %u was heard %u times", i, s->heard[i]);
  assert_int_equal(s->calls, s->request.count);
  assert_int_equal(s->summary.succeeded + s->summary.failed, s->request.count);
}

static inline uint64_t staged_counter(sheaf_manager *stage, const char *name) {
  sheaf_stage_counter counters[32];
  uint32_t count = sheaf_stage_counters(stage, counters, 32);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(counters[i].name, name) == 0) return counters[i].value;
  fail_msg("no counter %s", name);
  return 0;
}

/* Closes all: the stack, and below it the fake. */
static inline void staged_close(staged *s) { fake_close(&s->below); }

/* The number at the end of a reference: "a:///12" is 12. */
static inline int64_t staged_number(sheaf_str ref) {
  int64_t n = 0;
  for (size_t i = 0; i < ref.size; i++)
    n = ref.data[i] >= '0' && ref.data[i] <= '9' ? n * 10 + (ref.data[i] - '0') : 0;
  return n;
}

/* A batch function: each reference's number, in order. */
static inline sheaf_status staged_numbers(void *self, const sheaf_request *request,
                                          sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < request->count; i++) {
    sheaf_property p = {300, 301, sheaf_int64(staged_number(request->refs[i]))};
    if (sheaf_emit_success(sink, i, &p, 1, 0) != SHEAF_CONTINUE) break;
  }
  return SHEAF_OK;
}

#endif
