/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results made from an input: any kinds, flags, lengths and nesting, but no false pointer: whatever
 * may be read is there.
 */
#ifndef SHEAF_FUZZ_VALUES_H
#define SHEAF_FUZZ_VALUES_H

#include "fuzz.h"

enum { FUZZ_VALUES = 600, FUZZ_PROPERTIES = 64, FUZZ_DEEPEST = 20 };

/* What results point to, made one after another. */
typedef struct fuzz_bodies {
  sheaf_value values[FUZZ_VALUES];
  sheaf_property properties[FUZZ_PROPERTIES];
  uint32_t value_count, property_count;
  bool is_static; /* what is being made is not copied, so that all lengths must be true */
} fuzz_bodies;

static inline sheaf_kind fuzz_kind(fuzz_input *in) {
  static const sheaf_kind known[] = {SHEAF_KIND_NONE,   SHEAF_KIND_BOOL,   SHEAF_KIND_INT64,
                                     SHEAF_KIND_DOUBLE, SHEAF_KIND_STRING, SHEAF_KIND_BYTES,
                                     SHEAF_KIND_LIST,   SHEAF_KIND_LIST};
  uint8_t byte = fuzz_byte(in);
  return byte < 0xf0 ? known[byte % 8] : (sheaf_kind)fuzz_number(in, 2);
}

/* Mostly none; the low half may be ignored, the high half must be understood. */
static inline uint16_t fuzz_value_flags(fuzz_input *in) {
  uint8_t byte = fuzz_byte(in);
  if (byte < 0xc0) return 0;
  return byte < 0xf0 ? SHEAF_VALUE_STATIC : (uint16_t)fuzz_number(in, 2);
}

/* More than a core copies: it must not even look. */
static inline bool fuzz_lies(fuzz_input *in, const fuzz_bodies *bodies, sheaf_value *v) {
  if (bodies->is_static || fuzz_byte(in) != 0xff) return false;
  v->length = SHEAF_MAX_VALUE_BYTES + 1 + (uint32_t)fuzz_number(in, 2);
  v->u.data = fuzz_byte(in) & 1 ? NULL : "x";
  return true;
}

static inline sheaf_value fuzz_value(fuzz_input *in, fuzz_bodies *bodies, unsigned depth);

/* Up to seven. */
static inline void fuzz_items(fuzz_input *in, fuzz_bodies *bodies, unsigned depth, sheaf_value *v) {
  uint32_t count = fuzz_byte(in) % 8, first = bodies->value_count;
  if (depth == FUZZ_DEEPEST || count > FUZZ_VALUES - first) count = 0;
  bodies->value_count += count;
  for (uint32_t i = 0; i < count; i++)
    bodies->values[first + i] = fuzz_value(in, bodies, depth + 1);
  v->length = count;
  v->u.items = &bodies->values[first];
}

static inline sheaf_value fuzz_value(fuzz_input *in, fuzz_bodies *bodies, unsigned depth) {
  sheaf_value v = sheaf_value_make(fuzz_kind(in), 0);
  bool was_static = bodies->is_static;
  v.flags = fuzz_value_flags(in);
  if (v.flags & SHEAF_VALUE_STATIC) bodies->is_static = true;
  switch (SHEAF_STORAGE(v.kind)) {
  case SHEAF_STORAGE_BYTES:
    if (fuzz_lies(in, bodies, &v)) break;
    sheaf_str text = fuzz_text(in);
    v.length = (uint32_t)text.size;
    v.u.data = text.data;
    break;
  case SHEAF_STORAGE_LIST:
    if (!fuzz_lies(in, bodies, &v)) fuzz_items(in, bodies, depth, &v);
    break;
  default:
    v.u.integer = (int64_t)fuzz_number(in, 8);
    if (fuzz_byte(in) == 0xff) v.length = (uint32_t)fuzz_number(in, 4);
  }
  bodies->is_static = was_static;
  return v;
}

/* A few names of `ids` (five of them, the first 0), or any number. */
static inline sheaf_id fuzz_id(fuzz_input *in, const sheaf_id *ids) {
  uint8_t byte = fuzz_byte(in);
  return byte < 0xe0 ? ids[byte % 5] : (sheaf_id)fuzz_number(in, 4);
}

static inline uint32_t fuzz_result_flags(fuzz_input *in) {
  uint8_t byte = fuzz_byte(in);
  return byte < 0xf0 ? byte & 7u : (uint32_t)fuzz_number(in, 4);
}

/* One result, for `index`. */
static inline sheaf_result fuzz_result(fuzz_input *in, fuzz_bodies *bodies, uint32_t index,
                                       const sheaf_id *ids) {
  uint8_t kind = fuzz_byte(in);
  sheaf_result r = {index, SHEAF_OK, NULL, 0, fuzz_result_flags(in), {NULL, 0}};
  if (kind >= 0xc0) {
    r.status = kind < 0xf0 ? SHEAF_UNKNOWN_ERROR + (sheaf_status)kind % 8
                           : (sheaf_status)fuzz_number(in, 2);
    r.message = fuzz_text(in);
  }
  bodies->is_static = r.flags & SHEAF_RESULT_STATIC;
  uint32_t count = fuzz_byte(in) % 8, first = bodies->property_count;
  if (count > FUZZ_PROPERTIES - first) count = 0;
  bodies->property_count += count;
  for (uint32_t i = 0; i < count; i++) {
    sheaf_property *p = &bodies->properties[first + i];
    p->trait = fuzz_id(in, ids);
    p->key = fuzz_id(in, ids);
    p->value = fuzz_value(in, bodies, 0);
  }
  r.property_count = count;
  r.properties = &bodies->properties[first];
  if (kind == 0xbf) { /* it counts properties and has none */
    r.property_count = 1 + fuzz_byte(in);
    r.properties = NULL;
  }
  return r;
}

#endif /* SHEAF_FUZZ_VALUES_H */
