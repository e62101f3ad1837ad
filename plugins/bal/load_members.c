/* SPDX-License-Identifier: Apache-2.0 */
/* How objects and arrays are gone through, whatever is in them. */
#include "load.h"

/* Its number among those that are known; that of their end if it is none of them. */
static uint32_t find(const bal_member *known, const char *name) {
  uint32_t i = 0;
  while (known[i].name && strcmp(known[i].name, name) != 0) i++;
  return i;
}

bool bal_load_members(bal_loader *loader, const bal_place *place, yyjson_val *item,
                      const bal_member *known, void *into) {
  uint32_t met = 0; /* a bit for each of them */
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    bal_place here = {place, yyjson_get_str(key), 0};
    uint32_t i = find(known, here.key);
    if (!known[i].name) bal_warn_unknown(loader, &here);
    else if (!known[i].load(loader, &here, child, into)) return false;
    met |= (uint32_t)1 << i;
  }
  for (uint32_t i = 0; known[i].name; i++)
    if (known[i].add && !(met >> i & 1))
      return bal_fail(loader, place, "'%s' is missing: add %s", known[i].name, known[i].add);
  return true;
}

void *bal_load_list(bal_loader *loader, const bal_place *place, yyjson_val *item, bal_load_fn load,
                    size_t size, uint32_t *count) {
  if (!yyjson_is_arr(item)) return (void)bal_wrong_type(loader, place, "array", item), NULL;
  *count = bal_child_count(item);
  char *list = bal_new(loader, *count, size);
  if (!list) return NULL;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!load(loader, &here, child, list + i * size)) return NULL;
  }
  return list;
}

bool bal_load_by_access(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        bal_load_fn load, void *modes, size_t size, void *other) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    bal_place here = {place, yyjson_get_str(key), 0};
    sheaf_access access = bal_access_named(here.key);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!load(loader, &here, child,
              access == BAL_NO_ACCESS ? other : (char *)modes + access * size))
      return false;
  }
  return true;
}
