/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any values in any results, through the sink and through post, collected: whatever comes out can be
 * read to its end after the manager's own memory is gone, and is no deeper than the limit.
 */
#include "fuzz_values.h"

enum { MOST = 16 };

/* The batch under way. */
static struct {
  fuzz_input in;
  bool posts;
  sheaf_id ids[5];
} now;

static sheaf_status batch_of_values(void *self, const sheaf_request *request, sheaf_sink *sink) {
  fuzz_bodies *bodies = request->call->scratch(request->call, sizeof *bodies);
  sheaf_result results[MOST];
  (void)self;
  ALWAYS(bodies);
  bodies->value_count = bodies->property_count = 0;
  for (uint32_t i = 0; i < request->count; i++) {
    results[i] = fuzz_result(&now.in, bodies, i, now.ids);
    /* Static would be a lie: this memory goes. What a static value points to is the input. */
    results[i].flags &= ~(uint32_t)SHEAF_RESULT_STATIC;
  }
  for (uint32_t i = 0; i < bodies->value_count; i++)
    if (SHEAF_STORAGE(bodies->values[i].kind) == SHEAF_STORAGE_LIST)
      bodies->values[i].flags &= (uint16_t)~SHEAF_VALUE_STATIC;
  for (uint32_t i = 0; i < bodies->property_count; i++)
    if (SHEAF_STORAGE(bodies->properties[i].value.kind) == SHEAF_STORAGE_LIST)
      bodies->properties[i].value.flags &= (uint16_t)~SHEAF_VALUE_STATIC;
  if (now.posts) ALWAYS(request->call->post(request->call, results, request->count) == SHEAF_OK);
  else (void)sink->results(sink, results, request->count);
  if (!now.posts) memset(bodies, 0xaa, sizeof *bodies);
  return SHEAF_OK;
}

static unsigned depth_of(const sheaf_value *v) {
  unsigned deepest = 0;
  if (SHEAF_STORAGE(v->kind) != SHEAF_STORAGE_LIST) return 0;
  for (uint32_t i = 0; i < v->length; i++) {
    unsigned depth = depth_of(&v->u.items[i]);
    if (depth > deepest) deepest = depth;
  }
  return deepest + 1;
}

static void check_depths(const sheaf_batch *batch, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    for (uint32_t k = 0; k < r->property_count; k++)
      ALWAYS(depth_of(&r->properties[k].value) <= SHEAF_MAX_LIST_DEPTH);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const sheaf_str refs[MOST];
  static fuzz_manager plain, serialized;
  static sheaf_manager *managers[2];
  if (!managers[0]) {
    sheaf_library *library = fuzz_library();
    managers[0] = fuzz_open(library, &plain, 0, batch_of_values);
    managers[1] = fuzz_open(library, &serialized, SHEAF_MANAGER_SERIALIZED, batch_of_values);
    static const char *const names[] = {"t", "u", "k", "l"};
    for (int i = 0; i < 4; i++) now.ids[i + 1] = sheaf_intern_one(library, names[i]);
  }
  now.in = (fuzz_input){data, data + size};
  uint8_t how = fuzz_byte(&now.in);
  now.posts = how & 1;
  sheaf_request request = sheaf_request_for(refs, how >> 4);
  sheaf_slot slots[2] = {{now.ids[1], now.ids[3]}, {now.ids[2], now.ids[4]}};
  if (how & 4) {
    request.flags = 0;
    request.slots = slots;
    request.slot_count = 2;
  }
  sheaf_batch *batch = sheaf_resolve_batch(managers[how >> 1 & 1], &request, NULL);
  ALWAYS(batch && sheaf_batch_status(batch) == SHEAF_OK);
  fuzz_read_batch(batch, request.count);
  check_depths(batch, request.count);
  sheaf_batch_free(batch);
  return 0;
}
