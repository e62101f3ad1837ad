/* SPDX-License-Identifier: Apache-2.0 */
/* What all stages share while they serve. */
#include "stage/stage.h"

#include "core/extensible.h"
#include "plugin/words.h"

static bool is_understood(const sheaf_context *context) {
  return !context || !(context->flags & SHEAF_MUST_UNDERSTAND);
}

bool sheaf_stage_may_share(const sheaf_request *request) {
  if (request->call->flags & SHEAF_MUST_UNDERSTAND) return false;
  if (!is_understood(request->call->context)) return false;
  for (uint32_t i = 0; request->contexts && i < request->count; i++)
    if (!is_understood(request->contexts[i])) return false;
  return true;
}

sheaf_status sheaf_stage_fail(const sheaf_request *request, sheaf_sink *sink, sheaf_status status,
                              const char *message, uint32_t flags) {
  enum { GROUP = 16 };
  sheaf_result results[GROUP];
  for (uint32_t i = 0, n; i < request->count; i += n) {
    for (n = 0; n < GROUP && i + n < request->count; n++)
      results[n] = (sheaf_result){i + n, status, NULL, 0, flags, sheaf_cstr(message)};
    if (sink->results(sink, results, n) != SHEAF_CONTINUE) break;
  }
  return status;
}

sheaf_call sheaf_stage_derive(const sheaf_call *call) {
  sheaf_call derived = *call;
  derived.scratch = NULL;
  derived.poll = NULL;
  derived.wait = NULL;
  derived.post = NULL;
  derived.hold = NULL;
  derived.release = NULL;
  return derived;
}

static const char *setting_name(const sheaf_stage_type *type, uint32_t i) {
  return type->info.factory->settings[i].name;
}

sheaf_status sheaf_stage_number(const sheaf_stage_type *type, const sheaf_value *settings,
                                uint32_t i, int64_t least, int64_t most, int64_t *out,
                                sheaf_error *error) {
  *out = settings[i].u.integer;
  if (*out >= least && *out <= most) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "setting \"%s\" is %lld: give a whole number from %lld to %lld",
                         setting_name(type, i), (long long)*out, (long long)least, (long long)most);
}

sheaf_status sheaf_stage_word(const sheaf_stage_type *type, const sheaf_value *settings, uint32_t i,
                              const char *const *words, uint32_t count, uint32_t *out,
                              sheaf_error *error) {
  sheaf_str given = sheaf_value_str(&settings[i]);
  for (*out = 0; *out < count; ++*out)
    if (sheaf_str_equal(given, sheaf_cstr(words[*out]))) return SHEAF_OK;
  char list[200] = "";
  for (uint32_t w = 0; w < count; w++) {
    size_t at = strlen(list);
    const char *glue = w == 0 ? "" : w + 1 == count ? " or " : ", ";
    snprintf(list + at, sizeof list - at, "%s%s", glue, words[w]);
  }
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "setting \"%s\" is %s: write %s",
                         setting_name(type, i), sheaf_quote(given).text, list);
}
