/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>

void bal_names_init(bal_names *names) {
  memset(names, 0, sizeof *names);
  sheaf_index_init(&names->index, sheaf_index_seed());
}

void bal_names_free(bal_names *names) {
  sheaf_index_free(&names->index);
  bal_arena_free(&names->texts);
  free(names->list);
  free(names->met);
}

static bool grow(bal_names *names) {
  uint32_t capacity = names->capacity ? names->capacity * 2 : 64;
  if (capacity < names->capacity) return false;
  sheaf_str *list = realloc(names->list, capacity * sizeof *list);
  if (list) names->list = list;
  bal_met *met = realloc(names->met, capacity * sizeof *met);
  if (met) names->met = met;
  if (!list || !met) return false;
  names->capacity = capacity;
  return true;
}

static uint32_t add(bal_names *names, sheaf_str name) {
  if (names->count == names->capacity && !grow(names)) return 0;
  sheaf_str copy = bal_arena_copy(&names->texts, name);
  if (!copy.data || !sheaf_index_put(&names->index, copy, names->count + 1)) return 0;
  names->list[names->count] = copy;
  names->met[names->count] = (bal_met){0};
  return ++names->count;
}

uint32_t bal_names_number(bal_names *names, sheaf_str name) {
  uint32_t number = sheaf_index_find(&names->index, name);
  if (number == SHEAF_INDEX_NONE) number = add(names, name);
  if (number && names->last) names->met[names->last - 1].next = number;
  if (number) names->last = number;
  return number;
}

uint32_t bal_names_guess(bal_names *names, const char *name) {
  uint32_t number = names->last ? names->met[names->last - 1].next : 0;
  if (!number || strcmp(names->list[number - 1].data, name) != 0) return 0;
  return names->last = number;
}

sheaf_id bal_names_id(bal_names *names, uint32_t number, const sheaf_host *host,
                      sheaf_error *error) {
  sheaf_id *id = &names->met[number - 1].id;
  if (!*id && host->intern(host, &names->list[number - 1], 1, id, error) != SHEAF_OK) *id = 0;
  return *id;
}
