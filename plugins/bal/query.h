/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the parts of a URL's query: `a=b&c=d`, with `+` for a space and %XX for a byte. */
#ifndef BAL_QUERY_H
#define BAL_QUERY_H

#include <sheaf/abi.h>

/* A reading position in encoded text. Tabs and line ends are passed over. */
typedef struct bal_query_text {
  const char *at, *end;
} bal_query_text;

/* The next decoded byte; -1 at the end. */
int bal_query_byte(bal_query_text *text);

/* The next decoded character; -1 at the end; SHEAF_UTF8_BAD for bytes that are none. */
int64_t bal_query_character(bal_query_text *text);

/* Is that what the text says, decoded? */
bool bal_query_text_is(bal_query_text text, const char *expected);

/* The value of the last part of a query whose name is `name` and whose value is not empty. */
bool bal_query_last(sheaf_str query, const char *name, bal_query_text *value);

#endif /* BAL_QUERY_H */
