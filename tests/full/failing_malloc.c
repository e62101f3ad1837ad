/* SPDX-License-Identifier: Apache-2.0 */
#include "failing_malloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

/* Under AddressSanitizer its allocator stands behind ours; it sees leaks and misuse as ever. */
#if defined(__SANITIZE_ADDRESS__)
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

#define EXPORT __attribute__((visibility("default")))

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
void *REAL(memalign)(size_t alignment, size_t size);
void REAL(free)(void *memory);

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *old, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT int posix_memalign(void **memory, size_t alignment, size_t size);
EXPORT void free(void *memory);

/* All constant-initialised: malloc is called before anything of ours has run. */
static atomic_long counted, live;
static atomic_long first = 0; /* the one that fails; 0: none does */
static atomic_bool all_after, has_failed;

void failing_from(long nth, bool and_all_after) {
  atomic_store(&counted, 0);
  atomic_store(&has_failed, false);
  atomic_store(&all_after, and_all_after);
  atomic_store(&first, nth);
}

void failing_ends(void) { atomic_store(&first, 0); }
bool failing_has_failed(void) { return atomic_load(&has_failed); }

long failing_count(void) { return atomic_load(&counted); }
long failing_live(void) { return atomic_load(&live); }

static bool fails(void) {
  long nth = atomic_load_explicit(&first, memory_order_relaxed);
  if (nth == 0) return false;
  long now = atomic_fetch_add(&counted, 1) + 1;
  if (now < nth || (now > nth && !atomic_load(&all_after))) return false;
  atomic_store(&has_failed, true);
  errno = ENOMEM;
  return true;
}

static void *count(void *memory) {
  if (memory) atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
  return memory;
}

void *malloc(size_t size) { return fails() ? NULL : count(REAL(malloc)(size)); }

void *calloc(size_t n, size_t size) { return fails() ? NULL : count(REAL(calloc)(n, size)); }

void *realloc(void *old, size_t size) {
  if (!old) return malloc(size);
  if (size == 0) {
    free(old);
    return NULL;
  }
  return fails() ? NULL : REAL(realloc)(old, size);
}

void *memalign(size_t alignment, size_t size) {
  return fails() ? NULL : count(REAL(memalign)(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *block = memalign(alignment, size);
  if (!block) return ENOMEM;
  *memory = block;
  return 0;
}

void free(void *memory) {
  if (!memory) return;
  atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
  REAL(free)(memory);
}
