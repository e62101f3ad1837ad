/* SPDX-License-Identifier: Apache-2.0 */
/* Where the text of a library comes from. */
#ifndef BAL_SOURCE_H
#define BAL_SOURCE_H

#include "buffer.h"

/* Reads a whole file into `text` and puts a NUL behind it, which `text->size` does not count.
 * False: `error` says why, and what to do. */
bool bal_source_read(bal_buffer *text, const char *path, sheaf_error *error);

#endif /* BAL_SOURCE_H */
