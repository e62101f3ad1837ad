/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler cannot know of the batch path: what is usual, and what is not to weigh it down. */
#ifndef SHEAF_CORE_HINTS_H
#define SHEAF_CORE_HINTS_H

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define COLD __attribute__((noinline, cold)) /* hardly ever called: kept out of the way */

#endif
