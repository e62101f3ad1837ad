/* SPDX-License-Identifier: Apache-2.0 */
#include "variables.h"

#include "environment.h"

#include <sheaf/utf8.h>
#include <stdlib.h>

void bal_variables_init(bal_variables *variables) {
  memset(variables, 0, sizeof *variables);
  sheaf_index_init(&variables->index, sheaf_index_seed());
}

void bal_variables_free(bal_variables *variables) {
  sheaf_index_free(&variables->index);
  free(variables->values);
}

bool bal_variables_set(bal_variables *variables, sheaf_str name, sheaf_str value) {
  if (variables->count == variables->capacity) {
    uint32_t capacity = variables->capacity ? variables->capacity * 2 : 16;
    sheaf_str *values = realloc(variables->values, capacity * sizeof *values);
    if (!values) return false;
    variables->values = values;
    variables->capacity = capacity;
  }
  uint32_t *at = sheaf_index_at(&variables->index, name);
  if (!at) return false;
  if (*at == SHEAF_INDEX_NONE) *at = variables->count++;
  variables->values[*at] = value;
  return true;
}

static bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_size(const char *at, const char *end) {
  const char *p = at;
  if (p == end || !begins_name(*p)) return 0;
  while (p < end && (begins_name(*p) || (*p >= '0' && *p <= '9'))) p++;
  return (size_t)(p - at);
}

static bool look_up(const bal_variables *variables, sheaf_str name, sheaf_str *value) {
  uint32_t at = sheaf_index_find(&variables->index, name);
  if (at == SHEAF_INDEX_NONE) return bal_environment(name, value) && sheaf_utf8_valid(*value);
  *value = variables->values[at];
  return true;
}

/* Appends what stands for the dollar sign at `at` and what belongs to it; gives where to go on. */
static const char *expand_one(const bal_variables *variables, const char *at, const char *end,
                              bal_buffer *out) {
  const char *next = at + 1;
  if (next < end && *next == '$') {
    bal_buffer_put_char(out, '$');
    return next + 1;
  }
  bool braced = next < end && *next == '{';
  sheaf_str name = sheaf_strn(next + braced, name_size(next + braced, end));
  const char *after = name.data + name.size;
  if (name.size == 0 || (braced && (after == end || *after != '}'))) {
    bal_buffer_put_char(out, '$');
    return next;
  }
  after += braced;
  sheaf_str value;
  if (!look_up(variables, name, &value)) value = sheaf_strn(at, (size_t)(after - at));
  bal_buffer_put(out, value.data, value.size);
  return after;
}

void bal_variables_expand(const bal_variables *variables, sheaf_str text, bal_buffer *out) {
  const char *at = text.data, *end = text.size ? text.data + text.size : text.data;
  while (at != end && !out->failed) {
    const char *dollar = memchr(at, '$', (size_t)(end - at));
    bal_buffer_put(out, at, (size_t)((dollar ? dollar : end) - at));
    if (!dollar) break;
    at = expand_one(variables, dollar, end, out);
    if (out->size > SHEAF_MAX_VALUE_BYTES) out->failed = true;
  }
}
