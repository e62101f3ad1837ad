/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQ_SETTINGS_H
#define SQ_SETTINGS_H

#include "mapping.h"

#define SQ_SETTING_COUNT 6

/* What there is to set, in the order in which `create` gets the values. */
extern const sheaf_setting_info sq_setting_infos[SQ_SETTING_COUNT];

/* Text is NUL-terminated, and lives until the manager is destroyed. */
typedef struct sq_settings {
  char *path;        /* absolute; freed with sq_settings_free */
  const char *table; /* NULL: the database is one of Sheaf's own */
  const char *reference;
  sheaf_str prefix; /* of a mapping: what references have before what the column holds */
  int64_t busy_timeout_ms;
  sq_mapping mapping; /* empty unless there is a table */
} sq_settings;

/* Reads the values that `create` was given. False: `error` says which is wrong and what to do. To be
 * freed either way. */
bool sq_settings_read(sq_settings *settings, const sheaf_value *values, uint32_t count,
                      sheaf_error *error);

void sq_settings_free(sq_settings *settings);

#endif /* SQ_SETTINGS_H */
