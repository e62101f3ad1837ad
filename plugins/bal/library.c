/* SPDX-License-Identifier: Apache-2.0 */
/* From text to library: parsed, and walked. */
#include "load.h"

#include "path.h"

#include <stdlib.h>

#define VERSION_TRAIT "openassetio-mediacreation:lifecycle.Version"

static bool fail_at(bal_loader *loader, size_t offset, const char *what) {
  size_t line, column;
  bal_json_where(loader->text, offset, &line, &column);
  (void)sheaf_error_set(loader->error, SHEAF_INVALID_CONFIG,
                        "%s:%zu:%zu: %s; the library must be a JSON document", loader->source, line,
                        column, what);
  return false;
}

/* Variables come first, wherever they stand: entities need them. */
static bool load_variables(bal_loader *loader, const bal_place *root, yyjson_val *tree) {
  yyjson_val *key, *child, *variables = NULL;
  size_t i, most;
  yyjson_obj_foreach(tree, i, most, key, child) {
    if (yyjson_equals_str(key, "variables")) variables = child;
  }
  bal_place here = {root, "variables", 0};
  return !variables || bal_load_variables(loader, &here, variables);
}

/* Those that every library in a file has; they win over its own of the same name. */
static bool set_path_variables(bal_loader *loader, sheaf_str path) {
  bal_buffer url = {0};
  sheaf_str folder = bal_path_folder(path);
  bal_path_url(&url, folder);
  sheaf_str kept = url.failed ? sheaf_strn(NULL, 0)
                              : bal_arena_copy(&loader->library->arena, bal_buffer_str(&url));
  bal_buffer_free(&url);
  if (!kept.data || !bal_variables_set(&loader->variables, sheaf_cstr("bal_library_path"), path) ||
      !bal_variables_set(&loader->variables, sheaf_cstr("bal_library_dir"), folder) ||
      !bal_variables_set(&loader->variables, sheaf_cstr("bal_library_dir_url"), kept))
    return bal_no_memory(loader);
  return true;
}

typedef struct member {
  const char *name;
  bool (*load)(bal_loader *loader, const bal_place *place, yyjson_val *item);
} member;

/* Members of the document that are not in this list are fine: editors and people leave theirs. */
static const member members[] = {{"entities", bal_load_entities},
                                 {"capabilities", bal_load_capabilities},
                                 {"managementPolicy", bal_load_policies},
                                 {"defaultEntities", bal_load_defaults}};

static bool load_document(bal_loader *loader, sheaf_str path) {
  yyjson_val *tree = yyjson_doc_get_root(loader->document), *key, *child;
  bal_place root = {NULL, NULL, 0};
  if (!yyjson_is_obj(tree)) return bal_wrong_type(loader, &root, "object", tree);
  if (!load_variables(loader, &root, tree)) return false;
  if (path.size && !set_path_variables(loader, path)) return false;
  size_t at, most;
  yyjson_obj_foreach(tree, at, most, key, child) {
    bal_place here = {&root, yyjson_get_str(key), 0};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
      if (yyjson_equals_str(key, members[i].name) && !members[i].load(loader, &here, child))
        return false;
  }
  return true;
}

static sheaf_id own_id(bal_loader *loader, const char *name) {
  uint32_t number = bal_names_number(&loader->names, sheaf_cstr(name));
  if (number) return bal_name_id(loader, number);
  (void)bal_no_memory(loader);
  return 0;
}

/* The names that the manager itself uses. */
static bool find_own_names(bal_loader *loader) {
  bal_library *library = loader->library;
  return (library->version_trait = own_id(loader, VERSION_TRAIT)) != 0 &&
         (library->stable_key = own_id(loader, "stableTag")) != 0 &&
         (library->specified_key = own_id(loader, "specifiedTag")) != 0;
}

static bool load_text(bal_loader *loader, sheaf_str path) {
  bal_fault fault;
  if (!find_own_names(loader)) return false;
  loader->document = bal_json_read(loader->text, &fault);
  if (!loader->document)
    return fault.what[0] ? fail_at(loader, fault.offset, fault.what) : bal_no_memory(loader);
  if (!load_document(loader, path)) return false;
  /* A table, though it be empty: what is looked up in steps needs one. */
  return sheaf_index_reserve(&loader->library->index, 0) || bal_no_memory(loader);
}

bool bal_library_load(bal_library *library, const sheaf_host *host, sheaf_str text,
                      const char *source, sheaf_str path, sheaf_error *error) {
  memset(library, 0, sizeof *library);
  sheaf_index_init(&library->index, sheaf_index_seed());
  library->capabilities = UINT32_MAX;
  for (int i = 0; i < SHEAF_ACCESS_COUNT; i++)
    library->policies[i].fallback.shape = BAL_RECORD_NONE;

  bal_loader loader = {
      .library = library, .host = host, .error = error, .source = source, .text = text};
  bal_names_init(&loader.names);
  bal_variables_init(&loader.variables);
  sheaf_index_init(&loader.shape_index, sheaf_index_seed());
  bool ok = load_text(&loader, path);
  bal_names_free(&loader.names);
  bal_variables_free(&loader.variables);
  sheaf_index_free(&loader.shape_index);
  bal_arena_free(&loader.shape_keys);
  bal_buffer_free(&loader.expanded);
  bal_buffer_free(&loader.normalised);
  free(loader.rows);
  bal_arena_free(&loader.texts);
  free(loader.drafts);
  free(loader.ids);
  yyjson_doc_free(loader.document);
  return ok;
}

void bal_library_free(bal_library *library) {
  sheaf_index_free(&library->index);
  bal_shelf_free(&library->entities);
  bal_arena_free(&library->arena);
  free(library->shapes);
}
