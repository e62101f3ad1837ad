/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include <sheaf/utf8.h>

static int raw_byte(bal_query_text *text) {
  while (text->at < text->end) {
    char c = *text->at++;
    if (c != '\t' && c != '\r' && c != '\n') return (unsigned char)c;
  }
  return -1;
}

static int hex_digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int bal_query_byte(bal_query_text *text) {
  int c = raw_byte(text);
  if (c == '+') return ' ';
  if (c != '%') return c;
  bal_query_text ahead = *text;
  int high = hex_digit(raw_byte(&ahead));
  int low = high < 0 ? -1 : hex_digit(raw_byte(&ahead));
  if (low < 0) return '%';
  *text = ahead;
  return high * 16 + low;
}

int64_t bal_query_character(bal_query_text *text) {
  char bytes[4];
  int count = 1, c = bal_query_byte(text);
  if (c < 0x80) return c;
  bytes[0] = (char)c;
  int size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  for (; count < size; count++) {
    bal_query_text ahead = *text;
    c = bal_query_byte(&ahead);
    if ((c & 0xc0) != 0x80 || c < 0) break;
    bytes[count] = (char)c;
    *text = ahead;
  }
  const char *at = bytes;
  uint32_t code = sheaf_utf8_next(&at, bytes + count);
  return at == bytes + count ? code : SHEAF_UTF8_BAD;
}

bool bal_query_text_is(bal_query_text text, const char *expected) {
  for (; *expected; expected++)
    if (bal_query_byte(&text) != (unsigned char)*expected) return false;
  return bal_query_byte(&text) < 0;
}

bool bal_query_last(sheaf_str query, const char *name, bal_query_text *value) {
  bool found = false;
  const char *end = query.data + query.size;
  for (const char *at = query.data, *stop; at < end; at = stop + 1) {
    stop = memchr(at, '&', (size_t)(end - at));
    if (!stop) stop = end;
    const char *equals = memchr(at, '=', (size_t)(stop - at));
    if (!equals) continue;
    bal_query_text key = {at, equals}, rest = {equals + 1, stop}, probe = rest;
    if (raw_byte(&probe) < 0 || !bal_query_text_is(key, name)) continue;
    *value = rest;
    found = true;
  }
  return found;
}
