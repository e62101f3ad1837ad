/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's record, copied to full size and checked: loaded or registered, from here on equal. */
#ifndef SHEAF_PLUGIN_MODULE_H
#define SHEAF_PLUGIN_MODULE_H

#include <sheaf/abi.h>

#include "plugin/negotiate.h"

#define SHEAF_MAX_FACTORIES 1024
#define SHEAF_MAX_SETTINGS 1024

/* One factory of a plugin. */
typedef struct sheaf_offer {
  sheaf_factory factory; /* a full-size copy; what it points to is the plugin's */
  const sheaf_factory *original;
  uint32_t abi_minor; /* that the plugin was written for */
} sheaf_offer;

typedef struct sheaf_module {
  struct sheaf_module *next;
  const char *path; /* of the shared object, real; NULL if registered; allocated with the module */
  uint32_t offer_count;
  sheaf_offer offers[];
} sheaf_module;

/*
 * Copies a plugin's record and its factories, and checks all that the core relies on: versions
 * first, for a record of another version may mean anything. SHEAF_VERSION_MISMATCH,
 * SHEAF_INVALID_PLUGIN or SHEAF_OUT_OF_MEMORY, with a message that does not name the file. Freed
 * with free().
 */
sheaf_status sheaf_module_new(const sheaf_plugin *plugin, const char *path,
                              const sheaf_abi_range *core, sheaf_module **out, sheaf_error *error);

/* The offer of that id; NULL if there is none. */
const sheaf_offer *sheaf_module_find(const sheaf_module *module, const char *id);

#endif
