/* SPDX-License-Identifier: Apache-2.0 */
/* Entities: their versions, their overrides by access, their relations. */
#include "load.h"

/* The drafts of an entity: one override a mode of access, then its versions. */
enum { FIRST_VERSION = SHEAF_ACCESS_COUNT };

/* An entity being read. */
typedef struct making {
  uint32_t version_count; /* or BAL_NO_ENTITY */
  bool overrides;
  bal_extras extras; /* without the overrides */
} making;

static bool load_data_traits(bal_loader *loader, const bal_place *place, yyjson_val *item,
                             void *into) {
  if (!yyjson_is_null(item)) return bal_load_traits(loader, place, item, true, into);
  *(bal_draft *)into = (bal_draft){.shape = BAL_RECORD_NO_TRAITS};
  return true;
}

/* {"traits": {...}}, {} or null. */
static bool load_data(bal_loader *loader, const bal_place *place, yyjson_val *item, void *into) {
  static const bal_member members[] = {{"traits", load_data_traits, NULL}, {NULL, NULL, NULL}};
  bal_draft *draft = into;
  bool null = yyjson_is_null(item);
  *draft = (bal_draft){.shape = null ? BAL_RECORD_NULL : BAL_RECORD_NO_TRAITS};
  return null || bal_load_members(loader, place, item, members, draft);
}

static bool reserve_drafts(bal_loader *loader, uint32_t count) {
  while (loader->draft_capacity < count)
    if (!bal_grow(loader, (void **)&loader->drafts, &loader->draft_capacity, sizeof(bal_draft)))
      return false;
  return true;
}

static bool load_versions(bal_loader *loader, const bal_place *place, yyjson_val *item,
                          void *into) {
  making *entity = into;
  entity->version_count = 0;
  if (yyjson_is_null(item)) return true;
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t count = bal_child_count(item);
  if (!reserve_drafts(loader, FIRST_VERSION + count)) return false;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!load_data(loader, &here, child, &loader->drafts[FIRST_VERSION + i])) return false;
  }
  entity->version_count = count;
  return true;
}

static bool load_overrides(bal_loader *loader, const bal_place *place, yyjson_val *item,
                           void *into) {
  if (!reserve_drafts(loader, FIRST_VERSION)) return false;
  bal_draft *overrides = loader->drafts, unknown;
  for (int i = 0; i < SHEAF_ACCESS_COUNT; i++) overrides[i] = (bal_draft){.shape = BAL_RECORD_NONE};
  ((making *)into)->overrides = true;
  return bal_load_by_access(loader, place, item, load_data, overrides, sizeof *overrides, &unknown);
}

static bool load_related_name(bal_loader *loader, const bal_place *place, yyjson_val *item,
                              void *into) {
  sheaf_str *name = into;
  if (!yyjson_is_str(item)) return bal_wrong_type(loader, place, "string", item);
  *name = bal_arena_copy(&loader->library->arena, bal_text(item));
  return name->data || bal_no_memory(loader);
}

static bool load_related(bal_loader *loader, const bal_place *place, yyjson_val *item, void *into) {
  bal_relation *relation = into;
  relation->entities = bal_load_list(loader, place, item, load_related_name, sizeof(sheaf_str),
                                     &relation->entity_count);
  return relation->entities != NULL;
}

static bool load_relation_traits(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                 void *into) {
  return bal_load_record(loader, place, item, &((bal_relation *)into)->how);
}

static bool load_relation_access(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                 void *into) {
  bal_relation *relation = into;
  if (!yyjson_is_str(item)) return bal_wrong_type(loader, place, "string", item);
  relation->access = bal_access_named(yyjson_get_str(item));
  if (relation->access == BAL_NO_ACCESS)
    bal_warn(loader, place, "no mode of access: this relation is never met");
  return true;
}

static bool load_relation(bal_loader *loader, const bal_place *place, yyjson_val *item,
                          void *into) {
  static const bal_member members[] = {{"traits", load_relation_traits, "an object"},
                                       {"entities", load_related, "an array"},
                                       {"access", load_relation_access, NULL},
                                       {NULL, NULL, NULL}};
  ((bal_relation *)into)->access = SHEAF_ACCESS_READ;
  return bal_load_members(loader, place, item, members, into);
}

static bool load_relations(bal_loader *loader, const bal_place *place, yyjson_val *item,
                           void *into) {
  bal_extras *extras = &((making *)into)->extras;
  extras->relations = bal_load_list(loader, place, item, load_relation, sizeof(bal_relation),
                                    &extras->relation_count);
  return extras->relations != NULL;
}

