/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* After so many warnings about one library there are no more: they say the same. */
enum { MOST_WARNINGS = 10 };

bool bal_fail(bal_loader *loader, const bal_place *place, const char *format, ...) {
  char where[512], what[512];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  (void)sheaf_error_set(loader->error, SHEAF_INVALID_CONFIG, "%s: %s: %s", loader->source,
                        bal_place_text(place, where, sizeof where), what);
  return false;
}

bool bal_no_memory(bal_loader *loader) {
  (void)sheaf_error_set(loader->error, SHEAF_OUT_OF_MEMORY, "%s: out of memory", loader->source);
  return false;
}

static const char *type_name(yyjson_val *item) {
  if (yyjson_is_obj(item)) return "object";
  if (yyjson_is_arr(item)) return "array";
  if (yyjson_is_str(item)) return "string";
  if (yyjson_is_num(item) || yyjson_is_raw(item)) return "number";
  if (yyjson_is_bool(item)) return "boolean";
  return "null";
}

bool bal_wrong_type(bal_loader *loader, const bal_place *place, const char *expected,
                    yyjson_val *found) {
  return bal_fail(loader, place, "expected %s, found %s: write %s there", expected,
                  type_name(found), expected);
}

void bal_warn(bal_loader *loader, const bal_place *place, const char *what) {
  char where[512], line[1024];
  if (!loader->host->log || ++loader->warnings > MOST_WARNINGS) return;
  const char *last = loader->warnings == MOST_WARNINGS ? " (further warnings are left out)" : "";
  (void)snprintf(line, sizeof line, "%.300s: %s: %s%s", loader->source,
                 bal_place_text(place, where, sizeof where), what, last);
  loader->host->log(loader->host, SHEAF_LOG_WARNING, sheaf_cstr(line));
}

void bal_warn_unknown(bal_loader *loader, const bal_place *place) {
  bal_warn(loader, place, "not known, and passed over");
}

void *bal_new(bal_loader *loader, size_t count, size_t size) {
  void *memory = bal_arena_alloc(&loader->library->arena, count * size);
  if (!memory) return (void)bal_no_memory(loader), NULL;
  return memset(memory, 0, count * size);
}

sheaf_id bal_name_id(bal_loader *loader, uint32_t number) {
  sheaf_error why = {.status = SHEAF_OK};
  sheaf_id id = bal_names_id(&loader->names, number, loader->host, &why);
  if (!id) (void)sheaf_error_set(loader->error, why.status, "%s: %s", loader->source, why.message);
  if (id > loader->library->largest_id) loader->library->largest_id = id;
  return id;
}

bool bal_grow(bal_loader *loader, void **list, uint32_t *capacity, size_t size) {
  uint32_t more = *capacity ? *capacity * 2 : 64;
  void *longer = realloc(*list, more * size);
  if (!longer) return bal_no_memory(loader);
  *list = longer;
  *capacity = more;
  return true;
}

uint32_t bal_child_count(yyjson_val *item) {
  /* Of less than BAL_MAX_TEXT of text. */
  return (uint32_t)(yyjson_is_obj(item) ? yyjson_obj_size(item) : yyjson_arr_size(item));
}

sheaf_access bal_access_named(const char *name) {
#define IS(upper, number, text)                                                                    \
  if (strcmp(name, text) == 0) return number;
  SHEAF_ACCESS_MAP(IS)
#undef IS
  return BAL_NO_ACCESS;
}
