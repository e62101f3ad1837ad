/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a configuration, and how it is read from its file. */
#ifndef SHEAF_PLUGIN_CONFIG_READ_H
#define SHEAF_PLUGIN_CONFIG_READ_H

#include <sheaf/config.h>

#include "plugin/hold.h"

#define SHEAF_CONFIG_MAX_BYTES (1u << 20)
#define SHEAF_CONFIG_MAX_DEPTH 16

struct sheaf_config {
  sheaf_hold hold; /* has all that follows */
  const char *path;
  const char *manager;
  sheaf_setting *settings;
  const char **plugin_paths;
  uint32_t setting_count;
  uint32_t plugin_path_count;
};

/* Reads the file at an absolute path into an empty configuration. SHEAF_IO_ERROR,
 * SHEAF_INVALID_CONFIG or SHEAF_OUT_OF_MEMORY, with a message that does not name the file; a lack
 * of memory may also show in config->hold.failed alone. `error` is not NULL. */
sheaf_status sheaf_config_read(sheaf_config *config, const char *path, sheaf_error *error);

#endif
