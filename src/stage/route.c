/* SPDX-License-Identifier: Apache-2.0 */
/* route: each reference to the manager that its beginning tells. */
#include "stage/part.h"
#include "stage/types.h"

#include <stdlib.h>

enum { ROUTES, SETTINGS };
enum { UNROUTED };

/* The first bytes of a text, to be compared at once. */
typedef uint64_t head;

/* What begins with `prefix` goes to a child. */
typedef struct lane {
  sheaf_str prefix;
  head first, mask; /* its first bytes; all ones where it has any */
  uint32_t child;
} lane;

typedef struct route {
  sheaf_stage stage;
  sheaf_str text; /* the setting */
  lane *lanes;    /* the longest prefix first */
  uint32_t lane_count;
} route;

/* Whether a reference of at least a head begins with the head of a prefix. */
static inline bool has_head(const lane *l, sheaf_str ref) {
  head first;
  memcpy(&first, ref.data, sizeof first);
  return (first & l->mask) == l->first;
}

/* Each reference of each batch is asked this: most prefixes are as short as a head. */
static inline bool is_for(const lane *l, sheaf_str ref) {
  if (ref.size < sizeof(head)) return sheaf_str_starts_with(ref, l->prefix);
  return has_head(l, ref) &&
         (l->prefix.size <= sizeof(head) || sheaf_str_starts_with(ref, l->prefix));
}

/* The child for a reference; child_count if there is none. */
static inline uint32_t child_of(const route *r, sheaf_str ref) {
  for (uint32_t i = 0; i < r->lane_count; i++)
    if (is_for(&r->lanes[i], ref)) return r->lanes[i].child;
  return r->stage.child_count;
}

/* The indices of a batch, put in order by where they go. */
typedef struct sorted {
  uint32_t *order; /* indices, those of child 0 first; those of nobody last */
  uint32_t *ends;  /* ends[c]: where in `order` those of child c end */
} sorted;

static bool sort(sorted *s, const route *r, const sheaf_request *request) {
  const uint32_t count = request->count, ways = r->stage.child_count + 1;
  uint32_t *ways_of = sheaf_stage_scratch(request, count * sizeof *ways_of);
  s->order = sheaf_stage_scratch(request, count * sizeof *s->order);
  s->ends = sheaf_stage_scratch(request, ways * sizeof *s->ends);
  if (!ways_of || !s->order || !s->ends) return false;
  memset(s->ends, 0, ways * sizeof *s->ends);
  for (uint32_t i = 0; i < count; i++) s->ends[ways_of[i] = child_of(r, request->refs[i])]++;
  for (uint32_t c = 0, begin = 0; c < ways; c++) {
    uint32_t size = s->ends[c];
    s->ends[c] = begin;
    begin += size;
  }
  for (uint32_t i = 0; i < count; i++) s->order[s->ends[ways_of[i]]++] = i;
  return true;
}

/* Those that nobody is for. */
static uint32_t refuse(const route *r, sheaf_sink *sink, const uint32_t *indices, uint32_t count) {
  char message[300];
  uint32_t said = SHEAF_CONTINUE;
  if (count == 0) return said;
  snprintf(message, sizeof message, "no route is for this reference; there are: %.*s",
           (int)(r->text.size < 200 ? r->text.size : 200), r->text.data);
  sheaf_stage_count(&r->stage, UNROUTED, count);
  for (uint32_t i = 0; i < count && said == SHEAF_CONTINUE; i++)
    said = sheaf_emit_error(sink, indices[i], SHEAF_INVALID_ENTITY_REFERENCE, sheaf_cstr(message));
  return said;
}

/* The only child that the whole batch goes to; child_count if it goes to several, or to nobody. Most
 * batches are for the same lane throughout, and if that is the first one, its head tells. */
static uint32_t only_child(const route *r, const sheaf_request *request) {
  const lane *l = &r->lanes[0];
  uint32_t child = request->count ? child_of(r, request->refs[0]) : 0;
  bool short_way = l->child == child && l->prefix.size <= sizeof(head);
  for (uint32_t i = 1; i < request->count; i++) {
    sheaf_str ref = request->refs[i];
    if (short_way && ref.size >= sizeof(head) && has_head(l, ref)) continue;
    if (child_of(r, ref) != child) return r->stage.child_count;
  }
  return child;
}

