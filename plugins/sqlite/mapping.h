/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a table are which properties, as the setting `columns` says it:
 *
 *     COLUMN=TRAIT/KEY [as KIND] , ...
 *
 * Each part is a name that may stand in double quotes, with "" for a quote in it; without them it
 * has no quotes, and of what separates parts none that would follow it. The last `/` of an unquoted
 * TRAIT/KEY separates the two. */
#ifndef SQ_MAPPING_H
#define SQ_MAPPING_H

#include <sheaf/abi.h>

typedef struct sq_column {
  const char *column; /* NUL-terminated, as are the other two */
  const char *trait;
  const char *key;
  uint32_t kind; /* SHEAF_KIND_NONE: whatever the value is */
} sq_column;

/* In the order given, but those of one trait side by side. */
typedef struct sq_mapping {
  sq_column *columns;
  uint32_t count;
  char *text; /* what the columns point into */
} sq_mapping;

/* False: `error` says what is wrong, and where. */
bool sq_mapping_parse(sq_mapping *mapping, const char *text, sheaf_error *error);

void sq_mapping_free(sq_mapping *mapping);

#endif /* SQ_MAPPING_H */
