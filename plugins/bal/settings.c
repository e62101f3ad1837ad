/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "environment.h"

#include <sheaf/utf8.h>

enum { LIBRARY_PATH, LIBRARY_JSON, SCHEME, LATENCY };

/* A day: more is a slip of the pen. */
enum { LONGEST_LATENCY_MS = 24 * 60 * 60 * 1000 };

const sheaf_setting_info bal_setting_infos[BAL_SETTING_COUNT] = {
    {"library_path", NULL,
     "The JSON file that holds the library. If it is not set or empty: the variable "
     "BAL_LIBRARY_PATH of the environment.",
     SHEAF_KIND_STRING, 0},
    {"library_json", NULL,
     "The library itself, as JSON text; library_path is then not looked at. Such a library has no "
     "variables bal_library_path, bal_library_dir and bal_library_dir_url.",
     SHEAF_KIND_STRING, 0},
    {"entity_reference_url_scheme", "bal",
     "What references begin with, before `:///`: ASCII letters, digits and `-`.", SHEAF_KIND_STRING,
     0},
    {"simulated_query_latency_ms", "0",
     "How many milliseconds each batch takes longer than it needs, as if the library were far "
     "away.",
     SHEAF_KIND_INT64, 0}};

static const sheaf_value *value_at(const sheaf_value *values, uint32_t count, uint32_t i,
                                   sheaf_kind kind) {
  return i < count && values[i].kind == kind ? &values[i] : NULL;
}

static bool fail(sheaf_error *error, const char *what) {
  (void)sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s", what);
  return false;
}

static bool check_scheme(sheaf_str scheme, sheaf_error *error) {
  if (scheme.size == 0 || scheme.size > BAL_LONGEST_SCHEME)
    return fail(error, "entity_reference_url_scheme must have 1 to 64 characters; leave it out "
                       "for 'bal'");
  for (size_t i = 0; i < scheme.size; i++) {
    char c = scheme.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
      return fail(error, "entity_reference_url_scheme may hold only a-z, A-Z, 0-9 and -; what "
                         "stands before ':///' in the references is the scheme");
  }
  return true;
}

/* Only a library in a file has a path. */
static bool find_path(bal_settings *settings, sheaf_error *error) {
  static const sheaf_str variable = SHEAF_STR("BAL_LIBRARY_PATH");
  bool given = settings->path.size > 0;
  if (!given && (!bal_environment(variable, &settings->path) || settings->path.size == 0))
    return fail(error, "no library: set library_path or library_json, or the variable "
                       "BAL_LIBRARY_PATH in the environment");
  if (!sheaf_utf8_valid(settings->path) || memchr(settings->path.data, '\0', settings->path.size)) {
    return fail(error, given ? "library_path is not UTF-8: rename the file"
                             : "BAL_LIBRARY_PATH is not UTF-8: rename the file");
  }
  return true;
}

bool bal_settings_read(bal_settings *settings, const sheaf_value *values, uint32_t count,
                       sheaf_error *error) {
  const sheaf_value *json = value_at(values, count, LIBRARY_JSON, SHEAF_KIND_STRING);
  const sheaf_value *scheme = value_at(values, count, SCHEME, SHEAF_KIND_STRING);
  const sheaf_value *latency = value_at(values, count, LATENCY, SHEAF_KIND_INT64);
  *settings = (bal_settings){
      .has_json = json != NULL,
      .json = sheaf_value_str(json),
      .path = sheaf_value_str(value_at(values, count, LIBRARY_PATH, SHEAF_KIND_STRING)),
      .scheme = scheme ? sheaf_value_str(scheme) : sheaf_cstr("bal"),
      .latency_ms = latency ? latency->u.integer : 0};
  if (settings->latency_ms < 0 || settings->latency_ms > LONGEST_LATENCY_MS)
    return fail(error, "simulated_query_latency_ms must be from 0 to 86400000 (a day)");
  return check_scheme(settings->scheme, error) &&
         (settings->has_json || find_path(settings, error));
}
