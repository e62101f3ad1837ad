/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traits with properties. A record is gathered in the loader's rows, for only at its end is it
 * known how many there are: of members that an object has twice the last counts, as in the
 * original.
 */
#include "load.h"

#include <stdlib.h>

/* What a library can name. */
enum { LONGEST_NAME = 1024 };

/* The number of a name, or 0: one that Sheaf cannot name, after a warning. `ok` says if memory was
 * enough. */
static uint32_t number_of(bal_loader *loader, const bal_place *place, const char *text, bool *ok) {
  uint32_t number = bal_names_guess(&loader->names, text);
  *ok = true;
  if (number) return number;
  sheaf_str name = sheaf_cstr(text);
  if (name.size == 0 || name.size > LONGEST_NAME) {
    bal_warn(loader, place, "names must have 1 to 1,024 bytes: left out");
    return 0;
  }
  number = bal_names_number(&loader->names, name);
  *ok = number != 0 || bal_no_memory(loader);
  return number;
}

static bool grow(bal_loader *loader, void **list, uint32_t *capacity, size_t size) {
  uint32_t more = *capacity ? *capacity * 2 : 64;
  void *longer = realloc(*list, more * size);
  if (!longer) return bal_no_memory(loader);
  *list = longer;
  *capacity = more;
  return true;
}

static bool add_row(bal_loader *loader, uint32_t trait, uint32_t key, sheaf_value value) {
  bal_met *met = &loader->names.met[key - 1];
  if (met->as_key == loader->serial) { /* the same property again */
    loader->rows[met->key_at].value = value;
    return true;
  }
  if (loader->row_count == loader->row_capacity &&
      !grow(loader, (void **)&loader->rows, &loader->row_capacity, sizeof *loader->rows))
    return false;
  met->as_key = loader->serial;
  met->key_at = loader->row_count;
  loader->rows[loader->row_count++] = (sheaf_property){trait, key, value};
  return true;
}

static bool load_properties(bal_loader *loader, const bal_place *place, yyjson_val *item,
                            uint32_t trait, bool expand) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  loader->serial++;
  size_t at, most;
  yyjson_val *name, *child;
  yyjson_obj_foreach(item, at, most, name, child) {
    bal_place here = {place, yyjson_get_str(name), 0};
    bool ok;
    uint32_t key = number_of(loader, &here, yyjson_get_str(name), &ok);
    sheaf_value value;
    if (!ok || !bal_load_value(loader, &here, child, expand, &value)) return false;
    if (key && trait && !add_row(loader, trait, key, value)) return false;
  }
  return true;
}

/* Notes that the record has a trait. If it has it already, what it had of it is void. */
static bool add_trait(bal_loader *loader, uint32_t trait, uint32_t serial) {
  bal_met *met = &loader->names.met[trait - 1];
  if (met->as_trait == serial) {
    for (uint32_t i = met->trait_at; i < loader->row_count && loader->rows[i].trait == trait; i++)
      loader->rows[i].trait = 0;
    loader->dropped = true;
  } else {
    if (loader->id_count == loader->id_capacity &&
        !grow(loader, (void **)&loader->ids, &loader->id_capacity, sizeof *loader->ids))
      return false;
    loader->ids[loader->id_count++] = trait;
  }
  met->as_trait = serial;
  met->trait_at = loader->row_count;
  return true;
}

static void begin(bal_loader *loader) {
  loader->row_count = loader->id_count = 0;
  loader->dropped = false;
  loader->serial++;
}

static bool new_shape(bal_loader *loader, uint32_t *number) {
  if (loader->shape_count == loader->shape_capacity &&
      !grow(loader, (void **)&loader->shapes, &loader->shape_capacity, sizeof *loader->shapes))
    return false;
  uint32_t count = loader->id_count, read_count = count + 1;
  sheaf_property *traits =
      bal_arena_alloc(&loader->library->properties, read_count * sizeof *traits);
  if (!traits) return bal_no_memory(loader);
  for (uint32_t i = 0; i < count; i++) {
    traits[i] = (sheaf_property){loader->ids[i], 0, sheaf_none()};
    if (loader->ids[i] == loader->library->version_trait) read_count = count;
  }
  traits[count] = (sheaf_property){loader->library->version_trait, 0, sheaf_none()};
  loader->shapes[loader->shape_count] = (bal_shape){traits, count, read_count};
  *number = loader->shape_count++;
  return true;
}

/* The shape of the traits in loader->ids. */
static const bal_shape *shape(bal_loader *loader) {
  sheaf_str key = sheaf_strn((const char *)loader->ids, loader->id_count * sizeof *loader->ids);
  uint32_t number = sheaf_index_find(&loader->shape_index, key);
  if (number == SHEAF_INDEX_NONE) {
    key = bal_arena_copy(&loader->shape_keys, key);
    if (!key.data) return (void)bal_no_memory(loader), NULL;
    if (!new_shape(loader, &number)) return NULL;
    if (!sheaf_index_put(&loader->shape_index, key, number))
      return (void)bal_no_memory(loader), NULL;
  }
  return &loader->shapes[number];
}

static void take_out_dropped(bal_loader *loader) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < loader->row_count; i++)
    if (loader->rows[i].trait) loader->rows[kept++] = loader->rows[i];
  loader->row_count = kept;
}

static bool finish(bal_loader *loader, bal_record *record) {
  if (loader->dropped) take_out_dropped(loader);
  const bal_shape *set = shape(loader);
  if (!set) return false;
  size_t size = loader->row_count * sizeof *loader->rows;
  sheaf_property *rows = bal_arena_alloc(&loader->library->properties, size);
  if (!rows) return bal_no_memory(loader);
  if (size) memcpy(rows, loader->rows, size);
  *record = (bal_record){rows,       set->traits,     loader->row_count,
                         set->count, set->read_count, BAL_RECORD_THERE};
  if (loader->row_count > loader->library->widest) loader->library->widest = loader->row_count;
  return true;
}

bool bal_load_traits(bal_loader *loader, const bal_place *place, yyjson_val *item, bool expand,
                     bal_record *record) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  begin(loader);
  uint32_t serial = loader->serial;
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok;
    uint32_t trait = number_of(loader, &here, name, &ok);
    if (!ok || (trait && !add_trait(loader, trait, serial)) ||
        !load_properties(loader, &here, child, trait, expand))
      return false;
  }
  return finish(loader, record);
}

bool bal_load_trait_set(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        const sheaf_property **traits, uint32_t *count) {
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  begin(loader);
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    bool ok;
    if (!yyjson_is_str(child)) return bal_wrong_type(loader, &here, "string", child);
    uint32_t trait = number_of(loader, &here, yyjson_get_str(child), &ok);
    if (!ok || (trait && !add_trait(loader, trait, loader->serial))) return false;
  }
  const bal_shape *set = shape(loader);
  if (!set) return false;
  *traits = set->traits;
  *count = set->count;
  return true;
}
