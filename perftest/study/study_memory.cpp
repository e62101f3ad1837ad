// SPDX-License-Identifier: Apache-2.0
//
// What each case allocates: how often an element, and how many bytes an element are in use at the
// height of a batch. Counted in malloc itself, for the whole process: no allocation is overlooked,
// whoever makes it.
//
//     study_memory [--batches=100,10000]        JSON on standard output
#include <errno.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>

#include "options.hpp"
#include "scene.hpp"

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);
}

namespace {

struct Counts {
  std::size_t calls = 0;
  std::ptrdiff_t bytes = 0, peak = 0;
} counts;

void *took(void *p) {
  if (!p) return p;
  counts.calls++;
  counts.bytes += static_cast<std::ptrdiff_t>(malloc_usable_size(p));
  counts.peak = std::max(counts.peak, counts.bytes);
  return p;
}

void gave(void *p) { counts.bytes -= static_cast<std::ptrdiff_t>(malloc_usable_size(p)); }

} // namespace

// The C++ library's new and delete come here too.
extern "C" {
void *malloc(size_t size) { return took(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return took(__libc_calloc(count, size)); }
void *aligned_alloc(size_t to, size_t size) { return took(__libc_memalign(to, size)); }
void *memalign(size_t to, size_t size) { return took(__libc_memalign(to, size)); }
int posix_memalign(void **out, size_t to, size_t size) {
  *out = took(__libc_memalign(to, size));
  return *out ? 0 : ENOMEM;
}
void *realloc(void *p, size_t size) {
  if (p) gave(p);
  return took(__libc_realloc(p, size));
}
void free(void *p) {
  if (p) gave(p);
  __libc_free(p);
}
}

int main(int argc, char **argv) {
  const auto sizes =
      perftest::read_numbers(perftest::take_option(&argc, argv, "--batches", "100,10000"));
  if (argc > 1) {
    std::fprintf(stderr, "usage: study_memory [--batches=100,10000]\n");
    return 2;
  }
  const std::vector<study::Case> cases = study::cases();
  study::check(cases);
  const char *before = "[";
  for (const std::uint32_t size : sizes) {
    const study::Batches batches(size);
    for (const study::Case &c : cases) {
      for (std::size_t i = 0; i < 3; i++) (void)c.ask(batches[0]);
      counts.calls = 0;
      const std::ptrdiff_t at_rest = counts.peak = counts.bytes;
      (void)c.ask(batches[0]);
      const auto calls = static_cast<double>(counts.calls);
      const auto bytes = static_cast<double>(counts.peak - at_rest);
      std::printf("%s\n {\"name\": \"%s\", \"batch\": %u, \"allocations\": %.4f, \"bytes\": %.1f}",
                  before, c.name.c_str(), size, calls / size, bytes / size);
      before = ",";
    }
  }
  std::printf("]\n");
  return 0;
}
