/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at JSON text before cJSON parses it, for what cJSON does not tell: where its numbers stand
 * (cJSON keeps only doubles, so that 12 and 12.0 are the same to it, and large integers are not
 * exact), and whether it holds what cJSON lets pass or cuts short: \u0000 in a string, control
 * characters, bad numbers, text that is not UTF-8.
 */
#ifndef BAL_JSON_SCAN_H
#define BAL_JSON_SCAN_H

#include <sheaf/abi.h>

/* Larger text is refused. Offsets fit in 32 bits. */
#define BAL_MAX_TEXT ((size_t)1 << 30)

/* Where each number begins, in the order of the text, which is the order of cJSON's tree. */
typedef struct bal_numbers {
  uint32_t *at;
  uint32_t count, capacity;
} bal_numbers;

/* What is wrong, and where. */
typedef struct bal_fault {
  size_t offset;
  const char *what;
} bal_fault;

/* False: `fault` says why; `what` is NULL if out of memory. `numbers` begins all zero and is freed
 * by the caller either way. */
bool bal_json_scan(sheaf_str text, bal_numbers *numbers, bal_fault *fault);

/* The line and the column (in characters) of a place in the text, from 1. */
void bal_json_where(sheaf_str text, size_t offset, size_t *line, size_t *column);

/* The value of the number that begins at `at`, which bal_json_scan has approved; `real` is what
 * cJSON made of it. An integer without fraction and exponent is an int64 if it fits; else it is a
 * double, and `inexact` is set. */
sheaf_value bal_json_number(sheaf_str text, size_t at, double real, bool *inexact);

#endif /* BAL_JSON_SCAN_H */
