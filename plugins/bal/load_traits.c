/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traits with properties. Records are gathered in the loader's rows, for only at the end is it known
 * how many there are: of members that an object has twice the last counts, as in the original.
 */
#include "load.h"

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
  *ok = number ? bal_name_id(loader, number) != 0 : bal_no_memory(loader);
  return number;
}

/* `trait` is an id, `key` the number of a name. */
static bool add_row(bal_loader *loader, sheaf_id trait, uint32_t key, sheaf_value value) {
  bal_met *met = &loader->names.met[key - 1];
  if (met->as_key == loader->serial) { /* the same property again */
    loader->rows[met->key_at].value = value;
    return true;
  }
  if (loader->row_count == loader->row_capacity &&
      !bal_grow(loader, (void **)&loader->rows, &loader->row_capacity, sizeof *loader->rows))
    return false;
  met->as_key = loader->serial;
  met->key_at = loader->row_count;
  loader->rows[loader->row_count++] = (sheaf_property){trait, met->id, value};
  return true;
}

static bool load_properties(bal_loader *loader, const bal_place *place, yyjson_val *item,
                            sheaf_id trait, bool expand) {
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

/* Notes that the record has the trait of a number. If it has it already, what it had of it is
 * void. */
static bool add_trait(bal_loader *loader, uint32_t trait, uint32_t serial) {
  bal_met *met = &loader->names.met[trait - 1];
  if (met->as_trait == serial) {
    for (uint32_t i = met->trait_at; i < loader->row_count && loader->rows[i].trait == met->id; i++)
      loader->rows[i].trait = 0;
    loader->dropped = true;
  } else {
    if (loader->id_count == loader->id_capacity &&
        !bal_grow(loader, (void **)&loader->ids, &loader->id_capacity, sizeof *loader->ids))
      return false;
    loader->ids[loader->id_count++] = met->id;
  }
  met->as_trait = serial;
  met->trait_at = loader->row_count;
  return true;
}

static void begin(bal_loader *loader) {
  loader->id_count = 0;
  loader->dropped = false;
  loader->serial++;
}

static bool new_shape(bal_loader *loader) {
  bal_library *library = loader->library;
  if (library->shape_count == loader->shape_capacity &&
      !bal_grow(loader, (void **)&library->shapes, &loader->shape_capacity, sizeof(bal_shape)))
    return false;
  uint32_t count = loader->id_count, read_count = count + 1;
  sheaf_property *traits = bal_new(loader, read_count, sizeof *traits);
  if (!traits) return false;
  for (uint32_t i = 0; i < count; i++) {
    traits[i] = (sheaf_property){loader->ids[i], 0, sheaf_none()};
    if (loader->ids[i] == library->version_trait) read_count = count;
  }
  traits[count] = (sheaf_property){library->version_trait, 0, sheaf_none()};
  library->shapes[library->shape_count++] = (bal_shape){traits, count, read_count};
  return true;
}

/* The number of the shape of the traits in loader->ids; UINT32_MAX after bal_no_memory. */
static uint32_t shape(bal_loader *loader) {
  sheaf_str key = sheaf_strn((const char *)loader->ids, loader->id_count * sizeof *loader->ids);
  uint32_t number = sheaf_index_find(&loader->shape_index, key);
  if (number != SHEAF_INDEX_NONE) return number;
  key = bal_arena_copy(&loader->shape_keys, key);
  if (!key.data || !sheaf_index_put(&loader->shape_index, key, loader->library->shape_count))
    return (void)bal_no_memory(loader), UINT32_MAX;
  return new_shape(loader) ? loader->library->shape_count - 1 : UINT32_MAX;
}

static void take_out_dropped(bal_loader *loader, uint32_t first) {
  uint32_t kept = first;
  for (uint32_t i = first; i < loader->row_count; i++)
    if (loader->rows[i].trait) loader->rows[kept++] = loader->rows[i];
  loader->row_count = kept;
}

static bool finish(bal_loader *loader, uint32_t first, bal_draft *draft) {
  if (loader->dropped) take_out_dropped(loader, first);
  *draft = (bal_draft){first, loader->row_count - first, shape(loader)};
  if (draft->count > loader->library->widest) loader->library->widest = draft->count;
  return draft->shape != UINT32_MAX;
}

bool bal_load_traits(bal_loader *loader, const bal_place *place, yyjson_val *item, bool expand,
                     bal_draft *draft) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  begin(loader);
  uint32_t serial = loader->serial, first = loader->row_count;
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok;
    uint32_t trait = number_of(loader, &here, name, &ok);
    if (!ok || (trait && !add_trait(loader, trait, serial)) ||
        !load_properties(loader, &here, child, trait ? loader->names.met[trait - 1].id : 0, expand))
      return false;
  }
  return finish(loader, first, draft);
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
  uint32_t number = shape(loader);
  if (number == UINT32_MAX) return false;
  *traits = loader->library->shapes[number].traits;
  *count = loader->library->shapes[number].count;
  return true;
}
