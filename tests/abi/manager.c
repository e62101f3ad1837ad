/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manager built with the header of two minors: 1.0's, where it does what a manager of 1.0 does, and
 * the next one's, where it uses whatever is new. Both answer "seen" with what they were handed, so
 * that the host can tell what a core of either minor makes of it.
 *
 * WRITTEN_FOR, NEEDS: the range in its record. ID: what it is called.
 */
#include <stdlib.h>

#include <sheaf/abi.h>

#define IS_NEXT (SHEAF_ABI_MINOR > 0)

static const sheaf_str names[] = {SHEAF_STR("seen"),  SHEAF_STR("request"), SHEAF_STR("call"),
                                  SHEAF_STR("sink"),  SHEAF_STR("host"),    SHEAF_STR("minor"),
                                  SHEAF_STR("flags"), SHEAF_STR("new"),     SHEAF_STR("context")};
enum { SEEN, REQUEST, CALL, SINK, HOST, MINOR, FLAGS, NEW, CONTEXT, NAMES };

struct manager {
  const sheaf_host *host;
  sheaf_id ids[NAMES];
};

/* What a manager of the next minor reads with SHEAF_HAS, and one of 1.0 has never heard of. */
static int64_t new_field(const sheaf_request *request) {
#if IS_NEXT
  if (SHEAF_HAS(sheaf_request, request, next_request)) return (int64_t)request->next_request;
#else
  (void)request;
#endif
  return 0;
}

static uint32_t answer_seen(const struct manager *self, const sheaf_request *request, uint32_t i,
                            sheaf_sink *sink) {
  const sheaf_context *context = request->call->context;
  const int64_t seen[NAMES] = {
      [REQUEST] = request->struct_size, [CALL] = request->call->struct_size,
      [SINK] = sink->struct_size,       [HOST] = self->host->struct_size,
      [MINOR] = self->host->abi_minor,  [FLAGS] = request->flags,
      [NEW] = new_field(request),       [CONTEXT] = context ? context->struct_size : 0};
  sheaf_property properties[NAMES - 1];
  for (int p = REQUEST; p < NAMES; p++)
    properties[p - 1] = (sheaf_property){self->ids[SEEN], self->ids[p], sheaf_int64(seen[p])};
  return sheaf_emit_success(sink, i, properties, NAMES - 1, 0);
}

#if IS_NEXT

/* One property, and a result, with whatever a younger manager may put there. */
static uint32_t answer_value(const struct manager *self, uint32_t i, sheaf_value value,
                             uint32_t flags, sheaf_sink *sink) {
  sheaf_property property = {self->ids[SEEN], self->ids[NEW], value};
  return sheaf_emit_success(sink, i, &property, 1, flags);
}

static sheaf_value of_kind(sheaf_kind kind, sheaf_value value) {
  value.kind = kind;
  return value;
}

