/* SPDX-License-Identifier: Apache-2.0 */
/* sheaf/export.h: how libsheaf's functions are exported, and which libsheaf it is. */
#ifndef SHEAF_EXPORT_H
#define SHEAF_EXPORT_H

#include <sheaf/abi.h>

#if defined(__GNUC__)
#define SHEAF_API __attribute__((visibility("default")))
#define SHEAF_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SHEAF_API
#define SHEAF_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this library, "0.1.0". Static. [any-thread] */
SHEAF_API const char *sheaf_version(void) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_EXPORT_H */
