/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/sheaf.h: all that a host needs. A plugin includes sheaf/abi.h alone.
 *
 * NULL where a library, a manager, a batch or anything else that a function is about belongs is refused:
 * who answers a status answers SHEAF_INVALID_ARGUMENT, who gives a pointer gives NULL, who counts or looks
 * up gives 0. To free, close or throw NULL does nothing.
 */
#ifndef SHEAF_SHEAF_H
#define SHEAF_SHEAF_H

#include <sheaf/abi.h>
#include <sheaf/batch.h>
#include <sheaf/batchers.h>
#include <sheaf/cache.h>
#include <sheaf/cancel.h>
#include <sheaf/columns.h>
#include <sheaf/config.h>
#include <sheaf/iterator.h>
#include <sheaf/library.h>
#include <sheaf/manager.h>
#include <sheaf/meter.h>
#include <sheaf/plugins.h>
#include <sheaf/resolve.h>
#include <sheaf/stage.h>
#include <sheaf/status.h>

#endif /* SHEAF_SHEAF_H */
