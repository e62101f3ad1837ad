/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column that grows, row by row. Its kind is that of the first value that comes; a second kind
 * makes it mixed. Nulls are not written: a row that was passed over is null, and is filled in when
 * the next value comes or the column is finished.
 */
#ifndef SHEAF_CORE_COLUMNS_NODE_H
#define SHEAF_CORE_COLUMNS_NODE_H

#include <sheaf/columns.h>

/* What offsets of 32 bits reach. */
#define SHEAF_SMALL_OFFSETS ((uint64_t)INT32_MAX)

typedef struct sheaf_column_node {
  sheaf_column
      view; /* kind, flags, length (rows written) and null_count are true all along; the rest
                        is set by sheaf_column_finish */
  uint64_t expected; /* rows that there will be, as far as is known */
  uint64_t room;     /* rows that the buffers below have room for */
  uint8_t *validity; /* once there is a null; zero beyond `length` */
  void *values;      /* of bool: zero beyond `length` */
  void *offsets;     /* int32_t, or int64_t if `large` */
  int8_t *type_ids;
  uint64_t used;        /* bytes of strings or bytes, items of lists */
  uint64_t values_room; /* bytes that `values` of strings or bytes has room for */
  uint64_t small_limit; /* of `used`: SHEAF_SMALL_OFFSETS but in tests */
  bool large;
  uint8_t null_type; /* of a mixed column: the child that its nulls stand in */
  struct sheaf_column_node *children[SHEAF_TYPE_COUNT]; /* a list's items are the first */
  const sheaf_column *child_views[SHEAF_TYPE_COUNT];
} sheaf_column_node;

/* An empty column, of which `expected` rows are to come (0: who knows). Freed with
 * sheaf_column_node_clear. */
void sheaf_column_node_init(sheaf_column_node *node, uint64_t expected);
void sheaf_column_node_clear(sheaf_column_node *node);

/*
 * Writes the value of a row, which is none that has been written. A value of a kind that this
 * library does not know is left out. The value must be sound: see sheaf_value_fault. False if out of
 * memory, or if a mixed column has more than 2^31 values: the column can then only be cleared.
 */
bool sheaf_column_put(sheaf_column_node *node, uint64_t row, const sheaf_value *value);

/* Makes the kind that of a column without values; it is all nulls so far. */
void sheaf_column_set_kind(sheaf_column_node *node, sheaf_kind kind);

/* Ends it at `rows` rows and fills in the view. False if out of memory. */
bool sheaf_column_finish(sheaf_column_node *node, uint64_t rows);

/* Strings of a column that are not UTF-8 become so (columns_utf8.c). False if out of memory. */
bool sheaf_column_repair(sheaf_column_node *node);

/* Makes offsets 64 bits wide. False if out of memory. */
bool sheaf_column_enlarge(sheaf_column_node *node);

/* Writes nulls up to row `rows`, which is at or behind the end. The column has a kind. False if out of
 * memory, as sheaf_column_put. */
bool sheaf_column_pad(sheaf_column_node *node, uint64_t rows);

/* There is a validity from here on, if it is not there already. False if out of memory. */
bool sheaf_column_have_validity(sheaf_column_node *node);

/* `size` bytes at a multiple of 64, in whole such units; the last one's end is zero. NULL if out of
 * memory. Freed with free. */
void *sheaf_column_alloc(uint64_t size);

static inline uint64_t sheaf_column_offset(const sheaf_column_node *node, uint64_t row) {
  if (node->large) return (uint64_t)((const int64_t *)node->offsets)[row];
  return (uint64_t)((const int32_t *)node->offsets)[row];
}

/* sheaf_column_put, for what comes again and again: another value of the same kind. */
static inline bool sheaf_column_append(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  if (__builtin_expect(v->kind != n->view.kind || row != n->view.length || row >= n->room, 0))
    return sheaf_column_put(n, row, v);
  switch (v->kind) {
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_DOUBLE:
    memcpy((int64_t *)n->values + row, &v->u, sizeof v->u);
    break;
  case SHEAF_KIND_STRING:
  case SHEAF_KIND_BYTES: {
    uint64_t end = n->used + v->length;
    if (end > n->values_room || end > n->small_limit || n->large)
      return sheaf_column_put(n, row, v);
    if (v->length) memcpy((char *)n->values + n->used, v->u.data, v->length);
    n->used = end;
    ((int32_t *)n->offsets)[row + 1] = (int32_t)end;
    break;
  }
  default:
    return sheaf_column_put(n, row, v);
  }
  n->view.length = row + 1;
  if (n->validity) n->validity[row / 8] |= (uint8_t)(1u << (row % 8));
  return true;
}

#endif
