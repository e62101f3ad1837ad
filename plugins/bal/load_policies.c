/* SPDX-License-Identifier: Apache-2.0 */
/* What later verbs need, read and kept: capabilities, management policies, default entities. */
#include "load.h"

typedef struct capability {
  const char *name;
  uint32_t bit;
} capability;

static const capability capabilities[] = {{"entityReferenceIdentification", BAL_CAN_IDENTIFY},
                                          {"managementPolicyQueries", BAL_CAN_POLICY},
                                          {"entityTraitIntrospection", BAL_CAN_TRAITS},
                                          {"resolution", BAL_CAN_RESOLVE},
                                          {"existenceQueries", BAL_CAN_EXISTS},
                                          {"publishing", BAL_CAN_PUBLISH},
                                          {"relationshipQueries", BAL_CAN_RELATE},
                                          {"defaultEntityReferences", BAL_CAN_DEFAULT}};

enum { CAPABILITY_COUNT = sizeof capabilities / sizeof capabilities[0] };

static uint32_t capability_named(const char *name) {
  for (int i = 0; i < CAPABILITY_COUNT; i++)
    if (strcmp(name, capabilities[i].name) == 0) return capabilities[i].bit;
  return 0;
}

bool bal_load_capabilities(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  uint32_t found = 0;
  loader->library->capabilities = UINT32_MAX;
  if (yyjson_is_null(item)) return true;
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!yyjson_is_str(child)) return bal_wrong_type(loader, &here, "string", child);
    uint32_t bit = capability_named(yyjson_get_str(child));
    if (!bit) bal_warn(loader, &here, "not known, and passed over");
    found |= bit;
  }
  /* OpenAssetIO takes no manager without the first three. */
  for (int k = 0; k < 3; k++)
    if (!(found & capabilities[k].bit))
      return bal_fail(loader, place, "'%s' is missing: add it, or remove 'capabilities'",
                      capabilities[k].name);
  loader->library->capabilities = found;
  return true;
}

static bool load_policy_override(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                 bal_policy *policy) {
  bool traits = false;
  policy->policy.shape = BAL_RECORD_NONE;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok = true;
    if (strcmp(name, "traitSet") == 0) {
      traits = true;
      ok = bal_load_trait_set(loader, &here, child, &policy->traits, &policy->trait_count);
    } else if (strcmp(name, "policy") == 0) {
      ok = bal_load_record(loader, &here, child, &policy->policy);
    } else {
      bal_warn_unknown(loader, &here);
    }
    if (!ok) return false;
  }
  if (!traits) return bal_fail(loader, place, "'traitSet' is missing: add an array");
  if (policy->policy.shape == BAL_RECORD_NONE)
    return bal_fail(loader, place, "'policy' is missing: add an object");
  return true;
}

static bool load_policy_overrides(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                  bal_policies *policies) {
  if (!yyjson_is_arr(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t count = bal_child_count(item);
  bal_policy *overrides = bal_new(loader, count, sizeof *overrides);
  if (!overrides) return false;
  size_t i, most;
  yyjson_val *child;
  yyjson_arr_foreach(item, i, most, child) {
    bal_place here = {place, NULL, i};
    if (!load_policy_override(loader, &here, child, &overrides[i])) return false;
  }
  policies->overrides = overrides;
  policies->override_count = count;
  return true;
}

static bool load_policies_of(bal_loader *loader, const bal_place *place, yyjson_val *item,
                             bal_policies *policies) {
  *policies = (bal_policies){.fallback = {.shape = BAL_RECORD_NONE}};
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok = true;
    if (strcmp(name, "default") == 0)
      ok = bal_load_record(loader, &here, child, &policies->fallback);
    else if (strcmp(name, "overrideByTraitSet") == 0)
      ok = load_policy_overrides(loader, &here, child, policies);
    else bal_warn_unknown(loader, &here);
    if (!ok) return false;
  }
  return true;
}

bool bal_load_policies(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  bal_policies unknown;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    sheaf_access access = bal_access_named(name);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!load_policies_of(loader, &here, child,
                          access == BAL_NO_ACCESS ? &unknown : &loader->library->policies[access]))
      return false;
  }
  return true;
}

static bool load_default_entity(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                bal_default *entry) {
  entry->none = yyjson_is_null(item);
  if (entry->none) return true;
  if (!yyjson_is_str(item)) return bal_wrong_type(loader, place, "string or null", item);
  entry->entity = bal_arena_copy(&loader->library->arena, bal_text(item));
  return entry->entity.data || bal_no_memory(loader);
}

static bool load_default(bal_loader *loader, const bal_place *place, yyjson_val *item,
                         bal_default *entry) {
  bool traits = false, entity = false;
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    bool ok = true;
    if (strcmp(name, "traits") == 0) {
      traits = true;
      ok = bal_load_trait_set(loader, &here, child, &entry->traits, &entry->trait_count);
    } else if (strcmp(name, "entity") == 0) {
      entity = true;
      ok = load_default_entity(loader, &here, child, entry);
    } else {
      bal_warn_unknown(loader, &here);
    }
    if (!ok) return false;
  }
  if (!traits) return bal_fail(loader, place, "'traits' is missing: add an array");
  return entity || bal_fail(loader, place, "'entity' is missing: add a name, or null");
}

bool bal_load_defaults(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  if (!yyjson_is_obj(item)) return bal_wrong_type(loader, place, "object", item);
  size_t at, most;
  yyjson_val *key, *child;
  yyjson_obj_foreach(item, at, most, key, child) {
    const char *name = yyjson_get_str(key);
    bal_place here = {place, name, 0};
    sheaf_access access = bal_access_named(name);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!yyjson_is_arr(child)) return bal_wrong_type(loader, &here, "array", child);
    size_t i, n;
    yyjson_val *entry;
    uint32_t count = bal_child_count(child);
    bal_default *list = bal_new(loader, count, sizeof *list);
    if (!list) return false;
    yyjson_arr_foreach(child, i, n, entry) {
      bal_place there = {&here, NULL, i};
      if (!load_default(loader, &there, entry, &list[i])) return false;
    }
    if (access != BAL_NO_ACCESS) loader->library->defaults[access] = (bal_defaults){list, count};
  }
  return true;
}
