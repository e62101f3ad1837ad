/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQ_MANAGER_H
#define SQ_MANAGER_H

#include "pool.h"

typedef struct sq_manager {
  sq_database database;
  sq_pool pool;
  char *prefix_text; /* as the database had it when it was opened */
  sheaf_str prefix;
  sheaf_description description;
} sq_manager;

/* sheaf_manager_table.batch */
sheaf_status sq_batch(void *self, const sheaf_request *request, sheaf_sink *sink);

#endif /* SQ_MANAGER_H */
