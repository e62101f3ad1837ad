/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/manager.h: a manager in a host's hands.
 */
#ifndef SHEAF_MANAGER_H
#define SHEAF_MANAGER_H

#include <sheaf/library.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open manager. The handle belongs to its library and stays valid, though closed, until the
 * library is freed: a thread that comes late gets SHEAF_CLOSED, never a dead pointer. */
typedef struct sheaf_manager sheaf_manager;

/*
 * Opens a manager. `id`: as for sheaf_find_factory. `settings`: `count` of them, copied; a name
 * that the manager does not take, a value of the wrong kind, or a required one that is missing is
 * SHEAF_INVALID_ARGUMENT, and the message lists what there is. NULL on failure, with `error`
 * filled. [any-thread]
 */
SHEAF_API sheaf_manager *sheaf_manager_open(sheaf_library *library, const char *id,
                                            const sheaf_setting *settings, uint32_t count,
                                            sheaf_error *error) SHEAF_NOEXCEPT;

/*
 * Closes a manager: calls that come later get SHEAF_CLOSED, those in flight end undisturbed, and
 * the manager is destroyed, on whichever thread that happens, when the last of them has left and
 * the last sheaf_batch and sheaf_iterator of its have been freed. From inside a callback of one of its own calls, on the
 * thread that asked, and for a manager that a stage wraps (sheaf/stage.h): SHEAF_BUSY, and nothing is
 * done. A second close answers SHEAF_CLOSED. NULL is fine. [any-thread]
 */
SHEAF_API sheaf_status sheaf_manager_close(sheaf_manager *manager) SHEAF_NOEXCEPT;

/* What the manager said of itself, copied. Valid until the library is freed; NULL of NULL
 * alone. [any-thread] */
SHEAF_API const sheaf_description *
sheaf_manager_description(const sheaf_manager *manager) SHEAF_NOEXCEPT;

/* The factory that made it. Valid until the library is freed. [any-thread] */
SHEAF_API const sheaf_factory *sheaf_manager_factory(const sheaf_manager *manager) SHEAF_NOEXCEPT;

/* The library that it belongs to. [any-thread] */
SHEAF_API sheaf_library *sheaf_manager_library(const sheaf_manager *manager) SHEAF_NOEXCEPT;

/* Lets go of what the manager holds back, within the call's deadline and cancel (NULL: no limit).
 * SHEAF_OK if it never holds anything back. [any-thread] */
SHEAF_API sheaf_status sheaf_manager_flush(sheaf_manager *manager, const sheaf_call *call,
                                           sheaf_error *error) SHEAF_NOEXCEPT;

/* An interface of the manager's by id: SHEAF_OK and `out` filled; or SHEAF_UNSUPPORTED,
 * SHEAF_CLOSED. It is valid until the manager is closed, and calls through it do not hold up the
 * closing: see to it that none is under way. [any-thread] */
SHEAF_API sheaf_status sheaf_manager_get_extension(sheaf_manager *manager, const char *id,
                                                   sheaf_interface *out) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_MANAGER_H */
