/* SPDX-License-Identifier: Apache-2.0 */
/* The places where plugins are looked for, in their order: see sheaf/plugins.h. */
#ifndef SHEAF_PLUGIN_SEARCH_H
#define SHEAF_PLUGIN_SEARCH_H

#include <sheaf/plugins.h>

#include "plugin/hold.h"

/* A folder, or a single manifest that was named. */
typedef struct sheaf_place {
  sheaf_search_place info;
  const char *real; /* NULL: not to be searched, info.reason says why */
  bool is_manifest;
  bool is_repeated; /* searched already, under another name or origin */
} sheaf_place;

typedef struct sheaf_places {
  sheaf_place *items;
  uint32_t count;
} sheaf_places;

/* Finds the places, reading none of them. All belongs to the hold; hold->failed tells that memory
 * ran out. */
void sheaf_places_find(const sheaf_library *library, sheaf_hold *hold, sheaf_places *out);

#endif
