/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/hold.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void *sheaf_hold_alloc(sheaf_hold *hold, size_t size) {
  void *p = sheaf_arena_alloc(&hold->arena, size ? size : 1);
  if (p) memset(p, 0, size);
  else hold->failed = true;
  return p;
}

char *sheaf_hold_copy(sheaf_hold *hold, const char *text) {
  if (!text) return NULL;
  size_t size = strlen(text) + 1;
  char *copy = sheaf_hold_alloc(hold, size);
  if (copy) memcpy(copy, text, size);
  return copy;
}

char *sheaf_hold_printf(sheaf_hold *hold, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = length < 0 ? NULL : sheaf_hold_alloc(hold, (size_t)length + 1);
  if (!text) {
    hold->failed = true;
    return NULL;
  }
  va_start(arguments, format);
  (void)vsnprintf(text, (size_t)length + 1, format, arguments);
  va_end(arguments);
  return text;
}

void *sheaf_hold_grow(sheaf_hold *hold, void *items, size_t count, size_t size) {
  if (count & (count - 1)) return items;
  size_t room = count ? 2 * count : 1;
  void *moved = room > SIZE_MAX / size ? NULL : sheaf_hold_alloc(hold, room * size);
  if (!moved) hold->failed = true;
  else if (count) memcpy(moved, items, count * size);
  return moved;
}

void sheaf_hold_free(sheaf_hold *hold) {
  sheaf_arena_free(&hold->arena);
  hold->failed = false;
}
