/* SPDX-License-Identifier: Apache-2.0 */
#include "core/columns_node.h"

#include <stdlib.h>

enum { ALIGNMENT = 64, FIRST_ROWS = 64, FIRST_BYTES = 4096, MOST_GUESSED = 1 << 26 };

void *sheaf_column_alloc(uint64_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = size ? ((size_t)size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
  char *memory = aligned_alloc(ALIGNMENT, whole);
  if (memory) memset(memory + whole - ALIGNMENT, 0, ALIGNMENT);
  return memory;
}

/* Moves what is used of a buffer into a larger one; with `clear` the rest is zero. */
static bool regrow(void *buffer, uint64_t used, uint64_t size, bool clear) {
  void **at = buffer;
  char *bigger = sheaf_column_alloc(size);
  if (!bigger) return false;
  if (used) memcpy(bigger, *at, used);
  if (clear) memset(bigger + used, 0, size - used);
  free(*at);
  *at = bigger;
  return true;
}

void sheaf_column_node_init(sheaf_column_node *n, uint64_t expected) {
  memset(n, 0, sizeof *n);
  n->view.struct_size = sizeof n->view;
  n->expected = expected;
  n->small_limit = SHEAF_SMALL_OFFSETS;
}

void sheaf_column_node_clear(sheaf_column_node *n) {
  free(n->validity);
  free(n->values);
  free(n->offsets);
  free(n->type_ids);
  for (int i = 0; i < SHEAF_TYPE_COUNT; i++) {
    if (!n->children[i]) continue;
    sheaf_column_node_clear(n->children[i]);
    free(n->children[i]);
  }
}

static bool add_child(sheaf_column_node *n, int at) {
  sheaf_column_node *child = malloc(sizeof *child);
  if (!child) return false;
  sheaf_column_node_init(child, 0);
  child->small_limit = n->small_limit;
  n->children[at] = child;
  return true;
}

/* ----------------------------------------------------------------------------------------- room */

static uint64_t bits(uint64_t rows) { return (rows + 7) / 8; }

static bool has_offsets(uint32_t kind) {
  return kind == SHEAF_KIND_STRING || kind == SHEAF_KIND_BYTES || kind == SHEAF_KIND_LIST;
}

static bool regrow_offsets(sheaf_column_node *n, uint64_t room) {
  uint64_t width = n->large ? 8 : 4;
  uint64_t used = n->room ? (n->view.length + 1) * width : 0;
  if (!regrow(&n->offsets, used, (room + 1) * width, false)) return false;
  if (used == 0) memset(n->offsets, 0, width);
  return true;
}

static bool regrow_rows(sheaf_column_node *n, uint64_t room) {
  uint64_t rows = n->view.length;
  if (n->validity && !regrow(&n->validity, bits(n->room), bits(room), true)) return false;
  switch (n->view.kind) {
  case SHEAF_KIND_BOOL:
    return regrow(&n->values, bits(n->room), bits(room), true);
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_DOUBLE:
    return regrow(&n->values, rows * 8, room * 8, false);
  case SHEAF_COLUMN_MIXED:
    return regrow(&n->type_ids, rows, room, false) &&
           regrow(&n->offsets, rows * 4, room * 4, false);
  default:
    return regrow_offsets(n, room);
  }
}

static bool reserve_rows(sheaf_column_node *n, uint64_t rows) {
  if (rows <= n->room) return true;
  uint64_t room = n->room ? n->room * 2 : FIRST_ROWS;
  if (room < n->expected) room = n->expected;
  if (room < rows) room = rows;
  if (!regrow_rows(n, room)) return false;
  n->room = room;
  return true;
}

/* What all rows will want if they are like those that came: within reason, for it is a guess. */
static uint64_t likely_bytes(const sheaf_column_node *n) {
  if (n->view.length < FIRST_ROWS || n->values_room > MOST_GUESSED) return 0;
  uint64_t likely = (n->used / n->view.length + 1) * n->expected;
  return likely < n->values_room * 8 ? likely : n->values_room * 8;
}

static bool reserve_bytes(sheaf_column_node *n, uint64_t size) {
  if (size <= n->values_room) return true;
  uint64_t room = n->values_room ? n->values_room * 2 : FIRST_BYTES;
  if (room < likely_bytes(n)) room = likely_bytes(n);
  if (room < size) room = size;
  if (!regrow(&n->values, n->used, room, false)) return false;
  n->values_room = room;
  return true;
}

bool sheaf_column_enlarge(sheaf_column_node *n) {
  int64_t *large = sheaf_column_alloc((n->room + 1) * sizeof *large);
  if (!large) return false;
  for (uint64_t i = 0; i <= n->view.length; i++) large[i] = ((int32_t *)n->offsets)[i];
  free(n->offsets);
  n->offsets = large;
  n->large = true;
  return true;
}

/* ---------------------------------------------------------------------------------------- nulls */

bool sheaf_column_have_validity(sheaf_column_node *n) {
  if (n->validity) return true;
  n->validity = sheaf_column_alloc(bits(n->room));
  if (!n->validity) return false;
  memset(n->validity, 0, bits(n->room));
  memset(n->validity, 0xff, n->view.length / 8);
  if (n->view.length % 8)
    n->validity[n->view.length / 8] = (uint8_t)((1u << (n->view.length % 8)) - 1);
  return true;
}

/* A mixed column has no validity of its own: its nulls are some child's. */
static bool pad_mixed(sheaf_column_node *n, uint64_t rows) {
  sheaf_column_node *child = n->children[n->null_type];
  uint64_t at = child->view.length, count = rows - n->view.length;
  if (at + count > SHEAF_SMALL_OFFSETS || !sheaf_column_pad(child, at + count)) return false;
  memset(n->type_ids + n->view.length, n->null_type, count);
  for (uint64_t i = 0; i < count; i++)
    ((int32_t *)n->offsets)[n->view.length + i] = (int32_t)(at + i);
  return true;
}

static void repeat_offset(sheaf_column_node *n, uint64_t rows) {
  for (uint64_t i = n->view.length; i < rows; i++) {
    if (n->large) ((int64_t *)n->offsets)[i + 1] = (int64_t)n->used;
    else ((int32_t *)n->offsets)[i + 1] = (int32_t)n->used;
  }
}

bool sheaf_column_pad(sheaf_column_node *n, uint64_t rows) {
  if (rows == n->view.length) return true;
  if (!reserve_rows(n, rows)) return false;
  uint64_t count = rows - n->view.length;
  if (n->view.kind == SHEAF_COLUMN_MIXED) {
    if (!pad_mixed(n, rows)) return false;
  } else {
    if (!sheaf_column_have_validity(n)) return false;
    if (has_offsets(n->view.kind)) repeat_offset(n, rows);
    else if (n->view.kind != SHEAF_KIND_BOOL)
      memset((int64_t *)n->values + n->view.length, 0, count * sizeof(int64_t));
  }
  n->view.length = rows;
  n->view.null_count += count;
  return true;
}

/* --------------------------------------------------------------------------------------- values */

static int type_of(sheaf_kind kind) {
  switch (kind) {
  case SHEAF_KIND_BOOL:
    return SHEAF_TYPE_BOOL;
  case SHEAF_KIND_INT64:
    return SHEAF_TYPE_INT64;
  case SHEAF_KIND_DOUBLE:
    return SHEAF_TYPE_DOUBLE;
  case SHEAF_KIND_STRING:
    return SHEAF_TYPE_STRING;
  case SHEAF_KIND_BYTES:
    return SHEAF_TYPE_BYTES;
  case SHEAF_KIND_LIST:
    return SHEAF_TYPE_LIST;
  default:
    return -1;
  }
}

/* Makes a column of one kind the first child of a mixed one in its place. */
static bool mix(sheaf_column_node *n) {
  int type = type_of((sheaf_kind)n->view.kind);
  sheaf_column_node *child = malloc(sizeof *child);
  if (!child) return false;
  *child = *n;
  sheaf_column_node_init(n, child->expected);
  n->view = (sheaf_column){.struct_size = sizeof n->view,
                           .flags = child->view.flags,
                           .trait = child->view.trait,
                           .key = child->view.key,
                           .kind = SHEAF_COLUMN_MIXED};
  child->view.flags = 0;
  child->view.trait = child->view.key = 0;
  n->small_limit = child->small_limit;
  n->children[type] = child;
  n->null_type = (uint8_t)type;
  uint64_t rows = child->view.length;
  if (rows > SHEAF_SMALL_OFFSETS || !reserve_rows(n, rows + 1)) return false;
  memset(n->type_ids, type, rows);
  for (uint64_t i = 0; i < rows; i++) ((int32_t *)n->offsets)[i] = (int32_t)i;
  n->view.length = rows;
  n->view.null_count = child->view.null_count;
  return true;
}

/* The end of a row's bytes or items. */
static bool put_offset(sheaf_column_node *n, uint64_t row, uint64_t end) {
  if (end > n->small_limit && !n->large && !sheaf_column_enlarge(n)) return false;
  n->used = end;
  if (n->large) ((int64_t *)n->offsets)[row + 1] = (int64_t)end;
  else ((int32_t *)n->offsets)[row + 1] = (int32_t)end;
  return true;
}

static bool put_bytes(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  if (!reserve_bytes(n, n->used + v->length)) return false;
  if (v->length) memcpy((char *)n->values + n->used, v->u.data, v->length);
  return put_offset(n, row, n->used + v->length);
}

static bool put_list(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  if (!n->children[0] && !add_child(n, 0)) return false;
  for (uint32_t i = 0; i < v->length; i++)
    if (!sheaf_column_put(n->children[0], n->used + i, &v->u.items[i])) return false;
  return put_offset(n, row, n->used + v->length);
}

static bool put_mixed(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  int type = type_of(v->kind);
  if (!n->children[type] && !add_child(n, type)) return false;
  uint64_t at = n->children[type]->view.length;
  if (at > SHEAF_SMALL_OFFSETS || !sheaf_column_put(n->children[type], at, v)) return false;
  n->type_ids[row] = (int8_t)type;
  ((int32_t *)n->offsets)[row] = (int32_t)at;
  return true;
}

static bool put_value(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  switch (n->view.kind) {
  case SHEAF_KIND_BOOL:
    if (v->u.integer) ((uint8_t *)n->values)[row / 8] |= (uint8_t)(1u << (row % 8));
    return true;
  case SHEAF_KIND_INT64:
  case SHEAF_KIND_DOUBLE:
    memcpy((int64_t *)n->values + row, &v->u, sizeof v->u);
    return true;
  case SHEAF_KIND_LIST:
    return put_list(n, row, v);
  case SHEAF_COLUMN_MIXED:
    return put_mixed(n, row, v);
  default:
    return put_bytes(n, row, v);
  }
}

bool sheaf_column_put(sheaf_column_node *n, uint64_t row, const sheaf_value *v) {
  if (v->kind == SHEAF_KIND_NONE) return true;
  if (type_of(v->kind) < 0) {
    n->view.flags |= SHEAF_COLUMN_NEWER_KINDS;
    return true;
  }
  if (n->view.kind == SHEAF_KIND_NONE) n->view.kind = v->kind;
  else if (n->view.kind != v->kind && n->view.kind != SHEAF_COLUMN_MIXED && !mix(n)) return false;
  if (!reserve_rows(n, row + 1) || !sheaf_column_pad(n, row) || !put_value(n, row, v)) return false;
  n->view.length = row + 1;
  if (n->validity) n->validity[row / 8] |= (uint8_t)(1u << (row % 8));
  return true;
}

void sheaf_column_set_kind(sheaf_column_node *n, sheaf_kind kind) { n->view.kind = kind; }

/* ---------------------------------------------------------------------------------------- the end */

static bool finish_child(sheaf_column_node *n, int at, uint64_t rows) {
  if (!sheaf_column_finish(n->children[at], rows)) return false;
  n->child_views[at] = &n->children[at]->view;
  return true;
}

static bool finish_children(sheaf_column_node *n) {
  n->view.children = n->child_views;
  if (n->view.kind == SHEAF_KIND_LIST) {
    n->view.child_count = 1;
    return (n->children[0] || add_child(n, 0)) && finish_child(n, 0, n->used);
  }
  n->view.child_count = SHEAF_TYPE_COUNT;
  for (int i = 0; i < SHEAF_TYPE_COUNT; i++)
    if (n->children[i] && !finish_child(n, i, n->children[i]->view.length)) return false;
  return true;
}

/* Columns of bytes have bytes, be it none, and columns of offsets the first of them: importers look
 * a NULL askance. */
static bool have_buffers(sheaf_column_node *n) {
  bool is_bytes = n->view.kind == SHEAF_KIND_STRING || n->view.kind == SHEAF_KIND_BYTES;
  return reserve_rows(n, 1) && (!is_bytes || reserve_bytes(n, 1));
}

bool sheaf_column_finish(sheaf_column_node *n, uint64_t rows) {
  if (n->view.kind == SHEAF_KIND_NONE) {
    n->view.length = n->view.null_count = rows;
    return true;
  }
  if (!have_buffers(n) || !sheaf_column_pad(n, rows)) return false;
  if (n->view.kind == SHEAF_KIND_STRING && !sheaf_column_repair(n)) return false;
  n->view.validity = n->validity;
  n->view.values = n->values;
  n->view.type_ids = n->type_ids;
  if (n->large) n->view.large_offsets = n->offsets;
  else n->view.offsets = n->offsets;
  bool nested = n->view.kind == SHEAF_KIND_LIST || n->view.kind == SHEAF_COLUMN_MIXED;
  return !nested || finish_children(n);
}
