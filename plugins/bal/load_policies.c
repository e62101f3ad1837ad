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
    if (!bit) bal_warn_unknown(loader, &here);
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

static bool load_policy_traits(bal_loader *loader, const bal_place *place, yyjson_val *item,
                               void *into) {
  bal_policy *policy = into;
  return bal_load_trait_set(loader, place, item, &policy->traits, &policy->trait_count);
}

static bool load_policy(bal_loader *loader, const bal_place *place, yyjson_val *item, void *into) {
  return bal_load_record(loader, place, item, &((bal_policy *)into)->policy);
}

static bool load_policy_override(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                 void *into) {
  static const bal_member members[] = {{"traitSet", load_policy_traits, "an array"},
                                       {"policy", load_policy, "an object"},
                                       {NULL, NULL, NULL}};
  return bal_load_members(loader, place, item, members, into);
}

static bool load_policy_overrides(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                  void *into) {
  bal_policies *policies = into;
  policies->overrides = bal_load_list(loader, place, item, load_policy_override, sizeof(bal_policy),
                                      &policies->override_count);
  return policies->overrides != NULL;
}

static bool load_fallback(bal_loader *loader, const bal_place *place, yyjson_val *item,
                          void *into) {
  return bal_load_record(loader, place, item, &((bal_policies *)into)->fallback);
}

static bool load_policies_of(bal_loader *loader, const bal_place *place, yyjson_val *item,
                             void *into) {
  static const bal_member members[] = {{"default", load_fallback, NULL},
                                       {"overrideByTraitSet", load_policy_overrides, NULL},
                                       {NULL, NULL, NULL}};
  *(bal_policies *)into = (bal_policies){.fallback = {.shape = BAL_RECORD_NONE}};
  return bal_load_members(loader, place, item, members, into);
}

bool bal_load_policies(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  bal_policies *policies = loader->library->policies, unknown;
  return bal_load_by_access(loader, place, item, load_policies_of, policies, sizeof *policies,
                            &unknown);
}

static bool load_default_traits(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                void *into) {
  bal_default *entry = into;
  return bal_load_trait_set(loader, place, item, &entry->traits, &entry->trait_count);
}

static bool load_default_entity(bal_loader *loader, const bal_place *place, yyjson_val *item,
                                void *into) {
  bal_default *entry = into;
  entry->none = yyjson_is_null(item);
  if (entry->none) return true;
  if (!yyjson_is_str(item)) return bal_wrong_type(loader, place, "string or null", item);
  entry->entity = bal_arena_copy(&loader->library->arena, bal_text(item));
  return entry->entity.data || bal_no_memory(loader);
}

static bool load_default(bal_loader *loader, const bal_place *place, yyjson_val *item, void *into) {
  static const bal_member members[] = {{"traits", load_default_traits, "an array"},
                                       {"entity", load_default_entity, "a name, or null"},
                                       {NULL, NULL, NULL}};
  return bal_load_members(loader, place, item, members, into);
}

static bool load_defaults_of(bal_loader *loader, const bal_place *place, yyjson_val *item,
                             void *into) {
  bal_defaults *defaults = into;
  defaults->list =
      bal_load_list(loader, place, item, load_default, sizeof(bal_default), &defaults->count);
  return defaults->list != NULL;
}

bool bal_load_defaults(bal_loader *loader, const bal_place *place, yyjson_val *item) {
  bal_defaults *defaults = loader->library->defaults, unknown;
  return bal_load_by_access(loader, place, item, load_defaults_of, defaults, sizeof *defaults,
                            &unknown);
}
