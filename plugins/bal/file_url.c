/* SPDX-License-Identifier: Apache-2.0 */
#include "file_url.h"

#include "path.h"

static const sheaf_str scheme = SHEAF_STR("file:");

typedef struct url_parts {
  sheaf_str host, path, query, fragment;
} url_parts;

bool bal_is_file_url(sheaf_str text) { return sheaf_str_starts_with(text, scheme); }

/* A URL has no tabs and line ends, wherever they stand: browsers and Python's urllib drop them. */
static void put_clean(bal_buffer *out, sheaf_str url) {
  for (size_t i = 0; i < url.size; i++)
    if (url.data[i] != '\t' && url.data[i] != '\r' && url.data[i] != '\n')
      bal_buffer_put_char(out, url.data[i]);
}

/* Cuts `text` at the first `mark`, and gives what stands behind it. */
static sheaf_str cut(sheaf_str *text, char mark) {
  const char *at = text->size ? memchr(text->data, mark, text->size) : NULL;
  if (!at) return sheaf_strn(NULL, 0);
  sheaf_str rest = sheaf_strn(at + 1, (size_t)(text->data + text->size - at) - 1);
  text->size = (size_t)(at - text->data);
  return rest;
}

/* Takes the host off the front of `text`. */
static sheaf_str take_host(sheaf_str *text) {
  size_t i = 0;
  while (i < text->size && text->data[i] != '/' && text->data[i] != '?' && text->data[i] != '#')
    i++;
  sheaf_str host = sheaf_strn(text->data, i);
  *text = sheaf_strn(text->data + i, text->size - i);
  return host;
}

static url_parts split(sheaf_str url) {
  url_parts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  sheaf_str rest = sheaf_strn(url.data + scheme.size, url.size - scheme.size);
  if (rest.size >= 2 && rest.data[0] == '/' && rest.data[1] == '/') {
    rest = sheaf_strn(rest.data + 2, rest.size - 2);
    parts.host = take_host(&rest);
  }
  parts.fragment = cut(&rest, '#');
  parts.query = cut(&rest, '?');
  parts.path = rest;
  return parts;
}

static bool has(sheaf_str text, char c) { return text.size && memchr(text.data, c, text.size); }

static void put_part(bal_buffer *out, char mark, sheaf_str part) {
  if (part.size == 0) return;
  bal_buffer_put_char(out, mark);
  bal_buffer_put(out, part.data, part.size);
}

static void put_url(bal_buffer *out, const url_parts *parts, sheaf_str path) {
  bool absolute = path.size && path.data[0] == '/';
  bal_buffer_put(out, scheme.data, scheme.size);
  if (parts->host.size || absolute) {
    bal_buffer_put(out, "//", 2);
    bal_buffer_put(out, parts->host.data, parts->host.size);
    if (!absolute) bal_buffer_put_char(out, '/');
  }
  bal_buffer_put(out, path.data, path.size);
  put_part(out, '?', parts->query);
  put_part(out, '#', parts->fragment);
}

/* Is the URL in order at first sight? Nearly all are. */
static bool is_plain(sheaf_str url) {
  bool controls = false;
  for (size_t i = 0; i < url.size; i++) controls |= (unsigned char)url.data[i] < ' ';
  sheaf_str path = split(url).path;
  if (controls || path.size < 2 || path.data[0] != '/') return false;
  const char *end = path.data + path.size;
  for (const char *at = path.data; at; at = memchr(at + 1, '/', (size_t)(end - at - 1)))
    if (at + 1 < end && (at[1] == '/' || at[1] == '.')) return false;
  return true;
}

bool bal_file_url_normalise(bal_buffer *out, sheaf_str url) {
  if (is_plain(url)) return false;
  bal_buffer clean = {0}, path = {0};
  bool changed = false;
  put_clean(&clean, url);
  if (!clean.failed) {
    url_parts parts = split(bal_buffer_str(&clean));
    if (has(parts.host, '[') == has(parts.host, ']')) {
      bal_path_normalise(&path, parts.path);
      if (parts.path.size && parts.path.data[parts.path.size - 1] == '/')
        bal_buffer_put_char(&path, '/');
      changed = !path.failed && !sheaf_str_equal(parts.path, bal_buffer_str(&path));
      if (changed) put_url(out, &parts, bal_buffer_str(&path));
    }
  }
  if (clean.failed || path.failed) out->failed = true;
  bal_buffer_free(&clean);
  bal_buffer_free(&path);
  return changed;
}
