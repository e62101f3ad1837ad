/* SPDX-License-Identifier: Apache-2.0 */
#include "core/copy.h"

/* What went wrong with a copy; NULL: nothing. */
typedef const char *fault;

static const char no_memory[] = "out of memory to keep this result";
static const char unknown_flag[] =
    "the manager's answer holds a value with a flag that this library does not know: use a newer "
    "libsheaf";

#define MUST_UNDERSTAND 0xff00u /* of a value's flags */

static fault copy_value(sheaf_arena *arena, sheaf_value *value, unsigned depth);

static fault copy_bytes(sheaf_arena *arena, sheaf_value *value) {
  if (value->length > SHEAF_MAX_VALUE_BYTES)
    return "the manager's answer holds a value of more than 1 GiB";
  if (value->length == 0) {
    value->u.data = NULL;
    return NULL;
  }
  if (!value->u.data) return "the manager's answer holds a value whose data is NULL";
  char *bytes = sheaf_arena_alloc(arena, value->length);
  if (!bytes) return no_memory;
  memcpy(bytes, value->u.data, value->length);
  value->u.data = bytes;
  return NULL;
}

static fault copy_list(sheaf_arena *arena, sheaf_value *value, unsigned depth) {
  if (depth >= SHEAF_MAX_LIST_DEPTH) return "the manager's answer holds lists more than 16 deep";
  if (value->length > SHEAF_MAX_VALUE_BYTES / sizeof(sheaf_value))
    return "the manager's answer holds a list of more than 1 GiB";
  if (value->length == 0) {
    value->u.items = NULL;
    return NULL;
  }
  if (!value->u.items) return "the manager's answer holds a list whose items are NULL";
  size_t size = value->length * sizeof(sheaf_value);
  sheaf_value *items = sheaf_arena_alloc(arena, size);
  if (!items) return no_memory;
  memcpy(items, value->u.items, size);
  value->u.items = items;
  for (uint32_t i = 0; i < value->length; i++) {
    fault f = copy_value(arena, &items[i], depth + 1);
    if (f) return f;
  }
  return NULL;
}

/* Makes a value, copied bit by bit already, own what it points to. A flag that is not known here may
 * not be true of a copy. */
static fault copy_value(sheaf_arena *arena, sheaf_value *value, unsigned depth) {
  if (value->flags & MUST_UNDERSTAND) return unknown_flag;
  if (value->flags & SHEAF_VALUE_STATIC) return NULL;
  value->flags = 0;
  switch (SHEAF_STORAGE(value->kind)) {
    case SHEAF_STORAGE_INLINE: return NULL;
    case SHEAF_STORAGE_BYTES: return copy_bytes(arena, value);
    case SHEAF_STORAGE_LIST: return copy_list(arena, value, depth);
    default: return "the manager's answer holds a value of a kind that cannot be copied";
  }
}

static fault copy_properties(sheaf_arena *arena, sheaf_result *dst) {
  if (dst->property_count == 0) {
    dst->properties = NULL;
    return NULL;
  }
  if (!dst->properties) return "the manager's answer counts properties and has none";
  size_t size = dst->property_count * sizeof *dst->properties;
  if (size > SHEAF_MAX_VALUE_BYTES) return "the manager's answer has more than 1 GiB of properties";
  sheaf_property *properties = sheaf_arena_alloc(arena, size);
  if (!properties) return no_memory;
  memcpy(properties, dst->properties, size);
  dst->properties = properties;
  for (uint32_t i = 0; i < dst->property_count; i++) {
    fault f = copy_value(arena, &properties[i].value, 0);
    if (f) return f;
  }
  return NULL;
}

static fault copy_message(sheaf_arena *arena, sheaf_result *dst) {
  if (dst->message.size == 0 || !dst->message.data) {
    dst->message = (sheaf_str){NULL, 0};
    return NULL;
  }
  if (dst->message.size > SHEAF_MAX_VALUE_BYTES)
    return "the manager's error has a message of more than 1 GiB";
  char *bytes = sheaf_arena_alloc(arena, dst->message.size);
  if (!bytes) return no_memory;
  memcpy(bytes, dst->message.data, dst->message.size);
  dst->message.data = bytes;
  return NULL;
}

/* -------------------------------------------------------------------------------- the plain case */

/* Nearly all results are successes with a few properties, none of them a list: these take one piece of
 * memory, and one look at each value. */
