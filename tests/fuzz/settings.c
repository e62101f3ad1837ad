/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: names and texts of any sort, given to a manager that takes one of each kind. What is
 * taken has its kind and reads back as the same; what is not is refused in words, and no word of a
 * secret is among them. Also the parser alone, of any kind.
 */
#include "plugin/settings.h"

#include <inttypes.h>
#include <math.h>

#include "fuzz.h"

enum { MOST = 8 };

static const sheaf_setting_info infos[] = {
    {"flag", "true", "A bool.", SHEAF_KIND_BOOL, 0},
    {"count", NULL, NULL, SHEAF_KIND_INT64, 0},
    {"ratio", "0.5", NULL, SHEAF_KIND_DOUBLE, 0},
    {"path", NULL, "A path.", SHEAF_KIND_STRING, SHEAF_SETTING_REQUIRED},
    {"token", NULL, "A secret.", SHEAF_KIND_INT64, SHEAF_SETTING_SECRET},
};

static const sheaf_factory factory = {.struct_size = sizeof factory,
                                      .id = "x",
                                      .settings = infos,
                                      .setting_count = sizeof infos / sizeof *infos};

static void check_parse(uint32_t kind, sheaf_str text) {
  sheaf_value v = sheaf_none();
  char written[64] = "";
  sheaf_value again;
  const char *problem = sheaf_setting_parse(kind, text, &v);
  if (problem) {
    ALWAYS(problem[0]);
    return;
  }
  ALWAYS(v.kind == kind);
  if (kind == SHEAF_KIND_INT64) snprintf(written, sizeof written, "%" PRId64, v.u.integer);
  if (kind == SHEAF_KIND_DOUBLE) {
    ALWAYS(isfinite(v.u.real));
    snprintf(written, sizeof written, "%.17g", v.u.real);
  }
  if (!written[0]) return;
  ALWAYS(!sheaf_setting_parse(kind, sheaf_cstr(written), &again));
  ALWAYS(again.u.integer == v.u.integer); /* all the bits */
}

static void check_resolve(const sheaf_setting *settings, uint32_t count) {
  sheaf_value *values = NULL;
  sheaf_error error = {0};
  sheaf_status status =
      sheaf_settings_resolve("manager", &factory, settings, count, &values, &error);
  if (status) {
    ALWAYS(status == SHEAF_INVALID_ARGUMENT && !values);
    fuzz_check_error(&error);
    return;
  }
  for (uint32_t i = 0; i < factory.setting_count; i++)
    ALWAYS(values[i].kind == infos[i].kind ||
           (values[i].kind == SHEAF_KIND_NONE && !infos[i].default_value));
  ALWAYS(values[3].kind == SHEAF_KIND_STRING);
  free(values);
}

/* A name: one of those that there are, or the input's. */
static sheaf_str next_name(fuzz_input *in) {
  uint8_t byte = fuzz_byte(in);
  if (byte < 0xc0) return sheaf_cstr(infos[byte % factory.setting_count].name);
  return fuzz_text(in);
}

static sheaf_value next_value(fuzz_input *in) {
  uint8_t byte = fuzz_byte(in);
  if (byte < 0xc0) return sheaf_string(fuzz_text(in));
  sheaf_value v = sheaf_value_make((sheaf_kind)(byte & 0x3c), 0); /* inline kinds, known or not */
  v.u.integer = (int64_t)fuzz_number(in, 8);
  return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in = {data, data + size};
  sheaf_setting settings[MOST];
  uint32_t count = 0;
  if (size > 0 && data[0] < 0x10) {
    check_parse(data[0], sheaf_strn((const char *)data + 1, size - 1));
    return 0;
  }
  (void)fuzz_byte(&in);
  while (count < MOST && fuzz_left(&in) > 0) {
    settings[count].name = next_name(&in);
    settings[count].value = next_value(&in);
    count++;
  }
  check_resolve(settings, count);
  return 0;
}
