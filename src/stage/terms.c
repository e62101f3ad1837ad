/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/terms.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/copy.h"
#include "stage/share.h"

bool sheaf_terms_table_init(sheaf_terms_table *all, uint64_t seed) {
  memset(all, 0, sizeof *all);
  all->seed = seed;
  return pthread_mutex_init(&all->lock, NULL) == 0;
}

void sheaf_terms_table_destroy(sheaf_terms_table *all) { pthread_mutex_destroy(&all->lock); }

static uint64_t hash_of(const sheaf_request *r, const sheaf_context *context, uint64_t seed) {
  const uint32_t words[] = {r->verb, r->access, r->flags, r->trait_count, r->slot_count};
  uint64_t hash = XXH3_64bits_withSeed(words, sizeof words, seed);
  if (r->trait_count)
    hash = XXH3_64bits_withSeed(r->traits, r->trait_count * sizeof *r->traits, hash);
  if (r->slot_count) hash = XXH3_64bits_withSeed(r->slots, r->slot_count * sizeof *r->slots, hash);
  return sheaf_share_hash(context, hash);
}

static bool array_equal(const void *a, const void *b, size_t size) {
  return size == 0 || memcmp(a, b, size) == 0;
}

static bool is_of(const sheaf_terms *q, const sheaf_request *r, const sheaf_context *c) {
  const sheaf_request *own = &q->request;
  return own->verb == r->verb && own->access == r->access && own->flags == r->flags &&
         own->trait_count == r->trait_count && own->slot_count == r->slot_count &&
         array_equal(own->traits, r->traits, r->trait_count * sizeof *r->traits) &&
         array_equal(own->slots, r->slots, r->slot_count * sizeof *r->slots) &&
         sheaf_share_equal(&q->context, c);
}

/* The locale as a result, which is what can be copied. */
static sheaf_result as_result(const sheaf_record *locale) {
  sheaf_result result = {0, SHEAF_OK, NULL, 0, 0, {NULL, 0}};
  if (locale) {
    result.properties = locale->properties;
    result.property_count = locale->property_count;
  }
  return result;
}

static sheaf_str keep_text(char **at, sheaf_str text) {
  if (text.size) memcpy(*at, text.data, text.size);
  text.data = *at;
  *at += text.size;
  return text;
}

/* A new one in one piece: record, traits, slots, locale, texts. */
static sheaf_terms *make(const sheaf_request *r, const sheaf_context *c) {
  sheaf_result locale = as_result(c->locale);
  size_t traits = r->trait_count * sizeof *r->traits, slots = r->slot_count * sizeof *r->slots;
  size_t copied = sizeof(sheaf_record) + sheaf_copy_size(&locale) + 32;
  size_t arrays = (traits + slots + 15) & ~(size_t)15;
  size_t texts = c->share_key.size + c->authority.size + c->state.size;
  sheaf_terms *q = malloc(sizeof *q + copied + arrays + texts);
  if (!q) return NULL;
  char *at = (char *)(q + 1);
  memset(q, 0, sizeof *q);
  q->request.verb = r->verb;
  q->request.access = r->access;
  q->request.flags = r->flags;
  q->request.trait_count = r->trait_count;
  q->request.slot_count = r->slot_count;
  q->request.slots = slots ? memcpy(at, r->slots, slots) : NULL;
  q->request.traits = traits ? memcpy(at + slots, r->traits, traits) : NULL;
  at += arrays;
  q->context.struct_size = sizeof q->context;
  if (c->locale) {
    sheaf_record *record = (sheaf_record *)at;
    sheaf_arena arena = {.next = at + sizeof *record, .end = at + copied};
    sheaf_copy_result(&arena, &locale, &locale);
    *record = (sheaf_record){locale.properties, locale.property_count, 0};
    q->context.locale = record;
  }
  at += copied;
  q->context.share_key = keep_text(&at, c->share_key);
  q->context.authority = keep_text(&at, c->authority);
  q->context.state = keep_text(&at, c->state);
  return q;
}

static sheaf_terms **place_of(sheaf_terms_table *all, uint64_t hash) {
  return &all->buckets[hash % SHEAF_TERMS_BUCKETS];
}

/* Under the lock. */
static sheaf_terms *find_or_make(sheaf_terms_table *all, const sheaf_request *request,
                                 const sheaf_context *context, uint64_t hash) {
  sheaf_terms **place = place_of(all, hash), *q = *place;
  while (q && !(q->hash == hash && is_of(q, request, context))) q = q->next;
  if (!q && (q = make(request, context))) {
    q->hash = hash;
    q->salt = (all->made++ % SHEAF_TERMS_SALTS + 1) * 0x9e3779b97f4a7c15ULL;
    q->next = *place;
    *place = q;
  }
  if (q) sheaf_terms_share(q, 1);
  return q;
}

sheaf_terms *sheaf_terms_hold(sheaf_terms_table *all, const sheaf_request *request,
                              const sheaf_context *context) {
  static const sheaf_context empty;
  uint64_t hash = hash_of(request, context, all->seed);
  pthread_mutex_lock(&all->lock);
  sheaf_terms *q = find_or_make(all, request, context ? context : &empty, hash);
  pthread_mutex_unlock(&all->lock);
  return q;
}

void sheaf_terms_release(sheaf_terms_table *all, sheaf_terms *q, uint32_t holds) {
  uint32_t there = atomic_load_explicit(&q->holds, memory_order_relaxed);
  /* The last hold is let go of under the lock only, where it might just be taken up again. */
  while (there > holds)
    if (atomic_compare_exchange_weak_explicit(&q->holds, &there, there - holds,
                                              memory_order_release, memory_order_relaxed))
      return;
  pthread_mutex_lock(&all->lock);
  bool last = atomic_fetch_sub_explicit(&q->holds, holds, memory_order_acq_rel) == holds;
  if (last) {
    sheaf_terms **place = place_of(all, q->hash);
    while (*place != q) place = &(*place)->next;
    *place = q->next;
  }
  pthread_mutex_unlock(&all->lock);
  if (last) free(q);
}
