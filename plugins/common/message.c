/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <sheaf/utf8.h>

enum { LONGEST_QUOTE = 200 };

static void put(plugin_message *message, const char *data, size_t size) {
  if (size > PLUGIN_MESSAGE_SIZE - message->size) return;
  memcpy(message->data + message->size, data, size);
  message->size += size;
}

size_t plugin_decimal(uint64_t number, char *out) {
  size_t size = 1;
  for (uint64_t rest = number; rest >= 10; rest /= 10) size++;
  for (size_t i = size; i-- > 0; number /= 10) out[i] = (char)('0' + number % 10);
  return size;
}

void plugin_message_put(plugin_message *message, const char *text) {
  put(message, text, strlen(text));
}

void plugin_message_put_number(plugin_message *message, uint64_t number) {
  char digits[20];
  put(message, digits, plugin_decimal(number, digits));
}

static bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

void plugin_message_quote(plugin_message *message, sheaf_str text) {
  const char *at = text.data, *end = text.size ? text.data + text.size : text.data;
  const size_t start = message->size + 1;
  put(message, "'", 1);
  while (at != end) {
    const char *from = at;
    uint32_t code = sheaf_utf8_next(&at, end);
    bool odd = code == SHEAF_UTF8_BAD || is_control(code);
    size_t size = odd ? sizeof SHEAF_UTF8_REPLACEMENT - 1 : (size_t)(at - from);
    if (message->size - start + size > LONGEST_QUOTE) {
      put(message, "...", 3);
      break;
    }
    put(message, odd ? SHEAF_UTF8_REPLACEMENT : from, size);
  }
  put(message, "'", 1);
}
