/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BAL_ENVIRONMENT_H
#define BAL_ENVIRONMENT_H

#include <sheaf/abi.h>

/* The value of a variable of the process's environment: valid until somebody changes it. False if
 * it is not set, or if the process runs with more rights than its user. */
bool bal_environment(sheaf_str name, sheaf_str *value);

#endif /* BAL_ENVIRONMENT_H */
