/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A histogram with eight buckets to each power of two, so that what it says of a value is right to an
 * eighth of it. Any number of threads may add at once.
 */
#ifndef SHEAF_STAGE_HISTOGRAM_H
#define SHEAF_STAGE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define SHEAF_HISTOGRAM_BUCKETS 352u /* up to 2^46: 19 hours in nanoseconds */

typedef struct sheaf_histogram {
  _Atomic uint64_t buckets[SHEAF_HISTOGRAM_BUCKETS];
  _Atomic uint64_t sum, most, least_inverted; /* the least value, as its complement: 0 is none */
} sheaf_histogram;

static inline uint32_t sheaf_histogram_bucket(uint64_t value) {
  if (value < 8) return (uint32_t)value;
  uint32_t power = 63u - (uint32_t)__builtin_clzll(value);
  uint32_t bucket = (power - 2) * 8 + (uint32_t)(value >> (power - 3) & 7);
  return bucket < SHEAF_HISTOGRAM_BUCKETS ? bucket : SHEAF_HISTOGRAM_BUCKETS - 1;
}

/* The greatest value of a bucket. */
static inline uint64_t sheaf_histogram_top(uint32_t bucket) {
  if (bucket < 8) return bucket;
  uint32_t power = bucket / 8 + 2;
  return ((uint64_t)(8 + bucket % 8 + 1) << (power - 3)) - 1;
}

void sheaf_histogram_add(sheaf_histogram *h, uint64_t value);

/* What several histograms hold together. */
typedef struct sheaf_histogram_sum {
  uint64_t buckets[SHEAF_HISTOGRAM_BUCKETS];
  uint64_t count, sum, most, least;
} sheaf_histogram_sum;

/* Adds one to a sum, which was zeroed. */
void sheaf_histogram_read(sheaf_histogram_sum *sum, const sheaf_histogram *h);

/* The value that a part of all values (0 to 1) do not exceed; 0 if there are none. */
uint64_t sheaf_histogram_quantile(const sheaf_histogram_sum *sum, double part);

#endif
