/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/cancel.h: ending calls from outside, by a switch or by the clock.
 *
 * A host puts a switch into sheaf_call.cancel and throws it from any thread. Every index that has
 * no result yet then gets SHEAF_CANCELLED. It acts when the manager answers, polls or waits: a
 * manager that is stuck in its own code cannot be ended from within the process.
 */
#ifndef SHEAF_CANCEL_H
#define SHEAF_CANCEL_H

#include <sheaf/abi.h>
#include <sheaf/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A switch, off. It may serve many calls. NULL if out of memory. [any-thread] */
SHEAF_API sheaf_cancel *sheaf_cancel_new(void) SHEAF_NOEXCEPT;

/* Throws it, for good, and wakes whoever sleeps in sheaf_call.wait. NULL is fine. Not for signal
 * handlers. [any-thread] */
SHEAF_API void sheaf_cancel_set(sheaf_cancel *cancel) SHEAF_NOEXCEPT;

/* False for NULL. [any-thread] */
SHEAF_API bool sheaf_cancel_is_set(const sheaf_cancel *cancel) SHEAF_NOEXCEPT;

/* Frees it, once every call that was given it has returned and no thread is about to throw it. NULL
 * is fine. [any-thread] */
SHEAF_API void sheaf_cancel_free(sheaf_cancel *cancel) SHEAF_NOEXCEPT;

/* A value for sheaf_call.deadline_ns: `ns` nanoseconds from now. [any-thread] */
SHEAF_API int64_t sheaf_deadline_in(int64_t ns) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_CANCEL_H */
