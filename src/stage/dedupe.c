/* SPDX-License-Identifier: Apache-2.0 */
/* dedupe: equal references with equal context in a batch are asked once, and answered each. */
#include "stage/part.h"
#include "stage/share.h"

#include <sheaf/index.h>

#define GROUP 32u

enum { FOLDED };

typedef struct dedupe {
  sheaf_stage stage;
  uint64_t seed; /* of the hashes: what strangers send cannot be made to collide */
} dedupe;

/* What becomes of a batch with repeats. `next[i]` is the index that asks for the same as i; the last
 * of such a chain is its own next. */
typedef struct folding {
  sheaf_sink sink; /* takes the results of the firsts, at their places */
  sheaf_sink *onward;
  uint32_t *next;
} folding;

/* Each result, and again for whoever asks for the same. */
static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  const folding *f = (const folding *)sink;
  sheaf_result group[GROUP];
  uint32_t n = 0, said = SHEAF_CONTINUE;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t index = given[i].index, last;
    do {
      if (n == GROUP) {
        said = f->onward->results(f->onward, group, n);
        if (said != SHEAF_CONTINUE) return said;
        n = 0;
      }
      group[n] = given[i];
      group[n++].index = last = index;
      index = f->next[index];
    } while (index != last);
  }
  return f->onward->results(f->onward, group, n);
}

/* Open addressing, at most half full: places of firsts, plus one. */
typedef struct table {
  uint32_t *slots, *hashes; /* hashes[i]: of index i */
  uint32_t mask;
} table;

static bool table_init(table *t, const sheaf_request *request) {
  uint32_t size = 16;
  while (size / 2 < request->count) size *= 2;
  t->mask = size - 1;
  t->slots = sheaf_stage_scratch(request, (size_t)size * sizeof *t->slots);
  t->hashes = sheaf_stage_scratch(request, (size_t)request->count * sizeof *t->hashes);
  if (!t->slots || !t->hashes) return false;
  memset(t->slots, 0, (size_t)size * sizeof *t->slots);
  return true;
}

static void hash_refs(table *t, const sheaf_request *r, uint64_t seed) {
  for (uint32_t i = 0; i < r->count; i++)
    t->hashes[i] = (uint32_t)XXH3_64bits_withSeed(r->refs[i].size ? r->refs[i].data : "",
                                                  r->refs[i].size, seed);
}

/* Equal references with many contexts would else be a long row of collisions. */
static void hash_contexts(table *t, const sheaf_request *r, uint64_t seed) {
  const sheaf_context *last = NULL;
  uint32_t hash = (uint32_t)sheaf_share_hash(NULL, seed);
  for (uint32_t i = 0; r->contexts && i < r->count; i++) {
    const sheaf_context *context = sheaf_share_context(r, i);
    if (context != last) hash = (uint32_t)sheaf_share_hash(context, seed);
    last = context;
    t->hashes[i] ^= hash;
  }
}

static bool same(const sheaf_request *r, uint32_t a, uint32_t b) {
  return sheaf_str_equal(r->refs[a], r->refs[b]) && sheaf_share_contexts_equal(r, a, b);
}

/* The first index that asks for the same as i, which may be i. */
static uint32_t first_of(table *t, const sheaf_request *r, uint32_t i) {
  uint32_t hash = t->hashes[i], at = hash & t->mask;
  for (; t->slots[at]; at = (at + 1) & t->mask) {
    uint32_t other = t->slots[at] - 1;
    if (t->hashes[other] == hash && same(r, other, i)) return other;
  }
  t->slots[at] = i + 1;
  return i;
}

/* The firsts, in order, into `firsts`; how many there are. The others are linked in behind them. */
static uint32_t fold(table *t, const sheaf_request *r, uint32_t *firsts, uint32_t *next) {
  uint32_t unique = 0;
  for (uint32_t i = 0; i < r->count; i++) {
    uint32_t first = first_of(t, r, i);
    next[i] = i;
    if (first == i) {
      firsts[unique++] = i;
    } else {
      next[i] = next[first] == first ? i : next[first];
      next[first] = i;
    }
  }
  return unique;
}

static sheaf_status ask_firsts(const sheaf_stage *stage, const sheaf_request *request,
                               sheaf_sink *sink, const uint32_t *firsts, uint32_t unique,
                               uint32_t *next) {
  folding f = {{sizeof f.sink, sink->flags & SHEAF_PARALLEL_RESULTS, results}, sink, next};
  sheaf_part part;
  sheaf_part_init(&part, request, &f.sink);
  if (!sheaf_part_reserve(&part, unique))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory to find repeats", 0);
  sheaf_part_take(&part, firsts, unique);
  return sheaf_stage_ask(stage, 0, &part.request, &part.sink);
}

/* Whether equal references may be asked once. What has inputs is not compared. */
static bool applies(const sheaf_stage *stage, const sheaf_request *r) {
  return r->count > 1 && !r->inputs && (sheaf_stage_verb_flags(stage, r->verb) & SHEAF_VERB_PURE) &&
         sheaf_stage_may_share(r);
}

static sheaf_status dedupe_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  const sheaf_stage *stage = self;
  if (!applies(stage, request)) return sheaf_stage_ask(stage, 0, request, sink);
  table t;
  uint32_t *firsts = sheaf_stage_scratch(request, request->count * sizeof *firsts);
  uint32_t *next = sheaf_stage_scratch(request, request->count * sizeof *next);
  if (!firsts || !next || !table_init(&t, request))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory to find repeats", 0);
  hash_refs(&t, request, ((dedupe *)self)->seed);
  hash_contexts(&t, request, ((dedupe *)self)->seed);
  uint32_t unique = fold(&t, request, firsts, next);
  sheaf_stage_count(stage, FOLDED, request->count - unique);
  if (unique == request->count) return sheaf_stage_ask(stage, 0, request, sink);
  return ask_firsts(stage, request, sink, firsts, unique, next);
}

static sheaf_status dedupe_open(void *self, const sheaf_value *settings,
                                const sheaf_stage_options *options, sheaf_error *error) {
  (void)settings, (void)options, (void)error;
  ((dedupe *)self)->seed = sheaf_index_seed();
  return SHEAF_OK;
}

static const sheaf_stage_counter_info counters[] = {
    [FOLDED] = {"folded", "References that were not asked, for an equal one of the batch was."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "dedupe", "Deduplication",
    "Equal references in a batch are asked once, and answered at each index.", NULL, 0);

const sheaf_stage_type sheaf_stage_dedupe = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                             .needs = SHEAF_VERB_PURE,
                                             .size = sizeof(dedupe),
                                             .counters = counters,
                                             .counter_count = 1,
                                             .open = dedupe_open,
                                             .batch = dedupe_batch};
