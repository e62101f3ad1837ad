/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/index.h: an index from string keys to uint32_t, made for being asked many keys at once.
 * Header only, for managers that keep their entities in memory and find them by name.
 *
 *     sheaf_index index;
 *     sheaf_index_init(&index, sheaf_index_seed());
 *     if (!sheaf_index_reserve(&index, count)) ...out of memory
 *     for (uint32_t i = 0; i < count; i++)
 *       if (!sheaf_index_put(&index, names[i], i)) ...out of memory
 *     ...
 *     sheaf_index_find_batch(&index, keys, n, values);    values[i] is SHEAF_INDEX_NONE if absent
 *     ...
 *     sheaf_index_free(&index);
 *
 * WHY A BATCH. In a large index each look-up waits for memory two or three times: the key asked
 * for, the slot, the key stored. Asked one after another, these waits add up; find_batch starts
 * them for thirty-two keys at once and goes on with the first when the last has been started.
 *
 * HOW. Open addressing with linear probing over a power of two of slots, at most three fifths full.
 * A slot holds 32 bits of the hash, so that a stored key is looked at once on average, if it is
 * there, and hardly ever if it is not. The hash is XXH3, from xxHash's header (Debian's
 * libxxhash-dev; it is compiled in, nothing is linked), seeded: with a seed of its own for each
 * index, a stranger who sends keys cannot prepare them so that they collide.
 *
 * KEYS ARE BORROWED: the bytes must stay where they are for as long as the index is used. Keys are
 * any bytes, up to 4 GiB - 1; the empty key is a key. Values are any but SHEAF_INDEX_NONE. Nothing
 * is ever removed. Keys that lie together in a large block with huge pages (madvise) are found half
 * as fast again as keys strewn over the heap. Memory comes from malloc, and for a table of two
 * megabytes and more from aligned_alloc with huge pages asked for. Looking up allocates nothing.
 *
 * THREADS. Any number may look up at once; none may while one changes the index.
 */
#ifndef SHEAF_INDEX_H
#define SHEAF_INDEX_H

#include <sheaf/abi.h>

#include <stdlib.h>
#include <time.h>
#if defined(__linux__)
#include <sys/mman.h>
#include <sys/random.h>
#endif

/* All of it inline, whatever else the translation unit does with xxHash. */
#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#if defined(__has_include)
#if !__has_include(<xxhash.h>)
#error "sheaf/index.h needs xxHash's header: apt-get install libxxhash-dev"
#endif
#endif
#include <xxhash.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The value of no key. */
#define SHEAF_INDEX_NONE UINT32_MAX

/* How many look-ups sheaf_index_find_batch has under way at once. */
#define SHEAF_INDEX_GROUP 32u

/* One place of the table; free if tag is 0. */
typedef struct sheaf_index_slot {
  const char *data;
  uint32_t size;
  uint32_t tag;
  uint32_t value;
  uint32_t reserved;
} sheaf_index_slot;

/* The index. Its fields are its own business. */
typedef struct sheaf_index {
  sheaf_index_slot *slots; /* NULL while empty */
  size_t mask;             /* slots - 1; 0 while empty */
  size_t count;
  uint64_t seed;
} sheaf_index;

/* Starts fetching the line of memory at `p`, which may be anywhere. Define SHEAF_INDEX_NO_PREFETCH to
 * measure what that is worth. The empty statement is there because gcc takes a function that does
 * nothing but fetch for one without an effect, and drops calls of it. */
#if defined(__GNUC__) && !defined(SHEAF_INDEX_NO_PREFETCH)
static inline void sheaf_index_fetch(const void *p) {
  __builtin_prefetch(p, 0, 3);
  __asm__ volatile("");
}
#define SHEAF_INDEX_PREFETCH(p) sheaf_index_fetch(p)
#else
#define SHEAF_INDEX_PREFETCH(p) ((void)(p))
#endif

/* -------------------------------------------------------------------------------- life and size */

/* Makes an empty index. Allocates nothing. */
static inline void sheaf_index_init(sheaf_index *index, uint64_t seed) {
  index->slots = NULL;
  index->mask = 0;
  index->count = 0;
  index->seed = seed;
}

