/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a library: the state of it, and what its parts (load_*.c) share.
 *
 * Functions that may fail answer false after bal_fail or bal_no_memory.
 */
#ifndef BAL_LOAD_H
#define BAL_LOAD_H

#include "buffer.h"
#include "json.h"
#include "library.h"
#include "names.h"
#include "place.h"
#include "variables.h"

/* A record whose properties are still rows of the loader. */
typedef struct bal_draft {
  uint32_t first, count; /* row and number of them */
  uint32_t shape;        /* as in bal_record */
} bal_draft;

typedef struct bal_loader {
  bal_library *library;
  const sheaf_host *host;
  sheaf_error *error;
  const char *source;
  sheaf_str text;
  yyjson_doc *document;

  bal_variables variables;
  bal_names names;
  uint32_t serial; /* of the object of traits or properties being read */

  sheaf_property
      *rows; /* of the records being read; their text lies in the document or in `texts` */
  uint32_t row_count, row_capacity;
  bal_arena texts;   /* that is not as the document has it */
  bal_draft *drafts; /* of the entity being read: the overrides, then the versions */
  uint32_t draft_capacity;
  sheaf_id *ids; /* the traits of the record being read */
  uint32_t id_count, id_capacity;
  bool dropped; /* some rows belong to a trait that was written twice, and are void */

  sheaf_index shape_index; /* the bytes of a list of ids -> number of its shape */
  bal_arena shape_keys;
  uint32_t shape_capacity;

  bal_buffer expanded, normalised;
  uint32_t warnings;
} bal_loader;

/* Says what is wrong at a place of the document. */
bool bal_fail(bal_loader *loader, const bal_place *place, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
bool bal_no_memory(bal_loader *loader);

/* bal_fail for a value of the wrong type: "expected object, found array". */
bool bal_wrong_type(bal_loader *loader, const bal_place *place, const char *expected,
                    yyjson_val *found);

/* Logs that something at a place is passed over; only the first few times. */
void bal_warn(bal_loader *loader, const bal_place *place, const char *what);

/* bal_warn for a member that is not known. */
void bal_warn_unknown(bal_loader *loader, const bal_place *place);

/* `count` zeroed objects of `size` in the library's arena; NULL after bal_no_memory. */
void *bal_new(bal_loader *loader, size_t count, size_t size);

/* How many children a JSON array or object has. */
uint32_t bal_child_count(yyjson_val *item);

/* The mode of access of that name, or BAL_NO_ACCESS. */
sheaf_access bal_access_named(const char *name);

/* The host's id of the name of a number; 0 after saying why there is none. */
sheaf_id bal_name_id(bal_loader *loader, uint32_t number);

/* Makes room for one more of what `*list` holds. */
bool bal_grow(bal_loader *loader, void **list, uint32_t *capacity, size_t size);

/* Loads what stands at a place into `*into`, which is of the type that the function is for. */
typedef bool (*bal_load_fn)(bal_loader *loader, const bal_place *place, yyjson_val *item,
                            void *into);

/* A member that an object may have. */
typedef struct bal_member {
  const char *name;
  bal_load_fn load;
  const char *add; /* it must be there: what to add if it is not; NULL: it need not */
} bal_member;

/* load_members.c: the members of an object, all `into` the same; one that comes twice is loaded twice.
 * `known` are at most 31, and end with one that has no name; others get a warning. */
bool bal_load_members(bal_loader *loader, const bal_place *place, yyjson_val *item,
                      const bal_member *known, void *into);

/* load_members.c: an array, into `*count` objects of `size`, which bal_new made; NULL: it failed. */
void *bal_load_list(bal_loader *loader, const bal_place *place, yyjson_val *item, bal_load_fn load,
                    size_t size, uint32_t *count);

/* load_members.c: an object with a member for each mode of access, into those of `modes`, of `size`;
 * what is for no mode is passed over, but must be right: into `other`. */
bool bal_load_by_access(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        bal_load_fn load, void *modes, size_t size, void *other);

/* load_traits.c: {trait: {property: value}}, into new rows. `expand`: variables and file: URLs. */
bool bal_load_traits(bal_loader *loader, const bal_place *place, yyjson_val *item, bool expand,
                     bal_draft *draft);

/* load_drafts.c: the same for what is no entity, into the library's arena. Nothing is expanded. */
bool bal_load_record(bal_loader *loader, const bal_place *place, yyjson_val *item,
                     bal_record *record);

/* load_drafts.c: how many bytes a draft takes, its text included. */
size_t bal_draft_size(const bal_loader *loader, const bal_draft *draft);

/* Where drafts are written. */
typedef struct bal_writer {
  sheaf_property *properties;
  char *text;
} bal_writer;

/* load_drafts.c: a draft made a record; the writer stands behind what was written. */
bal_record bal_draft_write(const bal_loader *loader, const bal_draft *draft, bal_writer *writer);

/* load_traits.c: an array of names of traits, as in bal_record.traits. */
bool bal_load_trait_set(bal_loader *loader, const bal_place *place, yyjson_val *item,
                        const sheaf_property **traits, uint32_t *count);

/* load_values.c: the value of a property. */
bool bal_load_value(bal_loader *loader, const bal_place *place, yyjson_val *item, bool expand,
                    sheaf_value *value);

/* load_values.c: the object of variables. */
bool bal_load_variables(bal_loader *loader, const bal_place *place, yyjson_val *item);

/* load_entities.c */
bool bal_load_entities(bal_loader *loader, const bal_place *place, yyjson_val *item);

/* load_policies.c: what later verbs need. */
bool bal_load_capabilities(bal_loader *loader, const bal_place *place, yyjson_val *item);
bool bal_load_policies(bal_loader *loader, const bal_place *place, yyjson_val *item);
bool bal_load_defaults(bal_loader *loader, const bal_place *place, yyjson_val *item);

#endif /* BAL_LOAD_H */
