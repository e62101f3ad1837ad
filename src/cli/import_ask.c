/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a manager answers, in three questions a batch: all traits; the trait sets; and all of the
 * traits in those by name. A manager may give other properties to who asks by name than to who asks
 * for all (bal does, of the version), so a row keeps both answers as one: the properties of both in
 * an order that has each in its own, and for each in which of the two it is.
 */
#include <stdlib.h>

#include "cli/import.h"

enum { BATCH_SIZE = 1000 };

typedef struct asking {
  sheaf_manager *manager;
  sheaf_call call;
  import_store *store;
  import_counts *counts;
  sheaf_batch *all, *sets, *named; /* of the batch at hand */
  sheaf_id *traits;                /* those of the trait sets, none twice */
  uint32_t trait_count, trait_capacity;
  import_field *fields; /* of the row at hand */
  uint32_t field_capacity;
} asking;

static int no_memory(void) {
  cli_error("out of memory");
  return CLI_FAILED;
}

/* ---------------------------------------------------------------------------------------- questions */

/* NULL after saying why, unless the answer is that the call was cancelled: then CLI_INTERRUPTED. */
static int ask(const asking *a, sheaf_id verb, const sheaf_request *request, sheaf_batch **out) {
  sheaf_error error = {0};
  *out = sheaf_perform_batch(a->manager, verb, request, &error);
  sheaf_status status = *out ? sheaf_batch_status(*out) : error.status;
  if (status == SHEAF_OK) return CLI_OK;
  if (status == SHEAF_CANCELLED) return CLI_INTERRUPTED;
  cli_error("import: the manager failed: %s",
            *error.message ? error.message : sheaf_status_message(status));
  return CLI_FAILED;
}

static int compare_ids(const void *left, const void *right) {
  sheaf_id a = *(const sheaf_id *)left, b = *(const sheaf_id *)right;
  return (a > b) - (a < b);
}

static void drop_repeated(asking *a) {
  uint32_t kept = 0;
  if (a->trait_count == 0) return;
  qsort(a->traits, a->trait_count, sizeof *a->traits, compare_ids);
  for (uint32_t i = 0; i < a->trait_count; i++)
    if (kept == 0 || a->traits[i] != a->traits[kept - 1]) a->traits[kept++] = a->traits[i];
  a->trait_count = kept;
}

static bool add_trait(asking *a, sheaf_id trait) {
  if (a->trait_count > 0 && a->traits[a->trait_count - 1] == trait) return true;
  if (a->trait_count == a->trait_capacity) {
    drop_repeated(a);
    uint32_t capacity = a->trait_capacity ? a->trait_capacity * 2 : 256;
    sheaf_id *bigger = realloc(a->traits, capacity * sizeof *bigger);
    if (!bigger) return false;
    a->traits = bigger;
    a->trait_capacity = capacity;
  }
  a->traits[a->trait_count++] = trait;
  return true;
}

/* The traits of all trait sets. */
static int gather_traits(asking *a) {
  a->trait_count = 0;
  for (uint32_t i = 0; i < sheaf_batch_count(a->sets); i++) {
    const sheaf_result *set = sheaf_batch_at(a->sets, i);
    if (!SHEAF_IS_OK(set->status)) continue;
    for (uint32_t k = 0; k < set->property_count; k++)
      if (!add_trait(a, set->properties[k].trait)) return no_memory();
  }
  drop_repeated(a);
  return CLI_OK;
}

static int ask_all(asking *a, const sheaf_str *refs, uint32_t count) {
  sheaf_request request = sheaf_request_for(refs, count);
  request.call = &a->call;
  int status = ask(a, SHEAF_VERB_RESOLVE, &request, &a->all);
  if (status == CLI_OK) status = ask(a, SHEAF_VERB_TRAITS, &request, &a->sets);
  if (status == CLI_OK) status = gather_traits(a);
  if (status != CLI_OK) return status;
  request.flags = 0;
  request.traits = a->traits;
  request.trait_count = a->trait_count;
  return ask(a, SHEAF_VERB_RESOLVE, &request, &a->named);
}

/* --------------------------------------------------------------------------------------- both in one */

static bool same_value(const sheaf_value *a, const sheaf_value *b) {
  if (a->kind != b->kind || a->length != b->length) return false;
  if (SHEAF_STORAGE(a->kind) == SHEAF_STORAGE_BYTES)
    return sheaf_str_equal(sheaf_value_str(a), sheaf_value_str(b));
  return SHEAF_STORAGE(a->kind) == SHEAF_STORAGE_INLINE && a->u.integer == b->u.integer;
}

static bool same(const sheaf_property *a, const sheaf_property *b) {
  return a->trait == b->trait && a->key == b->key && same_value(&a->value, &b->value);
}

static bool is_among(const sheaf_property *property, const sheaf_result *record, uint32_t from) {
  for (uint32_t i = from; i < record->property_count; i++)
    if (same(property, &record->properties[i])) return true;
  return false;
}

