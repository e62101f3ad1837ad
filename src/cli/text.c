/* SPDX-License-Identifier: Apache-2.0 */
#undef _POSIX_C_SOURCE
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "cli/text.h"

#include <langinfo.h>
#include <locale.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* One character as it is shown. */
typedef struct piece {
  const char *data; /* into the text, or `escape` */
  size_t size;
  size_t width;
  char escape[16];
} piece;

void cli_text_prepare(void) {
  /* Sheaf's text is UTF-8 whatever the locale says; only the widths are asked of it. */
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

void cli_put_utf8(cli_buffer *out, sheaf_str text) {
  while (text.size > 0) {
    size_t good = sheaf_utf8_valid_size(text);
    cli_put(out, text.data, good);
    if (good == text.size) return;
    uint32_t code;
    size_t bad = cli_utf8_next(text.data + good, text.size - good, &code);
    cli_put_text(out, SHEAF_UTF8_REPLACEMENT);
    text = sheaf_strn(text.data + good + bad, text.size - good - bad);
  }
}

/* Marks that change the direction of writing, breaks of lines, and the byte order mark. */
static bool is_treacherous(uint32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void escape(piece *p, uint32_t code) {
  size_t room = sizeof p->escape;
  int size;
  if (code == '\n') size = snprintf(p->escape, room, "\\n");
  else if (code == '\r') size = snprintf(p->escape, room, "\\r");
  else if (code == '\t') size = snprintf(p->escape, room, "\\t");
  else if (code < 0x80) size = snprintf(p->escape, room, "\\x%02x", (unsigned)code);
  else size = snprintf(p->escape, room, "\\u{%x}", (unsigned)code);
  p->size = p->width = (size_t)size;
  p->data = p->escape;
}

/* The character at the start of `size` >= 1 bytes; returns how many of them it is. */
static size_t next_piece(const char *data, size_t size, piece *p) {
  uint32_t code;
  size_t taken = cli_utf8_next(data, size, &code);
  p->data = data;
  p->size = taken;
  p->width = 1;
  if (code >= 0x20 && code < 0x7f) return taken;
  if (code == CLI_NOT_UTF8) {
    p->data = SHEAF_UTF8_REPLACEMENT;
    p->size = strlen(SHEAF_UTF8_REPLACEMENT);
    return taken;
  }
  int width = wcwidth((wchar_t)code);
  if (width < 0 || is_treacherous(code)) escape(p, code);
  else p->width = (size_t)width;
  return taken;
}

size_t cli_text_width(sheaf_str text, size_t enough) {
  size_t width = 0;
  piece p;
  for (size_t i = 0; i < text.size && width <= enough; width += p.width) {
    i += next_piece(text.data + i, text.size - i, &p);
  }
  return width;
}

/* Writes the characters from `i` on while they fit; the columns taken. */
static size_t put_pieces(cli_buffer *out, sheaf_str text, size_t i, size_t width) {
  size_t used = 0;
  piece p;
  while (i < text.size) {
    i += next_piece(text.data + i, text.size - i, &p);
    if (p.width > width - used) break;
    cli_put(out, p.data, p.size);
    used += p.width;
  }
  return used;
}

/* Where the tail of a text begins that takes at most `width` columns. */
static size_t tail_start(sheaf_str text, size_t width) {
  size_t left = cli_text_width(text, CLI_ANY_WIDTH - 1), i = 0;
  while (i < text.size) {
    piece p;
    size_t taken = next_piece(text.data + i, text.size - i, &p);
    /* What combines with a character that is gone goes too. */
    if (left <= width && p.width > 0) break;
    left -= p.width;
    i += taken;
  }
  return i;
}

size_t cli_put_cell(cli_buffer *out, sheaf_str text, size_t width, cli_cut cut) {
  if (width == 0) return 0;
  if (width == CLI_ANY_WIDTH || cli_text_width(text, width) <= width) {
    return put_pieces(out, text, 0, width);
  }
  if (cut == CLI_CUT_HEAD) {
    size_t start = tail_start(text, width - 1);
    cli_put_text(out, ELLIPSIS);
    return 1 + put_pieces(out, text, start, CLI_ANY_WIDTH);
  }
  size_t used = put_pieces(out, text, 0, width - 1);
  cli_put_text(out, ELLIPSIS);
  return used + 1;
}

void cli_put_column(cli_buffer *out, sheaf_str text, size_t pad, size_t width, cli_cut cut) {
  size_t used = cli_put_cell(out, text, width, cut);
  cli_put_repeated(out, ' ', (used < pad ? pad - used : 0) + 2);
}
