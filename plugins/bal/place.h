/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a JSON document the loader is, for messages: entities.cat.versions[0].traits. A place is
 * a frame on the stack of whoever walks there; nothing is put together until it is asked for.
 */
#ifndef BAL_PLACE_H
#define BAL_PLACE_H

#include <sheaf/abi.h>

typedef struct bal_place {
  const struct bal_place *up; /* NULL: the document itself */
  const char *key;            /* the member of an object; NULL: the element of an array */
  size_t index;
} bal_place;

/* Writes the place into `out`, NUL-terminated, at most `size` bytes (at least 8) with it. A long
 * one keeps its end: "...versions[0].traits". The document itself is "the document". */
const char *bal_place_text(const bal_place *place, char *out, size_t size);

#endif /* BAL_PLACE_H */
