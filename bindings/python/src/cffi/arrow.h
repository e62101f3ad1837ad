/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures of the Arrow C data interface for Python's PyCapsule protocol: a capsule owns one,
 * releases it if nobody took over what it holds, and frees it.
 */
#ifndef SHEAFPY_ARROW_H
#define SHEAFPY_ARROW_H

#include <sheaf/columns.h>

/* Instead of a slot: all of them, with status and message, as a record batch. */
enum { SHEAFPY_ALL_SLOTS = 0x7fffffff };

/* Columns, or the column of one slot. `array` may be NULL. SHEAF_OK, and what was asked for is there,
 * to be owned by a capsule; or as sheaf_columns_export. [any-thread] */
sheaf_status sheafpy_arrow_export(const sheaf_columns *columns, uint32_t slot,
                                  struct ArrowSchema **schema, struct ArrowArray **array,
                                  sheaf_error *error);

/* The same as a stream of one array. NULL if out of memory. [any-thread] */
struct ArrowArrayStream *sheafpy_arrow_stream(const sheaf_columns *columns, uint32_t slot,
                                              sheaf_error *error);

/* The PyCapsule_Destructor, as a number, of capsules called "arrow_schema", "arrow_array" and
 * "arrow_array_stream"; 0 of any other. */
uintptr_t sheafpy_capsule_destructor(const char *name);

#endif /* SHEAFPY_ARROW_H */
