/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The references of a batch in the order in which the database is asked for them. In a large batch
 * that is the order of their bytes, which is that of the database's index: look-ups that follow each
 * other then meet in the same pages, and equal references stand together and are looked up once.
 */
#ifndef SQ_KEYS_H
#define SQ_KEYS_H

#include <sheaf/abi.h>

/* Batches of fewer are asked in the order given. Of a million rows sorting saves a third of the time
 * at 10,000 keys, a fifth at 3,000, something at 1,000, and below 500 nothing that can be measured. */
#ifndef SQ_SORT_FROM
#define SQ_SORT_FROM 500u
#endif

/* Flag in sq_key.index: the key was answered. */
#define SQ_ANSWERED 0x80000000u

typedef struct sq_key {
  uint64_t head; /* eight bytes of it, behind what all have in common; what is compared first */
  const char *data;
  uint32_t size;
  uint32_t index; /* into the request's references; SQ_ANSWERED */
} sq_key;

typedef struct sq_keys {
  sq_key *list;
  uint32_t count;
  bool is_sorted;
} sq_keys;

/* Takes those of the request's references that may be found: that begin with `prefix`, which is
 * taken off them, and are no longer than `longest` without it. False: out of memory. The list lives
 * in the call's scratch. */
bool sq_keys_take(sq_keys *keys, const sheaf_request *request, sheaf_str prefix, size_t longest);

/* Behind the last of the keys that are equal to the one at `at` and follow it. */
uint32_t sq_keys_run_end(const sq_keys *keys, uint32_t at);

#endif /* SQ_KEYS_H */
