/* SPDX-License-Identifier: Apache-2.0 */
/* Values that begin with `file:`. */
#ifndef BAL_FILE_URL_H
#define BAL_FILE_URL_H

#include "buffer.h"

/* True of text that begins with `file:`, in lower case. */
bool bal_is_file_url(sheaf_str text);

/*
 * Takes `.`, `..` and doubled slashes out of the path of a file: URL, as text: nothing is decoded,
 * so `%2e%2e` stays. Appends the new URL to `out` and answers true; or answers false, with nothing
 * appended, if the value is to stay as it is: its path was in order, or it is no URL at all (a
 * bracket in its host has no other).
 */
bool bal_file_url_normalise(bal_buffer *out, sheaf_str url);

#endif /* BAL_FILE_URL_H */
