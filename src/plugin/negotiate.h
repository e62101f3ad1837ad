/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a plugin and a core can live together: each states its minor and the oldest it takes. */
#ifndef SHEAF_PLUGIN_NEGOTIATE_H
#define SHEAF_PLUGIN_NEGOTIATE_H

#include <sheaf/abi.h>

/* One side's versions of the ABI. */
typedef struct sheaf_abi_range {
  uint32_t major;
  uint32_t minor;
  uint32_t min_minor; /* the oldest minor of the other side that it can live with */
} sheaf_abi_range;

/* This core's. */
extern const sheaf_abi_range sheaf_core_abi;

/* SHEAF_OK, or SHEAF_VERSION_MISMATCH with both versions and which side to update, or
 * SHEAF_INVALID_PLUGIN if the plugin's range is none. */
sheaf_status sheaf_negotiate(const sheaf_abi_range *core, const sheaf_abi_range *plugin,
                             sheaf_error *error);

#endif
