/* SPDX-License-Identifier: Apache-2.0 */
/* A manager without a shared object, for the scenarios: each of the ways in which one may answer. */
#ifndef SHEAF_TESTS_SCENARIOS_MANAGER_H
#define SHEAF_TESTS_SCENARIOS_MANAGER_H

#include <sheaf/sheaf.h>

enum {
  ANSWERS_IN_ORDER,
  ANSWERS_BACKWARDS,
  ANSWERS_FROM_A_THREAD, /* if the sink allows it */
  POSTS,                 /* from a thread, which it waits for */
  HOLDS_AND_POSTS,       /* from a thread, which it does not wait for */
  IS_SERIALIZED = 16,    /* a flag */
  FAILS_AT_FIRST = 32    /* a flag: every third reference, in each second batch */
};

typedef struct local_manager {
  uint32_t how;
  uint32_t batches; /* that came */
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin;
  sheaf_description description;
} local_manager;

/* Its id is "local". It must outlive the library. */
void local_manager_init(local_manager *local, uint32_t how);

#endif
