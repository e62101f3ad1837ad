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

static const char *type_name(const cJSON *item) {
  if (cJSON_IsObject(item)) return "object";
  if (cJSON_IsArray(item)) return "array";
  if (cJSON_IsString(item)) return "string";
  if (cJSON_IsNumber(item)) return "number";
  if (cJSON_IsBool(item)) return "boolean";
  return "null";
}

bool bal_wrong_type(bal_loader *loader, const bal_place *place, const char *expected,
                    const cJSON *found) {
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

/* As deep as the document, which cJSON limits. */
void bal_skip(bal_loader *loader, const cJSON *item) {
  if (cJSON_IsNumber(item)) loader->next_number++;
  for (const cJSON *child = item->child; child; child = child->next) bal_skip(loader, child);
}

void bal_skip_unknown(bal_loader *loader, const bal_place *place, const cJSON *item) {
  bal_warn(loader, place, "not known, and passed over");
  bal_skip(loader, item);
}

void *bal_new(bal_loader *loader, size_t count, size_t size) {
  void *memory = bal_arena_alloc(&loader->library->arena, count * size);
  if (!memory) return (void)bal_no_memory(loader), NULL;
  return memset(memory, 0, count * size);
}

uint32_t bal_child_count(const cJSON *item) {
  uint32_t count = 0;
  for (const cJSON *child = item->child; child; child = child->next) count++;
  return count;
}

sheaf_access bal_access_named(const char *name) {
#define IS(upper, number, text)                                                                    \
  if (strcmp(name, text) == 0) return number;
  SHEAF_ACCESS_MAP(IS)
#undef IS
  return BAL_NO_ACCESS;
}
