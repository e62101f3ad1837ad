/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manager for the tests of the command: what it answers, and how badly, is in the reference.
 *
 *   text:ANYTHING   trait "said", key "text": what stands behind the colon
 *   error:MESSAGE   a resolution error with that message
 *   fail            an error without a message
 *   missing         no result at all
 *   kinds           a value of every kind
 *   scattered       traits whose properties are not side by side, and one without any
 *   empty           a record without properties
 *   sleep:MS        takes that long, but can be cancelled
 *   stuck:MS        takes that long whatever happens
 *   touch:PATH      makes a file, to tell that the manager has come that far
 *   unavailable     the batch fails at that reference
 *   settings        the settings that it was created with
 *
 * It answers from the last reference to the first. It serves resolve and traits, not exists.
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include <sheaf/abi.h>

static const sheaf_setting_info setting_infos[] = {
    {"token", NULL, "Any text; it is not shown.", SHEAF_KIND_STRING,
     SHEAF_SETTING_REQUIRED | SHEAF_SETTING_SECRET},
    {"count", "3", "A whole number.", SHEAF_KIND_INT64, 0},
    {"ratio", "0.5", NULL, SHEAF_KIND_DOUBLE, 0},
    {"flag", "false", "True or false.", SHEAF_KIND_BOOL, 0},
    {"label", "", "Some text.", SHEAF_KIND_STRING, 0},
};
enum { SETTINGS = sizeof setting_infos / sizeof *setting_infos };

typedef struct odd {
  const sheaf_host *host;
  int64_t count;
  double ratio;
  bool flag;
  char label[64];
} odd;

static sheaf_id id_of(const odd *self, const char *name) {
  sheaf_str text = sheaf_cstr(name);
  sheaf_id id = 0;
  self->host->intern(self->host, &text, 1, &id, NULL);
  return id;
}

static sheaf_property property(const odd *self, const char *trait, const char *key,
                               sheaf_value value) {
  sheaf_property p = {id_of(self, trait), key ? id_of(self, key) : 0, value};
  return p;
}

static void answer_kinds(const odd *self, uint32_t index, sheaf_sink *sink) {
  char all_bytes[256];
  for (int i = 0; i < 256; i++) all_bytes[i] = (char)i;
  sheaf_value inner[] = {sheaf_bool(true), sheaf_none()};
  sheaf_value items[] = {sheaf_int64(1), sheaf_double(2.5), sheaf_string(sheaf_cstr("x")),
                         sheaf_list(inner, 2), sheaf_bytes("\0\1", 2)};
  struct {
    const char *key;
    sheaf_value value;
  } kinds[] = {{"true", sheaf_bool(true)},
               {"false", sheaf_bool(false)},
               {"most", sheaf_int64(INT64_MAX)},
               {"least", sheaf_int64(INT64_MIN)},
               {"zero", sheaf_int64(0)},
               {"twelve", sheaf_double(12)},
               {"tenth", sheaf_double(0.1)},
               {"third", sheaf_double(1.0 / 3)},
               {"huge", sheaf_double(1e300)},
               {"tiny", sheaf_double(5e-324)},
               {"minus_zero", sheaf_double(-0.0)},
               {"large", sheaf_double(1e22)},
               {"nan", sheaf_double(NAN)},
               {"infinity", sheaf_double(INFINITY)},
               {"minus_infinity", sheaf_double(-INFINITY)},
               {"bytes", sheaf_bytes(all_bytes, 256)},
               {"one_byte", sheaf_bytes("", 1)},
               {"two_bytes", sheaf_bytes("\0\1", 2)},
               {"no_bytes", sheaf_bytes(NULL, 0)},
               {"no_text", sheaf_string(sheaf_cstr(NULL))},
               {"list", sheaf_list(items, 5)},
               {"no_items", sheaf_list(NULL, 0)},
               {"born_later", sheaf_value_make(16, 0)}};
  enum { KINDS = sizeof kinds / sizeof *kinds };
  sheaf_property properties[KINDS];
  for (int i = 0; i < KINDS; i++) {
    properties[i] = property(self, "kinds", kinds[i].key, kinds[i].value);
  }
  sheaf_emit_success(sink, index, properties, KINDS, 0);
}

static void answer_scattered(const odd *self, uint32_t index, sheaf_sink *sink) {
  sheaf_property properties[] = {
      property(self, "b", "x", sheaf_int64(1)), property(self, "a", "z", sheaf_int64(2)),
      property(self, "b", "y", sheaf_int64(3)), property(self, "bare", NULL, sheaf_none())};
  sheaf_emit_success(sink, index, properties, 4, 0);
}

static void answer_settings(const odd *self, uint32_t index, sheaf_sink *sink) {
  sheaf_property properties[] = {
      property(self, "settings", "count", sheaf_int64(self->count)),
      property(self, "settings", "ratio", sheaf_double(self->ratio)),
      property(self, "settings", "flag", sheaf_bool(self->flag)),
      property(self, "settings", "label", sheaf_string(sheaf_cstr(self->label)))};
  sheaf_emit_success(sink, index, properties, 4, 0);
}

/* What stands behind the prefix; false if the reference does not begin with it. */
static bool behind(sheaf_str ref, const char *prefix, sheaf_str *rest) {
  sheaf_str p = sheaf_cstr(prefix);
  if (!sheaf_str_starts_with(ref, p)) return false;
  *rest = sheaf_strn(ref.data + p.size, ref.size - p.size);
  return true;
}

