/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library as the manager holds it: never changed once it is loaded, and read without a lock. All
 * that it points to lives on its shelf and in its arena.
 */
#ifndef BAL_LIBRARY_H
#define BAL_LIBRARY_H

#include "arena.h"
#include "shelf.h"

#include <sheaf/index.h>

/* In place of the shape of a record that is not there: what became of the place where it is
 * written. */
#define BAL_RECORD_NO_TRAITS (UINT32_MAX - 2) /* `traits` is missing or null: no access */
#define BAL_RECORD_NULL (UINT32_MAX - 1)      /* null: it cannot be resolved */
#define BAL_RECORD_NONE UINT32_MAX            /* not written at all */

/* Traits with properties, ready to be handed out. */
typedef struct bal_record {
  const sheaf_property *properties; /* those of one trait side by side */
  uint32_t property_count;
  uint32_t shape; /* of its trait set, in bal_library.shapes; or BAL_RECORD_... */
} bal_record;

static inline bool bal_record_there(const bal_record *record) {
  return record->shape < BAL_RECORD_NO_TRAITS;
}

/* A trait set: many records have the same. One property with key 0 for each; own ones first, then
 * the Version trait unless it is one of them. */
typedef struct bal_shape {
  const sheaf_property *traits;
  uint32_t count;      /* own ones */
  uint32_t read_count; /* with the Version trait */
} bal_shape;

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

/* What few entities have. */
typedef struct bal_extras {
  const bal_record *overrides; /* NULL, or one a mode of access */
  const bal_relation *relations;
  uint32_t relation_count;
} bal_extras;

/* One block of the shelf. Behind the versions come the name, which the index borrows, the properties
 * of all records, the newest version's first, and the text of their values. */
typedef struct bal_entity {
  const bal_extras *extras; /* NULL: none */
  uint32_t version_count;
  uint32_t reserved;
  bal_record versions[]; /* version n is versions[n - 1] */
} bal_entity;

/* A trait set, its properties as in bal_shape.traits, and what belongs to it: a policy, or the
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
  sheaf_index index; /* name -> number of the entity's block; never without a table */
  bal_shelf entities;
  bal_shape *shapes;
  uint32_t shape_count;
  uint32_t lines;      /* of memory that an entity takes: most have no more */
  uint32_t widest;     /* the most properties that a record has */
  size_t longest_name; /* of an entity, in bytes */
  uint32_t capabilities;

  sheaf_id largest_id; /* of the names in it */
  sheaf_id version_trait, stable_key, specified_key;

  bal_policies policies[SHEAF_ACCESS_COUNT];
  bal_defaults defaults[SHEAF_ACCESS_COUNT];

  bal_arena arena; /* all else */
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