/* A seed for an index: from the system's random numbers where it has some to give, else from the
 * clock and from where things lie in memory. For an index, not for secrets. */
static inline uint64_t sheaf_index_seed(void) {
  struct timespec now = {0, 0};
  uint64_t parts[4] = {0, 0, 0, (uint64_t)(uintptr_t)&now};
#if defined(__linux__)
  if (getrandom(parts, sizeof parts[0], GRND_NONBLOCK) == (ssize_t)sizeof parts[0]) return parts[0];
#endif
  (void)timespec_get(&now, TIME_UTC);
  parts[1] = (uint64_t)now.tv_sec;
  parts[2] = (uint64_t)now.tv_nsec;
  return XXH3_64bits(parts, sizeof parts);
}

/* Frees the table, not the keys. The index is then empty and may be used again. */
static inline void sheaf_index_free(sheaf_index *index) {
  free(index->slots);
  sheaf_index_init(index, index->seed);
}

/* How many keys it has. */
static inline size_t sheaf_index_count(const sheaf_index *index) { return index->count; }

/* (The rest of this section is not for users.) */

#if defined(__linux__) && !defined(MADV_HUGEPAGE)
/* <sys/mman.h> hides these two from a program that asks for plain POSIX. */
extern int madvise(void *address, size_t length, int advice);
#define SHEAF_INDEX_HUGEPAGE 14
#elif defined(__linux__)
#define SHEAF_INDEX_HUGEPAGE MADV_HUGEPAGE
#endif

/* Memory for `bytes`, zeroed. */
static inline void *sheaf_index_memory(size_t bytes) {
  const size_t huge = (size_t)2 << 20;
  void *memory;
  if (bytes < huge) return calloc(1, bytes);
  memory = aligned_alloc(huge, (bytes + huge - 1) & ~(huge - 1));
#if defined(SHEAF_INDEX_HUGEPAGE)
  /* Page tables are most of what a random access to a large table costs. Refusal does no harm. */
  if (memory) (void)madvise(memory, (bytes + huge - 1) & ~(huge - 1), SHEAF_INDEX_HUGEPAGE);
#endif
  return memory ? memset(memory, 0, bytes) : NULL;
}

static inline bool sheaf_index_resize(sheaf_index *index, size_t slots) {
  if (slots > SIZE_MAX / 2 / sizeof(sheaf_index_slot)) return false;
  sheaf_index_slot *table = (sheaf_index_slot *)sheaf_index_memory(slots * sizeof *table);
  if (!table) return false;
  size_t mask = slots - 1;
  for (size_t i = 0; index->slots && i <= index->mask; i++) {
    const sheaf_index_slot *old = &index->slots[i];
    if (old->tag == 0) continue;
    /* The tag holds too few bits to place a slot in a large table. */
    size_t at = (size_t)XXH3_64bits_withSeed(old->data, old->size, index->seed) & mask;
    while (table[at].tag != 0) at = (at + 1) & mask;
    table[at] = *old;
  }
  free(index->slots);
  index->slots = table;
  index->mask = mask;
  return true;
}

static inline size_t sheaf_index_room(const sheaf_index *index) {
  return index->slots ? (index->mask + 1) / 5 * 3 + 1 : 0;
}

/* --------------------------------------------------------------------------------------- making */

/* Makes room for `count` keys in all, so that putting them moves nothing; a table there is then, though
 * `count` be 0. False: out of memory, and nothing has changed. */
static inline bool sheaf_index_reserve(sheaf_index *index, size_t count) {
  size_t slots = 16;
  if (index->slots && count <= sheaf_index_room(index)) return true;
  while (slots / 5 * 3 + 1 < count) {
    if (slots > SIZE_MAX / 4) return false;
    slots *= 2;
  }
  return sheaf_index_resize(index, slots);
}

static inline uint32_t sheaf_index_tag(uint64_t hash) {
  uint32_t tag = (uint32_t)(hash >> 32);
  return tag ? tag : 1;
}

/* What two times eight bytes differ in. */
static inline uint64_t sheaf_index_differ(const char *a, const char *b) {
  uint64_t left, right;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  return left ^ right;
}

