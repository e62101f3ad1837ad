/* SPDX-License-Identifier: Apache-2.0 */
/* The study's manager, a plugin like any other: one URL for each reference of its database. */
#include "database.h"

static const sheaf_setting_info settings_info[] = {
    {"entities", "10000", "How many entries the database has.", SHEAF_KIND_INT64, 0},
    {"copied", "false", "Answer with values that die with the call, as if they were made for it.",
     SHEAF_KIND_BOOL, 0},
    {"lookup", "true", "Look references up; else answer with one entry after another.",
     SHEAF_KIND_BOOL, 0},
};
enum { SETTING_ENTITIES, SETTING_COPIED, SETTING_LOOKUP, SETTING_COUNT };

typedef struct manager {
  study_database database;
  sheaf_id trait, key;
  bool copied, lookup;
} manager;

/* What answers to a request say of themselves. */
typedef struct wish {
  uint32_t count; /* 1, or 0: the one property that there is is not asked for */
  uint32_t flags;
} wish;

static wish read_wish(const manager *m, const sheaf_request *request) {
  bool wanted = request->flags & SHEAF_REQUEST_ALL_TRAITS;
  for (uint32_t t = 0; t < request->trait_count; t++) wanted |= request->traits[t] == m->trait;
  for (uint32_t s = 0; s < request->slot_count; s++)
    wanted |= request->slots[s].trait == m->trait && request->slots[s].key == m->key;
  wish w = {wanted, m->copied ? 0 : SHEAF_RESULT_STATIC};
  if (wanted && request->slot_count == 1 && request->trait_count == 0)
    w.flags |= SHEAF_RESULT_IN_SLOT_ORDER;
  return w;
}

/* Known or not is left to chance: a branch on it is one that the processor guesses wrong for each that is
 * not, so there is none. */
static void fill(const wish *w, uint32_t index, uint32_t known, const sheaf_property *location,
                 sheaf_result *result) {
  const uint32_t if_known = 0 - known, if_not = known - 1;
  result->index = index;
  result->status = SHEAF_ENTITY_RESOLUTION_ERROR & if_not;
  result->properties = location;
  result->property_count = w->count & if_known;
  result->flags = (w->flags & if_known) | (SHEAF_RESULT_STATIC & if_not);
  result->message.data = STUDY_UNKNOWN;
  result->message.size = (sizeof STUDY_UNKNOWN - 1) & if_not;
}

static sheaf_status study_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  const manager *m = self;
  const wish w = read_wish(m, request);
  uint32_t entries[STUDY_GROUP];
  sheaf_property copies[STUDY_GROUP];
  sheaf_result results[STUDY_GROUP];
  for (uint32_t from = 0, count; from < request->count; from += count) {
    count = study_next_group(&m->database, m->lookup, request->refs, from, request->count, entries);
    for (uint32_t i = 0; i < count; i++) {
      const uint32_t known = entries[i] != SHEAF_INDEX_NONE;
      const sheaf_property *location = study_location(&m->database, entries[i]);
      if (m->copied) location = memcpy(&copies[i], location, sizeof copies[i]);
      fill(&w, from + i, known, location, &results[i]);
    }
    if (sink->results(sink, results, count) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

static const sheaf_description *study_describe(void *self) {
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT}};
  static const sheaf_str prefixes[] = {SHEAF_STR("asset:///")};
  static const sheaf_description description = {
      sizeof description, SHEAF_MANAGER_NONBLOCKING, verbs, prefixes, 1, 1};
  return (void)self, &description;
}

static void study_destroy(void *self) {
  manager *m = self;
  study_database_free(&m->database);
  free(m);
}

static const sheaf_manager_table table = {.struct_size = sizeof table,
                                          .describe = study_describe,
                                          .batch = study_batch,
                                          .destroy = study_destroy};

static sheaf_status study_create(const sheaf_factory *factory, const sheaf_host *host,
                                 const sheaf_value *settings, uint32_t setting_count,
                                 sheaf_interface *out, sheaf_error *error) {
  static const sheaf_str names[] = {SHEAF_STR(STUDY_TRAIT), SHEAF_STR(STUDY_KEY)};
  int64_t entities = settings[SETTING_ENTITIES].u.integer;
  sheaf_id ids[2];
  (void)factory, (void)setting_count;
  if (entities < 1 || entities > 100000000)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "entities is %lld: give 1 to 100,000,000",
                           (long long)entities);
  sheaf_status status = host->intern(host, names, 2, ids, error);
  if (status != SHEAF_OK) return status;
  manager *m = calloc(1, sizeof *m);
  if (!m || !study_database_make(&m->database, (uint32_t)entities, ids[0], ids[1])) {
    free(m);
    return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "no memory for %lld entries",
                           (long long)entities);
  }
  m->trait = ids[0];
  m->key = ids[1];
  m->copied = settings[SETTING_COPIED].u.integer;
  m->lookup = settings[SETTING_LOOKUP].u.integer;
  *out = (sheaf_interface){&table, m};
  return SHEAF_OK;
}

static const sheaf_factory factory = {
    .struct_size = sizeof factory,
    .id = "study",
    .version = "1.0",
    .description = "The manager of the performance study: a made-up URL for each reference.",
    .settings = settings_info,
    .setting_count = SETTING_COUNT,
    .create = study_create};
static const sheaf_factory *const factories[] = {&factory};
static const sheaf_plugin plugin = {
    .struct_size = sizeof plugin, .factories = factories, .factory_count = 1};
const sheaf_plugin *sheaf_plugin_v1(void) { return &plugin; }
