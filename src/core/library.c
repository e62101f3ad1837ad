/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* secure_getenv */
#include "core/library.h"

#include <stdlib.h>

#include "core/barrier.h"
#include "core/extensible.h"
#include "core/flight.h"
#include "core/manager.h"

#ifndef SHEAF_VERSION
#define SHEAF_VERSION "0.1.0"
#endif

const char *sheaf_version(void) { return SHEAF_VERSION; }

/* The level that $SHEAF_LOG names, else warnings. */
static uint32_t level_from_environment(void) {
  const char *text = secure_getenv("SHEAF_LOG");
  if (!text) return SHEAF_LOG_WARNING;
  if (strcmp(text, "none") == 0) return SHEAF_LOG_NONE;
#define NAMED(upper, number, name)                                                                 \
  if (strcmp(text, name) == 0) return number;
  SHEAF_LOG_LEVEL_MAP(NAMED)
#undef NAMED
  return SHEAF_LOG_WARNING;
}

static void free_paths(char **paths, uint32_t count) {
  for (uint32_t i = 0; paths && i < count; i++) free(paths[i]);
  free(paths);
}

/* A deep copy; NULL if out of memory (one entry more than `count`, so never NULL for none). */
static char **copy_paths(const char *const *paths, uint32_t count) {
  char **copy = calloc((size_t)count + 1, sizeof *copy);
  for (uint32_t i = 0; copy && i < count; i++) {
    copy[i] = strdup(paths[i]);
    if (copy[i]) continue;
    free_paths(copy, count);
    return NULL;
  }
  return copy;
}

static bool copy_options(sheaf_library *library, const sheaf_library_options *options) {
  library->strict = options->flags & SHEAF_LIBRARY_STRICT;
  library->log = options->log;
  library->log_ctx = options->log_ctx;
  library->log_level = options->log_level ? options->log_level : level_from_environment();
  library->application = strdup(options->application ? options->application : "");
  library->plugin_path_count = options->plugin_path_count;
  library->plugin_paths = copy_paths(options->plugin_paths, options->plugin_path_count);
  library->package_path_count = options->package_path_count;
  library->package_paths = copy_paths(options->package_paths, options->package_path_count);
  const char *const *configured = NULL;
  if (options->config)
    configured = sheaf_config_plugin_paths(options->config, &library->config_plugin_path_count);
  library->config_plugin_paths = copy_paths(configured, library->config_plugin_path_count);
  return library->application && library->plugin_paths && library->package_paths &&
         library->config_plugin_paths;
}

static void free_library(sheaf_library *library) {
  if (library->registry) library->registry_free(library->registry);
  free_paths(library->plugin_paths, library->plugin_path_count);
  free_paths(library->package_paths, library->package_path_count);
  free_paths(library->config_plugin_paths, library->config_plugin_path_count);
  free(library->application);
  free(library);
}

/* Each of `count` paths is there and says something. */
static sheaf_status check_paths(const char *name, const char *const *paths, uint32_t count,
                                sheaf_error *error) {
  for (uint32_t i = 0; i < count; i++) {
    if (paths && paths[i] && paths[i][0]) continue;
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "sheaf_library_options.%s[%u] is empty: name a folder or a manifest",
                           name, i);
  }
  return SHEAF_OK;
}

static sheaf_status read_options(sheaf_library_options *out, const sheaf_library_options *options,
                                 sheaf_error *error) {
  static const sheaf_library_options defaults = SHEAF_LIBRARY_OPTIONS_INIT;
  sheaf_status status =
      sheaf_copy_struct(out, sizeof *out, options ? options : &defaults, SHEAF_SIZE_AT_BIRTH(*out),
                        SHEAF_LIBRARY_STRICT, "sheaf_library_options", error);
  if (status) return status;
  status = check_paths("plugin_paths", out->plugin_paths, out->plugin_path_count, error);
  if (status) return status;
  return check_paths("package_paths", out->package_paths, out->package_path_count, error);
}

static void prepare(void) {
  sheaf_barrier_prepare();
  sheaf_pool_mind_forks();
  sheaf_manager_mind_forks();
}

sheaf_library *sheaf_library_new(const sheaf_library_options *options, sheaf_error *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  sheaf_library_options o;
  (void)pthread_once(&once, prepare);
  if (read_options(&o, options, error)) return NULL;
  sheaf_library *library = calloc(1, sizeof *library);
  if (!library) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a library");
    return NULL;
  }
  if (copy_options(library, &o) &&
      sheaf_names_init(&library->names, o.max_names, o.max_name_bytes)) {
    if (pthread_mutex_init(&library->lock, NULL) == 0) return library;
    sheaf_names_destroy(&library->names);
  }
  free_library(library);
  sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a library");
  return NULL;
}

sheaf_status sheaf_library_free(sheaf_library *library) {
  if (!library) return SHEAF_OK;
  sheaf_status status = sheaf_manager_free_all(library);
  if (status) return status;
  sheaf_names_destroy(&library->names);
  pthread_mutex_destroy(&library->lock);
  free_library(library);
  return SHEAF_OK;
}

sheaf_status sheaf_intern(sheaf_library *library, const sheaf_str *names, uint32_t count,
                          sheaf_id *ids, sheaf_error *error) {
  if (!library) {
    if (ids) memset(ids, 0, count * sizeof *ids);
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the library is NULL");
  }
  return sheaf_names_intern(&library->names, names, count, ids, error);
}

sheaf_id sheaf_intern_one(sheaf_library *library, const char *name) {
  sheaf_str text = sheaf_cstr(name);
  sheaf_id id = 0;
  (void)sheaf_intern(library, &text, 1, &id, NULL);
  return id;
}

sheaf_id sheaf_lookup(sheaf_library *library, sheaf_str name) {
  return library ? sheaf_names_lookup(&library->names, name) : 0;
}

sheaf_str sheaf_name(const sheaf_library *library, sheaf_id id) {
  return library ? sheaf_names_text(&library->names, id) : sheaf_cstr(NULL);
}