static sheaf_status ask_each(const route *r, const sheaf_request *request, sheaf_sink *sink,
                             const sorted *s) {
  sheaf_status first = SHEAF_OK;
  sheaf_part part;
  uint32_t begin = 0;
  sheaf_part_init(&part, request, sink);
  if (!sheaf_part_reserve(&part, request->count))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory to route", 0);
  for (uint32_t c = 0; c < r->stage.child_count; begin = s->ends[c++]) {
    if (s->ends[c] == begin) continue;
    sheaf_part_take(&part, s->order + begin, s->ends[c] - begin);
    sheaf_status status = sheaf_stage_ask(&r->stage, c, &part.request, &part.sink);
    if (status == SHEAF_STOPPED) return status;
    if (!first) first = status;
  }
  if (refuse(r, sink, s->order + begin, request->count - begin) != SHEAF_CONTINUE)
    return SHEAF_STOPPED;
  return first;
}

static sheaf_status route_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  const route *r = self;
  uint32_t child = only_child(r, request);
  if (child < r->stage.child_count) return sheaf_stage_ask(&r->stage, child, request, sink);
  sorted s;
  if (!sort(&s, r, request))
    return sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory to route", 0);
  return ask_each(r, request, sink, &s);
}

/* ------------------------------------------------------------------------------- opening */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }

static int by_length(const void *a_, const void *b_) {
  const lane *a = a_, *b = b_;
  if (a->prefix.size != b->prefix.size) return a->prefix.size < b->prefix.size ? 1 : -1;
  return 0;
}

static sheaf_status add_lane(route *r, sheaf_str prefix, uint32_t child, sheaf_error *error) {
  if (sheaf_str_equal(prefix, sheaf_cstr("*"))) prefix.size = 0;
  else if (prefix.size == 0)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "setting \"routes\" has an empty prefix: write * for all references");
  for (uint32_t i = 0; i < r->lane_count; i++)
    if (sheaf_str_equal(r->lanes[i].prefix, prefix))
      return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "setting \"routes\" has \"%.*s\" twice",
                             prefix.size ? (int)prefix.size : 1, prefix.size ? prefix.data : "*");
  lane *l = &r->lanes[r->lane_count++];
  *l = (lane){prefix, 0, 0, child};
  memcpy(&l->first, prefix.data, prefix.size < sizeof l->first ? prefix.size : sizeof l->first);
  memset(&l->mask, 0xff, prefix.size < sizeof l->mask ? prefix.size : sizeof l->mask);
  return SHEAF_OK;
}

/* "a:// b://|c:// *": words, one a child, of prefixes with bars between them. */
static sheaf_status read_routes(route *r, sheaf_error *error) {
  uint32_t child = 0;
  sheaf_status status = SHEAF_OK;
  for (size_t at = 0, end; at < r->text.size && !status; at = end + 1) {
    for (end = at; end < r->text.size && r->text.data[end] != '|' && !is_space(r->text.data[end]);)
      end++;
    bool more = end < r->text.size && r->text.data[end] == '|';
    if (end > at || more)
      status = add_lane(r, sheaf_strn(r->text.data + at, end - at), child, error);
    if (end > at && !more) child++;
  }
  if (status || child == r->stage.child_count) return status;
  return sheaf_error_set(
      error, SHEAF_INVALID_ARGUMENT,
      "setting \"routes\" has prefixes for %u managers, and there are %u: write one "
      "word for each, such as \"a:// b://|c:// *\"",
      child, r->stage.child_count);
}

static sheaf_status route_open(void *self, const sheaf_value *values,
                               const sheaf_stage_options *options, sheaf_error *error) {
  route *r = self;
  (void)options;
  r->text = sheaf_value_str(&values[ROUTES]);
  r->lanes =
      malloc((r->text.size / 2 + 1) * sizeof *r->lanes); /* a character each, and what parts them */
  if (!r->lanes) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  sheaf_status status = read_routes(r, error);
  qsort(r->lanes, r->lane_count, sizeof *r->lanes, by_length);
  return status;
}

static void route_close(void *self) { free(((route *)self)->lanes); }

static const sheaf_setting_info settings[SETTINGS] = {
    [ROUTES] = {
        "routes", NULL,
        "What the references of each manager begin with: a word a manager, in their order. A "
        "word may be several prefixes with | between them; * stands for all. The longest that "
        "fits counts.",
        SHEAF_KIND_STRING, SHEAF_SETTING_REQUIRED}};

static const sheaf_stage_counter_info counters[] = {
    [UNROUTED] = {"unrouted", "References that no route is for."}};

static const sheaf_factory factory = SHEAF_STAGE_FACTORY(
    "route", "Route", "Each reference goes to the manager that its beginning tells.", settings,
    SETTINGS);

const sheaf_stage_type sheaf_stage_route = {.info = SHEAF_STAGE_INFO(&factory, 1, UINT32_MAX),
                                            .size = sizeof(route),
                                            .counters = counters,
                                            .counter_count = 1,
                                            .open = route_open,
                                            .batch = route_batch,
                                            .close = route_close};
