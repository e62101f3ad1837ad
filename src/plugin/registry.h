/* SPDX-License-Identifier: Apache-2.0 */
/* What a library has loaded and was given: kept in library->registry, guarded by library->lock. */
#ifndef SHEAF_PLUGIN_REGISTRY_H
#define SHEAF_PLUGIN_REGISTRY_H

#include <sheaf/plugins.h>

#include "plugin/module.h"

/* The offer of that id among those registered; NULL if there is none. */
const sheaf_offer *sheaf_registry_registered(sheaf_library *library, const char *id);

/* Whether strict mode is on: asked for, or due. */
bool sheaf_registry_is_strict(const sheaf_library *library);

/* Calls `visit` for each registered factory, in the order of registration. The lock is held:
 * `visit` calls nothing outside. */
void sheaf_registry_each(sheaf_library *library,
                         void (*visit)(const sheaf_factory *factory, void *ctx), void *ctx);

/* The module of the shared object at a real path, loaded if this library has not yet. A load that
 * failed is tried again. `error` is not NULL. */
sheaf_status sheaf_registry_load(sheaf_library *library, const char *real, const sheaf_module **out,
                                 sheaf_error *error);

/* What sheaf_find_factory finds, with all that is known of it. */
const sheaf_offer *sheaf_registry_find(sheaf_library *library, const char *id, sheaf_error *error);

#endif
