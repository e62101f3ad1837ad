/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, `<id>.sheaf.json`: what stands in sheaf/plugins.h, read and checked. */
#ifndef SHEAF_PLUGIN_MANIFEST_H
#define SHEAF_PLUGIN_MANIFEST_H

#include <sheaf/abi.h>

#include "plugin/negotiate.h"
#include "plugin/hold.h"

#define SHEAF_MANIFEST_SUFFIX ".sheaf.json"
#define SHEAF_MANIFEST_VERSION 1
#define SHEAF_MANIFEST_MAX_BYTES 65536
#define SHEAF_MANIFEST_MAX_DEPTH 16

/* What a manifest says. Strings belong to the hold; those not (yet) known are NULL. */
typedef struct sheaf_manifest {
  const char *id;
  const char *name;
  const char *version;
  const char *library; /* its real path, below the manifest's own folder */
  sheaf_abi_range abi;
} sheaf_manifest;

/*
 * Reads a manifest and checks that its plugin and this core can live together. Loads nothing. On
 * failure what was understood is there all the same, and the message does not name the file
 * (sheaf_error_in_file): SHEAF_INVALID_MANIFEST, SHEAF_VERSION_MISMATCH, SHEAF_IO_ERROR,
 * SHEAF_OUT_OF_MEMORY. `error` is not NULL. `out` is overwritten.
 */
sheaf_status sheaf_manifest_read(const char *path, sheaf_hold *hold, sheaf_manifest *out,
                                 sheaf_error *error);

/* Whether a file's name is that of a manifest. */
bool sheaf_is_manifest_name(const char *name);

#endif
