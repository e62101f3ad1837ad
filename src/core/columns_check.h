/* SPDX-License-Identifier: Apache-2.0 */
/* Values as managers send them, looked at before they are put into columns. */
#ifndef SHEAF_CORE_COLUMNS_CHECK_H
#define SHEAF_CORE_COLUMNS_CHECK_H

#include <sheaf/abi.h>

/* What is wrong with a value, as a sentence, and the status that it stands for; NULL: nothing. The
 * limits are those of core/copy.h. */
const char *sheaf_value_fault(const sheaf_value *value, sheaf_status *status);

/* A value's first eight bytes as a number: its kind, its flags, its length. */
static inline uint64_t sheaf_value_head(const sheaf_value *v) {
  uint64_t head;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  memcpy(&head, v, sizeof head);
#else
  head = v->kind | (uint64_t)v->flags << 16 | (uint64_t)v->length << 32;
#endif
  return head;
}

/* What makes a head suspect: a list or the reserved storage class, flags that must be understood, or
 * a length of 1 GiB. */
#define SHEAF_SUSPECT_HEAD ((uint64_t)0x2 | (uint64_t)0xff00 << 16 | (uint64_t)0xc0000000 << 32)

/* Whether a value may have something wrong with it, as a number that is not 0. Most have not, and
 * that is seen at one glance. */
static inline uint64_t sheaf_value_suspect(const sheaf_value *v) {
  return (sheaf_value_head(v) & SHEAF_SUSPECT_HEAD) | (uint64_t)(v->length && !v->u.data);
}

/* The same, or that it is not of a kind. */
static inline uint64_t sheaf_value_odd(const sheaf_value *v, sheaf_kind kind) {
  return (sheaf_value_head(v) ^ kind) & (SHEAF_SUSPECT_HEAD | 0xffff);
}

#endif
