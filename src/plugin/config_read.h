/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a configuration, and how it is read from its file. */
#ifndef SHEAF_PLUGIN_CONFIG_READ_H
#define SHEAF_PLUGIN_CONFIG_READ_H

#include <sheaf/config.h>

#include "plugin/hold.h"

#define SHEAF_CONFIG_MAX_BYTES (1u << 20)
#define SHEAF_CONFIG_MAX_DEPTH 16

typedef struct sheaf_config_stage sheaf_config_stage;

/* A manager, its settings, and the stages on it, outermost first. */
typedef struct sheaf_config_stack {
  const char *manager; /* NULL: not named */
  sheaf_setting *settings;
  sheaf_config_stage *stages;
  uint32_t setting_count, stage_count;
} sheaf_config_stack;

struct sheaf_config_stage {
  const char *stage;
  sheaf_setting *settings;
  sheaf_config_stack *managers; /* what it wraps besides what is below it */
  uint32_t setting_count, manager_count;
};

struct sheaf_config {
  sheaf_hold hold; /* has all that follows */
  const char *path;
  sheaf_config_stack top;
  const char **plugin_paths;
  uint32_t plugin_path_count;
};

/* Reads the file at an absolute path into an empty configuration. SHEAF_IO_ERROR,
 * SHEAF_INVALID_CONFIG or SHEAF_OUT_OF_MEMORY, with a message that does not name the file; a lack
 * of memory may also show in config->hold.failed alone. `error` is not NULL. */
sheaf_status sheaf_config_read(sheaf_config *config, const char *path, sheaf_error *error);

#endif
