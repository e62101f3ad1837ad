/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

enum { FEW_TRAITS = 8 };

/* A bit for each trait asked for. */
static bool set_bits(sq_selection *selection) {
  const sheaf_request *request = selection->request;
  for (uint32_t i = 0; i < request->trait_count; i++)
    if (request->traits[i] > selection->largest) selection->largest = request->traits[i];
  size_t words = selection->largest / 64 + (size_t)1;
  uint64_t *bits = request->call->scratch(request->call, words * sizeof *bits);
  if (!bits) return false;
  memset(bits, 0, words * sizeof *bits);
  for (uint32_t i = 0; i < request->trait_count; i++)
    bits[request->traits[i] / 64] |= (uint64_t)1 << (request->traits[i] % 64);
  selection->asked = bits;
  return true;
}

bool sq_selection_init(sq_selection *selection, const sheaf_request *request) {
  bool all = (request->flags & SHEAF_REQUEST_ALL_TRAITS) != 0;
  *selection = (sq_selection){request, all, false, NULL, 0};
  selection->slots_only = !all && request->trait_count == 0 && request->slot_count > 0;
  return all || request->trait_count <= FEW_TRAITS || set_bits(selection);
}

size_t sq_selection_most(const sq_selection *selection, const sq_shape *shape) {
  if (selection->slots_only) return selection->request->slot_count;
  return shape->field_count > shape->trait_count ? shape->field_count : shape->trait_count;
}

static bool wants_trait(const sq_selection *selection, sheaf_id trait) {
  const sheaf_request *request = selection->request;
  if (selection->asked)
    return trait <= selection->largest && (selection->asked[trait / 64] >> (trait % 64) & 1);
  for (uint32_t i = 0; i < request->trait_count; i++)
    if (request->traits[i] == trait) return true;
  return false;
}

static bool wants(const sq_selection *selection, const sq_field *field) {
  const sheaf_request *request = selection->request;
  if (selection->all) return field->role != SQ_BY_NAME;
  if (field->role == SQ_WITH_ALL) return false;
  if (wants_trait(selection, field->trait)) return true;
  for (uint32_t i = 0; i < request->slot_count; i++)
    if (request->slots[i].trait == field->trait && request->slots[i].key == field->key) return true;
  return false;
}

static sheaf_value value_of(const sq_field *field, const sheaf_value *values) {
  return field->item == SQ_NO_ITEM ? sheaf_none() : values[field->item];
}

static uint32_t take_slots(const sq_selection *selection, const sq_shape *shape,
                           const sheaf_value *values, sheaf_property *out) {
  const sheaf_request *request = selection->request;
  for (uint32_t i = 0; i < request->slot_count; i++) {
    out[i] = (sheaf_property){request->slots[i].trait, request->slots[i].key, sheaf_none()};
    for (uint32_t k = 0; k < shape->field_count; k++) {
      const sq_field *field = &shape->fields[k];
      if (field->trait != out[i].trait || field->key != out[i].key || field->role == SQ_WITH_ALL)
        continue;
      out[i].value = value_of(field, values);
      break;
    }
  }
  return request->slot_count;
}

uint32_t sq_selection_take(const sq_selection *selection, const sq_shape *shape,
                           const sheaf_value *values, sheaf_property *out) {
  uint32_t count = 0;
  if (selection->slots_only) return take_slots(selection, shape, values, out);
  for (uint32_t i = 0; i < shape->field_count; i++) {
    const sq_field *field = &shape->fields[i];
    sheaf_value value = value_of(field, values);
    if (field->key != 0 && value.kind == SHEAF_KIND_NONE) continue;
    if (wants(selection, field)) out[count++] = (sheaf_property){field->trait, field->key, value};
  }
  return count;
}

uint32_t sq_selection_traits(const sq_shape *shape, const sheaf_value *values,
                             sheaf_property *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < shape->field_count; i++) {
    const sq_field *field = &shape->fields[i];
    if (values[field->item].kind == SHEAF_KIND_NONE) continue;
    if (count > 0 && out[count - 1].trait == field->trait) continue;
    out[count++] = (sheaf_property){field->trait, 0, sheaf_none()};
  }
  return count;
}
