/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/plugins.h: which managers there are.
 *
 * A plugin is a shared object with a manifest beside it, `<id>.sheaf.json`:
 *
 *   { "sheaf_manifest": 1, "id": "bal", "name": "Basic Asset Library", "version": "0.1.0",
 *     "abi": { "major": 1, "minor": 0, "min_minor": 0 }, "library": "bal.so" }
 *
 * Only manifests are read until somebody asks for an id; then that one library is loaded, and stays
 * loaded until the process ends. Folders are searched in this order, and the first to offer an id
 * wins: sheaf_library_options.plugin_paths; $SHEAF_PLUGIN_PATH (entries separated by ':');
 * sheaf_library_options.package_paths; the configuration's plugin_paths; the user's ($XDG_DATA_HOME/sheaf/plugins, by default
 * ~/.local/share/sheaf/plugins); the system's (/usr/local/lib/sheaf/plugins,
 * /usr/lib/sheaf/plugins); `sheaf/plugins` beside libsheaf itself (or `../lib/sheaf/plugins`, where
 * libsheaf is linked into an executable). Registered plugins come before all of them. Relative
 * entries of $SHEAF_PLUGIN_PATH are refused. One bad path or plugin never ends the search: where the
 * first of an id does not load, the next one serves.
 */
#ifndef SHEAF_PLUGINS_H
#define SHEAF_PLUGINS_H

#include <sheaf/library.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Adds a plugin that has no shared object: the host's own, or a test's. `plugin`, and all that it
 * points to, must outlive the library. SHEAF_VERSION_MISMATCH, SHEAF_INVALID_PLUGIN, or SHEAF_BUSY
 * if an id of its is registered already. [any-thread] */
SHEAF_API sheaf_status sheaf_register(sheaf_library *library, const sheaf_plugin *plugin,
                                      sheaf_error *error) SHEAF_NOEXCEPT;

/* Where a plugin, or a folder of plugins, was named. */
#define SHEAF_ORIGIN_MAP(XX)                                                                       \
  XX(REGISTERED, 0, "registered")                                                                  \
  XX(API, 1, "host")                                                                               \
  XX(ENVIRONMENT, 2, "SHEAF_PLUGIN_PATH")                                                          \
  XX(PACKAGE, 7, "package")                                                                        \
  XX(CONFIG, 3, "configuration")                                                                   \
  XX(USER, 4, "user")                                                                              \
  XX(SYSTEM, 5, "system")                                                                          \
  XX(BESIDE, 6, "beside libsheaf")

enum {
#define SHEAF_ORIGIN_ENUM(upper, number, text) SHEAF_ORIGIN_##upper = (number),
  SHEAF_ORIGIN_MAP(SHEAF_ORIGIN_ENUM)
#undef SHEAF_ORIGIN_ENUM
      SHEAF_ORIGIN_COUNT = 8 /* of this header */
};

/* What became of a manifest (or of a folder). */
enum {
  SHEAF_PLUGIN_AVAILABLE = 0,
  SHEAF_PLUGIN_SHADOWED = 1, /* another one with the same id was found first */
  SHEAF_PLUGIN_REFUSED = 2   /* `reason` says why */
};

/* One row of a search. Strings are borrowed from the list; those that do not apply are NULL.
 * Extensible. */
typedef struct sheaf_plugin_info {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t state;  /* SHEAF_PLUGIN_... */
  uint32_t origin; /* SHEAF_ORIGIN_... */
  const char *id;
  const char *name;
  const char *version;
  const char *manifest; /* path */
  const char *library;  /* path */
  const char *reason;   /* why it is shadowed or refused, and the remedy */
} sheaf_plugin_info;

/* One place of the search path, in order. Extensible. */
typedef struct sheaf_search_place {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t origin;
  uint32_t plugin_count; /* manifests seen there */
  const char *path;
  const char *reason; /* NULL, or why it could not be read ("no such folder") */
} sheaf_search_place;

typedef struct sheaf_plugin_list sheaf_plugin_list;

/* Searches afresh. Loads nothing. NULL only if out of memory. Freed with sheaf_plugin_list_free;
 * may be read from any thread. [any-thread] */
SHEAF_API sheaf_plugin_list *sheaf_plugin_list_new(sheaf_library *library,
                                                   sheaf_error *error) SHEAF_NOEXCEPT;
SHEAF_API void sheaf_plugin_list_free(sheaf_plugin_list *list) SHEAF_NOEXCEPT;
SHEAF_API uint32_t sheaf_plugin_list_count(const sheaf_plugin_list *list) SHEAF_NOEXCEPT;
/* NULL if `i` is out of range. */
SHEAF_API const sheaf_plugin_info *sheaf_plugin_list_at(const sheaf_plugin_list *list,
                                                        uint32_t i) SHEAF_NOEXCEPT;
SHEAF_API uint32_t sheaf_plugin_list_place_count(const sheaf_plugin_list *list) SHEAF_NOEXCEPT;
SHEAF_API const sheaf_search_place *sheaf_plugin_list_place_at(const sheaf_plugin_list *list,
                                                               uint32_t i) SHEAF_NOEXCEPT;

/*
 * The factory of a manager, its plugin loaded if it was not. `id` is an id, or a path with a slash
 * in it to a manifest or to a shared object of one manager. The factory is a copy at this library's full size, valid until the library is
 * freed. NULL on failure, with `error` saying which files were looked at and why each was refused
 * (SHEAF_NOT_FOUND, SHEAF_INVALID_MANIFEST, SHEAF_LOAD_FAILED, SHEAF_VERSION_MISMATCH,
 * SHEAF_INVALID_PLUGIN, SHEAF_PLUGIN_ERROR in strict mode, SHEAF_IO_ERROR, SHEAF_INVALID_ARGUMENT,
 * SHEAF_OUT_OF_MEMORY). [any-thread]
 */
SHEAF_API const sheaf_factory *sheaf_find_factory(sheaf_library *library, const char *id,
                                                  sheaf_error *error) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_PLUGINS_H */
