/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/refuse.h"

sheaf_status sheaf_stage_refuse(const sheaf_request *request, sheaf_sink *sink, sheaf_status status,
                                const char *message, int64_t wait_ns) {
  enum { GROUP = 16 };
  const int64_t wait_ms = (wait_ns + 999999) / 1000000;
  const sheaf_property hint = {SHEAF_TRAIT_ERROR, SHEAF_KEY_RETRY_AFTER_MS,
                               sheaf_int64(wait_ms > 0 ? wait_ms : 1)};
  sheaf_result results[GROUP];
  for (uint32_t i = 0, n; i < request->count; i += n) {
    for (n = 0; n < GROUP && i + n < request->count; n++)
      results[n] =
          (sheaf_result){i + n, status, &hint, 1, SHEAF_RESULT_RETRYABLE, sheaf_cstr(message)};
    if (sink->results(sink, results, n) != SHEAF_CONTINUE) return SHEAF_STOPPED;
  }
  return status;
}