static void put(asking *a, uint32_t *count, const sheaf_property *property, uint32_t role) {
  a->fields[(*count)++] = (import_field){property->trait, property->key, role, &property->value};
}

/* The properties of both records. There is room. */
static uint32_t merge(asking *a, const sheaf_result *all, const sheaf_result *named) {
  uint32_t count = 0, i = 0, k = 0;
  while (i < all->property_count && k < named->property_count) {
    const sheaf_property *one = &all->properties[i], *other = &named->properties[k];
    if (same(one, other)) {
      put(a, &count, one, IMPORT_ALWAYS);
      i++, k++;
    } else if (is_among(one, named, k)) {
      put(a, &count, other, IMPORT_BY_NAME);
      k++;
    } else {
      put(a, &count, one, IMPORT_WITH_ALL);
      i++;
    }
  }
  for (; i < all->property_count; i++) put(a, &count, &all->properties[i], IMPORT_WITH_ALL);
  for (; k < named->property_count; k++) put(a, &count, &named->properties[k], IMPORT_BY_NAME);
  return count;
}

static bool make_room(asking *a, uint64_t count) {
  if (count <= a->field_capacity) return true;
  if (count > UINT32_MAX) return false;
  free(a->fields);
  a->fields = malloc(count * sizeof *a->fields);
  a->field_capacity = a->fields ? (uint32_t)count : 0;
  return a->fields != NULL;
}

/* ------------------------------------------------------------------------------------------ storing */

static const sheaf_result *failure_of(const asking *a, uint32_t i) {
  const sheaf_batch *batches[] = {a->all, a->sets, a->named};
  for (size_t k = 0; k < 3; k++)
    if (!SHEAF_IS_OK(sheaf_batch_at(batches[k], i)->status)) return sheaf_batch_at(batches[k], i);
  return NULL;
}

static sheaf_str message_of(const sheaf_result *failure) {
  return failure->message.size ? failure->message
                               : sheaf_cstr(sheaf_status_message(failure->status));
}

static void note_refusal(import_counts *counts, sheaf_str ref, const sheaf_result *failure) {
  sheaf_str message = message_of(failure);
  if (counts->refused++ > 0) return;
  (void)snprintf(counts->first_refused, sizeof counts->first_refused, "'%.*s': %.*s", (int)ref.size,
                 ref.data, (int)message.size, message.data);
}

/* That an entity has no answer is an answer; that the manager is in trouble is none. */
static int take_failure(const asking *a, sheaf_str ref, const sheaf_result *failure) {
  if (SHEAF_STATUS_CLASS(failure->status) == SHEAF_STATUS_CLASS(SHEAF_UNKNOWN_ERROR)) {
    note_refusal(a->counts, ref, failure);
    return CLI_OK;
  }
  sheaf_str message = message_of(failure);
  cli_error("import: the manager failed at '%.*s': %.*s", (int)ref.size, ref.data,
            (int)message.size, message.data);
  return CLI_FAILED;
}

static int store_one(asking *a, sheaf_str ref, uint32_t i) {
  const sheaf_result *failure = failure_of(a, i);
  if (failure) return take_failure(a, ref, failure);
  const sheaf_result *all = sheaf_batch_at(a->all, i), *named = sheaf_batch_at(a->named, i);
  const sheaf_result *set = sheaf_batch_at(a->sets, i);
  if (!make_room(a, (uint64_t)all->property_count + named->property_count)) return no_memory();
  uint32_t count = merge(a, all, named);
  import_row row = {ref, a->fields, set->properties, count, set->property_count};
  a->counts->imported++;
  return import_store_add(a->store, &row);
}

static void forget_batch(asking *a) {
  sheaf_batch_free(a->all);
  sheaf_batch_free(a->sets);
  sheaf_batch_free(a->named);
  a->all = a->sets = a->named = NULL;
}

static int one_batch(asking *a, const sheaf_str *refs, uint32_t count) {
  int status = ask_all(a, refs, count);
  for (uint32_t i = 0; i < count && status == CLI_OK; i++) status = store_one(a, refs[i], i);
  forget_batch(a);
  return status;
}

int import_ask(sheaf_manager *manager, const import_refs *refs, sheaf_cancel *cancel,
               import_store *store, import_progress *progress, import_counts *counts) {
  asking a = {.manager = manager, .call = SHEAF_CALL_INIT, .store = store, .counts = counts};
  int status = CLI_OK;
  a.call.cancel = cancel;
  for (uint32_t done = 0; done < refs->count && status == CLI_OK; done += BATCH_SIZE) {
    uint32_t left = refs->count - done;
    import_progress_draw(progress, done);
    status = one_batch(&a, refs->views + done, left < BATCH_SIZE ? left : BATCH_SIZE);
    if (status == CLI_OK && sheaf_cancel_is_set(cancel)) status = CLI_INTERRUPTED;
  }
  free(a.traits);
  free(a.fields);
  return status;
}
