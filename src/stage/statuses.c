/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/statuses.h"

#include "plugin/words.h"

typedef struct named {
  const char *name;
  sheaf_status status;
} named;

static const named all[] = {
#define ROW(upper, number, lower, text) {#lower, SHEAF_##upper},
    SHEAF_STATUS_MAP(ROW)
#undef ROW
};
#define ALL ((uint32_t)(sizeof all / sizeof *all))

_Static_assert(ALL <= SHEAF_STATUSES_MOST, "room for each status");

static bool separates(char c) { return c == ',' || c == ' ' || c == '\t' || c == '\n'; }

static const named *find(sheaf_str name) {
  for (uint32_t i = 1; i < ALL; i++) /* the first is no error */
    if (sheaf_str_equal(name, sheaf_cstr(all[i].name))) return &all[i];
  return NULL;
}

static sheaf_status unknown(const sheaf_setting_info *setting, sheaf_str name, sheaf_error *error) {
  const char *names[ALL];
  char list[1000] = "";
  for (uint32_t i = 1; i < ALL; i++) {
    size_t at = strlen(list);
    names[i - 1] = all[i].name;
    snprintf(list + at, sizeof list - at, "%s%s", i > 1 ? ", " : "", all[i].name);
  }
  return sheaf_error_set(
      error, SHEAF_INVALID_ARGUMENT, "setting \"%s\" names %s, which is no error%s; there are %s",
      setting->name, sheaf_quote(name).text, sheaf_did_you_mean(name, names, ALL - 1).text, list);
}

sheaf_status sheaf_statuses_read(sheaf_statuses *statuses, const sheaf_stage_type *type,
                                 const sheaf_value *settings, uint32_t i, sheaf_error *error) {
  sheaf_str text = sheaf_value_str(&settings[i]);
  statuses->count = 0;
  for (size_t at = 0, end; at < text.size; at = end + 1) {
    for (end = at; end < text.size && !separates(text.data[end]);) end++;
    if (end == at) continue;
    sheaf_str name = sheaf_strn(text.data + at, end - at);
    const named *found = find(name);
    if (!found) return unknown(&type->info.factory->settings[i], name, error);
    if (!sheaf_statuses_have(statuses, found->status))
      statuses->list[statuses->count++] = found->status;
  }
  const sheaf_setting_info *setting = &type->info.factory->settings[i];
  if (statuses->count || !setting->default_value[0]) return SHEAF_OK;
  return sheaf_error_set(
      error, SHEAF_INVALID_ARGUMENT,
      "setting \"%s\" names no error, so that the stage would do nothing: leave it out for "
      "%s",
      setting->name, setting->default_value);
}
