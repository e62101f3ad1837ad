/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/utf8.h: is it UTF-8, where does it stop being it, and what are its characters. Header only;
 * needs nothing but sheaf/abi.h. For managers and hosts that take text from elsewhere.
 *
 * UTF-8 here is what RFC 3629 says: no surrogates, no overlong forms, nothing above U+10FFFF.
 * U+0000 is a character like any other. All functions are [any-thread] and allocate nothing.
 */
#ifndef SHEAF_UTF8_H
#define SHEAF_UTF8_H

#include <sheaf/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What sheaf_utf8_next gives for bytes that are no character. Not itself a code point. */
#define SHEAF_UTF8_BAD UINT32_MAX

/* The replacement character, for showing such bytes. */
#define SHEAF_UTF8_REPLACEMENT "\xef\xbf\xbd"

/*
 * The code point at *at, which must be before `end`; moves *at behind it. SHEAF_UTF8_BAD for bytes
 * that are no character: then *at moves over what one replacement character should stand for (the
 * start of a character that is cut off, else one byte), as the Unicode standard advises.
 */
static inline uint32_t sheaf_utf8_next(const char **at, const char *end) {
  const unsigned char *p = (const unsigned char *)*at;
  size_t left = (size_t)(end - *at);
  uint32_t lead = p[0];
  *at += 1;
  if (lead < 0x80) return lead;

  /* What the second byte may be is all that tells overlong forms and surrogates apart. */
  uint32_t low = 0x80, high = 0xbf, code;
  size_t size;
  if (lead >= 0xc2 && lead <= 0xdf) {
    size = 2;
    code = lead & 0x1fu;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    size = 3;
    code = lead & 0x0fu;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    size = 4;
    code = lead & 0x07u;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return SHEAF_UTF8_BAD;
  }
  for (size_t i = 1; i < size; i++) {
    if (i >= left || p[i] < low || p[i] > high) return SHEAF_UTF8_BAD;
    code = (code << 6) | (p[i] & 0x3fu);
    low = 0x80;
    high = 0xbf;
    *at += 1;
  }
  return code;
}

/* How many of the bytes at `data` are ASCII before the first that is not. */
static inline size_t sheaf_utf8_ascii_run(const char *data, size_t size) {
  size_t i = 0;
  for (; i + 16 <= size; i += 16) {
    uint64_t a, b;
    memcpy(&a, data + i, 8);
    memcpy(&b, data + i + 8, 8);
    if ((a | b) & 0x8080808080808080u) break;
  }
  while (i < size && (unsigned char)data[i] < 0x80) i++;
  return i;
}

/* How many bytes, from the start of `text`, are whole valid characters: text.size if all are. */
static inline size_t sheaf_utf8_valid_size(sheaf_str text) {
  const char *at = text.data;
  const char *end = text.size ? text.data + text.size : text.data;
  while (at != end) {
    at += sheaf_utf8_ascii_run(at, (size_t)(end - at));
    const char *start = at;
    if (at != end && sheaf_utf8_next(&at, end) == SHEAF_UTF8_BAD)
      return (size_t)(start - text.data);
  }
  return text.size;
}

/* Is all of it valid? The empty string is. */
static inline bool sheaf_utf8_valid(sheaf_str text) {
  return sheaf_utf8_valid_size(text) == text.size;
}

/* The longest beginning of `text` that is no longer than `max` bytes and does not end within a
 * character. For valid text. */
static inline sheaf_str sheaf_utf8_cut(sheaf_str text, size_t max) {
  if (text.size <= max) return text;
  while (max > 0 && ((unsigned char)text.data[max] & 0xc0u) == 0x80u) max--;
  return sheaf_strn(text.data, max);
}

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_UTF8_H */
