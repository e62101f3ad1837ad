/* SPDX-License-Identifier: Apache-2.0 */
/* timeout: a deadline for what is below. */
#include "core/cancel.h"
#include "stage/types.h"

enum { MS, SETTINGS };
enum { TIMED_OUT };

typedef struct timeout {
  sheaf_stage stage;
  int64_t ms;
} timeout;

/* The core below says DEADLINE for what is not answered by then. */
static sheaf_status timeout_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  const timeout *t = self;
  int64_t until = sheaf_now_ns() + t->ms * 1000000, deadline = request->call->deadline_ns;
  if (deadline && deadline <= until) return sheaf_stage_ask(&t->stage, 0, request, sink);
  sheaf_call call = sheaf_stage_derive(request->call);
  sheaf_request limited = *request;
  call.deadline_ns = until;
  limited.call = &call;
  sheaf_status status = sheaf_stage_ask(&t->stage, 0, &limited, sink);
  sheaf_stage_count(&t->stage, TIMED_OUT, status == SHEAF_DEADLINE);
  return status;
}

static const sheaf_setting_info settings[SETTINGS] = {
    [MS] = {"ms", NULL, "How long a batch may take, in milliseconds.", SHEAF_KIND_INT64,
            SHEAF_SETTING_REQUIRED}};

static const sheaf_stage_counter_info counters[] = {
    [TIMED_OUT] = {"timed_out", "Batches that were ended for taking too long."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "timeout", "Timeout", "Ends a batch that takes too long: what is not answered fails.", settings,
    SETTINGS);

static sheaf_status timeout_open(void *self, const sheaf_value *values,
                                 const sheaf_stage_options *options, sheaf_error *error) {
  enum { DAY_MS = 86400000 };
  (void)options;
  return sheaf_stage_number(&sheaf_stage_timeout, values, MS, 1, DAY_MS, &((timeout *)self)->ms,
                            error);
}

const sheaf_stage_type sheaf_stage_timeout = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                              .size = sizeof(timeout),
                                              .counters = counters,
                                              .counter_count = 1,
                                              .open = timeout_open,
                                              .batch = timeout_batch};
