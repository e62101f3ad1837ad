/* SPDX-License-Identifier: Apache-2.0 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "cffi/arrow.h"

#include <errno.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------------ one column */

/* A child may be moved out of its parent. */
static void keep_child(struct ArrowSchema *schema, uint32_t at) {
  struct ArrowSchema parent = *schema;
  *schema = *parent.children[at];
  parent.children[at]->release = NULL;
  parent.release(&parent);
}

static void keep_child_array(struct ArrowArray *array, uint32_t at) {
  struct ArrowArray parent = *array;
  *array = *parent.children[at];
  parent.children[at]->release = NULL;
  parent.release(&parent);
}

sheaf_status sheafpy_arrow_export(const sheaf_columns *columns, uint32_t slot,
                                  struct ArrowSchema **schema, struct ArrowArray **array,
                                  sheaf_error *error) {
  sheaf_status status = SHEAF_OUT_OF_MEMORY;
  struct ArrowSchema *s = calloc(1, sizeof *s);
  struct ArrowArray *a = array ? calloc(1, sizeof *a) : NULL;
  if (s && (a || !array)) status = sheaf_columns_export(columns, s, a, error);
  else sheaf_error_set(error, status, "out of memory for an Arrow array");
  if (status) {
    free(s);
    free(a);
    return status;
  }
  if (slot != SHEAFPY_ALL_SLOTS) {
    keep_child(s, slot);
    if (a) keep_child_array(a, slot);
  }
  *schema = s;
  if (array) *array = a;
  return SHEAF_OK;
}

/* --------------------------------------------------------------------------------------- a stream */

/* A copy of a schema, which has no metadata and no dictionary: Sheaf's have none. */
typedef struct schema_copy {
  char *format, *name;
  struct ArrowSchema **children, *storage;
} schema_copy;

static void release_copy(struct ArrowSchema *schema) {
  schema_copy *copy = schema->private_data;
  for (int64_t i = 0; i < schema->n_children; i++)
    if (copy->storage[i].release) copy->storage[i].release(&copy->storage[i]);
  free(copy->format);
  free(copy->name);
  free(copy->children);
  free(copy->storage);
  free(copy);
  schema->release = NULL;
}

static bool copy_schema(const struct ArrowSchema *from, struct ArrowSchema *to) {
  size_t count = (size_t)from->n_children;
  schema_copy *copy = calloc(1, sizeof *copy);
  if (!copy) return false;
  *to = (struct ArrowSchema){.flags = from->flags, .release = release_copy, .private_data = copy};
  to->format = copy->format = strdup(from->format);
  to->name = copy->name = strdup(from->name);
  to->children = copy->children = calloc(count + 1, sizeof *copy->children);
  copy->storage = calloc(count + 1, sizeof *copy->storage);
  bool copied = copy->format && copy->name && copy->children && copy->storage;
  for (size_t i = 0; copied && i < count; i++) {
    to->children[i] = &copy->storage[i];
    copied = copy_schema(from->children[i], to->children[i]);
    to->n_children = (int64_t)i + 1;
  }
  if (!copied) release_copy(to);
  return copied;
}

typedef struct one_array {
  struct ArrowSchema *schema;
  struct ArrowArray *array; /* released once it was given away */
} one_array;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  const one_array *one = stream->private_data;
  return copy_schema(one->schema, out) ? 0 : ENOMEM;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  one_array *one = stream->private_data;
  *out = *one->array;
  one->array->release = NULL;
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "out of memory";
}

static void release_stream(struct ArrowArrayStream *stream) {
  one_array *one = stream->private_data;
  one->schema->release(one->schema);
  if (one->array->release) one->array->release(one->array);
  free(one->schema);
  free(one->array);
  free(one);
  stream->release = NULL;
}

struct ArrowArrayStream *sheafpy_arrow_stream(const sheaf_columns *columns, uint32_t slot,
                                              sheaf_error *error) {
  struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
  one_array *one = calloc(1, sizeof *one);
  if (!stream || !one) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for an Arrow stream");
  } else if (sheafpy_arrow_export(columns, slot, &one->schema, &one->array, error) == SHEAF_OK) {
    *stream = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, one};
    return stream;
  }
  free(stream);
  free(one);
  return NULL;
}

/* ----------------------------------------------------------------------------------- the capsules */

/* What a capsule holds was made by malloc, and may have been released already. */
#define CAPSULE_DESTRUCTOR(function, type, name)                                                   \
  static void function(PyObject *capsule) {                                                        \
    type *held = PyCapsule_GetPointer(capsule, name);                                              \
    if (held && held->release) held->release(held);                                                \
    free(held);                                                                                    \
  }

CAPSULE_DESTRUCTOR(end_schema, struct ArrowSchema, "arrow_schema")
CAPSULE_DESTRUCTOR(end_array, struct ArrowArray, "arrow_array")
CAPSULE_DESTRUCTOR(end_stream, struct ArrowArrayStream, "arrow_array_stream")

uintptr_t sheafpy_capsule_destructor(const char *name) {
  if (strcmp(name, "arrow_schema") == 0) return (uintptr_t)end_schema;
  if (strcmp(name, "arrow_array") == 0) return (uintptr_t)end_array;
  return strcmp(name, "arrow_array_stream") == 0 ? (uintptr_t)end_stream : 0;
}
