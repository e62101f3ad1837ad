/* SPDX-License-Identifier: Apache-2.0 */
/* Of the properties of a row, those that a request asks for. */
#ifndef SQ_SELECT_H
#define SQ_SELECT_H

#include "catalog.h"

/* What a request asks for: worked out once a batch. */
typedef struct sq_selection {
  const sheaf_request *request;
  bool all;
  bool slots_only;
  const uint64_t
      *asked;       /* a bit for each id of a trait; NULL while so few are asked for that looking
                            through them is faster */
  sheaf_id largest; /* id that has a bit */
} sq_selection;

/* False: out of memory. */
bool sq_selection_init(sq_selection *selection, const sheaf_request *request);

/* The most properties that a row of a shape gives. */
size_t sq_selection_most(const sq_selection *selection, const sq_shape *shape);

/* Writes what is asked for of a row; values[i] is its value of item i, of kind none if it is absent.
 * Returns how many properties that is. */
uint32_t sq_selection_take(const sq_selection *selection, const sq_shape *shape,
                           const sheaf_value *values, sheaf_property *out);

/* Writes the trait set of a row whose shape has none of its own: the traits that have a value. */
uint32_t sq_selection_traits(const sq_shape *shape, const sheaf_value *values, sheaf_property *out);

#endif /* SQ_SELECT_H */
