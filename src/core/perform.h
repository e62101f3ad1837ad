/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a manager: what sheaf_perform and the collected forms share. */
#ifndef SHEAF_CORE_PERFORM_H
#define SHEAF_CORE_PERFORM_H

#include <sheaf/resolve.h>

/* sheaf_perform's arguments, checked and at full size. */
typedef struct sheaf_question {
  sheaf_request request;
  sheaf_call call;
  sheaf_callbacks callbacks;
  sheaf_sink *onward; /* instead of the callbacks: see sheaf_flight.onward; NULL: they */
} sheaf_question;

/* Checks a request and its call, and copies them. There is no `onward`; the callbacks are not
 * touched. */
sheaf_status sheaf_question_read(sheaf_question *q, sheaf_id verb, const sheaf_request *request,
                                 sheaf_error *error);

/*
 * Asks. `ours`: the callbacks are the core's own, which call nobody, so that they may run inside a
 * serialized manager's gate. Else a stage asks.
 */
sheaf_status sheaf_question_ask(sheaf_manager *manager, sheaf_question *q, bool ours,
                                sheaf_error *error);

/* What a batch function returned, as the core understands it: of a plugin's manager, a status that
 * would say to the host that it asked wrongly is the manager's failure. */
static inline sheaf_status sheaf_returned(bool stage, sheaf_status status) {
  return !stage && SHEAF_STATUS_CLASS(status) == SHEAF_STATUS_CLASS(SHEAF_INVALID_ARGUMENT)
             ? SHEAF_MANAGER_FAILURE
             : status;
}

#endif
