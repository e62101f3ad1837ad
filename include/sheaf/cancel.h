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

/* Whether calls are to end now. See sheaf_cancel_new_asking. */
typedef bool (*sheaf_cancel_ask_fn)(void *ctx) SHEAF_NOEXCEPT;

/*
 * A switch that asks: it is thrown by sheaf_cancel_set, and also when `ask(ctx)` answers true. For
 * hosts that hear of Ctrl-C only when they look, as an interpreter does.
 *
 * `ask` is called on the thread that made the switch and on no other, while that thread is in a call
 * that was given the switch: when the manager answers, polls or waits there, and while the core waits
 * for the manager's threads or for a serialized manager's other callers. At most once in
 * `interval_ns`, which is at least a millisecond; never from inside itself, and not once the switch
 * has been thrown. Calls on other threads end when it is thrown, as with any switch.
 *
 * No lock of Sheaf's is held meanwhile, but the call is under way: it goes on when `ask` returns. So
 * `ask` may throw this switch, or ask any manager; only a serialized manager that this call is inside
 * answers SHEAF_BUSY. It must not free the switch, nor wait for a thread that waits for this call. Its
 * own calls do not ask, not with this switch.
 *
 * `ask` NULL: as sheaf_cancel_new. NULL if out of memory. [any-thread]
 */
SHEAF_API sheaf_cancel *sheaf_cancel_new_asking(sheaf_cancel_ask_fn ask, void *ctx,
                                                int64_t interval_ns) SHEAF_NOEXCEPT;

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
