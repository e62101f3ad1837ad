/* SPDX-License-Identifier: Apache-2.0 */
#include "select.h"

enum { FEW_TRAITS = 8, TAG_TEXT = 24 };

static bool among(const sheaf_id *ids, uint32_t count, sheaf_id id) {
  for (uint32_t i = 0; i < count; i++)
    if (ids[i] == id) return true;
  return false;
}

/* A bit for each trait asked for; ids that no name of the library has do not matter. */
static bool set_bits(bal_selection *selection) {
  const sheaf_request *request = selection->request;
  size_t words = selection->library->largest_id / 64 + (size_t)1;
  uint64_t *bits = request->call->scratch(request->call, words * sizeof *bits);
  if (!bits) return false;
  memset(bits, 0, words * sizeof *bits);
  for (uint32_t i = 0; i < request->trait_count; i++) {
    sheaf_id id = request->traits[i];
    if (id <= selection->library->largest_id) bits[id / 64] |= (uint64_t)1 << (id % 64);
  }
  selection->asked = bits;
  return true;
}

bool bal_selection_init(bal_selection *selection, const bal_library *library,
                        const bal_scheme *scheme, const sheaf_request *request) {
  bool all = (request->flags & SHEAF_REQUEST_ALL_TRAITS) != 0;
  bool traits = !all && request->trait_count > 0;
  bool version = traits && among(request->traits, request->trait_count, library->version_trait);
  *selection = (bal_selection){library, scheme, request, all, false, 0, version, version, NULL};
  selection->slots_only = !all && !traits && request->slot_count > 0;
  if (traits && request->trait_count == 1 && request->slot_count == 0 && !version)
    selection->only = request->traits[0];
  for (uint32_t i = 0; i < request->slot_count; i++) {
    if (request->slots[i].trait != library->version_trait) continue;
    if (request->slots[i].key == library->stable_key) selection->stable = true;
    if (request->slots[i].key == library->specified_key) selection->specified = true;
  }
  return !traits || request->trait_count <= FEW_TRAITS || set_bits(selection);
}

size_t bal_selection_largest(const bal_selection *selection) {
  size_t largest = selection->library->widest + (size_t)2;
  size_t slots = selection->request->slot_count;
  return slots > largest ? slots : largest;
}

static bool wants_trait(const bal_selection *selection, sheaf_id trait) {
  const sheaf_request *request = selection->request;
  if (selection->all) return true;
  if (selection->asked) return selection->asked[trait / 64] >> (trait % 64) & 1;
  return among(request->traits, request->trait_count, trait);
}

static bool wants(const bal_selection *selection, const sheaf_property *property) {
  const sheaf_request *request = selection->request;
  if (wants_trait(selection, property->trait)) return true;
  for (uint32_t i = 0; i < request->slot_count; i++)
    if (request->slots[i].trait == property->trait && request->slots[i].key == property->key)
      return true;
  return false;
}

/* Is it one of those that are made up, whatever the library says? */
static bool is_made_up(const bal_selection *selection, const sheaf_property *property) {
  const bal_library *library = selection->library;
  return property->trait == library->version_trait &&
         ((selection->stable && property->key == library->stable_key) ||
          (selection->specified && property->key == library->specified_key));
}

/* The text of a version. Room for it was reserved. */
static sheaf_value tag(const bal_selection *selection, bal_output *output, uint64_t number,
                       const char *none, sheaf_str ref) {
  if (number == 0) {
    sheaf_value value = sheaf_string(sheaf_cstr(none));
    value.flags = SHEAF_VALUE_STATIC;
    return value;
  }
  char *text = output->text + output->text_size;
  size_t size;
  if (number < UINT64_MAX) size = plugin_decimal(number, text);
  else size = bal_reference_version_digits(selection->scheme, ref, text);
  output->text_size += size;
  return sheaf_string(sheaf_strn(text, size));
}

/* "None" is what the original writes for an override that is asked for without a version. */
static sheaf_value stable_tag(const bal_selection *selection, bal_output *output,
                              const bal_found_version *version) {
  return tag(selection, output, version->stable, "None", version->ref);
}

static sheaf_value specified_tag(const bal_selection *selection, bal_output *output,
                                 const bal_found_version *version) {
  return tag(selection, output, version->asked, "latest", version->ref);
}

static size_t text_need(const bal_selection *selection, const bal_found_version *version) {
  if (!selection->stable && !selection->specified) return 0;
  bool huge = version->asked == UINT64_MAX || version->stable == UINT64_MAX;
  return 2 * (huge ? (size_t)BAL_MOST_DIGITS : (size_t)TAG_TEXT);
}

static void answer_slots(const bal_selection *selection, bal_output *output, uint32_t index,
                         const bal_record *record, const bal_found_version *version) {
  const sheaf_request *request = selection->request;
  uint32_t count = request->slot_count;
  /* A slot may be asked for twice, and each takes text: but not more than one text of each kind. */
  if (!bal_output_reserve(output, count, text_need(selection, version))) return;
  sheaf_property *out = output->properties + output->property_count;
  sheaf_value stable = sheaf_none(), specified = sheaf_none();
  if (selection->stable) stable = stable_tag(selection, output, version);
  if (selection->specified) specified = specified_tag(selection, output, version);
  for (uint32_t i = 0; i < count; i++) {
    out[i] = (sheaf_property){request->slots[i].trait, request->slots[i].key, sheaf_none()};
    if (is_made_up(selection, &out[i])) {
      out[i].value = out[i].key == selection->library->stable_key ? stable : specified;
      continue;
    }
    for (uint32_t k = 0; k < record->property_count; k++)
      if (record->properties[k].trait == out[i].trait && record->properties[k].key == out[i].key) {
        out[i].value = record->properties[k].value;
        break;
      }
  }
  output->property_count += count;
  bal_output_record(output, index, out, count, SHEAF_RESULT_IN_SLOT_ORDER);
}

static void answer_copied(const bal_selection *selection, bal_output *output, uint32_t index,
                          const bal_record *record, const bal_found_version *version) {
  const bal_library *library = selection->library;
  if (!bal_output_reserve(output, record->property_count + (size_t)2,
                          text_need(selection, version)))
    return;
  sheaf_property *out = output->properties + output->property_count;
  uint32_t count = 0;
  for (uint32_t i = 0; i < record->property_count; i++) {
    const sheaf_property *property = &record->properties[i];
    if (wants(selection, property) && !is_made_up(selection, property)) out[count++] = *property;
  }
  if (selection->stable)
    out[count++] = (sheaf_property){library->version_trait, library->stable_key,
                                    stable_tag(selection, output, version)};
  if (selection->specified)
    out[count++] = (sheaf_property){library->version_trait, library->specified_key,
                                    specified_tag(selection, output, version)};
  output->property_count += count;
  bal_output_record(output, index, out, count, 0);
}

void bal_selection_answer_any(const bal_selection *selection, bal_output *output, uint32_t index,
                              const bal_record *record, const bal_found_version *version) {
  if (selection->slots_only) {
    answer_slots(selection, output, index, record, version);
    return;
  }
  uint32_t first = 0, end = 0, count = 0;
  bool made_up = selection->stable || selection->specified;
  if (selection->all) count = end = record->property_count;
  for (uint32_t i = 0; !selection->all && !made_up && i < record->property_count; i++) {
    if (!wants(selection, &record->properties[i])) continue;
    if (count++ == 0) first = i;
    end = i + 1;
  }
  if (made_up || end - first != count) answer_copied(selection, output, index, record, version);
  else bal_output_record(output, index, record->properties + first, count, SHEAF_RESULT_STATIC);
}
