/* SPDX-License-Identifier: Apache-2.0 */
/* Of the properties of an entity, those that a request asks for. */
#ifndef BAL_SELECT_H
#define BAL_SELECT_H

#include "library.h"
#include "output.h"
#include "reference.h"

/* What a request asks for: worked out once a batch. */
typedef struct bal_selection {
  const bal_library *library;
  const bal_scheme *scheme;
  const sheaf_request *request;
  bool all;
  bool slots_only;
  sheaf_id only;          /* the trait, where one is asked for and nothing else; 0: otherwise */
  bool stable, specified; /* the two properties of the Version trait, which are made up */
  const uint64_t *asked;  /* a bit for each id of a trait; NULL while so few are asked for that
                             looking through them is faster */
} bal_selection;

/* The version of an entity that was found, for the Version trait. */
typedef struct bal_found_version {
  sheaf_str ref;
  uint64_t asked;  /* 0: the newest */
  uint64_t stable; /* 0: none, for an override stands in for all versions */
} bal_found_version;

/* False: out of memory. */
bool bal_selection_init(bal_selection *selection, const bal_library *library,
                        const bal_scheme *scheme, const sheaf_request *request);

/* The most properties that one answer may take. */
size_t bal_selection_largest(const bal_selection *selection);

void bal_selection_answer_any(const bal_selection *selection, bal_output *output, uint32_t index,
                              const bal_record *record, const bal_found_version *version);

/* Answers with the properties of one trait, which lie side by side. */
static inline void bal_answer_trait(sheaf_id trait, bal_output *output, uint32_t index,
                                    const bal_record *record) {
  const sheaf_property *first = record->properties, *end = first + record->property_count;
  while (first < end && first->trait != trait) first++;
  const sheaf_property *last = first;
  while (last < end && last->trait == trait) last++;
  bal_output_record(output, index, first, (uint32_t)(last - first), SHEAF_RESULT_STATIC);
}

/* Answers an element with what is asked of a record. Without copying where that is possible: all of
 * it, or a part that lies together. */
static inline void bal_selection_answer(const bal_selection *selection, bal_output *output,
                                        uint32_t index, const bal_record *record,
                                        const bal_found_version *version) {
  if (selection->only) bal_answer_trait(selection->only, output, index, record);
  else bal_selection_answer_any(selection, output, index, record, version);
}

#endif /* BAL_SELECT_H */
