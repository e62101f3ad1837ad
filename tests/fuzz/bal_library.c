/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries of bal, through the plugin's create: opened and asked, or refused in words. */
#include "fuzz.h"

static void ask(sheaf_manager *manager) {
  static const sheaf_str refs[] = {SHEAF_STR("bal:///a"), SHEAF_STR("bal:///a?v=1"),
                                   SHEAF_STR("bal:///b?v=2"), SHEAF_STR("bal:///")};
  enum { COUNT = sizeof refs / sizeof *refs };
  static const sheaf_id verbs[] = {SHEAF_VERB_RESOLVE, SHEAF_VERB_EXISTS, SHEAF_VERB_TRAITS};
  for (uint32_t access = 0; access < SHEAF_ACCESS_COUNT; access++) {
    for (int i = 0; i < 3; i++) {
      sheaf_request request = sheaf_request_for(refs, COUNT);
      request.access = access;
      sheaf_batch *batch = sheaf_perform_batch(manager, verbs[i], &request, NULL);
      ALWAYS(batch);
      fuzz_read_batch(batch, COUNT);
      sheaf_batch_free(batch);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sheaf_library *library = fuzz_library();
  sheaf_error error = {0};
  char *text = fuzz_copy(data, size);
  sheaf_setting settings[] = {{SHEAF_STR("library_json"), sheaf_string(sheaf_strn(text, size))}};
  ALWAYS(sheaf_register(library, sheaf_plugin_v1(), NULL) == SHEAF_OK);
  sheaf_manager *manager = sheaf_manager_open(library, "bal", settings, 1, &error);
  free(text);
  if (manager) {
    ask(manager);
  } else {
    ALWAYS(error.status == SHEAF_INVALID_CONFIG || error.status == SHEAF_INVALID_ARGUMENT ||
           error.status == SHEAF_LIMIT);
    fuzz_check_error(&error);
  }
  ALWAYS(sheaf_library_free(library) == SHEAF_OK);
  return 0;
}
