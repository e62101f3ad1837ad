/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/words.h"

#include <ctype.h>

#include <sheaf/utf8.h>

#define QUOTED_BYTES 80
#define PATH_BYTES 1000

sheaf_quoted sheaf_quote(sheaf_str text) {
  sheaf_quoted q;
  size_t at = 0;
  const char *from = text.data, *end = text.size ? text.data + text.size : text.data;
  q.text[at++] = '"';
  while (from != end) {
    const char *next = from;
    uint32_t c = sheaf_utf8_next(&next, end);
    bool shown = c != SHEAF_UTF8_BAD && c >= 0x20 && c != 0x7f;
    size_t length = shown ? (size_t)(next - from) : 1;
    if (at + length > QUOTED_BYTES) break;
    memcpy(q.text + at, shown ? from : "?", length);
    at += length;
    from = next;
  }
  q.text[at++] = '"';
  memcpy(q.text + at, from == end ? "" : "...", from == end ? 1 : 4);
  return q;
}

/* Levenshtein's distance, letters' case ignored. Names longer than the row are never near. */
static size_t distance(sheaf_str a, sheaf_str b) {
  size_t row[66];
  if (a.size > 64 || b.size > 64) return SIZE_MAX;
  for (size_t k = 0; k <= b.size; k++) row[k] = k;
  for (size_t i = 1; i <= a.size; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b.size; k++) {
      int x = tolower((unsigned char)a.data[i - 1]), y = tolower((unsigned char)b.data[k - 1]);
      size_t best = diagonal + (x != y);
      if (row[k] + 1 < best) best = row[k] + 1;
      if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
      diagonal = row[k];
      row[k] = best;
    }
  }
  return row[b.size];
}

static const char *find_nearest(sheaf_str wanted, const char *const *names, size_t count) {
  const char *nearest = NULL;
  size_t least = wanted.size / 3 + 1; /* one slip in three letters, and one more */
  for (size_t i = 0; i < count; i++) {
    sheaf_str name = sheaf_cstr(names[i]);
    size_t d = distance(wanted, name);
    if (d > least || d >= name.size || (nearest && d == least)) continue;
    nearest = names[i];
    least = d;
  }
  return nearest;
}

sheaf_hint sheaf_did_you_mean(sheaf_str wanted, const char *const *names, size_t count) {
  sheaf_hint hint = {""};
  const char *nearest = find_nearest(wanted, names, count);
  if (nearest) snprintf(hint.text, sizeof hint.text, " (did you mean \"%s\"?)", nearest);
  return hint;
}

/* Paths are bytes; messages are UTF-8. */
static void mend(char *text) {
  for (char *end = text + strlen(text); text != end;) {
    const char *next = text;
    if (sheaf_utf8_next(&next, end) != SHEAF_UTF8_BAD) text += next - text;
    else *text++ = '?';
  }
}

void sheaf_error_in_file(sheaf_error *error, const char *path) {
  if (!error) return;
  char message[sizeof error->message];
  memcpy(message, error->message, sizeof message);
  size_t length = strlen(path);
  bool cut = length > PATH_BYTES;
  if (cut) path += length - PATH_BYTES;
  bool place = isdigit((unsigned char)message[0]) != 0;
  sheaf_error_set(error, error->status, "%s%s:%s%s", cut ? "..." : "", path, place ? "" : " ",
                  message);
  mend(error->message);
}

bool sheaf_is_id(const char *id) {
  size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789._-");
  return length >= 1 && length <= 64 && id[length] == '\0';
}
