/* SPDX-License-Identifier: Apache-2.0 */
/* Entities: their versions, their overrides by access, their relations. */
#include "load.h"

/* {"traits": {...}}, {} or null. */
static bool load_data(bal_loader *loader, const bal_place *place, yyjson_val *item,
                      bal_record *record) {
  *record = (bal_record){.state = BAL_RECORD_NO_TRAITS};
  if (yyjson_is_null(item)) {
    record->state = BAL_RECORD_NULL;
    return true;
  }
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    if (strcmp(name, "traits") != 0) bal_warn_unknown(loader, &here);
    else if (yyjson_is_null(child)) *record = (bal_record){.state = BAL_RECORD_NO_TRAITS};
    else if (!bal_load_traits(loader, &here, child, true, record)) return false;
  }
  return true;
}

static bool load_versions(bal_loader *loader, const bal_place *place, yyjson_val *item,
                          bal_entity *entity) {
  entity->version_count = 0;
  if (yyjson_is_null(item)) return true;
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t count = bal_child_count(item);
  bal_record *versions = bal_new(loader, count, sizeof *versions);
  if (!versions) return false;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!load_data(loader, &here, child, &versions[i])) return false;
  }
  entity->versions = versions;
  entity->version_count = count;
  return true;
}

static bool load_overrides(bal_loader *loader, const bal_place *place, yyjson_val *item,
                           bal_entity *entity) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  bal_record *overrides = bal_new(loader, SHEAF_ACCESS_COUNT, sizeof *overrides), unknown;
  if (!overrides) return false;
  for (int i = 0; i < SHEAF_ACCESS_COUNT; i++) overrides[i].state = BAL_RECORD_NONE;
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    sheaf_access access = bal_access_named(name);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!load_data(loader, &here, child, access == BAL_NO_ACCESS ? &unknown : &overrides[access]))
      return false;
  }
  entity->overrides = overrides;
  return true;
}

static bool load_related(bal_loader *loader, const bal_place *place, yyjson_val *item,
                         bal_relation *relation) {
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t count = bal_child_count(item);
  sheaf_str *names = bal_new(loader, count, sizeof *names);
  if (!names) return false;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!yyjson_is_str(child)) return bal_wrong_type(loader, &here, "string", child);
    names[i] = bal_arena_copy(&loader->library->arena, bal_text(child));
    if (!names[i].data) return bal_no_memory(loader);
  }
  relation->entities = names;
  relation->entity_count = count;
  return true;
}

static bool load_relation_access(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                 bal_relation *relation) {
  if (!yyjson_is_str(item)) return bal_wrong_type(loader, place, "string", item);
  relation->access = bal_access_named(yyjson_get_str(item));
  if (relation->access == BAL_NO_ACCESS)
    bal_warn(loader, place, "no mode of access: this relation is never met");
  return true;
}

static bool load_relation(bal_loader *loader, const bal_place *place, yyjson_val *item,
                          bal_relation *relation) {
  bool traits = false;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  relation->access = SHEAF_ACCESS_READ;
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok = true;
    if (strcmp(name, "traits") == 0) {
      traits = true;
      ok = bal_load_traits(loader, &here, child, false, &relation->how);
    } else if (strcmp(name, "entities") == 0) {
      ok = load_related(loader, &here, child, relation);
    } else if (strcmp(name, "access") == 0) {
      ok = load_relation_access(loader, &here, child, relation);
    } else {
      bal_warn_unknown(loader, &here);
    }
    if (!ok) return false;
  }
  if (!traits) return bal_fail(loader, place, "'traits' is missing: add an object");
  if (!relation->entities) return bal_fail(loader, place, "'entities' is missing: add an array");
  return true;
}

static bool load_relations(bal_loader *loader, const bal_place *place, yyjson_val *item,
                           bal_entity *entity) {
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t count = bal_child_count(item);
  bal_relation *relations = bal_new(loader, count, sizeof *relations);
  if (!relations) return false;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!load_relation(loader, &here, child, &relations[i])) return false;
  }
  entity->relations = relations;
  entity->relation_count = count;
  return true;
}

static bool load_entity(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        bal_entity *entity) {
  bool versions = false;
  if (yyjson_is_null(item)) return true; /* as if it were not there */
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok = true;
    if (strcmp(name, "versions") == 0) {
      versions = true;
      ok = load_versions(loader, &here, child, entity);
    } else if (strcmp(name, "overrideByAccess") == 0) {
      ok = load_overrides(loader, &here, child, entity);
    } else if (strcmp(name, "relations") == 0) {
      ok = load_relations(loader, &here, child, entity);
    } else {
      bal_warn_unknown(loader, &here);
    }
    if (!ok) return false;
  }
  return versions || bal_fail(loader, place, "'versions' is missing: add an array, if only []");
}

/* The place of a name in the list, new or the one that it had; its name is in the arena. */
static bal_entity *place_of(bal_loader *loader, sheaf_str text) {
  bal_library *library = loader->library;
  sheaf_str name = bal_arena_copy(&library->arena, text);
  uint32_t *number = name.data ? sheaf_index_at(&library->index, name) : NULL;
  if (!number) return (void)bal_no_memory(loader), NULL;
  if (*number == SHEAF_INDEX_NONE) {
    *number = library->entity_count++;
    library->entities[*number].name = name;
    if (name.size > library->longest_name) library->longest_name = name.size;
  }
  return &library->entities[*number];
}

/* Its place in the index is looked for last: by then it has come from memory. */
static bool load_member(bal_loader *loader, const bal_place *place, sheaf_str name,
                        yyjson_val *item) {
  bal_place here = {place, name.data, 0};
  bal_entity entity = {.version_count = BAL_NO_ENTITY};
  sheaf_index_prefetch_slot(&loader->library->index, name);
  if (!load_entity(loader, &here, item, &entity)) return false;
  bal_entity *at = place_of(loader, name);
  if (!at) return false;
  entity.name = at->name;
  *at = entity;
  return true;
}

bool bal_load_entities(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  bal_library *library = loader->library;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  uint32_t count = bal_child_count(item);
  /* A second `entities` takes the place of the first. */
  sheaf_index_free(&library->index);
  library->entity_count = 0;
  library->entities = bal_new(loader, count, sizeof *library->entities);
  if (!library->entities) return false;
  if (!sheaf_index_reserve(&library->index, count)) return bal_no_memory(loader);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    if (!load_member(loader, place, bal_text(key), child)) return false;
  }
  return true;
}
