/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/settings.h"

#include <stdlib.h>

#include <sheaf/status.h>

#include "plugin/words.h"

/* Whom the settings are for, and what messages call it. */
typedef struct taker {
  const char *noun, *id;
  const sheaf_setting_info *settings;
  uint32_t setting_count;
} taker;

/* The index of a setting by name; setting_count if there is none. */
static uint32_t find(const taker *of, sheaf_str name) {
  uint32_t i = 0;
  while (i < of->setting_count && !sheaf_str_equal(name, sheaf_cstr(of->settings[i].name))) i++;
  return i;
}

static sheaf_hint suggest(const taker *of, sheaf_str name) {
  const char *names[1024];
  uint32_t count = of->setting_count < 1024 ? of->setting_count : 1024;
  for (uint32_t i = 0; i < count; i++) names[i] = of->settings[i].name;
  return sheaf_did_you_mean(name, names, count);
}

/* "a, b and c", as many as fit. */
static void list_names(const taker *of, char *text, size_t size) {
  size_t at = 0;
  for (uint32_t i = 0; i < of->setting_count && at < size; i++) {
    const char *glue = i == 0 ? "" : i + 1 == of->setting_count ? " and " : ", ";
    int written = snprintf(text + at, size - at, "%s%s", glue, of->settings[i].name);
    if (written < 0) return;
    at += (size_t)written;
  }
}

static sheaf_status unknown(const taker *of, sheaf_str name, sheaf_error *error) {
  char names[1500] = "";
  sheaf_quoted quoted = sheaf_quote(name);
  if (of->setting_count == 0)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "%s \"%s\" has no setting %s: it takes none", of->noun, of->id,
                           quoted.text);
  list_names(of, names, sizeof names);
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "%s \"%s\" has no setting %s%s; it takes %s", of->noun, of->id,
                         quoted.text, suggest(of, name).text, names);
}

/* The value's text for a message; of a secret nothing. */
static sheaf_quoted show(const sheaf_setting_info *info, const sheaf_value *value) {
  if (info->flags & SHEAF_SETTING_SECRET) return sheaf_quote(sheaf_cstr("(secret)"));
  return sheaf_quote(sheaf_value_str(value));
}

static sheaf_status wrong_kind(const taker *of, const sheaf_setting_info *info,
                               const sheaf_value *value, sheaf_error *error) {
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "setting \"%s\" of %s \"%s\" is %s, and it was given a value of kind "
                         "%s: give %s, or its text as a string",
                         info->name, of->noun, of->id, sheaf_setting_kind_words(info->kind),
                         sheaf_kind_name(value->kind), sheaf_setting_kind_words(info->kind));
}

/* Reads what the host gave as the kind that the setting has. */
static sheaf_status convert(const taker *of, const sheaf_setting_info *info,
                            const sheaf_value *given, sheaf_value *out, sheaf_error *error) {
  if (given->kind == SHEAF_KIND_STRING) {
    if (given->length && !given->u.data)
      return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                             "setting \"%s\" of %s \"%s\" is a string of %u bytes at NULL",
                             info->name, of->noun, of->id, given->length);
    const char *problem = sheaf_setting_parse(info->kind, sheaf_value_str(given), out);
    if (!problem) return SHEAF_OK;
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "setting \"%s\" of %s \"%s\" is %s, and %s is not one: %s", info->name,
                           of->noun, of->id, sheaf_setting_kind_words(info->kind),
                           show(info, given).text, problem);
  }
  *out = *given;
  if (given->kind == info->kind) return SHEAF_OK;
  if (given->kind != SHEAF_KIND_INT64 || info->kind != SHEAF_KIND_DOUBLE)
    return wrong_kind(of, info, given, error);
  *out = sheaf_double((double)given->u.integer);
  return SHEAF_OK;
}

static sheaf_status take(const taker *of, const sheaf_setting *setting, sheaf_value *values,
                         sheaf_error *error) {
  uint32_t i = find(of, setting->name);
  if (i == of->setting_count) return unknown(of, setting->name, error);
  if (setting->value.kind == SHEAF_KIND_NONE) return SHEAF_OK; /* as if it were not there */
  if (values[i].kind != SHEAF_KIND_NONE)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "setting \"%s\" of %s \"%s\" is given twice: give it once",
                           of->settings[i].name, of->noun, of->id);
  return convert(of, &of->settings[i], &setting->value, &values[i], error);
}

/* What the host left out: the default, or a refusal if there must be a value. */
static sheaf_status complete(const taker *of, uint32_t i, sheaf_value *value, sheaf_error *error) {
  const sheaf_setting_info *info = &of->settings[i];
  if (value->kind != SHEAF_KIND_NONE) return SHEAF_OK;
  if (info->default_value) {
    const char *problem = sheaf_setting_parse(info->kind, sheaf_cstr(info->default_value), value);
    if (!problem) return SHEAF_OK;
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "the default of setting \"%s\" of %s \"%s\" cannot be read: %s",
                           info->name, of->noun, of->id, problem);
  }
  if (!(info->flags & SHEAF_SETTING_REQUIRED)) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "%s \"%s\" needs the setting \"%s\", which is not given; it is %s%s%s",
                         of->noun, of->id, info->name, sheaf_setting_kind_words(info->kind),
                         info->doc ? ": " : "", info->doc ? info->doc : "");
}

sheaf_status sheaf_settings_resolve(const char *noun, const sheaf_factory *factory,
                                    const sheaf_setting *settings, uint32_t count,
                                    sheaf_value **out, sheaf_error *error) {
  const taker of = {noun, factory->id, factory->settings, factory->setting_count};
  *out = NULL;
  if (count && !settings)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%u settings at NULL", count);
  sheaf_value *values = calloc((size_t)of.setting_count + 1, sizeof *values);
  if (!values) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  sheaf_status status = SHEAF_OK;
  for (uint32_t i = 0; i < count && !status; i++) status = take(&of, &settings[i], values, error);
  for (uint32_t i = 0; i < of.setting_count && !status; i++)
    status = complete(&of, i, &values[i], error);
  if (status) free(values);
  else *out = values;
  return status;
}
