/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/text.h"

static void put_escape(cli_buffer *out, unsigned char c) {
  switch (c) {
  case '"':
    cli_put_text(out, "\\\"");
    return;
  case '\\':
    cli_put_text(out, "\\\\");
    return;
  case '\n':
    cli_put_text(out, "\\n");
    return;
  case '\r':
    cli_put_text(out, "\\r");
    return;
  case '\t':
    cli_put_text(out, "\\t");
    return;
  default:
    cli_put_format(out, "\\u%04x", c);
    return;
  }
}

void cli_json_string(cli_buffer *out, sheaf_str text) {
  cli_put_char(out, '"');
  size_t plain = 0; /* where the run that needs no escape began */
  for (size_t i = 0; i < text.size; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    cli_put_utf8(out, sheaf_strn(text.data + plain, i - plain));
    put_escape(out, c);
    plain = i + 1;
  }
  if (plain < text.size) cli_put_utf8(out, sheaf_strn(text.data + plain, text.size - plain));
  cli_put_char(out, '"');
}

void cli_json_cstr(cli_buffer *out, const char *text) {
  if (text) cli_json_string(out, sheaf_cstr(text));
  else cli_put_text(out, "null");
}

void cli_json_member(cli_buffer *out, const char *name) {
  cli_put_text(out, ",\"");
  cli_put_text(out, name);
  cli_put_text(out, "\":");
}

void cli_put_double(cli_buffer *out, double d) {
  if (isnan(d)) {
    cli_put_text(out, "NaN");
    return;
  }
  if (isinf(d)) {
    cli_put_text(out, d < 0 ? "-Infinity" : "Infinity");
    return;
  }
  char text[40];
  for (int digits = 15; digits <= 17; digits++) { /* 17 always read back the same */
    snprintf(text, sizeof text, "%.*g", digits, d);
    if (strtod(text, NULL) == d) break;
  }
  cli_put_text(out, text);
  if (!strpbrk(text, ".e")) cli_put_text(out, ".0");
}

void cli_json_double(cli_buffer *out, double d) {
  if (isfinite(d)) cli_put_double(out, d);
  else cli_put_text(out, "null");
}

void cli_put_base64(cli_buffer *out, sheaf_str bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *at = (const unsigned char *)bytes.data;
  for (size_t left = bytes.size; left > 0;) {
    size_t n = left < 3 ? left : 3;
    uint32_t group = (uint32_t)at[0] << 16;
    if (n > 1) group |= (uint32_t)at[1] << 8;
    if (n > 2) group |= at[2];
    char four[4] = {digits[group >> 18], digits[group >> 12 & 63], '=', '='};
    if (n > 1) four[2] = digits[group >> 6 & 63];
    if (n > 2) four[3] = digits[group & 63];
    cli_put(out, four, 4);
    at += n;
    left -= n;
  }
}

static void put_value(cli_buffer *out, const sheaf_value *value, unsigned depth);

static void put_list(cli_buffer *out, const sheaf_value *list, unsigned depth) {
  cli_put_char(out, '[');
  for (uint32_t i = 0; i < list->length; i++) {
    if (i > 0) cli_put_char(out, ',');
    put_value(out, &list->u.items[i], depth + 1);
  }
  cli_put_char(out, ']');
}

static void put_value(cli_buffer *out, const sheaf_value *value, unsigned depth) {
  switch (value->kind) {
  case SHEAF_KIND_BOOL:
    cli_put_text(out, value->u.integer ? "true" : "false");
    return;
  case SHEAF_KIND_INT64:
    cli_put_format(out, "%" PRId64, value->u.integer);
    return;
  case SHEAF_KIND_DOUBLE:
    cli_json_double(out, value->u.real);
    return;
  case SHEAF_KIND_STRING:
    cli_json_string(out, sheaf_value_str(value));
    return;
  case SHEAF_KIND_LIST:
    /* The core lets none through that is deeper, but does not look into what is static. */
    if (depth < SHEAF_MAX_LIST_DEPTH) put_list(out, value, depth);
    else cli_put_text(out, "null");
    return;
  case SHEAF_KIND_BYTES:
    cli_put_char(out, '"');
    cli_put_base64(out, sheaf_value_str(value));
    cli_put_char(out, '"');
    return;
  default:
    cli_put_text(out, "null");
    return;
  }
}

void cli_json_value(cli_buffer *out, const sheaf_value *value) { put_value(out, value, 0); }
