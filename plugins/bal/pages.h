/* SPDX-License-Identifier: Apache-2.0 */
/* Large blocks of memory. */
#ifndef BAL_PAGES_H
#define BAL_PAGES_H

#include <stddef.h>

/* At least `*size` bytes, which it sets to what there are; aligned to a line of memory, and freed
 * with free(). Large ones ask for huge pages: entities are read in random order, and then finding
 * the page costs more than the memory does. NULL: out of memory. */
void *bal_pages_new(size_t *size);

#endif /* BAL_PAGES_H */
