/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* madvise */
#include "pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

void *bal_pages_new(size_t *size) {
  if (*size > SIZE_MAX / 2) return NULL;
  size_t unit = *size < HUGE_PAGE ? LINE : HUGE_PAGE;
  *size = (*size + unit - 1) / unit * unit;
  void *memory = aligned_alloc(unit, *size);
#ifdef MADV_HUGEPAGE
  if (memory && unit == HUGE_PAGE) (void)madvise(memory, *size, MADV_HUGEPAGE);
#endif
  return memory;
}
