/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any references, asked of one library of bal's. The first byte chooses the verb, the mode of access
 * and the scheme; then come references, each with its length in a byte. What bal answers to one does
 * not depend on those that it is asked together with.
 */
#include "fuzz.h"

enum { MOST = 64, SCHEMES = 3 };

static const char json[] =
    "{\"entities\":{"
    "\"a\":{\"versions\":[{\"traits\":{\"t\":{\"n\":1,\"s\":\"x\"}}},null,{\"traits\":{\"u\":{}}}]}"
    ","
    "\"a/b c\":{\"versions\":[{\"traits\":{\"t\":{\"n\":2}}}],"
    "\"overrideByAccess\":{\"write\":{\"traits\":{\"w\":{\"p\":1.5}}},\"required\":null}},"
    "\"\xc3\xa9\":{\"versions\":[{\"traits\":{\"t\":{\"n\":3}}}]},"
    "\"a;b\":{\"versions\":[{}]}}}";

static sheaf_manager *managers[SCHEMES];

static void open_managers(void) {
  static const char *const schemes[SCHEMES] = {"bal", "http", "x-y"};
  sheaf_library *library = fuzz_library();
  ALWAYS(sheaf_register(library, sheaf_plugin_v1(), NULL) == SHEAF_OK);
  for (int i = 0; i < SCHEMES; i++) {
    sheaf_setting settings[] = {
        {SHEAF_STR("library_json"), sheaf_string(sheaf_cstr(json))},
        {SHEAF_STR("entity_reference_url_scheme"), sheaf_string(sheaf_cstr(schemes[i]))}};
    sheaf_error error;
    managers[i] = sheaf_manager_open(library, "bal", settings, 2, &error);
    if (!managers[i]) fprintf(stderr, "%s\n", error.message);
    ALWAYS(managers[i]);
  }
}

static void check_one(sheaf_manager *manager, sheaf_request request, uint32_t index,
                      const sheaf_result *together) {
  request.refs += index;
  request.count = 1;
  sheaf_batch *batch = sheaf_perform_batch(manager, request.verb, &request, NULL);
  ALWAYS(batch);
  const sheaf_result *alone = sheaf_batch_at(batch, 0);
  ALWAYS(alone->status == together->status);
  ALWAYS(alone->property_count == together->property_count);
  ALWAYS(sheaf_str_equal(alone->message, together->message));
  ALWAYS(sheaf_utf8_valid(alone->message));
  sheaf_batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in = {data, data + size};
  sheaf_str refs[MOST];
  uint32_t count = 0;
  if (!managers[0]) open_managers();
  uint8_t how = fuzz_byte(&in);
  while (count < MOST && fuzz_left(&in) > 0) {
    refs[count] = fuzz_text(&in);
    refs[count].data = fuzz_copy(refs[count].data, refs[count].size);
    count++;
  }
  sheaf_manager *manager = managers[how % SCHEMES];
  sheaf_request request = sheaf_request_for(refs, count);
  request.verb = SHEAF_VERB_RESOLVE + how / SCHEMES % 3;
  request.access = how / (SCHEMES * 3) % SHEAF_ACCESS_COUNT;
  sheaf_batch *batch = sheaf_perform_batch(manager, request.verb, &request, NULL);
  ALWAYS(batch && sheaf_batch_status(batch) == SHEAF_OK);
  fuzz_read_batch(batch, count);
  for (uint32_t i = 0; i < count; i++) check_one(manager, request, i, sheaf_batch_at(batch, i));
  sheaf_batch_free(batch);
  for (uint32_t i = 0; i < count; i++) free((void *)(uintptr_t)refs[i].data);
  return 0;
}
