/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text, read with yyjson. */
#ifndef BAL_JSON_H
#define BAL_JSON_H

#include <sheaf/abi.h>

#include <yyjson.h>

/* What is larger, or nested deeper, is refused. */
#define BAL_MAX_TEXT ((size_t)1 << 30)
#define BAL_MAX_DEPTH 1000

/* What is wrong, and where. */
typedef struct bal_fault {
  size_t offset;
  char what[200]; /* empty: out of memory */
} bal_fault;

/* The document, to be freed with yyjson_doc_free. No string of it has a zero character. NULL:
 * `fault` says why. */
yyjson_doc *bal_json_read(sheaf_str text, bal_fault *fault);

/* The line and the column (in characters) of a place in the text, from 1. */
void bal_json_where(sheaf_str text, size_t offset, size_t *line, size_t *column);

/* The value of a number: one written without fraction and exponent is an int64 if it fits; else it
 * is a double, and `inexact` is set. False: `item` is no number. */
bool bal_json_number(yyjson_val *item, sheaf_value *value, bool *inexact);

/* The text of a string. */
static inline sheaf_str bal_text(yyjson_val *string) {
  return sheaf_strn(yyjson_get_str(string), yyjson_get_len(string));
}

#endif /* BAL_JSON_H */
