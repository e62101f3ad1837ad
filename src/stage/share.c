/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/share.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static const sheaf_context empty;

static bool values_equal(const sheaf_value *a, const sheaf_value *b, int depth);

static bool lists_equal(const sheaf_value *a, const sheaf_value *b, int depth) {
  if (depth >= SHEAF_MAX_LIST_DEPTH) return false;
  for (uint32_t i = 0; i < a->length; i++)
    if (!values_equal(&a->u.items[i], &b->u.items[i], depth + 1)) return false;
  return true;
}

static bool values_equal(const sheaf_value *a, const sheaf_value *b, int depth) {
  if (a->kind != b->kind || a->length != b->length) return false;
  switch (SHEAF_STORAGE(a->kind)) {
  case SHEAF_STORAGE_INLINE:
    return a->u.integer == b->u.integer; /* doubles too: bit for bit */
  case SHEAF_STORAGE_BYTES:
    return a->length == 0 || memcmp(a->u.data, b->u.data, a->length) == 0;
  case SHEAF_STORAGE_LIST:
    return lists_equal(a, b, depth);
  default:
    return false; /* what is not known is equal to nothing */
  }
}

static bool locales_equal(const sheaf_record *a, const sheaf_record *b) {
  uint32_t count = a ? a->property_count : 0;
  if (a == b) return true;
  if (count != (b ? b->property_count : 0)) return false;
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_property *p = &a->properties[i], *q = &b->properties[i];
    if (p->trait != q->trait || p->key != q->key || !values_equal(&p->value, &q->value, 0))
      return false;
  }
  return true;
}

bool sheaf_share_equal(const sheaf_context *a, const sheaf_context *b) {
  if (a == b) return true;
  if (!a) a = &empty;
  if (!b) b = &empty;
  return sheaf_str_equal(a->share_key, b->share_key) &&
         sheaf_str_equal(a->authority, b->authority) && sheaf_str_equal(a->state, b->state) &&
         locales_equal(a->locale, b->locale);
}

static uint64_t mix(uint64_t hash, const void *data, size_t size) {
  return XXH3_64bits_withSeed(size ? data : "", size, hash + size);
}

static uint64_t mix_value(uint64_t hash, const sheaf_value *v, int depth) {
  const uint32_t head[2] = {v->kind, v->length};
  hash = mix(hash, head, sizeof head);
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_INLINE) return mix(hash, &v->u, sizeof v->u);
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_BYTES) return mix(hash, v->u.data, v->length);
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_LIST && depth < SHEAF_MAX_LIST_DEPTH)
    for (uint32_t i = 0; i < v->length; i++) hash = mix_value(hash, &v->u.items[i], depth + 1);
  return hash;
}

uint64_t sheaf_share_hash(const sheaf_context *context, uint64_t seed) {
  const sheaf_context *c = context ? context : &empty;
  uint64_t hash = mix(seed, c->share_key.data, c->share_key.size);
  hash = mix(hash, c->authority.data, c->authority.size);
  hash = mix(hash, c->state.data, c->state.size);
  for (uint32_t i = 0; c->locale && i < c->locale->property_count; i++) {
    const sheaf_property *p = &c->locale->properties[i];
    const uint32_t names[2] = {p->trait, p->key};
    hash = mix_value(mix(hash, names, sizeof names), &p->value, 0);
  }
  return hash;
}
