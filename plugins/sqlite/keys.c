/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdlib.h>

static int compare(const void *left, const void *right) {
  const sq_key *a = left, *b = right;
  if (a->head != b->head) return a->head < b->head ? -1 : 1;
  uint32_t common = a->size < b->size ? a->size : b->size;
  int order = common ? memcmp(a->data, b->data, common) : 0;
  if (order) return order;
  if (a->size != b->size) return a->size < b->size ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

/* How many bytes all keys begin with. */
static uint32_t common_size(const sq_keys *keys) {
  const sq_key *first = keys->list;
  uint32_t common = first->size;
  for (uint32_t i = 1; i < keys->count; i++) {
    const sq_key *key = &keys->list[i];
    if (key->size < common) common = key->size;
    if (common == 0 || memcmp(first->data, key->data, common) == 0) continue;
    uint32_t same = 0;
    while (first->data[same] == key->data[same]) same++;
    common = same;
  }
  return common;
}

/* As a number, so that one comparison of words stands for eight of bytes. Behind the end are zeros:
 * where they mislead, heads are equal. */
static uint64_t head_of(const sq_key *key, uint32_t from) {
  uint64_t head = 0;
  for (uint32_t i = 0; i < 8; i++) {
    uint32_t at = from + i;
    head = head << 8 | (at < key->size ? (unsigned char)key->data[at] : 0u);
  }
  return head;
}

static void sort(sq_keys *keys) {
  uint32_t from = common_size(keys);
  for (uint32_t i = 0; i < keys->count; i++) keys->list[i].head = head_of(&keys->list[i], from);
  qsort(keys->list, keys->count, sizeof *keys->list, compare);
}

bool sq_keys_take(sq_keys *keys, const sheaf_request *request, sheaf_str prefix, size_t longest) {
  *keys = (sq_keys){NULL, 0, request->count >= SQ_SORT_FROM};
  if (request->count == 0) return true;
  keys->list = request->call->scratch(request->call, request->count * sizeof *keys->list);
  if (!keys->list) return false;
  for (uint32_t i = 0; i < request->count; i++) {
    sheaf_str ref = request->refs[i];
    if (!sheaf_str_starts_with(ref, prefix) || ref.size - prefix.size > longest) continue;
    keys->list[keys->count++] =
        (sq_key){0, ref.size ? ref.data + prefix.size : "", (uint32_t)(ref.size - prefix.size), i};
  }
  if (keys->is_sorted && keys->count > 1) sort(keys);
  return true;
}

uint32_t sq_keys_run_end(const sq_keys *keys, uint32_t at) {
  const sq_key *first = &keys->list[at];
  uint32_t end = at + 1;
  if (!keys->is_sorted) return end;
  while (end < keys->count && keys->list[end].size == first->size &&
         memcmp(keys->list[end].data, first->data, first->size) == 0)
    end++;
  return end;
}
