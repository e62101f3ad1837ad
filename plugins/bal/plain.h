/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain reference, as nearly all are: the prefix and a name, no query, fragment, parameter or
 * control character. Seen sixteen bytes at a time, so that it costs next to nothing.
 */
#ifndef BAL_PLAIN_H
#define BAL_PLAIN_H

#include "reference.h"

#if defined(__GNUC__)
typedef unsigned char bal_lane __attribute__((vector_size(16)));

/* Not zero for each byte that is `?`, `;`, `#` or a control character (or a few that are harmless:
 * then the reference is taken apart with care for nothing). */
static inline bal_lane bal_lane_odd(const char *at) {
  bal_lane v;
  memcpy(&v, at, sizeof v);
  return (bal_lane)((v <= '#') | ((v | 4) == '?'));
}

static inline bool bal_reference_is_plain(const bal_scheme *scheme, sheaf_str ref) {
  uint64_t head[2], any[2];
  if (ref.size < sizeof head || ref.size <= scheme->prefix.size ||
      ref.size - scheme->prefix.size > scheme->longest_name)
    return false;
  memcpy(head, ref.data, sizeof head);
  if (((head[0] & scheme->mask[0]) ^ scheme->head[0]) |
      ((head[1] & scheme->mask[1]) ^ scheme->head[1]))
    return false;
  bal_lane odd = bal_lane_odd(ref.data + ref.size - sizeof odd);
  for (size_t i = 0; i + sizeof odd < ref.size; i += sizeof odd) odd |= bal_lane_odd(ref.data + i);
  memcpy(any, &odd, sizeof any);
  return (any[0] | any[1]) == 0;
}
#else
static inline bool bal_reference_is_plain(const bal_scheme *scheme, sheaf_str ref) {
  return (void)scheme, (void)ref, false;
}
#endif

/* bal_reference_parse, sooner if the reference is plain. */
static inline void bal_reference_read(const bal_scheme *scheme, sheaf_str ref,
                                      const sheaf_call *call, bal_reference *out) {
  size_t prefix = scheme->prefix.size;
  if (bal_reference_is_plain(scheme, ref))
    *out = (bal_reference){{ref.data + prefix, ref.size - prefix}, 0, BAL_REF_FINE};
  else bal_reference_parse(scheme, ref, call, out);
}

#endif /* BAL_PLAIN_H */
