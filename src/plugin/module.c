/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/module.h"

#include <stdlib.h>

#include "core/extensible.h"
#include "plugin/settings.h"
#include "plugin/words.h"

/* The flags of a setting that this core knows. */
#define KNOWN_SETTING_FLAGS (SHEAF_SETTING_REQUIRED | SHEAF_SETTING_SECRET)

/* What the size rule's refusals are called when a plugin is refused. */
static sheaf_status as_plugin_error(sheaf_status status, sheaf_error *error) {
  if (status == SHEAF_INVALID_ARGUMENT) status = SHEAF_INVALID_PLUGIN;
  if (status == SHEAF_UNSUPPORTED) status = SHEAF_VERSION_MISMATCH;
  if (error) error->status = status;
  return status;
}

static sheaf_status copy_record(const sheaf_plugin *plugin, const sheaf_abi_range *core,
                                sheaf_plugin *out, sheaf_error *error) {
  /* The flags wait until the versions have met: a refusal by version says more. */
  sheaf_status status = sheaf_copy_table(out, sizeof *out, plugin, SHEAF_SIZE_AT_BIRTH(*out),
                                         SHEAF_MUST_UNDERSTAND, "sheaf_plugin", error);
  if (status) return as_plugin_error(status, error);
  sheaf_abi_range range = {SHEAF_ABI_MAJOR, out->abi_minor, out->abi_minor_min};
  status = sheaf_negotiate(core, &range, error);
  if (status) return status;
  status = sheaf_copy_table(out, sizeof *out, plugin, SHEAF_SIZE_AT_BIRTH(*out), 0, "sheaf_plugin",
                            error);
  if (status) return as_plugin_error(status, error);
  if (!out->factories || out->factory_count == 0 || out->factory_count > SHEAF_MAX_FACTORIES)
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "sheaf_plugin.factories is %s and factory_count is %u: a plugin has 1 "
                           "to %d factories",
                           out->factories ? "set" : "NULL", out->factory_count,
                           SHEAF_MAX_FACTORIES);
  return SHEAF_OK;
}

/* A name that people type on a command line and in JSON. */
static bool is_setting_name(const char *name) {
  size_t length = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789._-")
                       : 0;
  return length >= 1 && length <= 64 && name[length] == '\0';
}

static sheaf_status check_default(const sheaf_factory *factory, const sheaf_setting_info *info,
                                  sheaf_error *error) {
  sheaf_value value;
  if (!info->default_value) return SHEAF_OK;
  const char *problem = sheaf_setting_parse(info->kind, sheaf_cstr(info->default_value), &value);
  if (!problem) return SHEAF_OK;
  bool secret = (info->flags & SHEAF_SETTING_SECRET) != 0;
  return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                         "the default of setting \"%s\" of manager \"%s\"%s%s is not of its kind: "
                         "%s",
                         info->name, factory->id, secret ? "" : ", ",
                         secret ? "" : sheaf_quote(sheaf_cstr(info->default_value)).text, problem);
}

static sheaf_status check_setting(const sheaf_factory *factory, uint32_t i, sheaf_error *error) {
  const sheaf_setting_info *info = &factory->settings[i];
  if (!is_setting_name(info->name))
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "settings[%u] of manager \"%s\" has the name %s: a name has 1 to 64 "
                           "characters of A-Z a-z 0-9 . _ -",
                           i, factory->id,
                           info->name ? sheaf_quote(sheaf_cstr(info->name)).text : "NULL");
  if (!sheaf_setting_kind_words(info->kind))
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "setting \"%s\" of manager \"%s\" is of kind %u: it must be bool, "
                           "int64, double or string",
                           info->name, factory->id, info->kind);
  if (info->flags & SHEAF_MUST_UNDERSTAND & ~(uint32_t)KNOWN_SETTING_FLAGS)
    return sheaf_error_set(error, SHEAF_VERSION_MISMATCH,
                           "setting \"%s\" of manager \"%s\" has flags 0x%x that must be "
                           "understood and are not: update libsheaf",
                           info->name, factory->id, info->flags);
  for (uint32_t k = 0; k < i; k++) {
    if (strcmp(factory->settings[k].name, info->name) == 0)
      return sheaf_error_set(error, SHEAF_INVALID_PLUGIN, "manager \"%s\" has two settings \"%s\"",
                             factory->id, info->name);
  }
  return check_default(factory, info, error);
}

static sheaf_status check_factory(const sheaf_factory *factory, uint32_t i, sheaf_error *error) {
  if (!factory->id || !sheaf_is_id(factory->id))
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "factories[%u] has the id %s: an id has 1 to 64 characters of a-z 0-9 "
                           ". _ -",
                           i, factory->id ? sheaf_quote(sheaf_cstr(factory->id)).text : "NULL");
  if (!factory->create)
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "the factory of manager \"%s\" has no function create: it must be set",
                           factory->id);
  if (factory->setting_count > SHEAF_MAX_SETTINGS ||
      (factory->setting_count > 0 && !factory->settings))
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "the factory of manager \"%s\" has %u settings%s: it must be 0 to %d",
                           factory->id, factory->setting_count,
                           factory->settings ? "" : " and the array is NULL", SHEAF_MAX_SETTINGS);
  sheaf_status status = SHEAF_OK;
  for (uint32_t k = 0; k < factory->setting_count && !status; k++)
    status = check_setting(factory, k, error);
  return status;
}

static sheaf_status copy_factory(const sheaf_plugin *record, sheaf_module *module, uint32_t i,
                                 sheaf_error *error) {
  sheaf_error why = {0};
  sheaf_factory *factory = &module->offers[i].factory;
  sheaf_status status = sheaf_copy_table(factory, sizeof *factory, record->factories[i],
                                         SHEAF_SIZE_AT_BIRTH(*factory), 0, "sheaf_factory", &why);
  if (status)
    return sheaf_error_set(error, as_plugin_error(status, NULL), "factories[%u]: %s", i,
                           why.message);
  status = check_factory(factory, i, error);
  if (status) return status;
  if (sheaf_module_find(module, factory->id))
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN, "two factories have the id \"%s\"",
                           factory->id);
  module->offers[i].original = record->factories[i];
  module->offers[i].abi_minor = record->abi_minor;
  module->offer_count++;
  return SHEAF_OK;
}

sheaf_status sheaf_module_new(const sheaf_plugin *plugin, const char *path,
                              const sheaf_abi_range *core, sheaf_module **out, sheaf_error *error) {
  sheaf_plugin record;
  sheaf_status status = copy_record(plugin, core, &record, error);
  if (status) return status;
  size_t size = sizeof(sheaf_module) + record.factory_count * sizeof(sheaf_offer);
  size_t path_size = path ? strlen(path) + 1 : 0;
  sheaf_module *module = calloc(1, size + path_size);
  if (!module) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (path) module->path = memcpy((char *)module + size, path, path_size);
  for (uint32_t i = 0; i < record.factory_count && !status; i++)
    status = copy_factory(&record, module, i, error);
  if (status) free(module);
  else *out = module;
  return status;
}

const sheaf_offer *sheaf_module_find(const sheaf_module *module, const char *id) {
  for (uint32_t i = 0; i < module->offer_count; i++) {
    if (strcmp(module->offers[i].factory.id, id) == 0) return &module->offers[i];
  }
  return NULL;
}