static bool load_entity(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        making *entity) {
  static const bal_member members[] = {{"versions", load_versions, "an array, if only []"},
                                       {"overrideByAccess", load_overrides, NULL},
                                       {"relations", load_relations, NULL},
                                       {NULL, NULL, NULL}};
  /* null: as if it were not there */
  return yyjson_is_null(item) || bal_load_members(loader, place, item, members, entity);
}

/* Room for what an entity has beside its versions; NULL in `*extras` if that is nothing. `overrides`
 * is where to write them. */
static bool make_extras(bal_loader *loader, const making *entity, const bal_extras **extras,
                        bal_record **overrides) {
  *extras = NULL;
  if (!entity->overrides && !entity->extras.relations) return true;
  bal_extras *made = bal_new(loader, 1, sizeof *made);
  if (!made) return false;
  *made = entity->extras;
  if (entity->overrides) {
    made->overrides = *overrides = bal_new(loader, SHEAF_ACCESS_COUNT, sizeof **overrides);
    if (!*overrides) return false;
  }
  *extras = made;
  return true;
}

/* Puts an entity on the shelf, in the order that bal_entity says, and in the index. Of a name that
 * comes twice the last counts. */
static bool shelve(bal_loader *loader, const making *made, sheaf_str name) {
  uint32_t versions = made->version_count == BAL_NO_ENTITY ? 0 : made->version_count, rows = 0;
  uint32_t first = made->overrides ? 0 : FIRST_VERSION, end = FIRST_VERSION + versions;
  size_t head = sizeof(bal_entity) + versions * sizeof(bal_record) + name.size + 1;
  size_t size = head = (head + 7) & ~(size_t)7;
  for (uint32_t i = first; i < end; i++) {
    size += bal_draft_size(loader, &loader->drafts[i]);
    rows += loader->drafts[i].count;
  }
  bal_record *overrides = NULL;
  const bal_extras *extras;
  uint32_t number;
  if (!make_extras(loader, made, &extras, &overrides)) return false;
  bal_entity *entity = bal_shelf_add(&loader->library->entities, size, &number);
  if (!entity) return bal_no_memory(loader);
  *entity = (bal_entity){extras, made->version_count, 0};
  char *text = memcpy(entity->versions + versions, name.data, name.size + 1);
  sheaf_property *properties = (sheaf_property *)((char *)entity + head);
  bal_writer writer = {properties, (char *)(properties + rows)};
  for (uint32_t i = end; i-- > first;) {
    bal_record record = bal_draft_write(loader, &loader->drafts[i], &writer);
    if (i < FIRST_VERSION) overrides[i] = record;
    else entity->versions[i - FIRST_VERSION] = record;
  }
  return sheaf_index_put(&loader->library->index, sheaf_strn(text, name.size), number) ||
         bal_no_memory(loader);
}

/* Its place in the index is needed at the end: by then it has come from memory. */
static bool load_member(bal_loader *loader, const bal_place *place, sheaf_str name,
                        yyjson_val *item) {
  bal_place here = {place, name.data, 0};
  making made = {.version_count = BAL_NO_ENTITY};
  loader->row_count = 0;
  bal_arena_clear(&loader->texts);
  sheaf_index_prefetch_slot(&loader->library->index, name);
  if (!load_entity(loader, &here, item, &made) || !shelve(loader, &made, name)) return false;
  if (name.size > loader->library->longest_name) loader->library->longest_name = name.size;
  return true;
}

/* What of an entity is fetched before it is known: as much as they have on average. */
static void set_lines(bal_loader *loader) {
  enum { MOST_LINES = 8 };
  bal_library *library = loader->library;
  size_t lines = library->entities.total / BAL_LINE, count = sheaf_index_count(&library->index);
  size_t each = count ? (lines + count - 1) / count : 1;
  library->lines = each < MOST_LINES ? (uint32_t)each : MOST_LINES;
}

bool bal_load_entities(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  bal_library *library = loader->library;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  /* A second `entities` takes the place of the first. */
  sheaf_index_free(&library->index);
  bal_shelf_free(&library->entities);
  if (!sheaf_index_reserve(&library->index, bal_child_count(item))) return bal_no_memory(loader);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    if (!load_member(loader, place, bal_text(key), child)) return false;
  }
  set_lines(loader);
  return true;
}
