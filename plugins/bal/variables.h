/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables in text: `$name` and `${name}` stand for a variable of the library, else of the
 * environment; `$$` for a dollar sign; what names no variable stays as it is. Names are ASCII
 * letters, digits and `_`, not beginning with a digit. What was put in is not looked at again. (The
 * rules of safe_substitute of Python's string.Template.)
 */
#ifndef BAL_VARIABLES_H
#define BAL_VARIABLES_H

#include "buffer.h"

#include <sheaf/index.h>

/* Begins with bal_variables_init. Keys and values are borrowed. */
typedef struct bal_variables {
  sheaf_index index;
  sheaf_str *values;
  uint32_t count, capacity;
} bal_variables;

void bal_variables_init(bal_variables *variables);
void bal_variables_free(bal_variables *variables);

/* Defines a variable, or defines it anew. False: out of memory. */
bool bal_variables_set(bal_variables *variables, sheaf_str name, sheaf_str value);

/* Appends `text` to `out` with its variables put in. A result of more than SHEAF_MAX_VALUE_BYTES
 * fails like too little memory. */
void bal_variables_expand(const bal_variables *variables, sheaf_str text, bal_buffer *out);

#endif /* BAL_VARIABLES_H */