/* Whether `size` bytes are the same. Short ones are compared here, by their two ends, which may
 * overlap: a call of memcmp costs more than they do, and a branch at where they differ too. */
static inline bool sheaf_index_same(const char *a, const char *b, size_t size) {
  if (size < 8 || size > 32) return size == 0 || memcmp(a, b, size) == 0;
  uint64_t differ = sheaf_index_differ(a, b) | sheaf_index_differ(a + size - 8, b + size - 8);
  if (size > 16)
    differ |= sheaf_index_differ(a + 8, b + 8) | sheaf_index_differ(a + size - 16, b + size - 16);
  return differ == 0;
}

static inline bool sheaf_index_match(const sheaf_index_slot *slot, uint32_t tag, sheaf_str key) {
  return slot->tag == tag && slot->size == key.size &&
         sheaf_index_same(slot->data, key.data, key.size);
}

static inline uint64_t sheaf_index_hash(const sheaf_index *index, sheaf_str key) {
  return XXH3_64bits_withSeed(key.size ? key.data : "", key.size, index->seed);
}

/* The value of `key`, to read or to change; SHEAF_INDEX_NONE if the key was not there: it is now,
 * and must be given a value. Valid until the next key is added. NULL: out of memory, or a key that
 * is too long; nothing has changed. */
static inline uint32_t *sheaf_index_at(sheaf_index *index, sheaf_str key) {
  if (key.size > UINT32_MAX) return NULL;
  if (index->count >= sheaf_index_room(index) &&
      !sheaf_index_resize(index, index->slots ? (index->mask + 1) * 2 : 16))
    return NULL;
  uint64_t hash = sheaf_index_hash(index, key);
  uint32_t tag = sheaf_index_tag(hash);
  sheaf_index_slot *slot = &index->slots[(size_t)hash & index->mask];
  while (slot->tag != 0) {
    if (sheaf_index_match(slot, tag, key)) return &slot->value;
    slot = slot == &index->slots[index->mask] ? index->slots : slot + 1;
  }
  slot->data = key.data;
  slot->size = (uint32_t)key.size;
  slot->tag = tag;
  slot->value = SHEAF_INDEX_NONE;
  index->count++;
  return &slot->value;
}

/* Gives `key` a value, in place of the one that it may have. False: as for sheaf_index_at. */
static inline bool sheaf_index_put(sheaf_index *index, sheaf_str key, uint32_t value) {
  uint32_t *at = sheaf_index_at(index, key);
  if (at) *at = value;
  return at != NULL;
}

/* ----------------------------------------------------------------------------------- looking up */

/* Goes on from `slot`. */
static inline uint32_t sheaf_index_find_from(const sheaf_index *index, const sheaf_index_slot *slot,
                                             sheaf_str key, uint32_t tag) {
  while (slot->tag != 0) {
    if (sheaf_index_match(slot, tag, key)) return slot->value;
    slot = slot == &index->slots[index->mask] ? index->slots : slot + 1;
  }
  return SHEAF_INDEX_NONE;
}

static inline uint32_t sheaf_index_find_hashed(const sheaf_index *index, sheaf_str key,
                                               uint64_t hash) {
  return sheaf_index_find_from(index, &index->slots[(size_t)hash & index->mask], key,
                               sheaf_index_tag(hash));
}

/* The value of `key`, or SHEAF_INDEX_NONE. */
static inline uint32_t sheaf_index_find(const sheaf_index *index, sheaf_str key) {
  if (!index->slots) return SHEAF_INDEX_NONE;
  return sheaf_index_find_hashed(index, key, sheaf_index_hash(index, key));
}

/* Starts fetching the bytes of `text`: its two ends, which for a short one is all of it. */
static inline void sheaf_index_prefetch(sheaf_str text) {
  if (text.size == 0) return;
  SHEAF_INDEX_PREFETCH(text.data);
  SHEAF_INDEX_PREFETCH(text.data + text.size - 1);
}

/* Starts fetching the place where `key` is, or will be put. For a key that is met some time before it
 * is needed. */
