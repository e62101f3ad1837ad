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

/* As it stands in the document, or, if it is not the same, among the loader's texts. */
static bool load_string(bal_loader *loader, yyjson_val *item, bool expanding, sheaf_value *value) {
  sheaf_str text = bal_text(item), written = text;
  if (expanding && !expand(loader, &text)) return false;
  if (text.data != written.data) text = bal_arena_copy(&loader->texts, text);
  if (!text.data) return bal_no_memory(loader);
  *value = sheaf_string(text);
  return true;
}

bool bal_load_value(bal_loader *loader, const bal_place *place, yyjson_val *item, bool expanding,
                    sheaf_value *value) {
  if (yyjson_is_str(item)) return load_string(loader, item, expanding, value);
  bool inexact;
  if (bal_json_number(item, value, &inexact)) {
    if (inexact)
      bal_warn(loader, place, "an integer of more than 64 bits, read as the nearest double");
    return true;
  }
  if (yyjson_is_bool(item)) {
    *value = sheaf_bool(yyjson_is_true(item));
    return true;
  }
  return bal_wrong_type(loader, place, "string, number or boolean", item);
}

bool bal_load_variables(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    if (!yyjson_is_str(child)) return bal_wrong_type(loader, &here, "string", child);
    if (!bal_variables_set(&loader->variables, sheaf_cstr(name), bal_text(child)))
      return bal_no_memory(loader);
  }
  return true;
}
