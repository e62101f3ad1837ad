/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a stage asks what it wraps. Exactly once is kept where a host asks and where a plugin's manager
 * answers; between stages a batch is a function call.
 */
#ifndef SHEAF_CORE_RELAY_H
#define SHEAF_CORE_RELAY_H

#include <sheaf/manager.h>

/*
 * Asks `manager`, which the asking stage owns. `request->call` is the call that the stage was given,
 * or one of its own: another deadline, cancel switch or context, or another thread, with all its
 * functions NULL. The latter gets a flight, which gives it its functions.
 *
 * On return `sink` has had each index exactly once, sound and never SHEAF_REST, unless it said stop;
 * with one exception, of which only the core hears: where the very request and sink that the stage
 * was given are passed on, a plugin's manager below may leave gaps, which are closed at the top.
 *
 * Answers what `batch` of a manager may return: a stage returns it, or makes of it what it likes.
 */
sheaf_status sheaf_relay(sheaf_manager *manager, const sheaf_request *request, sheaf_sink *sink);

#endif
