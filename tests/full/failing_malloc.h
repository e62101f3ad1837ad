/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable's own malloc and its kin, for all that is loaded into it: libsheaf, cJSON, SQLite,
 * plugins, and the C library itself (strdup, realpath, opendir, dlopen, ...). Any allocation can be
 * made to fail, and those that live are counted.
 */
#ifndef SHEAF_TESTS_FAILING_MALLOC_H
#define SHEAF_TESTS_FAILING_MALLOC_H

#include <stdbool.h>

/* The `nth` allocation from now on (from 1), of whichever thread, fails; `and_all_after`: those that
 * follow too. */
void failing_from(long nth, bool and_all_after);

/* None fails any more. */
void failing_ends(void);

/* Whether any has failed since failing_from. */
bool failing_has_failed(void);

/* How many allocations there have been since failing_from, failed ones included. */
long failing_count(void);

/* How many blocks there are that have not been freed. */
long failing_live(void);

#endif
