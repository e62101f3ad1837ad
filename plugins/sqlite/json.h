/* SPDX-License-Identifier: Apache-2.0 */
/* A record of a database of Sheaf's own: a JSON array of strings, numbers, true, false and null. */
#ifndef SQ_JSON_H
#define SQ_JSON_H

#include <sheaf/abi.h>

#include <locale.h>

/*
 * Reads the array at `text`, `size` bytes of UTF-8 with a NUL behind them, into exactly `count`
 * values. Strings are decoded in place, and the values point into the text. A number with a point or
 * an exponent is a double, any other an int64; null is a value of kind none. `c` is the C locale.
 * False: it is not such an array, or has another number of values.
 */
bool sq_json_read(char *text, size_t size, locale_t c, sheaf_value *values, uint32_t count);

#endif /* SQ_JSON_H */
