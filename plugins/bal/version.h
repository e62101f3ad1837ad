/* SPDX-License-Identifier: Apache-2.0 */
/* The version in a reference's query. */
#ifndef BAL_VERSION_H
#define BAL_VERSION_H

#include <sheaf/abi.h>

enum { BAL_VERSION_FINE, BAL_VERSION_NOT_A_NUMBER, BAL_VERSION_BELOW_ONE };

/*
 * Reads what stands behind `?` in a reference, encoded as it is. `version` receives the number, 0
 * for the newest, UINT64_MAX for what does not fit. If `digits` is not NULL, it receives the number
 * without leading zeros (room for BAL_MOST_DIGITS) and `digit_count` how many.
 */
uint32_t bal_version_parse(sheaf_str query, uint64_t *version, char *digits, size_t *digit_count);

#endif /* BAL_VERSION_H */
