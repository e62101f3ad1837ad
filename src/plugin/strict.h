/* SPDX-License-Identifier: Apache-2.0 */
/* Strict mode: nothing is read or loaded that somebody else could have put there. */
#ifndef SHEAF_PLUGIN_STRICT_H
#define SHEAF_PLUGIN_STRICT_H

#include <sheaf/abi.h>

/*
 * Whether the file at `path`, links followed, and every folder above it belong to root or to the
 * effective user and can be written by nobody else; a sticky folder of root's (/tmp) may be above,
 * for there nobody can exchange another's files. SHEAF_OK, SHEAF_PLUGIN_ERROR with words (which do
 * not name `path` itself), SHEAF_OUT_OF_MEMORY. `error` is not NULL.
 */
sheaf_status sheaf_strict_check(const char *path, sheaf_error *error);

/* Whether the process runs with rights that its user does not have: then strict mode is on. */
bool sheaf_strict_is_due(void);

#endif
