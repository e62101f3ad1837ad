/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include "database.h"

typedef struct manager {
  study_database database;
  sheaf_id trait;
  bool lookup;
} manager;

static void *floor_open(uint32_t entities, bool lookup, sheaf_id trait, sheaf_id key) {
  manager *m = malloc(sizeof *m);
  if (m && study_database_make(&m->database, entities, trait, key)) {
    m->trait = trait;
    m->lookup = lookup;
    return m;
  }
  free(m);
  return NULL;
}

static void floor_resolve(void *self, const sheaf_str *refs, uint32_t total, sheaf_id trait,
                          void *ctx, floor_success_fn success, floor_error_fn error) {
  const sheaf_str unknown = SHEAF_STR(STUDY_UNKNOWN);
  const manager *m = self;
  const uint32_t properties = trait == m->trait;
  uint32_t entries[STUDY_GROUP];
  for (uint32_t from = 0, count; from < total; from += count) {
    count = study_next_group(&m->database, m->lookup, refs, from, total, entries);
    for (uint32_t i = 0; i < count; i++) {
      if (entries[i] == SHEAF_INDEX_NONE)
        error(ctx, from + i, SHEAF_ENTITY_RESOLUTION_ERROR, unknown);
      else success(ctx, from + i, &m->database.locations[entries[i]], properties);
    }
  }
}

static void floor_close(void *self) {
  manager *m = self;
  study_database_free(&m->database);
  free(m);
}

const floor_functions floor_table = {floor_open, floor_resolve, floor_close};
