/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf/status.h: status codes in words. The codes themselves stand in sheaf/abi.h. */
#ifndef SHEAF_STATUS_H
#define SHEAF_STATUS_H

#include <sheaf/abi.h>
#include <sheaf/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The name of a status as JSON output writes it: "entity_resolution_error". For a code that this
 * library does not know, the name of its class's most general code. Static. Never NULL.
 * [any-thread] */
SHEAF_API const char *sheaf_status_name(sheaf_status status) SHEAF_NOEXCEPT;

/* A short sentence for people, without a full stop. Static. Never NULL. [any-thread] */
SHEAF_API const char *sheaf_status_message(sheaf_status status) SHEAF_NOEXCEPT;

/* The name of a mode of access, "read"; "unknown" for a number that is none. Static. [any-thread] */
SHEAF_API const char *sheaf_access_name(sheaf_access access) SHEAF_NOEXCEPT;

/* The mode of access of that name, into `access` unless that is NULL. False, and `access` untouched, if
 * there is none. [any-thread] */
SHEAF_API bool sheaf_access_from_name(sheaf_str name, sheaf_access *access) SHEAF_NOEXCEPT;

/* The name of a kind of value, "int64"; "unknown" for one born later. Static. [any-thread] */
SHEAF_API const char *sheaf_kind_name(uint32_t kind) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_STATUS_H */
