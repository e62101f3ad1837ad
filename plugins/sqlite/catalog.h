/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: which traits and properties a row has, and where their values stand. A table that is mapped
 * has one shape, in a database of Sheaf's own each row names its shape by number.
 */
#ifndef SQ_CATALOG_H
#define SQ_CATALOG_H

#include <sheaf/abi.h>
#include <sqlite3.h>

/* When a property is given. */
enum {
  SQ_ALWAYS = 0,
  SQ_BY_NAME = 1, /* only if its trait, or it, is asked for by name */
  SQ_WITH_ALL = 2 /* only if all traits are asked for */
};

#define SQ_NO_ITEM UINT32_MAX

typedef struct sq_field {
  sheaf_id trait;
  sheaf_id key;  /* 0: the trait is there, without properties */
  uint32_t item; /* which value of the row; SQ_NO_ITEM if key is 0 */
  uint32_t role;
} sq_field;

typedef struct sq_shape {
  sq_field *fields;       /* those of one trait side by side as far as a role goes */
  sheaf_property *traits; /* the trait set, one property with key 0 each; NULL: that of the fields
                             that have values */
  uint32_t field_count;
  uint32_t item_count;
  uint32_t trait_count;
} sq_shape;

void sq_shape_free(sq_shape *shape);

/* The shapes of a database of Sheaf's own that one connection has met. */
typedef struct sq_catalog {
  sq_shape **shapes; /* by number; NULL: not met */
  uint32_t capacity;
  sqlite3_stmt *read_fields, *read_traits;
} sq_catalog;

/* A number of a shape is less than this. */
#define SQ_MOST_SHAPES (1 << 24)

/* The shape of a number, read if it was not met yet. NULL: *rc says why (SQLITE_NOTFOUND: there is
 * none, or it makes no sense), or `error` does if it is filled (names that could not be interned). */
const sq_shape *sq_catalog_shape(sq_catalog *catalog, sqlite3 *db, const sheaf_host *host,
                                 int64_t number, int *rc, sheaf_error *error);

/* Forgets all shapes: the database has changed. */
void sq_catalog_clear(sq_catalog *catalog);

void sq_catalog_free(sq_catalog *catalog);

#endif /* SQ_CATALOG_H */
