/* SPDX-License-Identifier: Apache-2.0 */
/* From an id, or a path, to a factory. */
#define _GNU_SOURCE /* realpath */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plugin/manifest.h"
#include "plugin/registry.h"
#include "plugin/report.h"
#include "plugin/strict.h"
#include "plugin/words.h"

/* The library's factory of that id: the manifest promised it. */
static sheaf_status load_id(sheaf_library *library, const char *real, const char *id,
                            const sheaf_offer **out, sheaf_error *error) {
  const sheaf_module *module = NULL;
  sheaf_status status = sheaf_registry_load(library, real, &module, error);
  if (status) return status;
  *out = sheaf_module_find(module, id);
  if (*out) return SHEAF_OK;
  sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                  "it has no factory \"%s\", which its manifest promises; the first that it has is "
                  "\"%s\": correct \"id\" or \"library\" in the manifest",
                  id, module->offers[0].factory.id);
  sheaf_error_in_file(error, real);
  return SHEAF_INVALID_PLUGIN;
}

/* ---------------------------------------------------------------------------------- by a path */

static sheaf_status load_manifest(sheaf_library *library, const char *path, const sheaf_offer **out,
                                  sheaf_error *error) {
  sheaf_hold hold = {0};
  sheaf_manifest manifest;
  sheaf_status status = sheaf_manifest_read(path, &hold, &manifest, error);
  if (!status && sheaf_registry_is_strict(library)) status = sheaf_strict_check(path, error);
  if (status) sheaf_error_in_file(error, path);
  else status = load_id(library, manifest.library, manifest.id, out, error);
  sheaf_hold_free(&hold);
  return status;
}

static sheaf_status several(const sheaf_module *module, sheaf_error *error) {
  char ids[1200] = "";
  size_t at = 0;
  for (uint32_t i = 0; i < module->offer_count && at < sizeof ids; i++) {
    int written =
        snprintf(ids + at, sizeof ids - at, "%s%s", i ? ", " : "", module->offers[i].factory.id);
    at += written < 0 ? sizeof ids : (size_t)written;
  }
  sheaf_error_set(error, SHEAF_NOT_FOUND,
                  "it has %u managers: name the manifest of one. They are %s", module->offer_count,
                  ids);
  sheaf_error_in_file(error, module->path);
  return SHEAF_NOT_FOUND;
}

static sheaf_status load_object(sheaf_library *library, const char *real, const sheaf_offer **out,
                                sheaf_error *error) {
  const sheaf_module *module = NULL;
  sheaf_status status = sheaf_registry_load(library, real, &module, error);
  if (status) return status;
  if (module->offer_count > 1) return several(module, error);
  *out = &module->offers[0];
  return SHEAF_OK;
}

static bool ends_with(const char *text, const char *end) {
  size_t a = strlen(text), b = strlen(end);
  return a >= b && strcmp(text + a - b, end) == 0;
}

static sheaf_status load_path(sheaf_library *library, const char *path, const sheaf_offer **out,
                              sheaf_error *error) {
  struct stat st;
  char *real = realpath(path, NULL);
  sheaf_status status = SHEAF_NOT_FOUND;
  if (!real || stat(real, &st) != 0) {
    if (errno == ENOMEM) status = SHEAF_OUT_OF_MEMORY;
    sheaf_error_set(error, status, "%s: correct the path", strerror(errno));
    sheaf_error_in_file(error, path);
  } else if (S_ISDIR(st.st_mode)) {
    sheaf_error_set(error, status,
                    "a folder: name a manifest or a shared object in it, or an id "
                    "and this folder among the plugin paths");
    sheaf_error_in_file(error, path);
  } else if (ends_with(real, ".json")) {
    status = load_manifest(library, real, out, error);
  } else {
    status = load_object(library, real, out, error);
  }
  free(real);
  return status;
}

/* ----------------------------------------------------------------------------------- by an id */

/* Whether the row's file is called after the id: one that could not be read may well be it. */
static bool is_named(const sheaf_plugin_info *info, const char *id) {
  if (info->id || !info->manifest) return false;
  const char *slash = strrchr(info->manifest, '/');
  const char *name = slash ? slash + 1 : info->manifest;
  size_t length = strlen(id);
  return strncmp(name, id, length) == 0 && strcmp(name + length, SHEAF_MANIFEST_SUFFIX) == 0;
}

/* Tries the rows of that id in their order. One whose library does not load does not hide those
 * that it shadowed. */
static const sheaf_offer *try_rows(sheaf_library *library, const sheaf_plugin_list *list,
                                   const char *id, sheaf_report *report) {
  const sheaf_offer *offer = NULL;
  for (uint32_t i = 0; i < list->count && !offer; i++) {
    const sheaf_row *row = &list->rows[i];
    sheaf_error error;
    if (row->info.id ? strcmp(row->info.id, id) != 0 : !is_named(&row->info, id)) continue;
    if (row->info.state == SHEAF_PLUGIN_REFUSED) sheaf_row_error(row, &error);
    else if (!row->info.library) continue; /* registered meanwhile: see the caller */
    else if (!load_id(library, row->info.library, id, &offer, &error)) break;
    sheaf_report_refusal(report, &error);
  }
  return offer;
}

static const sheaf_offer *find_id(sheaf_library *library, const char *id, sheaf_error *error) {
  const sheaf_offer *offer = sheaf_registry_registered(library, id);
  if (offer) return offer;
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, error);
  if (!list) return NULL;
  sheaf_report report = {0};
  offer = try_rows(library, list, id, &report);
  if (offer) sheaf_report_log(&report, library);
  else offer = sheaf_registry_registered(library, id);
  if (!offer) sheaf_report_fail(&report, library, id, list, error);
  sheaf_report_free(&report);
  sheaf_plugin_list_free(list);
  return offer;
}

const sheaf_offer *sheaf_registry_find(sheaf_library *library, const char *id, sheaf_error *error) {
  sheaf_error unused;
  if (!error) error = &unused;
  if (!library || !id || !id[0]) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s",
                    library ? "the manager's id is empty: give an id, or a path with a slash in it"
                            : "the library is NULL");
    return NULL;
  }
  if (!strchr(id, '/')) return find_id(library, id, error);
  const sheaf_offer *offer = NULL;
  if (!load_path(library, id, &offer, error)) return offer;
  sheaf_report report = {0};
  sheaf_error refusal = *error;
  sheaf_report_refusal(&report, &refusal);
  sheaf_report_fail(&report, library, id, NULL, error);
  sheaf_report_free(&report);
  return NULL;
}

const sheaf_factory *sheaf_find_factory(sheaf_library *library, const char *id,
                                        sheaf_error *error) {
  const sheaf_offer *offer = sheaf_registry_find(library, id, error);
  return offer ? &offer->factory : NULL;
}
