/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/config.h: the configuration file, a JSON object:
 *
 *   { "manager": "bal",
 *     "settings": { "library_path": "${config_dir}/library.json" },
 *     "stages": [ "dedupe", { "stage": "batch", "batchers": "size(1000)" } ],
 *     "plugin_paths": [ "${config_dir}/plugins" ] }
 *
 * Every member may be missing; one that is not known is an error. In string values `${config_dir}`
 * stands for the absolute path of the folder that holds the file, and `$$` for a dollar sign.
 * Settings are strings, numbers, true or false; null is as if the setting were not there. A whole
 * number of 2^53 or more is refused, for JSON readers round such: give it as a string. A relative
 * plugin path is relative to that folder.
 *
 * The stages stand on the manager, the first of them outermost: the one that the host asks. A stage is
 * its id, or an object: its id is "stage", its other members are its settings; what it wraps besides
 * what is below it stands in "managers", each an object with "manager", "settings" and "stages".
 * sheaf_stage_configure (sheaf/stage.h) puts them on the manager.
 */
#ifndef SHEAF_CONFIG_H
#define SHEAF_CONFIG_H

#include <sheaf/abi.h>
#include <sheaf/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sheaf_config sheaf_config;

/* A setting of a manager, as a host gives it. A value of kind string is read as whatever kind the
 * manager says the setting has ("250", "true"). Frozen. */
typedef struct sheaf_setting {
  sheaf_str name;
  sheaf_value value;
} sheaf_setting;

SHEAF_ASSERT_SIZE(sheaf_setting, 32);

/*
 * Reads a configuration file. `path` NULL: the file that $SHEAF_CONFIG names; else `sheaf.json` in
 * the working folder, if there is one; else an empty configuration. NULL on failure
 * (SHEAF_INVALID_CONFIG, SHEAF_IO_ERROR, SHEAF_OUT_OF_MEMORY) with `error` saying file, place and
 * remedy. Freed with sheaf_config_free. [any-thread]
 */
SHEAF_API sheaf_config *sheaf_config_load(const char *path, sheaf_error *error) SHEAF_NOEXCEPT;

/* NULL is fine. */
SHEAF_API void sheaf_config_free(sheaf_config *config) SHEAF_NOEXCEPT;

/* What the file says. All borrowed until the configuration is freed; all [any-thread]. */

/* The absolute path of the file; NULL if there was none. */
SHEAF_API const char *sheaf_config_path(const sheaf_config *config) SHEAF_NOEXCEPT;

/* The id of the manager, or the absolute path of its manifest or shared object (the file may give
 * one relative to its folder, with a slash in it); NULL if the file names none. */
SHEAF_API const char *sheaf_config_manager(const sheaf_config *config) SHEAF_NOEXCEPT;

/* The settings; `count` receives how many. */
SHEAF_API const sheaf_setting *sheaf_config_settings(const sheaf_config *config,
                                                     uint32_t *count) SHEAF_NOEXCEPT;

/* The plugin paths, absolute; `count` receives how many. */
SHEAF_API const char *const *sheaf_config_plugin_paths(const sheaf_config *config,
                                                       uint32_t *count) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_CONFIG_H */
