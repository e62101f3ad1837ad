/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/negotiate.h"

const sheaf_abi_range sheaf_core_abi = {SHEAF_ABI_MAJOR, SHEAF_ABI_MINOR, 0};

static sheaf_status refuse(const sheaf_abi_range *core, const sheaf_abi_range *plugin,
                           const char *remedy, sheaf_error *error) {
  return sheaf_error_set(error, SHEAF_VERSION_MISMATCH,
                         "the plugin was written for ABI %u.%u and needs at least %u.%u; this "
                         "libsheaf has ABI %u.%u and takes plugins from %u.%u on: %s",
                         plugin->major, plugin->minor, plugin->major, plugin->min_minor,
                         core->major, core->minor, core->major, core->min_minor, remedy);
}

sheaf_status sheaf_negotiate(const sheaf_abi_range *core, const sheaf_abi_range *plugin,
                             sheaf_error *error) {
  const char *newer_core = "update libsheaf, or use an older build of the plugin";
  const char *newer_plugin = "update the plugin, or rebuild it with this libsheaf's headers";
  if (plugin->min_minor > plugin->minor)
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           "the plugin was written for ABI %u.%u and says that it needs at least "
                           "%u.%u: the oldest cannot be newer than the one it was written for",
                           plugin->major, plugin->minor, plugin->major, plugin->min_minor);
  if (plugin->major > core->major ||
      (plugin->major == core->major && plugin->min_minor > core->minor))
    return refuse(core, plugin, newer_core, error);
  if (plugin->major < core->major || plugin->minor < core->min_minor)
    return refuse(core, plugin, newer_plugin, error);
  return SHEAF_OK;
}
