/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is put together while a library is loaded. */
#ifndef BAL_BUFFER_H
#define BAL_BUFFER_H

#include <sheaf/abi.h>

/* All zero: empty. Once out of memory it stays `failed` until it is cleared. */
typedef struct bal_buffer {
  char *data;
  size_t size, capacity;
  bool failed;
} bal_buffer;

/* Makes room for `more` bytes. False, and `failed` set: out of memory. */
bool bal_buffer_reserve(bal_buffer *buffer, size_t more);
void bal_buffer_put(bal_buffer *buffer, const char *data, size_t size);
void bal_buffer_put_char(bal_buffer *buffer, char c);
void bal_buffer_clear(bal_buffer *buffer);
void bal_buffer_free(bal_buffer *buffer);

static inline sheaf_str bal_buffer_str(const bal_buffer *buffer) {
  return sheaf_strn(buffer->data, buffer->size);
}

#endif /* BAL_BUFFER_H */