enum { MOST_PLAIN_PROPERTIES = 64, MOST_PLAIN_BYTES = 1 << 20 };

static size_t rounded(size_t size) { return (size + 15u) & ~(size_t)15u; }

static bool is_kept_as_it_is(const sheaf_value *value) {
  return (value->flags & SHEAF_VALUE_STATIC) || SHEAF_STORAGE(value->kind) == SHEAF_STORAGE_INLINE;
}

/* What a copy of a plain result takes; 0: it is not plain. */
static size_t plain_size(const sheaf_result *src) {
  uint32_t count = src->property_count;
  if (src->status || src->message.size || !src->properties || count > MOST_PLAIN_PROPERTIES)
    return 0;
  size_t size = rounded(count * sizeof *src->properties);
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_value *value = &src->properties[i].value;
    if (value->flags & MUST_UNDERSTAND) return 0;
    if (is_kept_as_it_is(value)) continue;
    if (SHEAF_STORAGE(value->kind) != SHEAF_STORAGE_BYTES || value->length > MOST_PLAIN_BYTES ||
        !value->u.data)
      return 0;
    size += rounded(value->length);
  }
  return size;
}

static void copy_plain(char *memory, sheaf_result *dst) {
  const sheaf_property *from = dst->properties;
  sheaf_property *to = (sheaf_property *)(void *)memory;
  char *bytes = memory + rounded(dst->property_count * sizeof *to);
  dst->properties = to;
  dst->message = (sheaf_str){NULL, 0};
  for (uint32_t i = 0; i < dst->property_count; i++) {
    to[i] = from[i];
    sheaf_value *value = &to[i].value;
    if (value->flags & SHEAF_VALUE_STATIC) continue;
    value->flags = 0;
    if (is_kept_as_it_is(value)) continue;
    value->u.data = value->length ? memcpy(bytes, value->u.data, value->length) : NULL;
    bytes += rounded(value->length);
  }
}

static void copy_any(sheaf_arena *arena, sheaf_result *dst) {
  fault f = copy_properties(arena, dst);
  if (!f) f = copy_message(arena, dst);
  if (!f) return;
  sheaf_status status = f == no_memory      ? SHEAF_OUT_OF_MEMORY
                        : f == unknown_flag ? SHEAF_UNSUPPORTED
                                            : SHEAF_MANAGER_FAILURE;
  *dst = (sheaf_result){dst->index, status, NULL, 0, SHEAF_RESULT_STATIC, sheaf_cstr(f)};
}

void sheaf_copy_result(sheaf_arena *arena, sheaf_result *dst, const sheaf_result *src) {
  *dst = *src;
  if (src->flags & SHEAF_RESULT_STATIC) return;
  dst->flags &= SHEAF_RESULT_IN_SLOT_ORDER | SHEAF_RESULT_RETRYABLE;
  size_t size = plain_size(src);
  char *memory = size ? sheaf_arena_alloc(arena, size) : NULL;
  if (memory) copy_plain(memory, dst);
  else copy_any(arena, dst);
}

/* ------------------------------------------------------------------------------ how much it takes */

static size_t value_size(const sheaf_value *value, unsigned depth) {
  if ((value->flags & SHEAF_VALUE_STATIC) || value->length == 0) return 0;
  if (SHEAF_STORAGE(value->kind) == SHEAF_STORAGE_BYTES)
    return value->length > SHEAF_MAX_VALUE_BYTES ? 0 : rounded(value->length);
  if (SHEAF_STORAGE(value->kind) != SHEAF_STORAGE_LIST || depth >= SHEAF_MAX_LIST_DEPTH) return 0;
  if (value->length > SHEAF_MAX_VALUE_BYTES / sizeof *value || !value->u.items) return 0;
  size_t size = value->length * sizeof *value;
  for (uint32_t i = 0; i < value->length; i++) size += value_size(&value->u.items[i], depth + 1);
  return size;
}

size_t sheaf_copy_size(const sheaf_result *src) {
  if (src->flags & SHEAF_RESULT_STATIC) return 0;
  size_t size = src->message.size > SHEAF_MAX_VALUE_BYTES ? 0 : rounded(src->message.size);
  size_t properties = src->property_count * sizeof *src->properties;
  if (properties > SHEAF_MAX_VALUE_BYTES || !src->properties) return size;
  size += rounded(properties);
  for (uint32_t i = 0; i < src->property_count; i++)
    size += value_size(&src->properties[i].value, 0);
  return size;
}
