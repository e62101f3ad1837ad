/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in slot order: SHEAF_RESULT_IN_SLOT_ORDER. */
#ifndef SHEAF_CORE_SLOTS_H
#define SHEAF_CORE_SLOTS_H

#include <sheaf/abi.h>

#define SHEAF_NOT_IN_SLOT_ORDER "the manager's answer says that it is in slot order and is not"

/* Trait and key of a slot or of a property as one number, to be compared in one go. */
static inline uint64_t sheaf_slot_ids(const void *trait_and_key) {
  uint64_t ids;
  memcpy(&ids, trait_and_key, sizeof ids);
  return ids;
}

/* Whether there is a property for each slot, in their order. */
static inline bool sheaf_answers_slots(const sheaf_result *r, const sheaf_slot *slots,
                                       uint32_t count) {
  if (r->property_count != count || (count && !r->properties)) return false;
  for (uint32_t i = 0; i < count; i++)
    if (sheaf_slot_ids(&r->properties[i]) != sheaf_slot_ids(&slots[i])) return false;
  return true;
}

#endif
