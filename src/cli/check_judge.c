/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch that was put to a manager shows: in words, with the remedy. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/check_subject.h"

void check_note(check_verdict *verdict, uint32_t outcome, const char *format, ...) {
  if (outcome <= verdict->outcome) return;
  verdict->outcome = outcome;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(verdict->message, sizeof verdict->message, format, arguments);
  va_end(arguments);
}

static uint32_t unanswered(const probe_run *run, uint32_t *first) {
  uint32_t missing = 0;
  for (uint32_t i = 0; i < run->count; i++) {
    if (run->answers[i] == 0 && missing++ == 0) *first = i;
  }
  return missing;
}

/* The batch failed as a whole, which a manager may say: but then nothing could be seen. */
static void judge_status(const probe_run *run, check_verdict *verdict) {
  if (run->status == SHEAF_OK) return;
  if (!check_status_known(run->status)) {
    check_note(verdict, CHECK_FAILED,
               "%s: batch returned %u, which is no status that abi.h lists: return SHEAF_OK, or "
               "why the batch as a whole failed",
               run->shape, run->status);
    return;
  }
  check_note(verdict, CHECK_WARNED,
             "%s: the whole batch failed with %s%s%s, so little could be seen: bring up what the "
             "manager relies on, or give --setting",
             run->shape, sheaf_status_name(run->status), run->message[0] ? ": " : "", run->message);
}

void check_judge_once(const probe_run *run, check_verdict *verdict) {
  uint32_t first = 0, missing = unanswered(run, &first);
  if (!run->called) {
    if (run->count > 0) check_note(verdict, CHECK_SKIPPED, "%s: was not called", run->shape);
    return;
  }
  if (run->repeated > 0) {
    check_note(verdict, CHECK_FAILED,
               "%s: index %u was answered more than once (%u too many for %u indices): "
               "send exactly one result for each index",
               run->shape, run->first_repeated, run->repeated, run->count);
  }
  if (missing > 0 && run->status == SHEAF_OK && !run->stopped) {
    check_note(verdict, CHECK_FAILED,
               "%s: index %u was not answered (%u of %u were not): send a result, if only an "
               "error, for each index before batch returns",
               run->shape, first, missing, run->count);
  }
  judge_status(run, verdict);
}

void check_judge_range(probe_run *run, check_verdict *verdict) {
  if (run->beyond > 0) {
    check_note(verdict, CHECK_FAILED,
               "%s: a result for index %u is out of range of a batch of %u (%u such results): an "
               "index counts from 0 and is less than request->count",
               run->shape, run->first_beyond, run->count, run->beyond);
  }
}

void check_judge_thread(probe_run *run, check_verdict *verdict) {
  if (run->foreign > 0) {
    check_note(
        verdict, CHECK_FAILED,
        "%s: the result for index %u came on another thread than batch was called on (%u "
        "such results): hand them in with call->post, or gather them and send them from batch",
        run->shape, run->first_foreign, run->foreign);
  }
}

void check_judge_late(probe_run *run, check_verdict *verdict) {
  pthread_mutex_lock(&run->lock);
  uint32_t late = run->late;
  pthread_mutex_unlock(&run->lock);
  if (late > 0) {
    check_note(verdict, CHECK_FAILED,
               "%s: a result for index %u came late, after batch had returned (%u such results): "
               "send all before it returns, or have threads post under call->hold",
               run->shape, run->first_late, late);
  }
}

void check_judge_content(probe_run *run, check_verdict *verdict) {
  if (run->overreleased > 0) {
    check_note(verdict, CHECK_FAILED, "%s: call->release was called more often than call->hold",
               run->shape);
  }
  if (run->fault_outcome > CHECK_PASSED) check_note(verdict, run->fault_outcome, "%s", run->fault);
}

void check_judge_all(probe_run *run, check_verdict *verdict) {
  check_judge_range(run, verdict);
  check_judge_thread(run, verdict);
  check_judge_content(run, verdict);
  check_judge_once(run, verdict);
}
