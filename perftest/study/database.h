/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The study's database: entity references and the URL of each, made up, and the look-up that every
 * way of delivering in the study uses, Sheaf's and its peers'. Each plugin makes one of its own.
 */
#ifndef PERFTEST_STUDY_DATABASE_H
#define PERFTEST_STUDY_DATABASE_H

#include <sheaf/index.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STUDY_TRAIT "openassetio-mediacreation:content.LocatableContent"
#define STUDY_KEY "location"
#define STUDY_UNKNOWN "the database has no such entity"

/* asset:///moth/0123abcd/model and file:///mnt/projects/assets/0123abcd/model/model_v012.usd */
#define STUDY_REF_BEFORE "asset:///moth/"
#define STUDY_REF_AFTER "/model"
#define STUDY_URL_BEFORE "file:///mnt/projects/assets/"
#define STUDY_URL_AFTER "/model/model_v012.usd"
enum {
  STUDY_REF_SIZE = sizeof STUDY_REF_BEFORE - 1 + 8 + sizeof STUDY_REF_AFTER - 1,
  STUDY_URL_SIZE = sizeof STUDY_URL_BEFORE - 1 + 8 + sizeof STUDY_URL_AFTER - 1,
  STUDY_ROOM = STUDY_REF_SIZE + STUDY_URL_SIZE,
  STUDY_GROUP = SHEAF_INDEX_GROUP
};

typedef struct study_database {
  sheaf_index index;
  sheaf_property *locations; /* of each entry, its one property: the URL */
  char *text;
  uint32_t count;
} study_database;

/* Different numbers have different names, without order, as asset ids are. */
static inline char *study_write(char *out, const char *before, uint32_t number, const char *after) {
  uint32_t name = number * 2654435761u;
  size_t size = strlen(before);
  memcpy(out, before, size);
  out += size;
  for (int shift = 28; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[name >> shift & 15];
  size = strlen(after);
  memcpy(out, after, size);
  return out + size;
}

/* STUDY_REF_SIZE bytes. The database has the references of the numbers below its count. */
static inline void study_write_ref(char *out, uint32_t number) {
  (void)study_write(out, STUDY_REF_BEFORE, number, STUDY_REF_AFTER);
}

static inline void study_database_free(study_database *db) {
  sheaf_index_free(&db->index);
  free(db->locations);
  free(db->text);
}

static inline bool study_database_fill(study_database *db, sheaf_id trait, sheaf_id key) {
  char *at = db->text;
  for (uint32_t i = 0; i < db->count; i++) {
    sheaf_str ref = {at, STUDY_REF_SIZE};
    study_write_ref(at, i);
    if (!sheaf_index_put(&db->index, ref, i)) return false;
    at += STUDY_REF_SIZE;
    (void)study_write(at, STUDY_URL_BEFORE, i, STUDY_URL_AFTER);
    db->locations[i].trait = trait;
    db->locations[i].key = key;
    db->locations[i].value = sheaf_string(sheaf_strn(at, STUDY_URL_SIZE));
    at += STUDY_URL_SIZE;
  }
  return true;
}

/* False: out of memory, and nothing to free. */
static inline bool study_database_make(study_database *db, uint32_t count, sheaf_id trait,
                                       sheaf_id key) {
  db->count = count;
  sheaf_index_init(&db->index, sheaf_index_seed());
  /* In large blocks, with huge pages if it is large, as sheaf/index.h advises. */
  db->text = (char *)sheaf_index_memory((size_t)count * STUDY_ROOM);
  db->locations = (sheaf_property *)sheaf_index_memory((size_t)count * sizeof *db->locations);
  if (db->text && db->locations && sheaf_index_reserve(&db->index, count) &&
      study_database_fill(db, trait, key))
    return true;
  study_database_free(db);
  return false;
}

/* Of SHEAF_INDEX_NONE it is any, not to be read: known or not is left to chance, and a branch on it is one
 * that the processor guesses wrong. */
static inline const sheaf_property *study_location(const study_database *db, uint32_t entry) {
  return &db->locations[entry & (0 - (uint32_t)(entry != SHEAF_INDEX_NONE))];
}

/*
 * Answers are made a group at a time: what the first of `left` references are, of which
 * study_group_size() says how many. entries[i] is the number of the entry, or SHEAF_INDEX_NONE. What
 * the caller will read of the entries is fetched ahead; to fetch the next group's references is its own
 * affair.
 */
static inline uint32_t study_group_size(uint32_t left) {
  return left < STUDY_GROUP ? left : (uint32_t)STUDY_GROUP;
}

static inline void study_find_group(const study_database *db, const sheaf_str *refs, uint32_t count,
                                    uint32_t *entries) {
  sheaf_index_find_batch(&db->index, refs, count, entries);
  for (uint32_t i = 0; i < count; i++) SHEAF_INDEX_PREFETCH(study_location(db, entries[i]));
}

/* The same without looking: entry after entry. For what delivering alone costs. */
static inline void study_count_group(const study_database *db, uint32_t from, uint32_t count,
                                     uint32_t *entries) {
  uint32_t entry = from % db->count;
  for (uint32_t i = 0; i < count; i++) {
    entries[i] = entry;
    entry = entry + 1 == db->count ? 0 : entry + 1;
  }
}

/* Either of them, of all `total` references from `from` on; how many it were. */
static inline uint32_t study_next_group(const study_database *db, bool lookup,
                                        const sheaf_str *refs, uint32_t from, uint32_t total,
                                        uint32_t *entries) {
  uint32_t count = study_group_size(total - from);
  uint32_t ahead = from + count + study_group_size(total - from - count);
  if (!lookup) {
    study_count_group(db, from, count, entries);
    return count;
  }
  for (uint32_t i = from + count; i < ahead; i++) sheaf_index_prefetch(refs[i]);
  study_find_group(db, refs + from, count, entries);
  return count;
}

#ifdef __cplusplus
}
#endif

#endif
