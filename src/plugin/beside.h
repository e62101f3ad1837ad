/* SPDX-License-Identifier: Apache-2.0 */
/* Where this library itself lies, so that what was installed with it is found by itself. */
#ifndef SHEAF_PLUGIN_BESIDE_H
#define SHEAF_PLUGIN_BESIDE_H

#include "plugin/hold.h"

#define SHEAF_BESIDE_MAX 2

/* Fills `paths` with the plugin folders that belong to this library: `sheaf/plugins` in the folder
 * of the shared object; if it is linked into an executable, in the executable's folder and in
 * ../lib beside that. Returns how many. */
size_t sheaf_beside(sheaf_hold *hold, const char *paths[SHEAF_BESIDE_MAX]);

#endif