static int64_t milliseconds(sheaf_str text) {
  int64_t ms = 0;
  for (size_t i = 0; i < text.size; i++) ms = ms * 10 + (text.data[i] - '0');
  return ms;
}

static void touch(sheaf_str rest) {
  char path[4096];
  snprintf(path, sizeof path, "%.*s", (int)rest.size, rest.data);
  FILE *file = fopen(path, "w");
  if (file) fclose(file);
}

static sheaf_status answer(const odd *self, const sheaf_request *request, uint32_t i,
                           sheaf_sink *sink) {
  sheaf_str ref = request->refs[i], rest;
  if (behind(ref, "text:", &rest)) {
    sheaf_property said = property(self, "said", "text", sheaf_string(rest));
    sheaf_emit_success(sink, i, &said, 1, 0);
  } else if (behind(ref, "sleep:", &rest)) {
    sheaf_status status = request->call->wait(request->call, milliseconds(rest) * 1000000);
    if (status != SHEAF_OK) return status;
    sheaf_emit_success(sink, i, NULL, 0, 0);
  } else if (behind(ref, "stuck:", &rest)) {
    struct timespec time = {milliseconds(rest) / 1000, milliseconds(rest) % 1000 * 1000000};
    nanosleep(&time, NULL);
    sheaf_emit_success(sink, i, NULL, 0, 0);
  } else if (behind(ref, "touch:", &rest)) {
    touch(rest);
    sheaf_emit_success(sink, i, NULL, 0, 0);
  } else if (behind(ref, "error:", &rest)) {
    sheaf_emit_error(sink, i, SHEAF_ENTITY_RESOLUTION_ERROR, rest);
  } else if (sheaf_str_equal(ref, sheaf_cstr("fail"))) {
    sheaf_emit_error(sink, i, SHEAF_UNKNOWN_ERROR, sheaf_cstr(NULL));
  } else if (sheaf_str_equal(ref, sheaf_cstr("kinds"))) {
    answer_kinds(self, i, sink);
  } else if (sheaf_str_equal(ref, sheaf_cstr("scattered"))) {
    answer_scattered(self, i, sink);
  } else if (sheaf_str_equal(ref, sheaf_cstr("empty"))) {
    sheaf_emit_success(sink, i, NULL, 0, 0);
  } else if (sheaf_str_equal(ref, sheaf_cstr("settings"))) {
    answer_settings(self, i, sink);
  } else if (sheaf_str_equal(ref, sheaf_cstr("unavailable"))) {
    return sheaf_emit_failure(sink, SHEAF_UNAVAILABLE, sheaf_cstr("the shop is shut"), 0);
  } else if (!sheaf_str_equal(ref, sheaf_cstr("missing"))) {
    sheaf_emit_error(sink, i, SHEAF_INVALID_ENTITY_REFERENCE, sheaf_cstr("how odd"));
  }
  return SHEAF_OK;
}

static sheaf_status batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  for (uint32_t i = request->count; i-- > 0;) {
    sheaf_status status = answer(self, request, i, sink);
    if (status != SHEAF_OK) return status;
  }
  return SHEAF_OK;
}

static const sheaf_description *describe(void *self) {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_IDEMPOTENT},
                                          {SHEAF_VERB_TRAITS, SHEAF_VERB_PURE}};
  static const sheaf_str prefixes[] = {SHEAF_STR("text:"), SHEAF_STR("error:")};
  static const sheaf_description description = {.struct_size = sizeof description,
                                                .flags = SHEAF_MANAGER_SERIALIZED,
                                                .verbs = verbs,
                                                .prefixes = prefixes,
                                                .verb_count = 2,
                                                .prefix_count = 2};
  (void)self;
  return &description;
}

static void destroy(void *self) { free(self); }

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  static const sheaf_manager_table table = {
      .struct_size = sizeof table, .describe = describe, .batch = batch, .destroy = destroy};
  (void)factory;
  (void)setting_count;
  if (settings[1].u.integer < 0) {
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "odd: setting 'count' is negative");
  }
  odd *self = calloc(1, sizeof *self);
  if (!self) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "odd: out of memory");
  self->host = host;
  self->count = settings[1].u.integer;
  self->ratio = settings[2].u.real;
  self->flag = settings[3].u.integer != 0;
  sheaf_str label = sheaf_value_str(&settings[4]);
  snprintf(self->label, sizeof self->label, "%.*s", (int)label.size, label.size ? label.data : "");
  out->table = &table;
  out->self = self;
  return SHEAF_OK;
}

const sheaf_plugin *sheaf_plugin_v1(void) {
  static const sheaf_factory factory = {.struct_size = sizeof factory,
                                        .id = "odd",
                                        .display_name = "The Odd Manager",
                                        .version = "1.0.0",
                                        .description = "Answers as it is asked to.",
                                        .settings = setting_infos,
                                        .setting_count = SETTINGS,
                                        .create = create};
  static const sheaf_factory *const factories[] = {&factory};
  static const sheaf_plugin plugin = {.struct_size = sizeof plugin,
                                      .abi_minor = 0,
                                      .abi_minor_min = 0,
                                      .factories = factories,
                                      .factory_count = 1};
  return &plugin;
}
