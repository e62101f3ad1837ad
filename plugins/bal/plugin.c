/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of the plugin: its factory, and the life of a manager. */
#include "manager.h"
#include "path.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef BAL_VERSION
#define BAL_VERSION "0.1.0"
#endif

static void describe_verbs(bal_manager *manager) {
  static const struct {
    sheaf_id verb;
    uint32_t capability;
  } served[] = {{SHEAF_VERB_RESOLVE, BAL_CAN_RESOLVE},
                {SHEAF_VERB_EXISTS, BAL_CAN_EXISTS},
                {SHEAF_VERB_TRAITS, BAL_CAN_TRAITS}};
  uint32_t count = 0;
  for (size_t i = 0; i < sizeof served / sizeof served[0]; i++)
    if (manager->library.capabilities & served[i].capability)
      manager->verbs[count++] =
          (sheaf_verb_info){served[i].verb, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT};
  manager->description.verb_count = count;
}

static void set_up(bal_manager *manager, const bal_settings *settings) {
  (void)snprintf(manager->prefix, sizeof manager->prefix, "%.*s:///", (int)settings->scheme.size,
                 settings->scheme.data);
  manager->scheme = bal_scheme_make(sheaf_cstr(manager->prefix), manager->library.longest_name);
  manager->latency_ns = settings->latency_ms * 1000000;
  manager->description = (sheaf_description){.struct_size = sizeof manager->description,
                                             .verbs = manager->verbs,
                                             .prefixes = &manager->scheme.prefix,
                                             .prefix_count = 1};
  /* All is in memory, and the latency that is simulated is slept. */
  if (manager->latency_ns == 0) manager->description.flags = SHEAF_MANAGER_NONBLOCKING;
  describe_verbs(manager);
}

static bool load_file(bal_manager *manager, const sheaf_host *host, sheaf_str path,
                      sheaf_error *error) {
  bal_buffer text = {0}, whole = {0};
  bool known = bal_path_absolute(&whole, path);
  sheaf_str absolute = bal_buffer_str(&whole);
  bal_buffer_put_char(&whole, '\0');
  absolute.data = whole.data;
  bool ok = known && !whole.failed;
  if (whole.failed) (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  else if (!known)
    (void)sheaf_error_set(error, SHEAF_IO_ERROR,
                          "library_path is relative, and the working folder is not known; set an "
                          "absolute path");
  ok =
      ok && bal_source_read(&text, whole.data, error) &&
      bal_library_load(&manager->library, host, bal_buffer_str(&text), whole.data, absolute, error);
  bal_buffer_free(&text);
  bal_buffer_free(&whole);
  return ok;
}

static void destroy(void *self) {
  bal_manager *manager = self;
  bal_library_free(&manager->library);
  free(manager);
}

static const sheaf_description *describe(void *self) { return &((bal_manager *)self)->description; }

static const sheaf_manager_table table = {
    .struct_size = sizeof table, .describe = describe, .batch = bal_batch, .destroy = destroy};

static sheaf_status create(const sheaf_factory *factory, const sheaf_host *host,
                           const sheaf_value *settings, uint32_t setting_count,
                           sheaf_interface *out, sheaf_error *error) {
  (void)factory;
  sheaf_error own; /* `error` may be NULL, and the status is needed */
  bal_settings values;
  own.status = SHEAF_OK;
  bal_manager *manager = calloc(1, sizeof *manager);
  if (!manager) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  bool ok = bal_settings_read(&values, settings, setting_count, &own) &&
            (values.has_json ? bal_library_load(&manager->library, host, values.json,
                                                "library_json", sheaf_strn(NULL, 0), &own)
                             : load_file(manager, host, values.path, &own));
  if (!ok) {
    destroy(manager);
    return sheaf_error_set(error, own.status, "%s", own.message);
  }
  set_up(manager, &values);
  *out = (sheaf_interface){&table, manager};
  return SHEAF_OK;
}

static const sheaf_factory factory = {.struct_size = sizeof factory,
                                      .id = "bal",
                                      .display_name = "Basic Asset Library",
                                      .version = BAL_VERSION,
                                      .description =
                                          "Entities in a JSON file, as OpenAssetIO's Basic Asset "
                                          "Library writes them",
                                      .settings = bal_setting_infos,
                                      .setting_count = BAL_SETTING_COUNT,
                                      .create = create};

SHEAF_PLUGIN(0, 0, &factory)
