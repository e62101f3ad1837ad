/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns as an Arrow struct array. Each array, children included, owns a share of the columns: an
 * importer may move a child out of its parent and release the two in any order.
 */
#include <stdlib.h>

#include <sheaf/status.h>

#include "core/columns.h"

/* Of each kind, what Arrow calls it. */
static const char *format_of(const sheaf_column *c) {
  bool large = c->large_offsets != NULL;
  switch (c->kind) {
  case SHEAF_KIND_BOOL:
    return "b";
  case SHEAF_KIND_INT64:
    return "l";
  case SHEAF_KIND_DOUBLE:
    return "g";
  case SHEAF_KIND_STRING:
    return large ? "U" : "u";
  case SHEAF_KIND_BYTES:
    return large ? "Z" : "z";
  case SHEAF_KIND_LIST:
    return large ? "+L" : "+l";
  default:
    return "n";
  }
}

/* Of a mixed column: "+ud:1,3", the type ids of its children. */
static void write_union_format(const sheaf_column *c, char *out) {
  out += sprintf(out, "+ud:");
  const char *comma = "";
  for (int i = 0; i < SHEAF_TYPE_COUNT; i++) {
    if (!c->children[i]) continue;
    out += sprintf(out, "%s%d", comma, i);
    comma = ",";
  }
}

static uint32_t children_of(const sheaf_column *c) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < c->child_count; i++) count += c->children[i] != NULL;
  return count;
}

/* ------------------------------------------------------------------------------------ the schema */

/* What a schema owns: its children follow, and then its strings. */
typedef struct schema_block {
  struct ArrowSchema **children; /* NULL if there are none */
  char format[24];
  char name[];
} schema_block;

static void release_schema(struct ArrowSchema *schema) {
  schema_block *block = schema->private_data;
  for (int64_t i = 0; i < schema->n_children; i++) {
    struct ArrowSchema *child = schema->children[i];
    if (child->release) child->release(child);
  }
  free(block->children);
  free(block);
  schema->release = NULL;
}

/* Makes a schema with children that are still released. */
static bool begin_schema(struct ArrowSchema *out, const char *name, uint32_t children) {
  size_t size = strlen(name) + 1;
  memset(out, 0, sizeof *out);
  schema_block *block = calloc(1, sizeof *block + size);
  if (!block) return false;
  memcpy(block->name, name, size);
  if (children) {
    /* The pointers, and behind them what they point to. */
    block->children = calloc(children, sizeof(void *) + sizeof(struct ArrowSchema));
    if (!block->children) {
      free(block);
      return false;
    }
    struct ArrowSchema *first = (struct ArrowSchema *)(void *)(block->children + children);
    for (uint32_t i = 0; i < children; i++) block->children[i] = &first[i];
  }
  *out = (struct ArrowSchema){.format = block->format,
                              .name = block->name,
                              .flags = ARROW_FLAG_NULLABLE,
                              .n_children = children,
                              .children = block->children,
                              .release = release_schema,
                              .private_data = block};
  return true;
}

static void set_format(struct ArrowSchema *schema, const char *format) {
  schema_block *block = schema->private_data;
  snprintf(block->format, sizeof block->format, "%s", format);
}

static const char *child_name(const sheaf_column *c, uint32_t at) {
  static const sheaf_kind kinds[SHEAF_TYPE_COUNT] = {SHEAF_KIND_BOOL,   SHEAF_KIND_INT64,
                                                     SHEAF_KIND_DOUBLE, SHEAF_KIND_STRING,
                                                     SHEAF_KIND_BYTES,  SHEAF_KIND_LIST};
  return c->kind == SHEAF_KIND_LIST ? "item" : sheaf_kind_name(kinds[at]);
}

static bool export_schema(const sheaf_column *c, const char *name, struct ArrowSchema *out) {
  if (!begin_schema(out, name, children_of(c))) return false;
  if (c->kind == SHEAF_COLUMN_MIXED)
    write_union_format(c, ((schema_block *)out->private_data)->format);
  else set_format(out, format_of(c));
  for (uint32_t i = 0, k = 0; i < c->child_count; i++) {
    if (!c->children[i]) continue;
    if (export_schema(c->children[i], child_name(c, i), out->children[k++])) continue;
    release_schema(out);
    return false;
  }
  return true;
}

