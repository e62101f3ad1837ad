/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/manager.h"
#include "plugin/registry.h"
#include "plugin/settings.h"

sheaf_manager *sheaf_manager_open(sheaf_library *library, const char *id,
                                  const sheaf_setting *settings, uint32_t count,
                                  sheaf_error *error) {
  sheaf_value *values = NULL;
  const sheaf_offer *offer = sheaf_registry_find(library, id, error);
  if (!offer || sheaf_settings_resolve("manager", &offer->factory, settings, count, &values, error))
    return NULL;
  sheaf_manager *manager = sheaf_manager_create(library, &offer->factory, offer->original,
                                                offer->abi_minor, values, error);
  free(values);
  return manager;
}