static inline void sheaf_index_prefetch_slot(const sheaf_index *index, sheaf_str key) {
  if (index->slots)
    SHEAF_INDEX_PREFETCH(&index->slots[(size_t)sheaf_index_hash(index, key) & index->mask]);
}

/* A look-up under way, in three steps: sheaf_index_look_begin, some time later
 * sheaf_index_look_there, and some time after that sheaf_index_look_end. For who has other waits to
 * begin beside those of the index; sheaf_index_find_batch takes them for everybody else. The index
 * must have a table, and keep it: sheaf_index_reserve sees to that. Its fields are its own business. */
typedef struct sheaf_index_look {
  const sheaf_index_slot *slot; /* where it goes on */
  uint32_t tag;
} sheaf_index_look;

/* First step: starts fetching the key's place. Reads the key. */
static inline void sheaf_index_look_begin(const sheaf_index *index, sheaf_str key,
                                          sheaf_index_look *look) {
  uint64_t hash = sheaf_index_hash(index, key);
  look->tag = sheaf_index_tag(hash);
  look->slot = &index->slots[(size_t)hash & index->mask];
  SHEAF_INDEX_PREFETCH(look->slot);
}

/* Second step: goes on to a place that is likely to be the key's, and starts fetching the key that is
 * stored there. Gives its value, so that what that stands for can be fetched too; SHEAF_INDEX_NONE if
 * the key is not there for certain. */
static inline uint32_t sheaf_index_look_there(const sheaf_index *index, sheaf_index_look *look) {
  const sheaf_index_slot *slot = look->slot;
  while (slot->tag != look->tag && slot->tag != 0)
    slot = slot == &index->slots[index->mask] ? index->slots : slot + 1;
  look->slot = slot;
  if (slot->tag == 0) return SHEAF_INDEX_NONE;
  sheaf_index_prefetch(sheaf_strn(slot->data, slot->size));
  return slot->value;
}

/* Last step, with the key of the first one: its value, or SHEAF_INDEX_NONE. */
static inline uint32_t sheaf_index_look_end(const sheaf_index *index, sheaf_str key,
                                            const sheaf_index_look *look) {
  return sheaf_index_find_from(index, look->slot, key, look->tag);
}

/* sheaf_index_find_batch for at most SHEAF_INDEX_GROUP keys, of an index that has room for some; `ahead`,
 * of `ahead_count`, are keys whose bytes will be wanted next. Branches, guessed right nine times in ten,
 * let the processor go ahead with a value: with masks in their place it waits for memory, and is slower. */
static inline void sheaf_index_find_group(const sheaf_index *index, const sheaf_str *keys,
                                          size_t count, const sheaf_str *ahead, size_t ahead_count,
                                          uint32_t *values) {
  sheaf_index_look looks[SHEAF_INDEX_GROUP];
  for (size_t i = 0; i < count; i++) sheaf_index_look_begin(index, keys[i], &looks[i]);
  for (size_t i = 0; i < ahead_count; i++) sheaf_index_prefetch(ahead[i]);
  for (size_t i = 0; i < count; i++) (void)sheaf_index_look_there(index, &looks[i]);
  for (size_t i = 0; i < count; i++) values[i] = sheaf_index_look_end(index, keys[i], &looks[i]);
}

/* The values of `count` keys, each or SHEAF_INDEX_NONE: what sheaf_index_find would say of each,
 * sooner. */
static inline void sheaf_index_find_batch(const sheaf_index *index, const sheaf_str *keys,
                                          size_t count, uint32_t *values) {
  size_t i = 0;
  if (!index->slots) {
    for (; i < count; i++) values[i] = SHEAF_INDEX_NONE;
    return;
  }
  for (; i < count && i < SHEAF_INDEX_GROUP; i++) sheaf_index_prefetch(keys[i]);
  for (i = 0; i < count; i += SHEAF_INDEX_GROUP) {
    size_t left = count - i;
    size_t now = left < SHEAF_INDEX_GROUP ? left : SHEAF_INDEX_GROUP;
    size_t next = left - now < SHEAF_INDEX_GROUP ? left - now : SHEAF_INDEX_GROUP;
    sheaf_index_find_group(index, keys + i, now, keys + i + now, next, values + i);
  }
}

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_INDEX_H */