static uint32_t answer_new(const struct manager *self, sheaf_str ref, uint32_t i,
                           sheaf_sink *sink) {
  /* On the stack: it dies when the function returns, so that a core must have copied it. */
  char uuid[16];
  memcpy(uuid, "0123456789abcdef", sizeof uuid);
  sheaf_value bytes = of_kind(SHEAF_KIND_NEXT_UUID, sheaf_bytes(uuid, sizeof uuid));
  sheaf_value items[2] = {bytes, of_kind(SHEAF_KIND_NEXT_TIME, sheaf_int64(1234567890123))};
  sheaf_value set = of_kind(SHEAF_KIND_NEXT_SET, sheaf_list(items, 2));
  sheaf_value flagged = sheaf_int64(7);
  uint32_t said = SHEAF_CONTINUE;
  if (sheaf_str_equal(ref, sheaf_cstr("uuid"))) said = answer_value(self, i, bytes, 0, sink);
  else if (sheaf_str_equal(ref, sheaf_cstr("time")))
    said = answer_value(self, i, items[1], 0, sink);
  else if (sheaf_str_equal(ref, sheaf_cstr("set"))) said = answer_value(self, i, set, 0, sink);
  else if (sheaf_str_equal(ref, sheaf_cstr("reserved class")))
    said = answer_value(self, i, of_kind(15, bytes), 0, sink);
  else if (sheaf_str_equal(ref, sheaf_cstr("value may"))) {
    flagged.flags = 2;
    said = answer_value(self, i, flagged, 0, sink);
  } else if (sheaf_str_equal(ref, sheaf_cstr("value must"))) {
    flagged.flags = 0x100;
    said = answer_value(self, i, flagged, 0, sink);
  } else if (sheaf_str_equal(ref, sheaf_cstr("result may")))
    said = answer_value(self, i, flagged, 8, sink);
  else if (sheaf_str_equal(ref, sheaf_cstr("result must")))
    said = answer_value(self, i, flagged, 1u << 16, sink);
  else said = sheaf_emit_error(sink, i, SHEAF_NEXT_STATUS, sheaf_cstr(""));
  memset(uuid, 0, sizeof uuid);
  return said;
}

#endif

static uint32_t answer(const struct manager *self, const sheaf_request *request, uint32_t i,
                       sheaf_sink *sink) {
  if (sheaf_str_equal(request->refs[i], sheaf_cstr("seen")))
    return answer_seen(self, request, i, sink);
#if IS_NEXT
  return answer_new(self, request->refs[i], i, sink);
#else
  return sheaf_emit_error(sink, i, SHEAF_ENTITY_RESOLUTION_ERROR, sheaf_cstr("only 'seen'"));
#endif
}

static sheaf_status batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  for (uint32_t i = 0; i < request->count; i++)
    if (answer(self, request, i, sink) == SHEAF_STOP) return SHEAF_STOPPED;
  return SHEAF_OK;
}

static const sheaf_description *describe(void *self) {
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
#if IS_NEXT
      {SHEAF_VERB_TRAITS, SHEAF_VERB_PURE | 8},          /* a flag that may be ignored */
      {SHEAF_VERB_EXISTS, SHEAF_VERB_PURE | (1u << 16)}, /* one that must be understood */
      {SHEAF_VERB_NEXT, SHEAF_VERB_PURE},                /* a number that 1.0 never gave */
#endif
  };
  static const sheaf_description description = {
      .struct_size = sizeof description,
      .verbs = verbs,
      .verb_count = sizeof verbs / sizeof verbs[0],
#if IS_NEXT
      .flags = 1u << 8,
      .next_description = 1,
#endif
  };
  (void)self;
  return &description;
}

#if IS_NEXT
static sheaf_status next_function(void *self) {
  (void)self;
  return SHEAF_OK;
}
#endif

static const sheaf_manager_table table = {
    .struct_size = sizeof table,
    .describe = describe,
    .batch = batch,
    .destroy = free,
#if IS_NEXT
    .flags = 1,
    .next_function = next_function,
#endif
};

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  struct manager *self = malloc(sizeof *self);
  (void)factory, (void)settings, (void)setting_count;
  if (!self) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  self->host = host;
  sheaf_status status = host->intern(host, names, NAMES, self->ids, error);
  if (status) {
    free(self);
    return status;
  }
  *out = (sheaf_interface){&table, self};
  return SHEAF_OK;
}

static const sheaf_factory factory = {
    .struct_size = sizeof factory,
    .id = ID,
    .create = create,
#if IS_NEXT
    .flags = 1,
    .next_factory = 1,
#endif
};

static const sheaf_factory *const factories[] = {&factory};

static const sheaf_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = WRITTEN_FOR,
    .abi_minor_min = NEEDS,
    .factories = factories,
    .factory_count = 1,
#if IS_NEXT
    .flags = 1,
    .next_plugin = 1,
#endif
};

const sheaf_plugin *sheaf_plugin_v1(void) { return &plugin; }
