/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/registry.h"

#include <stdlib.h>

#include "core/library.h"
#include "plugin/load.h"
#include "plugin/strict.h"
#include "plugin/words.h"

struct sheaf_registry {
  sheaf_module *registered; /* in their order */
  sheaf_module *loaded;
};

static void free_modules(sheaf_module *module) {
  while (module) {
    sheaf_module *next = module->next;
    free(module);
    module = next;
  }
}

static void free_registry(sheaf_registry *registry) {
  free_modules(registry->registered);
  free_modules(registry->loaded);
  free(registry);
}

/* The registry, made if it is not there. The lock is held. NULL: out of memory. */
static sheaf_registry *ensure(sheaf_library *library) {
  if (library->registry) return library->registry;
  library->registry = calloc(1, sizeof *library->registry);
  if (library->registry) library->registry_free = free_registry;
  return library->registry;
}

static sheaf_module *first_registered(const sheaf_library *library) {
  return library->registry ? library->registry->registered : NULL;
}

/* The lock is held. */
static const sheaf_offer *find_registered(const sheaf_library *library, const char *id) {
  const sheaf_offer *offer = NULL;
  for (const sheaf_module *m = first_registered(library); m && !offer; m = m->next)
    offer = sheaf_module_find(m, id);
  return offer;
}

const sheaf_offer *sheaf_registry_registered(sheaf_library *library, const char *id) {
  pthread_mutex_lock(&library->lock);
  const sheaf_offer *offer = find_registered(library, id);
  pthread_mutex_unlock(&library->lock);
  return offer;
}

void sheaf_registry_each(sheaf_library *library,
                         void (*visit)(const sheaf_factory *factory, void *ctx), void *ctx) {
  pthread_mutex_lock(&library->lock);
  for (const sheaf_module *m = first_registered(library); m; m = m->next) {
    for (uint32_t i = 0; i < m->offer_count; i++) visit(&m->offers[i].factory, ctx);
  }
  pthread_mutex_unlock(&library->lock);
}

/* Puts a module at the end of those registered, unless an id of its is taken. The lock is held. */
static sheaf_status publish_registered(sheaf_library *library, sheaf_module *module,
                                       sheaf_error *error) {
  for (uint32_t i = 0; i < module->offer_count; i++) {
    const char *id = module->offers[i].factory.id;
    if (find_registered(library, id))
      return sheaf_error_set(error, SHEAF_BUSY,
                             "a plugin with the id \"%s\" is registered already: register it once, "
                             "or under another id",
                             id);
  }
  sheaf_registry *registry = ensure(library);
  if (!registry) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  sheaf_module **end = &registry->registered;
  while (*end) end = &(*end)->next;
  *end = module;
  return SHEAF_OK;
}

sheaf_status sheaf_register(sheaf_library *library, const sheaf_plugin *plugin,
                            sheaf_error *error) {
  sheaf_module *module = NULL;
  if (!library) return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the library is NULL");
  sheaf_status status = sheaf_module_new(plugin, NULL, &sheaf_core_abi, &module, error);
  if (status) return status;
  pthread_mutex_lock(&library->lock);
  status = publish_registered(library, module, error);
  pthread_mutex_unlock(&library->lock);
  if (status) free(module);
  return status;
}

/* The lock is held. */
static const sheaf_module *find_loaded(const sheaf_library *library, const char *real) {
  const sheaf_module *m = library->registry ? library->registry->loaded : NULL;
  while (m && strcmp(m->path, real) != 0) m = m->next;
  return m;
}

/* Two threads may have loaded the same file: the first to publish wins, the other's copy goes. */
static sheaf_status publish_loaded(sheaf_library *library, sheaf_module *module,
                                   const sheaf_module **out) {
  pthread_mutex_lock(&library->lock);
  sheaf_registry *registry = ensure(library);
  *out = find_loaded(library, module->path);
  if (registry && !*out) {
    module->next = registry->loaded;
    registry->loaded = module;
    *out = module;
  }
  pthread_mutex_unlock(&library->lock);
  if (*out != module) free(module);
  return *out ? SHEAF_OK : SHEAF_OUT_OF_MEMORY;
}

bool sheaf_registry_is_strict(const sheaf_library *library) {
  return library->strict || sheaf_strict_is_due();
}

sheaf_status sheaf_registry_load(sheaf_library *library, const char *real, const sheaf_module **out,
                                 sheaf_error *error) {
  pthread_mutex_lock(&library->lock);
  *out = find_loaded(library, real);
  pthread_mutex_unlock(&library->lock);
  if (*out) return SHEAF_OK;
  sheaf_module *module = NULL;
  sheaf_status status = SHEAF_OK;
  if (sheaf_registry_is_strict(library)) {
    status = sheaf_strict_check(real, error);
    if (status) sheaf_error_in_file(error, real);
  }
  if (!status) status = sheaf_module_load(real, &module, error);
  if (status) return status;
  status = publish_loaded(library, module, out);
  if (status) return sheaf_error_set(error, status, "out of memory");
  return SHEAF_OK;
}
