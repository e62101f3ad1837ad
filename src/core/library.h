/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a library instance. */
#ifndef SHEAF_CORE_LIBRARY_H
#define SHEAF_CORE_LIBRARY_H

#include <pthread.h>

#include <sheaf/library.h>
#include <sheaf/manager.h>

#include "core/names.h"

/* Of src/plugin, which stands above the core: the core only keeps it and has it freed. */
typedef struct sheaf_registry sheaf_registry;

struct sheaf_library {
  char *application;
  sheaf_log_fn log;
  void *log_ctx;
  uint32_t log_level;
  sheaf_names names;

  bool strict; /* the host asked for strict mode */

  /* As the host and the configuration gave them; never change. */
  char **plugin_paths;
  uint32_t plugin_path_count;
  char **package_paths;
  uint32_t package_path_count;
  char **config_plugin_paths;
  uint32_t config_plugin_path_count;

  pthread_mutex_t lock; /* guards what follows; held briefly, never while calling out */
  sheaf_registry *registry;
  void (*registry_free)(sheaf_registry *registry);
  struct sheaf_manager *managers; /* all that were ever opened, linked */

  uint32_t complaining; /* under the pool's lock: see pool.c */
};

#endif
