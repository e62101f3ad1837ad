/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library as the manager holds it: never changed once it is loaded, and read without a lock. All
 * that it points to lives in its arenas.
 */
#ifndef BAL_LIBRARY_H
#define BAL_LIBRARY_H

#include "arena.h"

#include <sheaf/index.h>

/* What became of a place where the data of an entity is written. */
enum {
  BAL_RECORD_THERE = 0,
  BAL_RECORD_NULL = 1,      /* null: it cannot be resolved */
  BAL_RECORD_NO_TRAITS = 2, /* `traits` is missing or null: it may not be accessed */
  BAL_RECORD_NONE = 3       /* not written at all; of overrides only */
};

/* Traits with properties, ready to be handed out. */
typedef struct bal_record {
  const sheaf_property *properties; /* those of one trait side by side */
  const sheaf_property *traits;     /* the trait set, one property with key 0 each; shared by all
                                       records with the same. Own ones first, then the Version
                                       trait unless it is one of them */
  uint32_t property_count;
  uint32_t trait_count;      /* own ones */
  uint32_t read_trait_count; /* with the Version trait */
  uint32_t state;            /* BAL_RECORD_... */
} bal_record;

/* Which entities others are related to, and how. Kept for later verbs. */
typedef struct bal_relation {
  bal_record how;
  const sheaf_str *entities;
  uint32_t entity_count;
  sheaf_access access; /* BAL_NO_ACCESS: a mode that there is not */
} bal_relation;

#define BAL_NO_ACCESS UINT32_MAX

/* bal_entity.version_count of a name that the library takes back (`null`). */
#define BAL_NO_ENTITY UINT32_MAX

typedef struct bal_entity {
  sheaf_str name;
  const bal_record *versions;  /* version n is versions[n - 1] */
  const bal_record *overrides; /* NULL, or one a mode of access */
  const bal_relation *relations;
  uint32_t version_count;
  uint32_t relation_count;
} bal_entity;

/* A trait set, its properties as in bal_record.traits, and what belongs to it: a policy, or the
 * name of a default entity. Kept for later verbs. */
typedef struct bal_policy {
  const sheaf_property *traits;
  uint32_t trait_count;
  bal_record policy;
} bal_policy;

typedef struct bal_policies {
  bal_record fallback; /* `default`; state is BAL_RECORD_NONE if there is none */
  const bal_policy *overrides;
  uint32_t override_count;
} bal_policies;

typedef struct bal_default {
  const sheaf_property *traits;
  uint32_t trait_count;
  bool none; /* null: asked rightly, but there is no entity */
  sheaf_str entity;
} bal_default;

typedef struct bal_defaults {
  const bal_default *list;
  uint32_t count;
} bal_defaults;

/* The members of `capabilities` that this manager knows, as bits. */
enum {
  BAL_CAN_IDENTIFY = 1,
  BAL_CAN_POLICY = 2,
  BAL_CAN_TRAITS = 4,
  BAL_CAN_RESOLVE = 8,
  BAL_CAN_EXISTS = 16,
  BAL_CAN_PUBLISH = 32,
  BAL_CAN_RELATE = 64,
  BAL_CAN_DEFAULT = 128
};

typedef struct bal_library {
  sheaf_index index; /* name -> number of the entity */
  bal_entity *entities;
  uint32_t entity_count;
  uint32_t widest;     /* the most properties that a record has */
  size_t longest_name; /* of an entity, in bytes */
  uint32_t capabilities;

  sheaf_id largest_id; /* of the names in it */
  sheaf_id version_trait, stable_key, specified_key;

  bal_policies policies[SHEAF_ACCESS_COUNT];
  bal_defaults defaults[SHEAF_ACCESS_COUNT];

  bal_arena arena;
  bal_arena properties; /* nothing but sheaf_property */
} bal_library;

/*
 * Loads a library from JSON text with a NUL behind it. `source` is what messages call it; `path` is
 * the absolute path of the file, for the variables bal_library_path and its like, or empty if there
 * is none. False: `error` says why. The library is to be freed either way.
 */
bool bal_library_load(bal_library *library, const sheaf_host *host, sheaf_str text,
                      const char *source, sheaf_str path, sheaf_error *error);

void bal_library_free(bal_library *library);

#endif /* BAL_LIBRARY_H */
