/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "core/library.h"
#include "core/log.h"
#include "plugin/manifest.h"
#include "plugin/registry.h"
#include "plugin/strict.h"
#include "plugin/words.h"

static sheaf_row *append(sheaf_plugin_list *list, uint32_t origin) {
  sheaf_row *rows = sheaf_hold_grow(&list->hold, list->rows, list->count, sizeof *rows);
  if (!rows) return NULL;
  list->rows = rows;
  sheaf_row *row = &rows[list->count++];
  memset(row, 0, sizeof *row);
  row->info.struct_size = sizeof row->info;
  row->info.origin = origin;
  return row;
}

static void add_registered(const sheaf_factory *factory, void *ctx) {
  sheaf_plugin_list *list = ctx;
  sheaf_row *row = append(list, SHEAF_ORIGIN_REGISTERED);
  if (!row) return;
  row->info.id = sheaf_hold_copy(&list->hold, factory->id);
  row->info.name = sheaf_hold_copy(&list->hold, factory->display_name);
  row->info.version = sheaf_hold_copy(&list->hold, factory->version);
}

/* The row that has the id for itself; NULL if none does. */
static const sheaf_row *holder(const sheaf_plugin_list *list, const char *id) {
  for (uint32_t i = 0; i < list->count; i++) {
    const sheaf_plugin_info *info = &list->rows[i].info;
    if (info->state == SHEAF_PLUGIN_AVAILABLE && info->id && strcmp(info->id, id) == 0)
      return &list->rows[i];
  }
  return NULL;
}

static void shadow(sheaf_plugin_list *list, sheaf_row *row, const sheaf_row *by) {
  row->info.state = SHEAF_PLUGIN_SHADOWED;
  if (by->info.manifest)
    row->info.reason =
        sheaf_hold_printf(&list->hold, "shadowed by %s, which was found first", by->info.manifest);
  else
    row->info.reason =
        sheaf_hold_copy(&list->hold, "shadowed by a plugin that the host registered");
}

/* A manifest that stands in a folder that others write to is as bad as one that they write to: the
 * folder is checked too, as the manifest may be a link that leads out of it. */
static sheaf_status read_manifest(sheaf_plugin_list *list, const sheaf_place *place,
                                  const char *path, sheaf_manifest *out, sheaf_error *error) {
  sheaf_status status = sheaf_manifest_read(path, &list->hold, out, error);
  if (status || !list->strict) return status;
  status = sheaf_strict_check(place->real, error);
  if (!status) status = sheaf_strict_check(path, error);
  return status ? status : sheaf_strict_check(out->library, error);
}

