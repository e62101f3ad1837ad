/* SPDX-License-Identifier: Apache-2.0 */
/* The references that a library of the Basic Asset Library's format has answers for. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "cli/import.h"

enum { CHUNK = 1 << 20 };

static bool no_memory(int *status) {
  cli_error("out of memory");
  *status = CLI_FAILED;
  return false;
}

/* All of a file, with a NUL behind it. NULL: it cannot be read, or there is no memory for it. */
static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  char *text = NULL;
  size_t capacity = 0, got = 1;
  *size = 0;
  while (file && got > 0) {
    if (*size + 1 >= capacity) {
      capacity = capacity ? capacity * 2 : CHUNK;
      char *bigger = realloc(text, capacity);
      if (!bigger) break;
      text = bigger;
    }
    got = fread(text + *size, 1, capacity - *size - 1, file);
    *size += got;
  }
  bool whole = file && got == 0 && !ferror(file);
  if (file) (void)fclose(file);
  if (whole) text[*size] = '\0';
  if (whole) return text;
  free(text);
  return NULL;
}

static bool make_room(import_names *names, size_t text) {
  if (names->text_capacity - names->text_size < text) {
    size_t capacity = names->text_capacity * 2 + text + CHUNK;
    char *bigger = realloc(names->text, capacity);
    if (!bigger) return false;
    names->text = bigger;
    names->text_capacity = capacity;
  }
  if (names->count < names->capacity) return true;
  uint32_t capacity = names->capacity ? names->capacity * 2 : 1024;
  uint32_t *bigger = realloc(names->versions, capacity * sizeof *bigger);
  if (!bigger) return false;
  names->versions = bigger;
  names->capacity = capacity;
  return true;
}

static bool take_entity(import_names *names, const cJSON *entity) {
  const cJSON *versions = cJSON_GetObjectItemCaseSensitive(entity, "versions");
  size_t size = strlen(entity->string) + 1;
  if (!make_room(names, size)) return false;
  memcpy(names->text + names->text_size, entity->string, size);
  names->text_size += size;
  names->versions[names->count++] =
      cJSON_IsArray(versions) ? (uint32_t)cJSON_GetArraySize(versions) : 0;
  return true;
}

/* The tree is gone again before the manager is opened, which makes one of its own. */
bool import_names_read(import_names *names, const char *path, int *status) {
  size_t size;
  *names = (import_names){0};
  char *text = read_file(path, &size);
  cJSON *tree = text ? cJSON_ParseWithLength(text, size) : NULL;
  free(text);
  const cJSON *entities = cJSON_GetObjectItemCaseSensitive(tree, "entities");
  bool ok = cJSON_IsObject(entities);
  for (const cJSON *entity = ok ? entities->child : NULL; ok && entity; entity = entity->next)
    if (!take_entity(names, entity)) ok = no_memory(status);
  cJSON_Delete(tree);
  return ok;
}

void import_names_free(import_names *names) {
  free(names->text);
  free(names->versions);
}

static int compare(const void *left, const void *right) {
  const sheaf_str *a = left, *b = right;
  size_t common = a->size < b->size ? a->size : b->size;
  int order = common ? memcmp(a->data, b->data, common) : 0;
  return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* The order in which the database holds them: rows are added at its end, and pages are full. A name
 * that was there twice, or looks like another's version, makes equal ones. */
static void sort(import_refs *refs) {
  uint32_t kept = 0;
  qsort(refs->views, refs->count, sizeof *refs->views, compare);
  for (uint32_t i = 0; i < refs->count; i++)
    if (kept == 0 || !sheaf_str_equal(refs->views[i], refs->views[kept - 1]))
      refs->views[kept++] = refs->views[i];
  refs->count = kept;
}

enum { VERSION_SIZE = sizeof "?v=4294967295" };

static void add(import_refs *refs, char **at, sheaf_str prefix, const char *name,
                uint32_t version) {
  char *start = *at;
  if (prefix.size) memcpy(*at, prefix.data, prefix.size);
  *at += prefix.size;
  size_t size = strlen(name);
  memcpy(*at, name, size);
  *at += size;
  if (version) *at += snprintf(*at, VERSION_SIZE, "?v=%lu", (unsigned long)version);
  refs->views[refs->count++] = sheaf_strn(start, (size_t)(*at - start));
}

int import_refs_make(import_refs *refs, const import_names *names, sheaf_str prefix) {
  uint64_t count = names->count;
  size_t text = 1;
  const char *name = names->text;
  *refs = (import_refs){0};
  for (uint32_t i = 0; i < names->count; i++, name += strlen(name) + 1) {
    count += names->versions[i];
    text += (prefix.size + strlen(name) + VERSION_SIZE) * (names->versions[i] + (size_t)1);
  }
  if (count < SHEAF_REST) {
    refs->views = malloc((count + 1) * sizeof *refs->views);
    refs->text = malloc(text);
  }
  if (!refs->views || !refs->text) {
    cli_error("out of memory for %llu references", (unsigned long long)count);
    return CLI_FAILED;
  }
  char *at = refs->text;
  name = names->text;
  for (uint32_t i = 0; i < names->count; i++, name += strlen(name) + 1)
    for (uint32_t version = 0; version <= names->versions[i]; version++)
      add(refs, &at, prefix, name, version);
  sort(refs);
  return CLI_OK;
}

void import_refs_free(import_refs *refs) {
  free(refs->views);
  free(refs->text);
}
