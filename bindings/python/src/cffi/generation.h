/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which generation of processes this is: one more in each child of a fork. What was made in another
 * one belongs to the parent. Its threads are not here, and perhaps its locks are taken for good: it
 * is not to be used, and not even to be freed.
 */
#ifndef SHEAFPY_GENERATION_H
#define SHEAFPY_GENERATION_H

#include <sheaf/abi.h>

/* Counted up after a fork, by the only thread that there is then. */
extern uint32_t sheafpy_generation;

#endif /* SHEAFPY_GENERATION_H */
