/* SPDX-License-Identifier: Apache-2.0 */
#include "generation.h"

uint32_t sheafpy_generation = 0;
