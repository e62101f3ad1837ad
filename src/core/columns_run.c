/* SPDX-License-Identifier: Apache-2.0 */
#include "core/columns_run.h"

#include "core/columns_check.h"
#include "core/slots.h"

static inline const sheaf_property *property_of(const sheaf_column_run *run, uint32_t k) {
  return &run->results[k].properties[run->at];
}

static uint64_t all_of(const sheaf_column_run *run) {
  return UINT64_MAX >> (SHEAF_LONGEST_RUN - run->count);
}

/* --------------------------------------------------------------------------------------- reading */

/* 0 if it is the slot's property with a value of the kind, and a glance at it finds nothing odd. */
static inline uint64_t oddness(const sheaf_property *p, uint64_t ids, sheaf_kind kind) {
  return (sheaf_slot_ids(p) ^ ids) | sheaf_value_odd(&p->value, kind);
}

/* What is odd is nothing but a null. Out of slot order there may be a value behind it. */
static bool is_null(const sheaf_column_run *run, uint32_t k) {
  return (run->results[k].flags & SHEAF_RESULT_IN_SLOT_ORDER) &&
         !oddness(property_of(run, k), sheaf_slot_ids(&run->slot), SHEAF_KIND_NONE);
}

static bool read_numbers(sheaf_column_run *run, const sheaf_column_node *n) {
  int64_t *values = (int64_t *)n->values + run->row;
  const sheaf_result *r = run->results;
  const uint64_t ids = sheaf_slot_ids(&run->slot);
  const sheaf_kind kind = (sheaf_kind)n->view.kind;
  const uint32_t at = run->at, count = run->count;
  for (uint32_t k = 0; k < count; k++) {
    const sheaf_property *p = &r[k].properties[at];
    int64_t value = p->value.u.integer;
    if (__builtin_expect(oddness(p, ids, kind), 0)) {
      if (!is_null(run, k)) return false;
      run->has ^= (uint64_t)1 << k;
      value = 0;
    }
    memcpy(&values[k], &value, sizeof value);
  }
  return true;
}

static bool read_bools(sheaf_column_run *run) {
  const uint64_t ids = sheaf_slot_ids(&run->slot);
  for (uint32_t k = 0; k < run->count; k++) {
    const sheaf_property *p = property_of(run, k);
    if (!oddness(p, ids, SHEAF_KIND_BOOL)) run->bits |= (uint64_t)(p->value.u.integer != 0) << k;
    else if (is_null(run, k)) run->has ^= (uint64_t)1 << k;
    else return false;
  }
  return true;
}

/* Mostly texts are short, and a call is dear. */
static inline void copy_text(char *to, const char *from, size_t size) {
  char a[16], b[16];
  if (size > 32) {
    memcpy(to, from, size);
  } else if (size >= 16) {
    memcpy(a, from, 16);
    memcpy(b, from + size - 16, 16);
    memcpy(to, a, 16);
    memcpy(to + size - 16, b, 16);
  } else if (size >= 8) {
    memcpy(a, from, 8);
    memcpy(b, from + size - 8, 8);
    memcpy(to, a, 8);
    memcpy(to + size - 8, b, 8);
  } else {
    for (size_t i = 0; i < size; i++) to[i] = from[i];
  }
}

static bool read_texts(sheaf_column_run *run, const sheaf_column_node *n) {
  if (n->large || !n->values) return false;
  char *values = n->values, *out = values + n->used;
  char *room = values + (n->values_room < n->small_limit ? n->values_room : n->small_limit);
  int32_t *ends = (int32_t *)n->offsets + run->row + 1;
  const sheaf_result *r = run->results;
  const uint64_t ids = sheaf_slot_ids(&run->slot);
  const sheaf_kind kind = (sheaf_kind)n->view.kind;
  const uint32_t at = run->at, count = run->count;
  for (uint32_t k = 0; k < count; k++) {
    const sheaf_property *p = &r[k].properties[at];
    if (__builtin_expect(oddness(p, ids, kind), 0)) {
      if (!is_null(run, k)) return false;
      run->has ^= (uint64_t)1 << k;
    } else {
      const char *data = p->value.u.data;
      size_t size = p->value.length;
      if (size > (size_t)(room - out) || (size && !data)) return false;
      copy_text(out, data, size);
      out += size;
    }
    ends[k] = (int32_t)(out - values);
  }
  run->end = (uint64_t)(out - values);
  return true;
}

/* False: nothing has changed. */
static bool read_at_once(sheaf_column_run *run, sheaf_column_node *n) {
  if (n->view.kind == SHEAF_KIND_NONE || run->row + run->count > n->room) return false;
  if (run->row != n->view.length && !sheaf_column_pad(n, run->row)) return false;
  switch (n->view.kind) {
  case SHEAF_KIND_BOOL:
    return read_bools(run);
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_DOUBLE:
    return read_numbers(run, n);
  case SHEAF_KIND_STRING:
  case SHEAF_KIND_BYTES:
    return read_texts(run, n);
  default:
    return false;
  }
}

/* Of whichever kinds. */
static bool read_one_by_one(sheaf_column_run *run) {
  sheaf_status status;
  for (uint32_t k = 0; k < run->count; k++) {
    const sheaf_property *p = property_of(run, k);
    if (p->trait != run->slot.trait || p->key != run->slot.key) return false;
    if (p->value.kind == SHEAF_KIND_NONE && !is_null(run, k)) return false;
    if (sheaf_value_suspect(&p->value) && sheaf_value_fault(&p->value, &status)) return false;
  }
  return true;
}

bool sheaf_run_read(sheaf_column_run *run, sheaf_column_node *n) {
  run->has = all_of(run);
  run->bits = 0;
  run->one_by_one = !read_at_once(run, n);
  return !run->one_by_one || read_one_by_one(run);
}

/* ------------------------------------------------------------------------------------- appending */

static bool append_one_by_one(const sheaf_column_run *run, sheaf_column_node *n) {
  for (uint32_t k = 0; k < run->count; k++)
    if (!sheaf_column_append(n, run->row + k, &property_of(run, k)->value)) return false;
  return true;
}

/* Bits `row` and so on of a bitmap that is zero there. */
static void put_bits(uint8_t *bitmap, uint64_t row, uint64_t bits) {
  bitmap += row / 8;
  *bitmap |= (uint8_t)(bits << (row % 8));
  for (bits >>= 8 - row % 8; bits; bits >>= 8) *++bitmap = (uint8_t)bits;
}

static bool append_at_once(const sheaf_column_run *run, sheaf_column_node *n) {
  uint64_t nulls = run->has ^ all_of(run);
  if (nulls && !sheaf_column_have_validity(n)) return false;
  if (n->validity) put_bits(n->validity, run->row, run->has);
  if (n->view.kind == SHEAF_KIND_BOOL) put_bits(n->values, run->row, run->bits);
  else if (n->view.kind == SHEAF_KIND_STRING || n->view.kind == SHEAF_KIND_BYTES)
    n->used = run->end;
  n->view.length += run->count;
  if (nulls) n->view.null_count += (uint64_t)__builtin_popcountll(nulls);
  return true;
}

bool sheaf_run_append(const sheaf_column_run *run, sheaf_column_node *n) {
  return run->one_by_one ? append_one_by_one(run, n) : append_at_once(run, n);
}
