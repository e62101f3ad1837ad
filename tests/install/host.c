/* SPDX-License-Identifier: Apache-2.0 */
/* A host built outside the tree: resolves one reference with the manager `template`, found in the
 * folder that the command line names. */
#include <sheaf/sheaf.h>

#include <stdio.h>

int main(int argc, char **argv) {
  const char *folder = argc > 1 ? argv[1] : NULL;
  sheaf_error error = {0};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.plugin_paths = &folder;
  options.plugin_path_count = folder ? 1 : 0;
  sheaf_library *library = sheaf_library_new(&options, &error);
  sheaf_manager *manager =
      library ? sheaf_manager_open(library, "template", NULL, 0, &error) : NULL;
  sheaf_batch *batch =
      manager ? sheaf_resolve_one(manager, sheaf_cstr("template:///fig"), &error) : NULL;
  const sheaf_value *name = batch ? sheaf_batch_value(batch, 0, "named", "name") : NULL;
  if (!name) {
    fprintf(stderr, "host: %s\n", error.message);
    return 1;
  }
  printf("%.*s, by libsheaf %s\n", (int)name->length, name->u.data, sheaf_version());
  sheaf_batch_free(batch);
  return sheaf_library_free(library) == SHEAF_OK ? 0 : 1;
}
