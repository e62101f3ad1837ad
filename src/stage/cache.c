/* SPDX-License-Identifier: Apache-2.0 */
/* cache: what was answered is kept, and answered again without asking. */
#include "core/cancel.h"
#include "stage/cache_run.h"
#include "stage/share.h"
#include "stage/types.h"

enum { MAX_ENTRIES, MAX_BYTES, TTL_MS, ERRORS, ERROR_TTL_MS };

static bool hold_terms(sheaf_cache_run *r) {
  const sheaf_request *request = r->request;
  sheaf_terms_table *all = &r->cache->table.terms;
  if (!request->contexts) {
    r->terms = sheaf_terms_hold(all, request, request->call->context);
    return r->terms != NULL;
  }
  r->each_terms = sheaf_stage_scratch(request, request->count * sizeof *r->each_terms);
  if (!r->each_terms) return false;
  for (uint32_t i = 0; i < request->count; i++, r->held++) {
    const sheaf_context *context = sheaf_share_context(request, i);
    bool same = i > 0 && context == sheaf_share_context(request, i - 1);
    r->each_terms[i] = same ? r->each_terms[i - 1] : sheaf_terms_hold(all, request, context);
    if (!r->each_terms[i]) return false;
    if (same) sheaf_terms_share(r->each_terms[i], 1);
  }
  return true;
}

static void release_terms(sheaf_cache_run *r) {
  sheaf_terms_table *all = &r->cache->table.terms;
  if (r->terms) sheaf_terms_release(all, r->terms, 1);
  for (uint32_t i = 0; i < r->held; i++) sheaf_terms_release(all, r->each_terms[i], 1);
}

/* What has inputs is not compared. */
static bool applies(const sheaf_stage *stage, const sheaf_request *request) {
  return request->count > 0 && !request->inputs &&
         (sheaf_stage_verb_flags(stage, request->verb) & SHEAF_VERB_PURE) &&
         sheaf_stage_may_share(request);
}

static sheaf_status answer(sheaf_cache_run *r) {
  sheaf_status status = SHEAF_OK;
  sheaf_cache_look_up(r);
  if (r->said == SHEAF_CONTINUE && r->missing_count) status = sheaf_cache_fetch(r);
  return r->said == SHEAF_CONTINUE ? status : SHEAF_STOPPED;
}

static sheaf_status cache_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  sheaf_cache *c = self;
  sheaf_cache_run r;
  if (!applies(&c->stage, request)) return sheaf_stage_ask(&c->stage, 0, request, sink);
  memset(&r, 0, offsetof(sheaf_cache_run, results));
  r.cache = c;
  r.request = request;
  r.onward = sink;
  r.now = sheaf_now_ns();
  r.hashes = sheaf_stage_scratch(request, request->count * sizeof *r.hashes);
  r.missing = sheaf_stage_scratch(request, request->count * sizeof *r.missing);
  sheaf_waiter_init(&r.waiter, request->call);
  sheaf_status status =
      r.hashes && r.missing && hold_terms(&r)
          ? answer(&r)
          : sheaf_stage_fail(request, sink, SHEAF_OUT_OF_MEMORY, "out of memory for the cache", 0);
  release_terms(&r);
  return status;
}

static sheaf_status cache_get_extension(void *self, const char *id, sheaf_interface *out) {
  if (strcmp(id, SHEAF_CACHE_EXTENSION) != 0) return SHEAF_UNSUPPORTED;
  *out = (sheaf_interface){&sheaf_cache_extension, self};
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------- its setup */

/* A time of life in milliseconds, of which there may be none. */
static sheaf_status read_ttl(const sheaf_value *settings, uint32_t i, int64_t none, int64_t *out_ns,
                             sheaf_error *error) {
  int64_t ms;
  *out_ns = none;
  if (settings[i].kind == SHEAF_KIND_NONE) return SHEAF_OK;
  sheaf_status status =
      sheaf_stage_number(&sheaf_stage_cache, settings, i, 1, INT64_MAX / 1000000, &ms, error);
  if (!status) *out_ns = ms * 1000000;
  return status;
}

static sheaf_status cache_open(void *self, const sheaf_value *settings,
                               const sheaf_stage_options *options, sheaf_error *error) {
  sheaf_cache *c = self;
  int64_t entries, bytes;
  (void)options;
  c->errors = settings[ERRORS].u.integer;
  sheaf_status status = sheaf_stage_number(&sheaf_stage_cache, settings, MAX_ENTRIES, 1,
                                           INT64_C(1) << 40, &entries, error);
  if (!status)
    status =
        sheaf_stage_number(&sheaf_stage_cache, settings, MAX_BYTES, 1, INT64_MAX, &bytes, error);
  if (!status) status = read_ttl(settings, TTL_MS, INT64_MAX, &c->ttl_ns, error);
  if (!status) status = read_ttl(settings, ERROR_TTL_MS, c->ttl_ns, &c->error_ttl_ns, error);
  if (status) return status;
  c->made = sheaf_cache_table_init(&c->table, (uint64_t)entries, (uint64_t)bytes,
                                   &c->stage.counts[SHEAF_CACHE_EVICTIONS]);
  return c->made ? SHEAF_OK : sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
}

static void cache_close(void *self) {
  sheaf_cache *c = self;
  if (c->made) sheaf_cache_table_destroy(&c->table);
}

static const sheaf_setting_info settings[] = {
    [MAX_ENTRIES] = {"max_entries", "100000", "The most answers that are kept.", SHEAF_KIND_INT64,
                     0},
    [MAX_BYTES] = {"max_bytes", "67108864", "The most bytes that they take.", SHEAF_KIND_INT64, 0},
    [TTL_MS] = {"ttl_ms", NULL, "How long an answer is kept, in milliseconds; else for good.",
                SHEAF_KIND_INT64, 0},
    [ERRORS] = {"errors", "false",
                "Whether errors of entities are kept too, unless asking again may help.",
                SHEAF_KIND_BOOL, 0},
    [ERROR_TTL_MS] = {"error_ttl_ms", NULL, "How long these are kept; else as long as answers.",
                      SHEAF_KIND_INT64, 0}};

static const sheaf_stage_counter_info counters[] = {
    [SHEAF_CACHE_HITS] = {"hits", "References answered from the cache."},
    [SHEAF_CACHE_MISSES] = {"misses", "References asked of what is below."},
    [SHEAF_CACHE_SHARED] = {"shared",
                            "References answered by what another call was asking for already."},
    [SHEAF_CACHE_EVICTIONS] = {"evictions", "Answers that went for want of room."},
    [SHEAF_CACHE_EXPIRED] = {"expired", "Answers that were found too old."}};

static const sheaf_factory factory =
    SHEAF_STAGE_FACTORY("cache", "Cache", "Keeps answers, and gives them again without asking.",
                        settings, sizeof settings / sizeof *settings);

const sheaf_stage_type sheaf_stage_cache = {.info = SHEAF_STAGE_INFO(&factory, 1, 1),
                                            .needs = SHEAF_VERB_PURE,
                                            .flags = SHEAF_STAGE_MAY_WAIT,
                                            .counters = counters,
                                            .counter_count = sizeof counters / sizeof *counters,
                                            .size = sizeof(sheaf_cache),
                                            .open = cache_open,
                                            .batch = cache_batch,
                                            .get_extension = cache_get_extension,
                                            .close = cache_close};
