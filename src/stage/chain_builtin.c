/* SPDX-License-Identifier: Apache-2.0 */
/* The batchers that are built in. They are right by construction, so that nothing is checked. */
#include <stdlib.h>

#include <sheaf/index.h>

#include "plugin/settings.h"
#include "stage/chain.h"

/* ------------------------------------------------------------------------ those that only cut */

static sheaf_status out_of_memory(bool done) { return done ? SHEAF_OK : SHEAF_OUT_OF_MEMORY; }

static sheaf_status cut_by_size(const sheaf_step_run *run, uint32_t size) {
  const sheaf_shape *in = run->in;
  sheaf_shape_borrow(run->out, in->order);
  for (uint32_t b = 0; b < in->batch_count; b++) {
    uint32_t at = sheaf_shape_begin(in, b), end = in->ends[b];
    do {
      at = end - at > size ? at + size : end;
      if (!sheaf_shape_cut(run->out, at)) return SHEAF_OUT_OF_MEMORY;
    } while (at < end);
  }
  return SHEAF_OK;
}

static sheaf_status size_run(const sheaf_step_run *run, sheaf_error *error) {
  (void)error;
  return cut_by_size(run, run->step->number);
}

static sheaf_status single_run(const sheaf_step_run *run, sheaf_error *error) {
  (void)error;
  return cut_by_size(run, 1);
}

static sheaf_status bytes_run(const sheaf_step_run *run, sheaf_error *error) {
  const sheaf_shape *in = run->in;
  (void)error;
  sheaf_shape_borrow(run->out, in->order);
  for (uint32_t b = 0; b < in->batch_count; b++) {
    size_t bytes = 0;
    uint32_t begin = sheaf_shape_begin(in, b);
    for (uint32_t i = begin; i < in->ends[b]; i++) {
      size_t size = run->request->refs[in->order[i]].size;
      if (i > begin && (size > run->step->number || bytes > run->step->number - size)) {
        if (!sheaf_shape_cut(run->out, i)) return SHEAF_OUT_OF_MEMORY;
        begin = i;
        bytes = 0;
      }
      bytes += size;
    }
    if (!sheaf_shape_cut(run->out, in->ends[b])) return SHEAF_OUT_OF_MEMORY;
  }
  return SHEAF_OK;
}

static sheaf_status merge_run(const sheaf_step_run *run, sheaf_error *error) {
  (void)error;
  sheaf_shape_borrow(run->out, run->in->order);
  return out_of_memory(sheaf_shape_cut(run->out, run->in->count));
}

/* ------------------------------------------------------------------------------------- sorting */

typedef struct sorted {
  sheaf_str ref;
  uint32_t index, place;
} sorted;

static int by_ref(const void *a_, const void *b_) {
  const sorted *a = a_, *b = b_;
  size_t size = a->ref.size < b->ref.size ? a->ref.size : b->ref.size;
  int order = size ? memcmp(a->ref.data, b->ref.data, size) : 0;
  if (order) return order;
  if (a->ref.size != b->ref.size) return a->ref.size < b->ref.size ? -1 : 1;
  return a->place < b->place ? -1 : 1;
}

static sheaf_status sort_run(const sheaf_step_run *run, sheaf_error *error) {
  const sheaf_shape *in = run->in;
  sorted *all = sheaf_arena_alloc(run->arena, in->count * sizeof *all);
  uint32_t *order = sheaf_arena_alloc(run->arena, in->count * sizeof *order);
  (void)error;
  if (!all || !order) return SHEAF_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < in->count; i++)
    all[i] = (sorted){run->request->refs[in->order[i]], in->order[i], i};
  sheaf_shape_borrow(run->out, order);
  for (uint32_t b = 0; b < in->batch_count; b++) {
    uint32_t begin = sheaf_shape_begin(in, b);
    qsort(all + begin, in->ends[b] - begin, sizeof *all, by_ref);
    if (!sheaf_shape_cut(run->out, in->ends[b])) return SHEAF_OUT_OF_MEMORY;
  }
  for (uint32_t i = 0; i < in->count; i++) order[i] = all[i].index;
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------ grouping */

