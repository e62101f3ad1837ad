/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* tdestroy */
#include "core/names.h"

#include <search.h>
#include <stdlib.h>

#include <sheaf/utf8.h>

#define PAGE 1024u
#define DEFAULT_MAX_NAMES 65536u
#define DEFAULT_MAX_BYTES (4u << 20)

struct sheaf_interned {
  sheaf_str text; /* first: a bare sheaf_str serves as a key */
  sheaf_id id;
  char bytes[];
};

static int compare(const void *a, const void *b) {
  const sheaf_str *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? -1 : 1;
  return x->size ? memcmp(x->data, y->data, x->size) : 0;
}

static uint32_t page_count(const sheaf_names *names) {
  return (SHEAF_FIRST_FREE_ID + names->max_names) / PAGE + 1;
}

/* The page that holds `id`, made if it is new. */
static sheaf_interned **page_of(sheaf_names *names, sheaf_id id) {
  sheaf_interned **page = atomic_load_explicit(&names->pages[id / PAGE], memory_order_relaxed);
  if (page) return page;
  page = calloc(PAGE, sizeof *page);
  if (page) atomic_store_explicit(&names->pages[id / PAGE], page, memory_order_release);
  return page;
}

/* Adds a new name under the id. The lock is held, or the names are not shared yet. */
static sheaf_status add(sheaf_names *names, sheaf_str text, sheaf_id id) {
  sheaf_interned **page = page_of(names, id);
  sheaf_interned *entry = malloc(sizeof *entry + text.size);
  if (!page || !entry) {
    free(entry);
    return SHEAF_OUT_OF_MEMORY;
  }
  memcpy(entry->bytes, text.data, text.size);
  entry->text = sheaf_strn(entry->bytes, text.size);
  entry->id = id;
  if (!tsearch(entry, &names->by_text, compare)) {
    free(entry);
    return SHEAF_OUT_OF_MEMORY;
  }
  page[id % PAGE] = entry;
  names->bytes += text.size;
  if (id >= atomic_load_explicit(&names->end, memory_order_relaxed))
    atomic_store_explicit(&names->end, id + 1, memory_order_release);
  return SHEAF_OK;
}

static sheaf_status add_well_known(sheaf_names *names) {
  static const struct {
    sheaf_id id;
    const char *text;
  } well_known[] = {
#define ROW(upper, id, text) {id, text},
      SHEAF_NAME_MAP(ROW)
#undef ROW
  };
  for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++) {
    sheaf_status status = add(names, sheaf_cstr(well_known[i].text), well_known[i].id);
    if (status) return status;
  }
  atomic_store_explicit(&names->end, SHEAF_FIRST_FREE_ID, memory_order_release);
  names->bytes = 0;
  return SHEAF_OK;
}

bool sheaf_names_init(sheaf_names *names, uint32_t max_names, uint64_t max_bytes) {
  memset(names, 0, sizeof *names);
  names->max_names = max_names ? max_names : DEFAULT_MAX_NAMES;
  if (names->max_names > UINT32_MAX / 2) names->max_names = UINT32_MAX / 2;
  names->max_bytes = max_bytes ? max_bytes : DEFAULT_MAX_BYTES;
  if (pthread_mutex_init(&names->lock, NULL) != 0) return false;
  names->pages = calloc(page_count(names), sizeof *names->pages);
  if (names->pages && add_well_known(names) == SHEAF_OK) return true;
  sheaf_names_destroy(names);
  return false;
}

void sheaf_names_destroy(sheaf_names *names) {
  tdestroy(names->by_text, free);
  if (names->pages) {
    for (uint32_t i = 0; i < page_count(names); i++)
      free(atomic_load_explicit(&names->pages[i], memory_order_relaxed));
  }
  free(names->pages);
  pthread_mutex_destroy(&names->lock);
}

/* How much of a name a message shows. */
static int shown(sheaf_str text) { return (int)sheaf_utf8_cut(text, 80).size; }

static sheaf_status validate(sheaf_str text, uint32_t at, sheaf_error *error) {
  const char *why = NULL;
  if (text.size == 0) why = "is empty";
  else if (!text.data) why = "has no data";
  else if (text.size > SHEAF_MAX_NAME_BYTES) why = "is longer than 1,024 bytes";
  else if (memchr(text.data, 0, text.size)) why = "holds a NUL";
  else if (!sheaf_utf8_valid(text)) why = "is not UTF-8";
  if (!why) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "name %u of those to intern %s: a name is 1 to 1,024 bytes of UTF-8", at,
                         why);
}

static sheaf_status intern_locked(sheaf_names *names, sheaf_str text, sheaf_id *id,
                                  sheaf_error *error) {
  sheaf_interned **found = tfind(&text, &names->by_text, compare);
  if (found) {
    *id = (*found)->id;
    return SHEAF_OK;
  }
  sheaf_id next = atomic_load_explicit(&names->end, memory_order_relaxed);
  if (next - SHEAF_FIRST_FREE_ID >= names->max_names || names->bytes + text.size > names->max_bytes)
    return sheaf_error_set(error, SHEAF_LIMIT,
                           "no room for the name '%.*s': the library holds %u names, %llu bytes "
                           "(limits %u and %llu). Names are vocabulary, not data: keep data in "
                           "values, or raise max_names",
                           shown(text), text.data, next - SHEAF_FIRST_FREE_ID,
                           (unsigned long long)names->bytes, names->max_names,
                           (unsigned long long)names->max_bytes);
  sheaf_status status = add(names, text, next);
  if (status) return sheaf_error_set(error, status, "out of memory for a name");
  *id = next;
  return SHEAF_OK;
}

sheaf_status sheaf_names_intern(sheaf_names *names, const sheaf_str *texts, uint32_t count,
                                sheaf_id *ids, sheaf_error *error) {
  if (count && (!texts || !ids))
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "names or ids to intern are NULL");
  sheaf_status status = SHEAF_OK;
  for (uint32_t i = 0; i < count && !status; i++) status = validate(texts[i], i, error);
  if (!status) {
    pthread_mutex_lock(&names->lock);
    for (uint32_t i = 0; i < count && !status; i++)
      status = intern_locked(names, texts[i], &ids[i], error);
    pthread_mutex_unlock(&names->lock);
  }
  if (status && count) memset(ids, 0, count * sizeof *ids);
  return status;
}

sheaf_id sheaf_names_lookup(sheaf_names *names, sheaf_str text) {
  if (!text.data) return 0;
  pthread_mutex_lock(&names->lock);
  sheaf_interned **found = tfind(&text, &names->by_text, compare);
  sheaf_id id = found ? (*found)->id : 0;
  pthread_mutex_unlock(&names->lock);
  return id;
}

sheaf_str sheaf_names_text(const sheaf_names *names, sheaf_id id) {
  if (id >= atomic_load_explicit(&names->end, memory_order_acquire)) return sheaf_strn(NULL, 0);
  sheaf_interned **page = atomic_load_explicit(&names->pages[id / PAGE], memory_order_acquire);
  const sheaf_interned *entry = page ? page[id % PAGE] : NULL;
  return entry ? entry->text : sheaf_strn(NULL, 0);
}
