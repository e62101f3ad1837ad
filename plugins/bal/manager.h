/* SPDX-License-Identifier: Apache-2.0 */
/* The manager: a library, the form of its references, and what it says of itself. */
#ifndef BAL_MANAGER_H
#define BAL_MANAGER_H

#include "library.h"
#include "reference.h"
#include "settings.h"

typedef struct bal_manager {
  bal_library library;
  bal_scheme scheme;
  int64_t latency_ns; /* a batch */

  sheaf_description description;
  sheaf_verb_info verbs[3];
  char prefix[BAL_LONGEST_SCHEME + sizeof ":///"];
} bal_manager;

/* sheaf_manager_table.batch */
sheaf_status bal_batch(void *self, const sheaf_request *request, sheaf_sink *sink);

#endif /* BAL_MANAGER_H */
