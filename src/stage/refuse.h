/* SPDX-License-Identifier: Apache-2.0 */
/* Refusing a batch at once, with a hint when to come back. */
#ifndef SHEAF_STAGE_REFUSE_H
#define SHEAF_STAGE_REFUSE_H

#include "stage/stage.h"

/* Gives every index the same error, RETRYABLE, with sheaf.error/retry_after_ms, and returns its status.
 * For a request of which nothing has been answered. */
sheaf_status sheaf_stage_refuse(const sheaf_request *request, sheaf_sink *sink, sheaf_status status,
                                const char *message, int64_t wait_ns);

#endif
