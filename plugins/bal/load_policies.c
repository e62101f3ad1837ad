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

bool bal_load_capabilities(bal_loader *loader, const bal_place *place, const cJSON *item) {
  uint32_t found = 0;
  loader->library->capabilities = UINT32_MAX;
  if (cJSON_IsNull(item)) return true;
  if (!cJSON_IsArray(item)) return bal_wrong_type(loader, place, "array", item);
  size_t index = 0;
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, NULL, index++};
    if (!cJSON_IsString(child)) return bal_wrong_type(loader, &here, "string", child);
    uint32_t bit = capability_named(child->valuestring);
    if (!bit) bal_warn(loader, &here, "not known, and passed over");
    found |= bit;
  }
  /* OpenAssetIO takes no manager without the first three. */
  for (int i = 0; i < 3; i++)
    if (!(found & capabilities[i].bit))
      return bal_fail(loader, place, "'%s' is missing: add it, or remove 'capabilities'",
                      capabilities[i].name);
  loader->library->capabilities = found;
  return true;
}

static bool load_policy_override(bal_loader *loader, const bal_place *place, const cJSON *item,
                                 bal_policy *policy) {
  bool traits = false;
  policy->policy.state = BAL_RECORD_NONE;
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    bool ok = true;
    if (strcmp(child->string, "traitSet") == 0) {
      traits = true;
      ok = bal_load_trait_set(loader, &here, child, &policy->traits, &policy->trait_count);
    } else if (strcmp(child->string, "policy") == 0) {
      ok = bal_load_traits(loader, &here, child, false, &policy->policy);
    } else {
      bal_skip_unknown(loader, &here, child);
    }
    if (!ok) return false;
  }
  if (!traits) return bal_fail(loader, place, "'traitSet' is missing: add an array");
  if (policy->policy.state == BAL_RECORD_NONE)
    return bal_fail(loader, place, "'policy' is missing: add an object");
  return true;
}

static bool load_policy_overrides(bal_loader *loader, const bal_place *place, const cJSON *item,
                                  bal_policies *policies) {
  if (!cJSON_IsArray(item)) return bal_wrong_type(loader, place, "array", item);
  uint32_t i = 0, count = bal_child_count(item);
  bal_policy *overrides = bal_new(loader, count, sizeof *overrides);
  if (!overrides) return false;
  for (const cJSON *child = item->child; child; child = child->next, i++) {
    bal_place here = {place, NULL, i};
    if (!load_policy_override(loader, &here, child, &overrides[i])) return false;
  }
  policies->overrides = overrides;
  policies->override_count = count;
  return true;
}

static bool load_policies_of(bal_loader *loader, const bal_place *place, const cJSON *item,
                             bal_policies *policies) {
  *policies = (bal_policies){.fallback = {.state = BAL_RECORD_NONE}};
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    bool ok = true;
    if (strcmp(child->string, "default") == 0)
      ok = bal_load_traits(loader, &here, child, false, &policies->fallback);
    else if (strcmp(child->string, "overrideByTraitSet") == 0)
      ok = load_policy_overrides(loader, &here, child, policies);
    else bal_skip_unknown(loader, &here, child);
    if (!ok) return false;
  }
  return true;
}

bool bal_load_policies(bal_loader *loader, const bal_place *place, const cJSON *item) {
  bal_policies unknown;
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    sheaf_access access = bal_access_named(child->string);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!load_policies_of(loader, &here, child,
                          access == BAL_NO_ACCESS ? &unknown : &loader->library->policies[access]))
      return false;
  }
  return true;
}

static bool load_default_entity(bal_loader *loader, const bal_place *place, const cJSON *item,
                                bal_default *entry) {
  entry->none = cJSON_IsNull(item);
  if (entry->none) return true;
  if (!cJSON_IsString(item)) return bal_wrong_type(loader, place, "string or null", item);
  entry->entity = bal_arena_copy(&loader->library->arena, sheaf_cstr(item->valuestring));
  return entry->entity.data || bal_no_memory(loader);
}

static bool load_default(bal_loader *loader, const bal_place *place, const cJSON *item,
                         bal_default *entry) {
  bool traits = false, entity = false;
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    bool ok = true;
    if (strcmp(child->string, "traits") == 0) {
      traits = true;
      ok = bal_load_trait_set(loader, &here, child, &entry->traits, &entry->trait_count);
    } else if (strcmp(child->string, "entity") == 0) {
      entity = true;
      ok = load_default_entity(loader, &here, child, entry);
    } else {
      bal_skip_unknown(loader, &here, child);
    }
    if (!ok) return false;
  }
  if (!traits) return bal_fail(loader, place, "'traits' is missing: add an array");
  return entity || bal_fail(loader, place, "'entity' is missing: add a name, or null");
}

bool bal_load_defaults(bal_loader *loader, const bal_place *place, const cJSON *item) {
  if (!cJSON_IsObject(item)) return bal_wrong_type(loader, place, "object", item);
  for (const cJSON *child = item->child; child; child = child->next) {
    bal_place here = {place, child->string, 0};
    sheaf_access access = bal_access_named(child->string);
    if (access == BAL_NO_ACCESS) bal_warn(loader, &here, "no mode of access, and passed over");
    if (!cJSON_IsArray(child)) return bal_wrong_type(loader, &here, "array", child);
    uint32_t i = 0, count = bal_child_count(child);
    bal_default *list = bal_new(loader, count, sizeof *list);
    if (!list) return false;
    for (const cJSON *entry = child->child; entry; entry = entry->next, i++) {
      bal_place at = {&here, NULL, i};
      if (!load_default(loader, &at, entry, &list[i])) return false;
    }
    if (access != BAL_NO_ACCESS) loader->library->defaults[access] = (bal_defaults){list, count};
  }
  return true;
}
