/* SPDX-License-Identifier: Apache-2.0 */
/* Values of properties, and variables. */
#include "load.h"

#include "file_url.h"

/* Puts variables in and takes `..` out; `text` or one of the loader's buffers. */
static bool expand(bal_loader *loader, sheaf_str *text) {
  if (memchr(text->data, '$', text->size)) {
    bal_buffer_clear(&loader->expanded);
    bal_variables_expand(&loader->variables, *text, &loader->expanded);
    if (loader->expanded.failed) return bal_no_memory(loader);
    *text = bal_buffer_str(&loader->expanded);
  }
  if (bal_is_file_url(*text)) {
    bal_buffer_clear(&loader->normalised);
    bool changed = bal_file_url_normalise(&loader->normalised, *text);
    if (loader->normalised.failed) return bal_no_memory(loader);
    if (changed) *text = bal_buffer_str(&loader->normalised);
  }
  return true;
}

static bool load_string(bal_loader *loader, const cJSON *item, bool expanding, sheaf_value *value) {
  sheaf_str text = sheaf_cstr(item->valuestring);
  if (expanding && !expand(loader, &text)) return false;
  text = bal_arena_copy(&loader->library->arena, text);
  if (!text.data) return bal_no_memory(loader);
  *value = sheaf_string(text);
  value->flags = SHEAF_VALUE_STATIC;
  return true;
}

static void load_number(bal_loader *loader, const bal_place *place, const cJSON *item,
                        sheaf_value *value) {
  bool inexact = false;
  size_t at = loader->numbers.at[loader->next_number++];
  *value = bal_json_number(loader->text, at, item->valuedouble, &inexact);
  if (inexact)
    bal_warn(loader, place, "an integer of more than 64 bits, read as the nearest double");
}

bool bal_load_value(bal_loader *loader, const bal_place *place, const cJSON *item, bool expanding,
                    sheaf_value *value) {
  if (cJSON_IsString(item)) return load_string(loader, item, expanding, value);
  if (cJSON_IsNumber(item) && loader->next_number < loader->numbers.count) {
    load_number(loader, place, item, value);
    return true;
  }
  if (cJSON_IsBool(item)) {
    *value = sheaf_bool(cJSON_IsTrue(item));
    return true;
  }
  return bal_wrong_type(loader, place, "string, number or boolean", item);
}

bool bal_load_variables(bal_loader *loader, const bal_place *place, const cJSON *item) {
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    if (!cJSON_IsString(child)) return bal_wrong_type(loader, &here, "string", child);
    if (!bal_variables_set(&loader->variables, sheaf_cstr(child->string),
                           sheaf_cstr(child->valuestring)))
      return bal_no_memory(loader);
  }
  return true;
}
