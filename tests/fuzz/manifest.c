/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: any file is read, or refused in words; what is read keeps what a manifest promises. */
#include "plugin/manifest.h"

#include "fuzz_file.h"
#include "plugin/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sheaf_hold hold = {0};
  sheaf_manifest manifest;
  sheaf_error error = {0};
  const char *path = fuzz_file("x.sheaf.json", data, size);
  sheaf_status status = sheaf_manifest_read(path, &hold, &manifest, &error);
  if (status) {
    ALWAYS(status == error.status);
    ALWAYS(status == SHEAF_INVALID_MANIFEST || status == SHEAF_VERSION_MISMATCH);
    fuzz_check_error(&error);
  } else {
    ALWAYS(manifest.id && sheaf_is_id(manifest.id));
    ALWAYS(manifest.version && sheaf_utf8_valid(sheaf_cstr(manifest.version)));
    ALWAYS(!manifest.name || sheaf_utf8_valid(sheaf_cstr(manifest.name)));
    ALWAYS(strcmp(manifest.library, fuzz_library_path) == 0); /* the only one that is there */
    ALWAYS(manifest.abi.major == SHEAF_ABI_MAJOR);
  }
  sheaf_hold_free(&hold);
  return 0;
}
