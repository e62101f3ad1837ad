/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batches that a batch was cut into, several at once: on the thread that asks and on workers, begun in
 * their order. For the stages batch and parallel.
 *
 * Results of workers are copied and delivered on the thread that asks, unless the sink takes them on any.
 * The thread that asks waits only for batches that a worker has begun with, so that it does not matter
 * how many are asked from inside others.
 */
#ifndef SHEAF_STAGE_OVERLAP_H
#define SHEAF_STAGE_OVERLAP_H

#include "stage/stage.h"
#include "stage/workers.h"

/* Asks the stage's only child for each batch of the shape, at most `most` (of 2 and more) at once.
 * Answers as a stage's batch: SHEAF_STOPPED, or the first failure. */
sheaf_status sheaf_overlap_ask(const sheaf_stage *stage, sheaf_workers *workers, uint32_t most,
                               const sheaf_request *request, sheaf_sink *sink,
                               const sheaf_shape *shape);

#endif