/* Gives the key of an index of the run's request. `*kept`: it lasts until the chain has ended. */
typedef sheaf_status (*key_fn)(const sheaf_step_run *run, uint32_t index, sheaf_str *key,
                               bool *kept, sheaf_error *error);

typedef struct grouping {
  const sheaf_step_run *run;
  key_fn key;
  sheaf_index groups; /* key -> number, of the batch under way */
  uint32_t *group;    /* the number of each place of the shape */
  uint32_t *ends;     /* of each group: first its size, then where it goes, then its end */
  uint32_t *order;
} grouping;

/* The group of a key, new or not. NULL: out of memory. */
static uint32_t *group_of(grouping *g, sheaf_str key, bool kept) {
  if (!kept && sheaf_index_find(&g->groups, key) == SHEAF_INDEX_NONE) {
    char *copy = sheaf_arena_alloc(g->run->arena, key.size);
    if (!copy) return NULL;
    if (key.size) memcpy(copy, key.data, key.size);
    key.data = copy;
  }
  return sheaf_index_at(&g->groups, key);
}

/* Numbers the keys of a batch in the order in which they come; and how many of each. */
static sheaf_status number_keys(grouping *g, uint32_t begin, uint32_t end, uint32_t *count,
                                sheaf_error *error) {
  *count = 0;
  for (uint32_t i = begin; i < end; i++) {
    sheaf_str key = {NULL, 0};
    bool kept = true;
    sheaf_status status = g->key(g->run, g->run->in->order[i], &key, &kept, error);
    if (status) return status;
    uint32_t *group = group_of(g, key, kept);
    if (!group) return SHEAF_OUT_OF_MEMORY;
    if (*group == SHEAF_INDEX_NONE) g->ends[ *group = (*count)++] = 0;
    g->group[i] = *group;
    g->ends[*group]++;
  }
  return SHEAF_OK;
}

/* Lays the batch out group by group. */
static bool lay_out(grouping *g, uint32_t begin, uint32_t end, uint32_t count) {
  uint32_t at = begin;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size = g->ends[i];
    g->ends[i] = at;
    at += size;
  }
  for (uint32_t i = begin; i < end; i++) g->order[g->ends[g->group[i]]++] = g->run->in->order[i];
  for (uint32_t i = 0; i < count; i++)
    if (!sheaf_shape_cut(g->run->out, g->ends[i])) return false;
  return count > 0 || sheaf_shape_cut(g->run->out, end); /* an empty batch stays one */
}

static sheaf_status group_batches(grouping *g, sheaf_error *error) {
  const sheaf_shape *in = g->run->in;
  sheaf_status status = SHEAF_OK;
  for (uint32_t b = 0; b < in->batch_count && !status; b++) {
    uint32_t begin = sheaf_shape_begin(in, b), count;
    sheaf_index_init(&g->groups, sheaf_index_seed());
    status = number_keys(g, begin, in->ends[b], &count, error);
    sheaf_index_free(&g->groups);
    if (!status && !lay_out(g, begin, in->ends[b], count)) status = SHEAF_OUT_OF_MEMORY;
  }
  return status;
}

static sheaf_status group_by(const sheaf_step_run *run, key_fn key, sheaf_error *error) {
  size_t size = run->in->count * sizeof(uint32_t);
  grouping g = {.run = run, .key = key};
  g.group = sheaf_arena_alloc(run->arena, size);
  g.ends = sheaf_arena_alloc(run->arena, size);
  g.order = sheaf_arena_alloc(run->arena, size);
  sheaf_shape_borrow(run->out, g.order);
  sheaf_status status =
      g.group && g.ends && g.order ? group_batches(&g, error) : SHEAF_OUT_OF_MEMORY;
  run->out->out_of_memory |= status == SHEAF_OUT_OF_MEMORY && !error->message[0];
  return status;
}

/* Where `part` first is in the text; its end if nowhere. */
static size_t find_first(sheaf_str text, sheaf_str part) {
  for (size_t at = 0; at + part.size <= text.size; at++)
    if (memcmp(text.data + at, part.data, part.size) == 0) return at;
  return text.size;
}

