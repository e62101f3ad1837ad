/* SPDX-License-Identifier: Apache-2.0 */
/* The references that a library of the Basic Asset Library's format has answers for. */
#include <errno.h>
#include <stdlib.h>
#include <yyjson.h>

#include "cli/import.h"

enum { CHUNK = 1 << 20 };

static bool no_memory(int *status) {
  cli_error("out of memory");
  *status = CLI_FAILED;
  return false;
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

static bool take_entity(import_names *names, const char *name, yyjson_val *entity) {
  size_t size = strlen(name) + 1;
  if (!make_room(names, size)) return false;
  memcpy(names->text + names->text_size, name, size);
  names->text_size += size;
  names->versions[names->count++] = (uint32_t)yyjson_arr_size(yyjson_obj_get(entity, "versions"));
  return true;
}

/* NULL: it cannot be read, or is no JSON. What cannot be read for want of memory has been said. */
static yyjson_doc *read_json(const char *path, int *status) {
  yyjson_read_err error = {0};
  errno = 0;
  yyjson_doc *document = yyjson_read_file(path, YYJSON_READ_BIGNUM_AS_RAW, NULL, &error);
  if (!document && (error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION || errno == ENOMEM))
    (void)no_memory(status);
  return document;
}

/* The tree is gone again before the manager is opened, which makes one of its own. */
bool import_names_read(import_names *names, const char *path, int *status) {
  size_t i, count;
  yyjson_val *name, *entity;
  *names = (import_names){0};
  yyjson_doc *document = read_json(path, status);
  yyjson_val *entities = yyjson_obj_get(yyjson_doc_get_root(document), "entities");
  bool ok = yyjson_is_obj(entities);
  yyjson_obj_foreach(entities, i, count, name, entity) {
    if (ok && !take_entity(names, yyjson_get_str(name), entity)) ok = no_memory(status);
  }
  yyjson_doc_free(document);
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
