/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BAL_SETTINGS_H
#define BAL_SETTINGS_H

#include "buffer.h"

/* Of a URL scheme, in bytes. */
#define BAL_LONGEST_SCHEME 64

#define BAL_SETTING_COUNT 4

/* What there is to set, in the order in which `create` gets the values. */
extern const sheaf_setting_info bal_setting_infos[BAL_SETTING_COUNT];

typedef struct bal_settings {
  bool has_json;
  sheaf_str json; /* a NUL behind it, as behind all settings */
  sheaf_str path; /* of the setting, or else of the environment */
  sheaf_str scheme;
  int64_t latency_ms;
} bal_settings;

/* Reads the values that `create` was given. False: `error` says which is wrong and what to do. */
bool bal_settings_read(bal_settings *settings, const sheaf_value *values, uint32_t count,
                       sheaf_error *error);

#endif /* BAL_SETTINGS_H */
