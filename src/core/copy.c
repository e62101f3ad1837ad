/* SPDX-License-Identifier: Apache-2.0 */
#include "core/copy.h"

#include "core/hints.h"

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
  case SHEAF_STORAGE_INLINE:
    return NULL;
  case SHEAF_STORAGE_BYTES:
    return copy_bytes(arena, value);
  case SHEAF_STORAGE_LIST:
    return copy_list(arena, value, depth);
  default:
    return "the manager's answer holds a value of a kind that cannot be copied";
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

static void give_up(sheaf_result *dst, fault f) {
  sheaf_status status = f == no_memory      ? SHEAF_OUT_OF_MEMORY
                        : f == unknown_flag ? SHEAF_UNSUPPORTED
                                            : SHEAF_MANAGER_FAILURE;
  *dst = (sheaf_result){dst->index, status, NULL, 0, SHEAF_RESULT_STATIC, sheaf_cstr(f)};
}

static void keep_known_flags(sheaf_result *dst) {
  dst->flags &= SHEAF_RESULT_IN_SLOT_ORDER | SHEAF_RESULT_RETRYABLE;
}

static NOINLINE void copy_any(sheaf_arena *arena, sheaf_result *dst, const sheaf_result *src) {
  *dst = *src;
  keep_known_flags(dst);
  fault f = copy_properties(arena, dst);
  if (!f) f = copy_message(arena, dst);
  if (f) give_up(dst, f);
}

/* -------------------------------------------------------------------------------- the plain case */

/* Nearly all results are successes with a few properties, none of them a list, or static. Those that come
 * together are measured first and then take one piece of memory: an allocation each would have each wait
 * for the one before. Eight at a time: a processor fetches a dozen lines of memory at once, and with more of
 * them to copy from it has none left for those to copy to. */
enum { MOST_PLAIN_PROPERTIES = 64, MOST_PLAIN_BYTES = 1 << 20, MOST_TOGETHER = 8 };
#define NOT_PLAIN SIZE_MAX

/* All that is copied begins at a multiple of 8, as the contract says. */
static size_t to_eight(size_t size) { return (size + 7u) & ~(size_t)7u; }

/* Starts fetching a text: it is copied when the others have been measured. The empty statement is there
 * because gcc drops calls that do nothing else. */
static ALWAYS_INLINE void fetch(const sheaf_value *text) {
  __builtin_prefetch(text->u.data);
  __builtin_prefetch((const char *)((uintptr_t)text->u.data + text->length - 1));
  __asm__ volatile("");
}

/* What a copy of a plain result takes. */
static ALWAYS_INLINE size_t plain_size(const sheaf_result *src) {
  uint32_t count = src->property_count;
  if (src->flags & SHEAF_RESULT_STATIC) return 0;
  if (src->status || src->message.size || (count && !src->properties) ||
      count > MOST_PLAIN_PROPERTIES)
    return NOT_PLAIN;
  size_t size = count * sizeof *src->properties;
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_value *value = &src->properties[i].value;
    const uint32_t storage = SHEAF_STORAGE(value->kind);
    if (value->flags & MUST_UNDERSTAND) return NOT_PLAIN;
    if ((value->flags & SHEAF_VALUE_STATIC) || storage == SHEAF_STORAGE_INLINE) continue;
    if (storage != SHEAF_STORAGE_BYTES || value->length > MOST_PLAIN_BYTES || !value->u.data)
      return NOT_PLAIN;
    fetch(value);
    size += to_eight(value->length);
  }
  return size;
}

/* memcpy, without a call for 16 to 64 bytes, which most texts have: both ends, which may overlap. */
static ALWAYS_INLINE void copy_text(char *to, const char *from, size_t size) {
  if (UNLIKELY(size < 16 || size > 64)) {
    memcpy(to, from, size);
    return;
  }
  if (size > 32) {
    memcpy(to + 16, from + 16, 16);
    memcpy(to + size - 32, from + size - 32, 16);
  }
  memcpy(to, from, 16);
  memcpy(to + size - 16, from + size - 16, 16);
}

/* To where that much is; what comes behind it. */
static ALWAYS_INLINE char *copy_plain(char *memory, sheaf_result *dst, const sheaf_result *src) {
  const sheaf_property *from = src->properties;
  const uint32_t count = src->property_count;
  *dst = *src;
  if (src->flags & SHEAF_RESULT_STATIC) return memory;
  keep_known_flags(dst);
  dst->properties = NULL;
  dst->message = (sheaf_str){NULL, 0};
  if (count == 0) return memory; /* of which there may be none */
  sheaf_property *to = (sheaf_property *)(void *)memory;
  char *bytes = memory + count * sizeof *to;
  dst->properties = to;
  for (uint32_t i = 0; i < count; i++) {
    to[i] = from[i];
    sheaf_value *value = &to[i].value;
    if (from[i].value.flags & SHEAF_VALUE_STATIC) continue;
    value->flags = 0;
    if (SHEAF_STORAGE(from[i].value.kind) == SHEAF_STORAGE_INLINE) continue;
    const uint32_t length = from[i].value.length;
    if (length) copy_text(bytes, from[i].value.u.data, length);
    value->u.data = length ? bytes : NULL;
    bytes += to_eight(length);
  }
  return bytes;
}

/* Copies as many, from the first on, as are plain and there is memory for. */
static uint32_t copy_together(sheaf_arena *arena, sheaf_result *kept, const sheaf_result *results,
                              uint32_t count, uint32_t *failed) {
  size_t size = 0, one;
  uint32_t n = 0, errors = 0;
  for (; n < count && (one = plain_size(&results[n])) != NOT_PLAIN; n++) size += one;
  char *memory = size ? sheaf_arena_alloc(arena, size) : NULL;
  if (size && !memory) return 0;
  for (uint32_t i = 0; i < n; i++) {
    memory = copy_plain(memory, &kept[results[i].index], &results[i]);
    errors += !SHEAF_IS_OK(results[i].status);
  }
  *failed += errors;
  return n;
}

void sheaf_copy_result(sheaf_arena *arena, sheaf_result *dst, const sheaf_result *src) {
  size_t size = plain_size(src);
  char *memory = size && size != NOT_PLAIN ? sheaf_arena_alloc(arena, size) : NULL;
  if (size == NOT_PLAIN || (size && !memory)) copy_any(arena, dst, src);
  else (void)copy_plain(memory, dst, src);
}

uint32_t sheaf_copy_results(sheaf_arena *arena, sheaf_result *kept, const sheaf_result *results,
                            uint32_t count) {
  uint32_t failed = 0;
  for (uint32_t n; count > 0; results += n, count -= n) {
    n = copy_together(arena, kept, results, count < MOST_TOGETHER ? count : MOST_TOGETHER, &failed);
    if (LIKELY(n)) continue;
    sheaf_result *dst = &kept[results->index];
    copy_any(arena, dst, results);
    failed += !SHEAF_IS_OK(dst->status); /* a record that could not be kept is an error now */
    n = 1;
  }
  return failed;
}

static size_t rounded(size_t size) { return (size + 15u) & ~(size_t)15u; }

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
