/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations: any file is read, or refused in words; what is read is absolute and of known kinds. */
#include "fuzz_file.h"

static void check(const sheaf_config *config) {
  uint32_t count = 0;
  const char *manager = sheaf_config_manager(config);
  ALWAYS(sheaf_config_path(config)[0] == '/');
  ALWAYS(!manager || !strchr(manager, '/') || manager[0] == '/');
  const sheaf_setting *settings = sheaf_config_settings(config, &count);
  for (uint32_t i = 0; i < count; i++) {
    sheaf_kind kind = settings[i].value.kind;
    ALWAYS(sheaf_utf8_valid(settings[i].name));
    ALWAYS(kind == SHEAF_KIND_STRING || kind == SHEAF_KIND_INT64 || kind == SHEAF_KIND_DOUBLE ||
           kind == SHEAF_KIND_BOOL || kind == SHEAF_KIND_NONE);
    fuzz_read_value(&settings[i].value);
  }
  const char *const *paths = sheaf_config_plugin_paths(config, &count);
  for (uint32_t i = 0; i < count; i++) ALWAYS(paths[i][0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sheaf_error error = {0};
  sheaf_config *config = sheaf_config_load(fuzz_file("sheaf.json", data, size), &error);
  if (config) {
    check(config);
  } else {
    ALWAYS(error.status == SHEAF_INVALID_CONFIG);
    fuzz_check_error(&error);
  }
  sheaf_config_free(config);
  return 0;
}
