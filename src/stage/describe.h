/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage says of itself: what its children say, as far as it can be promised through it. */
#ifndef SHEAF_STAGE_DESCRIBE_H
#define SHEAF_STAGE_DESCRIBE_H

#include "stage/stage.h"

/*
 * Fills stage->description from the children's: the verbs that any of them serves, with the flags that
 * this library knows and all that serve it have; their prefixes; SHEAF_MANAGER_NONBLOCKING if all are
 * and the stage never waits. A serialized child has its gate, so that the stage itself takes any number
 * of calls. False: out of memory.
 */
bool sheaf_stage_describe(sheaf_stage *stage);

/* Frees its arrays. */
void sheaf_stage_forget(sheaf_stage *stage);

#endif
