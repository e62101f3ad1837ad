/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a library. Never called with a lock held. */
#ifndef SHEAF_CORE_LOG_H
#define SHEAF_CORE_LOG_H

#include <sheaf/library.h>

/* Whether a line of that level would be written at all. */
bool sheaf_log_enabled(const sheaf_library *library, uint32_t level);

/* Writes a line; `source` is a manager's id, or NULL for the library itself. */
void sheaf_log(const sheaf_library *library, uint32_t level, const char *source, sheaf_str message);

__attribute__((format(printf, 4, 5))) void sheaf_logf(const sheaf_library *library, uint32_t level,
                                                      const char *source, const char *format, ...);

#endif
