/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket: so many a second, and as many at once as `capacity` when it has been quiet. What is
 * larger than the bucket passes when it is full, and leaves a debt. Not thread-safe.
 */
#ifndef SHEAF_STAGE_BUCKET_H
#define SHEAF_STAGE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sheaf_bucket {
  double per_ns; /* 0: no limit */
  double capacity, tokens;
  int64_t filled_ns; /* when `tokens` was right */
} sheaf_bucket;

/* Full. `per_second` 0: no limit. */
static inline sheaf_bucket sheaf_bucket_make(double per_second, double capacity, int64_t now_ns) {
  return (sheaf_bucket){per_second / 1e9, capacity, capacity, now_ns};
}

static inline void sheaf_bucket_fill(sheaf_bucket *b, int64_t now_ns) {
  b->tokens += (double)(now_ns - b->filled_ns) * b->per_ns;
  if (b->tokens > b->capacity) b->tokens = b->capacity;
  b->filled_ns = now_ns;
}

/* In how many nanoseconds after it was filled last `size` may be taken; 0: now. */
static inline int64_t sheaf_bucket_wait(const sheaf_bucket *b, double size) {
  double wanted = size < b->capacity ? size : b->capacity;
  if (b->per_ns <= 0 || b->tokens >= wanted) return 0;
  double ns = (wanted - b->tokens) / b->per_ns;
  return ns < 9e18 ? (int64_t)ns + 1 : INT64_MAX;
}

static inline void sheaf_bucket_take(sheaf_bucket *b, double size) {
  if (b->per_ns > 0) b->tokens -= size;
}

#endif
