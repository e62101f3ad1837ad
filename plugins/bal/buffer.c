/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <stdlib.h>

bool bal_buffer_reserve(bal_buffer *buffer, size_t more) {
  if (buffer->failed) return false;
  if (more <= buffer->capacity - buffer->size) return true;
  size_t capacity = buffer->capacity ? buffer->capacity : 256;
  while (capacity - buffer->size < more && capacity < SIZE_MAX / 4) capacity *= 2;
  char *data = capacity - buffer->size < more ? NULL : realloc(buffer->data, capacity);
  if (!data) {
    buffer->failed = true;
    return false;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

void bal_buffer_put(bal_buffer *buffer, const char *data, size_t size) {
  if (size == 0 || !bal_buffer_reserve(buffer, size)) return;
  memcpy(buffer->data + buffer->size, data, size);
  buffer->size += size;
}

void bal_buffer_put_char(bal_buffer *buffer, char c) { bal_buffer_put(buffer, &c, 1); }

void bal_buffer_clear(bal_buffer *buffer) {
  buffer->size = 0;
  buffer->failed = false;
}

void bal_buffer_free(bal_buffer *buffer) {
  free(buffer->data);
  *buffer = (bal_buffer){0};
}