static void add_manifest(sheaf_plugin_list *list, sheaf_place *place, const char *path) {
  sheaf_manifest manifest;
  sheaf_error error;
  if (!path) return;
  sheaf_status status = read_manifest(list, place, path, &manifest, &error);
  const sheaf_row *by = status ? NULL : holder(list, manifest.id);
  size_t by_index = by ? (size_t)(by - list->rows) : 0;
  sheaf_row *row = append(list, place->info.origin);
  place->info.plugin_count++;
  if (!row) return;
  row->info.id = manifest.id;
  row->info.name = manifest.name;
  row->info.version = manifest.version;
  row->info.library = manifest.library;
  row->info.manifest = path;
  row->status = status;
  if (status == SHEAF_OUT_OF_MEMORY) list->hold.failed = true;
  if (status) {
    row->info.state = SHEAF_PLUGIN_REFUSED;
    row->info.reason = sheaf_hold_copy(&list->hold, error.message);
  } else if (by) {
    shadow(list, row, &list->rows[by_index]); /* the array may have moved */
  }
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the manifests in a folder, sorted: in which order a file system lists them must
 * decide nothing. Hidden ones are editors' and not meant. */
static const char **read_names(sheaf_plugin_list *list, sheaf_place *place, size_t *count) {
  const char **names = NULL;
  *count = 0;
  DIR *folder = opendir(place->real);
  int problem = folder ? 0 : errno;
  struct dirent *entry = NULL;
  errno = 0;
  while (folder && (entry = readdir(folder)) != NULL) {
    if (entry->d_name[0] == '.' || !sheaf_is_manifest_name(entry->d_name)) continue;
    const char **grown = sheaf_hold_grow(&list->hold, names, *count, sizeof *names);
    if (!grown) break;
    names = grown;
    names[(*count)++] = sheaf_hold_copy(&list->hold, entry->d_name);
    errno = 0;
  }
  if (folder && !entry) problem = errno;
  if (problem == ENOMEM) list->hold.failed = true;
  if (problem)
    place->info.reason = sheaf_hold_printf(&list->hold, "cannot be read: %s", strerror(problem));
  if (folder) closedir(folder);
  if (list->hold.failed) *count = 0;
  if (*count) qsort(names, *count, sizeof *names, by_name);
  return names;
}

static void visit(sheaf_plugin_list *list, sheaf_place *place) {
  if (!place->real) return;
  if (place->is_manifest) {
    add_manifest(list, place, place->info.path);
    return;
  }
  size_t count;
  const char **names = read_names(list, place, &count);
  int length = (int)strlen(place->info.path);
  while (length > 0 && place->info.path[length - 1] == '/') length--;
  for (size_t i = 0; i < count; i++) {
    add_manifest(list, place,
                 sheaf_hold_printf(&list->hold, "%.*s/%s", length, place->info.path, names[i]));
  }
}

void sheaf_row_error(const sheaf_row *row, sheaf_error *error) {
  sheaf_error_set(error, row->status, "%s", row->info.reason ? row->info.reason : "");
  if (row->info.manifest) sheaf_error_in_file(error, row->info.manifest);
}

static void log_rows(const sheaf_library *library, const sheaf_plugin_list *list) {
  if (!sheaf_log_enabled(library, SHEAF_LOG_INFO)) return;
  for (uint32_t i = 0; i < list->count; i++) {
    sheaf_error error;
    if (list->rows[i].info.state == SHEAF_PLUGIN_AVAILABLE) continue;
    sheaf_row_error(&list->rows[i], &error);
    sheaf_log(library, SHEAF_LOG_INFO, NULL, sheaf_cstr(error.message));
  }
}

sheaf_plugin_list *sheaf_plugin_list_new(sheaf_library *library, sheaf_error *error) {
  if (!library) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the library is NULL");
    return NULL;
  }
  sheaf_plugin_list *list = calloc(1, sizeof *list);
  if (list) {
    list->strict = sheaf_registry_is_strict(library);
    sheaf_registry_each(library, add_registered, list);
    sheaf_places_find(library, &list->hold, &list->places);
    for (uint32_t i = 0; i < list->places.count; i++) visit(list, &list->places.items[i]);
  }
  if (!list || list->hold.failed) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory while searching for plugins");
    sheaf_plugin_list_free(list);
    return NULL;
  }
  log_rows(library, list);
  return list;
}

void sheaf_plugin_list_free(sheaf_plugin_list *list) {
  if (!list) return;
  sheaf_hold_free(&list->hold);
  free(list);
}

uint32_t sheaf_plugin_list_count(const sheaf_plugin_list *list) { return list ? list->count : 0; }

const sheaf_plugin_info *sheaf_plugin_list_at(const sheaf_plugin_list *list, uint32_t i) {
  return list && i < list->count ? &list->rows[i].info : NULL;
}

uint32_t sheaf_plugin_list_place_count(const sheaf_plugin_list *list) {
  return list ? list->places.count : 0;
}

const sheaf_search_place *sheaf_plugin_list_place_at(const sheaf_plugin_list *list, uint32_t i) {
  return list && i < list->places.count ? &list->places.items[i].info : NULL;
}
