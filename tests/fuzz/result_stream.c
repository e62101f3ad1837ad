/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result stream: a manager that does what the input says (answers in any order, twice, out of
 * range, for the rest, by sink or by post, in groups, polls, asks itself, stops early), and a host
 * that stops or cancels when the input says. Each index is heard exactly once, unless stopped; the
 * first answer counts; the sums add up.
 */
#include "fuzz.h"

enum { MOST = 64, GROUP = 8, DEEPEST = 3 };

typedef struct round {
  fuzz_input *in;
  sheaf_manager *manager;
  uint32_t count, heard, errors;
  uint32_t stop_at, cancel_at; /* the how-manieth callback; 0: never */
  sheaf_cancel *cancel;
  uint32_t times[MOST];
  int64_t wanted[MOST]; /* the serial of the first answer; 0: none yet */
  bool posted;          /* delivered later: then the order is not that of the sends */
  unsigned depth;
} round;

static void run(fuzz_input *in, unsigned depth);
static sheaf_manager *managers[2];

static uint32_t hear(round *r, uint32_t index, const sheaf_result *result) {
  ALWAYS(index < r->count && result->index == index);
  ALWAYS(++r->times[index] == 1);
  ALWAYS(!(r->stop_at && r->heard >= r->stop_at));
  r->heard++;
  if (r->heard == r->cancel_at) sheaf_cancel_set(r->cancel);
  return r->heard == r->stop_at ? SHEAF_STOP : SHEAF_CONTINUE;
}

static uint32_t hear_success(void *ctx, uint32_t index, const sheaf_result *record) {
  round *r = ctx;
  ALWAYS(record->status == SHEAF_OK && record->property_count == 1);
  ALWAYS(r->posted || record->properties[0].value.u.integer == r->wanted[index]);
  return hear(r, index, record);
}

static uint32_t hear_error(void *ctx, uint32_t index, const sheaf_result *error) {
  round *r = ctx;
  ALWAYS(!SHEAF_IS_OK(error->status) && error->message.size > 0);
  r->errors++;
  return hear(r, index, error);
}

/* An index, mostly in range, and which answer it is. */
static sheaf_result next_result(round *r, sheaf_property *body, int64_t serial) {
  uint8_t byte = fuzz_byte(r->in);
  uint32_t index = byte < 0xf0 ? byte % MOST : (uint32_t)fuzz_number(r->in, 4);
  if (byte == 0xff) index = SHEAF_REST;
  *body = (sheaf_property){SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE, sheaf_int64(serial)};
  sheaf_result result = {index, SHEAF_OK, body, 1, 0, {NULL, 0}};
  if (byte == 0xff || (byte & 0x40)) {
    result.status = fuzz_byte(r->in) & 1 ? SHEAF_UNAVAILABLE : SHEAF_AUTH_ERROR;
    result.message = sheaf_cstr("no");
  }
  return result;
}

/* What the host is to hear: the first answer of each index. */
static void note(round *r, const sheaf_result *result, int64_t serial) {
  if (result->index == SHEAF_REST) {
    for (uint32_t i = 0; i < r->count; i++)
      if (!r->wanted[i]) r->wanted[i] = serial;
  } else if (result->index < r->count && !r->wanted[result->index]) {
    r->wanted[result->index] = serial;
  }
}

static uint32_t send_group(round *r, const sheaf_request *request, sheaf_sink *sink, uint32_t count,
                           bool posts, int64_t *serial) {
  sheaf_property bodies[GROUP];
  sheaf_result results[GROUP];
  for (uint32_t i = 0; i < count; i++) {
    results[i] = next_result(r, &bodies[i], ++*serial);
    note(r, &results[i], *serial);
  }
  if (posts) r->posted = true;
  uint32_t answer = posts ? request->call->post(request->call, results, count)
                          : sink->results(sink, results, count);
  memset(bodies, 0xaa, sizeof bodies);
  memset(results, 0xaa, sizeof results);
  return answer;
}

static sheaf_status obey(void *self, const sheaf_request *request, sheaf_sink *sink) {
  round *r = request->call->context->opaque;
  int64_t serial = 0;
  (void)self;
  while (fuzz_left(r->in) > 0) {
    uint8_t what = fuzz_byte(r->in);
    switch (what & 7) {
    case 0:
    case 1:
    case 2:
      (void)send_group(r, request, sink, 1, false, &serial);
      break;
    case 3:
      (void)send_group(r, request, sink, 1 + (what >> 5), false, &serial);
      break;
    case 4:
      (void)send_group(r, request, sink, 1 + (what >> 5), true, &serial);
      break;
    case 5:
      if (what & 8 && request->call->poll(request->call)) return SHEAF_STOPPED;
      if (what & 16) (void)request->call->wait(request->call, 0);
      if (what & 32) {
        request->call->hold(request->call);
        request->call->release(request->call);
      }
      break;
    case 6:
      if (r->depth < DEEPEST) run(r->in, r->depth + 1);
      break;
    default:
      return what >> 3 == 31 ? (sheaf_status)fuzz_number(r->in, 2) : SHEAF_OK;
    }
  }
  return SHEAF_OK;
}

static void judge(const round *r, sheaf_status status, const sheaf_summary *summary) {
  bool stopped = r->stop_at && r->heard >= r->stop_at;
  ALWAYS(stopped ? status == SHEAF_STOPPED : r->heard == r->count);
  ALWAYS(summary->succeeded + summary->failed == r->heard);
  ALWAYS(summary->failed == r->errors);
}

/* A batch, as the next bytes say. */
static void run(fuzz_input *in, unsigned depth) {
  static const sheaf_str refs[MOST];
  round r = {.in = in, .depth = depth};
  uint8_t how = fuzz_byte(in), when = fuzz_byte(in);
  r.count = fuzz_byte(in) % MOST;
  if (when & 1) r.stop_at = 1 + when / 4;
  else if (when & 2) r.cancel_at = 1 + when / 4;
  sheaf_context context = SHEAF_CONTEXT_INIT;
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  context.opaque = &r;
  call.context = &context;
  if (r.cancel_at) call.cancel = r.cancel = sheaf_cancel_new();
  if (how & 2) call.deadline_ns = how & 4 ? 1 : sheaf_deadline_in(1000000000);
  callbacks.flags = how & 8 ? SHEAF_PARALLEL_RESULTS : 0;
  callbacks.ctx = &r;
  callbacks.success = hear_success;
  callbacks.error = hear_error;
  sheaf_request request = sheaf_request_for(refs, r.count);
  request.call = &call;
  r.manager = managers[how & 1];
  judge(&r, sheaf_resolve(r.manager, &request, &callbacks, &summary, NULL), &summary);
  sheaf_cancel_free(r.cancel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz_manager plain, serialized;
  if (!managers[0]) {
    sheaf_library *library = fuzz_library();
    managers[0] = fuzz_open(library, &plain, 0, obey);
    managers[1] = fuzz_open(library, &serialized, SHEAF_MANAGER_SERIALIZED, obey);
  }
  fuzz_input in = {data, data + size};
  run(&in, 0);
  return 0;
}
