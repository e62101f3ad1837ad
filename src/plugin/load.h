/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a shared object and asking it for its record. Runs the plugin's code: no lock is held. */
#ifndef SHEAF_PLUGIN_LOAD_H
#define SHEAF_PLUGIN_LOAD_H

#include "plugin/module.h"

/*
 * Loads the shared object at a real path (absolute, no links) and copies its record. It stays
 * loaded until the process ends, also if this fails. SHEAF_LOAD_FAILED, SHEAF_VERSION_MISMATCH,
 * SHEAF_INVALID_PLUGIN or SHEAF_OUT_OF_MEMORY, with a message that names the file and the remedy.
 * `error` is not NULL.
 */
sheaf_status sheaf_module_load(const char *real, sheaf_module **out, sheaf_error *error);

#endif
