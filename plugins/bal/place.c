/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <sheaf/utf8.h>
#include <stdio.h>

/* Of one key in a message. */
enum { LONGEST_KEY = 80 };

/* Is the key one that needs no quotes? */
static bool is_plain(const char *key) {
  for (const char *p = key; *p; p++)
    if ((unsigned char)*p <= 0x20 || *p == 0x7f || strchr(".[]\"", *p)) return false;
  return *key != '\0';
}

/* Writes one step, as it stands behind the steps above it; gives its size. */
static size_t write_step(const bal_place *place, char *out, size_t size) {
  int written;
  if (!place->key) {
    written = snprintf(out, size, "[%zu]", place->index);
  } else {
    sheaf_str key = sheaf_utf8_cut(sheaf_cstr(place->key), LONGEST_KEY);
    const char *more = key.size < strlen(place->key) ? "..." : "";
    bool plain = is_plain(place->key);
    written = snprintf(out, size, "%s%.*s%s%s", plain ? "." : "[\"", (int)key.size, key.data, more,
                       plain ? "" : "\"]");
  }
  return written < 0 ? 0 : (size_t)written < size ? (size_t)written : size - 1;
}

/* Puts the steps in from the end of the buffer, so that of a long place the end stays. */
const char *bal_place_text(const bal_place *place, char *out, size_t size) {
  char step[LONGEST_KEY + 16];
  size_t at = size - 1;
  out[at] = '\0';
  if (!place || (!place->up && !place->key)) {
    (void)snprintf(out, size, "the document");
    return out;
  }
  for (; place && (place->up || place->key); place = place->up) {
    size_t used = write_step(place, step, sizeof step);
    if (used + 3 > at) {
      at -= 3;
      memcpy(out + at, "...", 3);
      break;
    }
    at -= used;
    memcpy(out + at, step, used);
  }
  return out[at] == '.' && out[at + 1] != '.' ? out + at + 1 : out + at;
}