static bool export_fields(const sheaf_columns *columns, struct ArrowSchema *out) {
  uint32_t count = columns->slot_count;
  for (uint32_t i = 0; i < count; i++)
    if (!export_schema(&columns->slots[i].view, columns->names[i], out->children[i])) return false;
  if (!begin_schema(out->children[count], "status", 0)) return false;
  set_format(out->children[count], "I");
  out->children[count]->flags = 0;
  return export_schema(&columns->messages.view, "message", out->children[count + 1]);
}

static bool export_root_schema(const sheaf_columns *columns, struct ArrowSchema *out) {
  if (!begin_schema(out, "", columns->slot_count + 2)) return false;
  set_format(out, "+s");
  out->flags = 0;
  if (export_fields(columns, out)) return true;
  release_schema(out);
  return false;
}

/* ------------------------------------------------------------------------------------ the arrays */

enum { MOST_BUFFERS = 3 };

typedef struct array_block {
  sheaf_columns *owner;
  const void *buffers[MOST_BUFFERS];
  struct ArrowArray *children[]; /* and behind them what they point to */
} array_block;

static void release_array(struct ArrowArray *array) {
  array_block *block = array->private_data;
  for (int64_t i = 0; i < array->n_children; i++) {
    struct ArrowArray *child = array->children[i];
    if (child->release) child->release(child);
  }
  sheaf_columns_drop(block->owner);
  free(block);
  array->release = NULL;
}

/* Makes an array without buffers, with children that are still released. */
static bool begin_array(struct ArrowArray *out, const sheaf_columns *columns, uint64_t length,
                        uint32_t children) {
  memset(out, 0, sizeof *out);
  array_block *block =
      calloc(1, sizeof *block + children * (sizeof(void *) + sizeof(struct ArrowArray)));
  if (!block) return false;
  struct ArrowArray *first = (struct ArrowArray *)(void *)(block->children + children);
  for (uint32_t i = 0; i < children; i++) block->children[i] = &first[i];
  block->owner = (sheaf_columns *)(uintptr_t)columns;
  atomic_fetch_add(&block->owner->owners, 1);
  *out = (struct ArrowArray){.length = (int64_t)length,
                             .n_children = children,
                             .buffers = block->buffers,
                             .children = children ? block->children : NULL,
                             .release = release_array,
                             .private_data = block};
  return true;
}

static void add_buffer(struct ArrowArray *array, const void *buffer) {
  array->buffers[array->n_buffers++] = buffer;
}

static void add_buffers(struct ArrowArray *out, const sheaf_column *c) {
  if (c->kind == SHEAF_KIND_NONE) return;
  if (c->kind == SHEAF_COLUMN_MIXED) add_buffer(out, c->type_ids);
  else add_buffer(out, c->validity);
  if (c->offsets) add_buffer(out, c->offsets);
  if (c->large_offsets) add_buffer(out, c->large_offsets);
  if (c->values) add_buffer(out, c->values);
}

static bool export_array(const sheaf_columns *columns, const sheaf_column *c,
                         struct ArrowArray *out) {
  if (!begin_array(out, columns, c->length, children_of(c))) return false;
  add_buffers(out, c);
  /* A union has no nulls of its own. */
  out->null_count = c->kind == SHEAF_COLUMN_MIXED ? 0 : (int64_t)c->null_count;
  for (uint32_t i = 0, k = 0; i < c->child_count; i++) {
    if (!c->children[i] || export_array(columns, c->children[i], out->children[k++])) continue;
    release_array(out);
    return false;
  }
  return true;
}

static bool export_arrays(const sheaf_columns *columns, struct ArrowArray *out) {
  uint32_t count = columns->slot_count;
  for (uint32_t i = 0; i < count; i++)
    if (!export_array(columns, &columns->slots[i].view, out->children[i])) return false;
  if (!begin_array(out->children[count], columns, columns->rows, 0)) return false;
  add_buffer(out->children[count], NULL);
  add_buffer(out->children[count], columns->statuses);
  return export_array(columns, &columns->messages.view, out->children[count + 1]);
}

static bool export_root_array(const sheaf_columns *columns, struct ArrowArray *out) {
  if (!begin_array(out, columns, columns->rows, columns->slot_count + 2)) return false;
  add_buffer(out, NULL);
  if (export_arrays(columns, out)) return true;
  release_array(out);
  return false;
}

sheaf_status sheaf_columns_export(const sheaf_columns *columns, struct ArrowSchema *schema,
                                  struct ArrowArray *array, sheaf_error *error) {
  if (!columns) return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the columns are NULL");
  if (!schema || export_root_schema(columns, schema)) {
    if (!array || export_root_array(columns, array)) return SHEAF_OK;
    if (schema) schema->release(schema);
  }
  return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for an Arrow array");
}
