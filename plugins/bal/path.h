/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text; nothing here but bal_path_absolute looks at the file system. */
#ifndef BAL_PATH_H
#define BAL_PATH_H

#include "buffer.h"

/* Appends `path` with `.`, `..` and doubled slashes taken out of it, as Python's posixpath.normpath
 * does: two leading slashes stay two, three and more become one; nothing left is `.`. */
void bal_path_normalise(bal_buffer *out, sheaf_str path);

/* Appends the absolute, normalised form of `path`. False: there is no working folder. */
bool bal_path_absolute(bal_buffer *out, sheaf_str path);

/* The folder of a normalised absolute path. */
sheaf_str bal_path_folder(sheaf_str path);

/* Appends the file: URL of an absolute path, all but A-Z a-z 0-9 _ . - ~ / percent-encoded. */
void bal_path_url(bal_buffer *out, sheaf_str path);

#endif /* BAL_PATH_H */
