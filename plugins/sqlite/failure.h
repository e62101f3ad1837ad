/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's result codes mean to a host: a status, and words that say what to do. */
#ifndef SQ_FAILURE_H
#define SQ_FAILURE_H

#include <sheaf/abi.h>
#include <sqlite3.h>

/* Fills `error` with what became of the file `path`, and gives its status. `db` may be NULL. */
sheaf_status sq_failure(sheaf_error *error, const char *path, sqlite3 *db, int rc);

/* Fills `error` with words about the file `path`: "'<path>' <what>". */
__attribute__((format(printf, 4, 5))) sheaf_status sq_failure_words(sheaf_error *error,
                                                                    sheaf_status status,
                                                                    const char *path,
                                                                    const char *what, ...);

/* The same status for a batch, where those of class 4 would mean that the host asked wrongly. */
sheaf_status sq_failure_in_batch(sheaf_status status);

#endif /* SQ_FAILURE_H */
