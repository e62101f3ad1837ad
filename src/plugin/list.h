/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a search's outcome. */
#ifndef SHEAF_PLUGIN_LIST_H
#define SHEAF_PLUGIN_LIST_H

#include "plugin/search.h"

typedef struct sheaf_row {
  sheaf_plugin_info info; /* info.reason does not name the file, info.manifest does */
  sheaf_status status;    /* why it was refused, in a code */
} sheaf_row;

struct sheaf_plugin_list {
  sheaf_hold hold; /* has all that follows */
  sheaf_places places;
  sheaf_row *rows;
  uint32_t count;
  bool strict;
};

/* The message for a refused row, its file named. */
void sheaf_row_error(const sheaf_row *row, sheaf_error *error);

#endif
