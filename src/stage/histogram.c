/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/histogram.h"

static void raise_to(_Atomic uint64_t *place, uint64_t value) {
  uint64_t seen = atomic_load_explicit(place, memory_order_relaxed);
  while (seen < value && !atomic_compare_exchange_weak_explicit(
                             place, &seen, value, memory_order_relaxed, memory_order_relaxed)) {
  }
}

void sheaf_histogram_add(sheaf_histogram *h, uint64_t value) {
  atomic_fetch_add_explicit(&h->buckets[sheaf_histogram_bucket(value)], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&h->sum, value, memory_order_relaxed);
  raise_to(&h->most, value);
  raise_to(&h->least_inverted, ~value);
}

static uint64_t look(const _Atomic uint64_t *place) {
  return atomic_load_explicit(place, memory_order_relaxed);
}

void sheaf_histogram_read(sheaf_histogram_sum *sum, const sheaf_histogram *h) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < SHEAF_HISTOGRAM_BUCKETS; i++) {
    uint64_t n = look(&h->buckets[i]);
    sum->buckets[i] += n;
    count += n;
  }
  if (count == 0) return;
  uint64_t least = ~look(&h->least_inverted), most = look(&h->most);
  if (sum->count == 0 || least < sum->least) sum->least = least;
  if (most > sum->most) sum->most = most;
  sum->sum += look(&h->sum);
  sum->count += count;
}

uint64_t sheaf_histogram_quantile(const sheaf_histogram_sum *sum, double part) {
  uint64_t wanted = (uint64_t)(part * (double)sum->count), below = 0;
  if (wanted < 1) wanted = 1;
  for (uint32_t i = 0; i < SHEAF_HISTOGRAM_BUCKETS; i++) {
    below += sum->buckets[i];
    if (below < wanted) continue;
    uint64_t top = sheaf_histogram_top(i);
    return top < sum->most ? top : sum->most;
  }
  return 0;
}