static size_t find_last(sheaf_str text, sheaf_str part) {
  for (size_t at = text.size; at >= part.size; at--)
    if (memcmp(text.data + at - part.size, part.data, part.size) == 0) return at - part.size;
  return text.size;
}

static sheaf_status scheme_key(const sheaf_step_run *run, uint32_t index, sheaf_str *key,
                               bool *kept, sheaf_error *error) {
  sheaf_str ref = run->request->refs[index];
  size_t size = find_first(ref, run->step->separator);
  (void)kept, (void)error;
  *key = size < ref.size ? sheaf_strn(ref.data, size) : sheaf_strn(NULL, 0);
  return SHEAF_OK;
}

static sheaf_status prefix_key(const sheaf_step_run *run, uint32_t index, sheaf_str *key,
                               bool *kept, sheaf_error *error) {
  sheaf_str ref = run->request->refs[index];
  (void)kept, (void)error;
  *key = sheaf_strn(ref.data, find_last(ref, run->step->separator));
  return SHEAF_OK;
}

static sheaf_status own_key(const sheaf_step_run *run, uint32_t index, sheaf_str *key, bool *kept,
                            sheaf_error *error) {
  const sheaf_batcher *own = run->step->own;
  *kept = false;
  return sheaf_own_status(own->key(own->ctx, run->request, index, key, error));
}

static sheaf_status scheme_run(const sheaf_step_run *run, sheaf_error *error) {
  return group_by(run, scheme_key, error);
}

static sheaf_status prefix_run(const sheaf_step_run *run, sheaf_error *error) {
  return group_by(run, prefix_key, error);
}

sheaf_status sheaf_builtin_by_own(const sheaf_step_run *run, sheaf_error *error) {
  return group_by(run, own_key, error);
}

/* ------------------------------------------------------------------------------------ by name */

const char *const sheaf_builtin_names[] = {"size", "bytes", "single", "by", "merge", "sort"};
const uint32_t sheaf_builtin_count = sizeof sheaf_builtin_names / sizeof *sheaf_builtin_names;

static const char *read_number(const sheaf_str *arguments, uint32_t count, sheaf_step *step) {
  sheaf_value value;
  if (count != 1 || sheaf_setting_parse(SHEAF_KIND_INT64, arguments[0], &value) ||
      value.u.integer < 1 || value.u.integer > INT32_MAX)
    return "it takes one whole number from 1 to 2147483647: size(1000), bytes(65536)";
  step->number = (uint32_t)value.u.integer;
  return NULL;
}

static const char *read_by(const sheaf_str *arguments, uint32_t count, sheaf_step *step) {
  if (count == 1 && sheaf_str_equal(arguments[0], sheaf_cstr("scheme"))) {
    step->run = scheme_run;
    step->separator = sheaf_cstr("://");
    return NULL;
  }
  if (count == 2 && sheaf_str_equal(arguments[0], sheaf_cstr("prefix")) && arguments[1].size > 0) {
    step->run = prefix_run;
    step->separator = arguments[1];
    return NULL;
  }
  return "write by(scheme), by(prefix, /) with the separator of your references, or by(name) with "
         "the "
         "name of a batcher of the host's that has a key";
}

const char *sheaf_builtin_find(sheaf_str name, const sheaf_str *arguments, uint32_t count,
                               sheaf_step *step, bool *known) {
  static const struct {
    const char *name;
    sheaf_status (*run)(const sheaf_step_run *run, sheaf_error *error);
    const char *(*read)(const sheaf_str *arguments, uint32_t count, sheaf_step *step);
  } builtins[] = {{"size", size_run, read_number}, {"bytes", bytes_run, read_number},
                  {"single", single_run, NULL},    {"merge", merge_run, NULL},
                  {"sort", sort_run, NULL},        {"by", NULL, read_by}};
  size_t i = 0, all = sizeof builtins / sizeof *builtins;
  while (i < all && !sheaf_str_equal(name, sheaf_cstr(builtins[i].name))) i++;
  *known = i < all;
  if (!*known) return NULL;
  step->run = builtins[i].run;
  if (builtins[i].read) return builtins[i].read(arguments, count, step);
  return count ? "it takes no arguments" : NULL;
}
