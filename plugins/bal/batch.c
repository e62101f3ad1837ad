/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three verbs. A batch is gone through in steps, a few references at a time: fetch the text,
 * take it apart and fetch its slot of the index, fetch the entity, answer. While one few answers, the
 * next has its entities on the way, the one after that its slots, and the one after that its texts:
 * so the waits for memory fall together, and none is long. What fetches much stands between what
 * computes: then the processor has something to do while it waits for room to fetch.
 */
#include "manager.h"

#include "plain.h"
#include "select.h"

#include <sheaf/utf8.h>

/* Why there is no record; the first is that there is one. */
enum { FOUND, UNKNOWN, NO_VERSION, NULL_VERSION, NULL_OVERRIDE, NO_ACCESS };

enum {
  FEW = 8,   /* references that take a step together */
  STAGES = 3 /* that references are kept for: taken apart, fetched, answered */
};

/* One reference on its way. */
typedef struct element {
  bal_reference ref;
  sheaf_index_look look;    /* for the name */
  const bal_entity *entity; /* NULL: unknown */
  const bal_record *record; /* if it was found */
  uint64_t stable;          /* bal_found_version.stable */
  uint32_t outcome;
  bool overridden; /* the record is an override */
} element;

typedef struct batch {
  const bal_manager *manager;
  const sheaf_request *request;
  sheaf_access access; /* whose overrides count */
  bal_selection selection;
  bal_output output;
  element elements[STAGES][FEW];
} batch;

/* The references `from` to `end` of the batch, and where they are kept. */
typedef struct few {
  uint32_t from, end;
  element *elements;
} few;

static few few_of(batch *b, uint32_t number) {
  uint32_t from = number * FEW, count = b->request->count;
  return (few){from, count - from < FEW ? count : from + FEW, b->elements[number % STAGES]};
}

/* ------------------------------------------------------------------------------------- finding */

static void fetch_texts(batch *b, few f) {
  for (uint32_t i = f.from; i < f.end; i++) sheaf_index_prefetch(b->request->refs[i]);
}

static void take_apart(batch *b, few f) {
  const sheaf_index *index = &b->manager->library.index;
  for (element *e = f.elements; f.from < f.end; f.from++, e++) {
    bal_reference_read(&b->manager->scheme, b->request->refs[f.from], b->request->call, &e->ref);
    sheaf_index_look_begin(index, e->ref.name, &e->look);
  }
}

static void fetch_entities(batch *b, few f) {
  const bal_library *library = &b->manager->library;
  for (element *e = f.elements; f.from < f.end; f.from++, e++) {
    uint32_t number = sheaf_index_look_there(&library->index, &e->look);
    if (number == SHEAF_INDEX_NONE) continue;
    const char *entity = bal_shelf_at(&library->entities, number);
    for (uint32_t i = 0; i < library->lines; i++, entity += BAL_LINE) SHEAF_INDEX_PREFETCH(entity);
  }
}

static const bal_entity *find_entity(const bal_library *library, const element *e) {
  if (e->ref.state != BAL_REF_FINE) return NULL;
  uint32_t number = sheaf_index_look_end(&library->index, e->ref.name, &e->look);
  return number == SHEAF_INDEX_NONE ? NULL : bal_shelf_at(&library->entities, number);
}

/* Where the data of an entity stands: an override for this mode of access, whatever the version
 * asked for, or else the version. */
static uint32_t find_record(const bal_entity *entity, sheaf_access access, element *e) {
  if (!entity || entity->version_count == BAL_NO_ENTITY) return UNKNOWN;
  const bal_record *overrides = entity->extras ? entity->extras->overrides : NULL;
  e->overridden = overrides && overrides[access].shape != BAL_RECORD_NONE;
  if (e->overridden) {
    e->record = &overrides[access];
    e->stable = e->ref.version;
    return FOUND;
  }
  uint64_t version = e->ref.version ? e->ref.version : entity->version_count;
  if (version == 0 || version > entity->version_count) return NO_VERSION;
  e->record = &entity->versions[version - 1];
  e->stable = version;
  return FOUND;
}

static uint32_t judge_record(const bal_record *record, bool overridden) {
  if (bal_record_there(record)) return FOUND;
  if (record->shape == BAL_RECORD_NO_TRAITS) return NO_ACCESS;
  return overridden ? NULL_OVERRIDE : NULL_VERSION;
}

static void find(const batch *b, element *e) {
  e->record = NULL;
  e->entity = find_entity(&b->manager->library, e);
  e->outcome = find_record(e->entity, b->access, e);
  if (e->record) e->outcome = judge_record(e->record, e->overridden);
}

/* -------------------------------------------------------------------------------------- errors */

static void refuse_reference(batch *b, uint32_t index, uint32_t state) {
  static const struct {
    sheaf_status status;
    const char *what;
  } refusals[] = {
      [BAL_REF_NOT_OURS] = {SHEAF_INVALID_ENTITY_REFERENCE,
                            " is not a reference of this library: they begin with "},
      [BAL_REF_NOT_UTF8] = {SHEAF_MALFORMED_ENTITY_REFERENCE, " is not UTF-8"},
      [BAL_REF_NO_NAME] = {SHEAF_MALFORMED_ENTITY_REFERENCE,
                           " names no entity: its name comes behind "},
      [BAL_REF_BAD_VERSION] = {SHEAF_MALFORMED_ENTITY_REFERENCE,
                               " has a version that is neither a whole number nor 'latest'"},
      [BAL_REF_VERSION_BELOW_ONE] = {SHEAF_MALFORMED_ENTITY_REFERENCE,
                                     " has a version below 1, which is the first"}};
  plugin_message message;
  if (!bal_output_message(&b->output, &message)) return;
  plugin_message_quote(&message, b->request->refs[index]);
  plugin_message_put(&message, refusals[state].what);
  if (state == BAL_REF_NOT_OURS || state == BAL_REF_NO_NAME)
    plugin_message_put(&message, b->manager->prefix);
  bal_output_error(&b->output, index, refusals[state].status, &message);
}

static void describe_version(plugin_message *message, const element *e) {
  uint32_t count = e->entity->version_count;
  plugin_message_put(message, e->ref.version ? " has no version " : " has no versions");
  if (!e->ref.version) return;
  if (e->ref.version == UINT64_MAX) plugin_message_put(message, "as large as that");
  else plugin_message_put_number(message, e->ref.version);
  if (count == 0) {
    plugin_message_put(message, " (it has none)");
    return;
  }
  plugin_message_put(message, count == 1 ? " (it has only 1" : " (it has 1 to ");
  if (count > 1) plugin_message_put_number(message, count);
  plugin_message_put(message, ")");
}

static const char *access_text(sheaf_access access) {
  static const char *const texts[] = {
#define TEXT(upper, number, text) [number] = text,
      SHEAF_ACCESS_MAP(TEXT)
#undef TEXT
  };
  return texts[access];
}

/* Says why an element whose reference is in order has no record. */
static void refuse_element(batch *b, uint32_t index, const element *e) {
  sheaf_str ref = b->request->refs[index];
  plugin_message message;
  if (e->outcome == UNKNOWN && !sheaf_utf8_valid(ref)) {
    refuse_reference(b, index, BAL_REF_NOT_UTF8);
    return;
  }
  if (!bal_output_message(&b->output, &message)) return;
  plugin_message_put(&message, e->outcome == UNKNOWN ? "the library has no entity " : "entity ");
  plugin_message_quote(&message, bal_reference_raw_name(&b->manager->scheme, ref));
  if (e->outcome == NO_VERSION) {
    describe_version(&message, e);
  } else if (e->outcome == NULL_VERSION) {
    plugin_message_put(&message, " has nothing (null) for version ");
    plugin_message_put_number(&message, e->stable);
  } else if (e->outcome != UNKNOWN) {
    plugin_message_put(&message, e->outcome == NULL_OVERRIDE ? " has nothing (null) for access "
                                                             : " does not allow access ");
    plugin_message_put(&message, access_text(b->access));
  }
  bal_output_error(&b->output, index,
                   e->outcome == NO_ACCESS ? SHEAF_ENTITY_ACCESS_ERROR
                                           : SHEAF_ENTITY_RESOLUTION_ERROR,
                   &message);
}

/* --------------------------------------------------------------------------------------- verbs */

static void resolve(batch *b, uint32_t index, const element *e) {
  if (e->outcome != FOUND) {
    refuse_element(b, index, e);
    return;
  }
  bal_found_version version = {b->request->refs[index], e->ref.version, e->stable};
  bal_selection_answer(&b->selection, &b->output, index, e->record, &version);
}

/* An entity that may not be accessed exists all the same. */
static void exists(batch *b, uint32_t index, const element *e) {
  static const sheaf_property answers[2] = {
      {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, {SHEAF_KIND_BOOL, 0, 0, {0}}},
      {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, {SHEAF_KIND_BOOL, 0, 0, {1}}}};
  bool there = e->outcome == FOUND || e->outcome == NO_ACCESS;
  if (e->outcome == UNKNOWN && !sheaf_utf8_valid(b->request->refs[index]))
    refuse_reference(b, index, BAL_REF_NOT_UTF8);
  else bal_output_record(&b->output, index, &answers[there], 1, SHEAF_RESULT_STATIC);
}

/* What may be written need not exist yet: then any traits will do. */
static void traits(batch *b, uint32_t index, const element *e) {
  bool writing = b->access == SHEAF_ACCESS_WRITE;
  if (e->outcome == FOUND) {
    const bal_shape *shape = &b->manager->library.shapes[e->record->shape];
    bal_output_record(&b->output, index, shape->traits, writing ? shape->count : shape->read_count,
                      SHEAF_RESULT_STATIC);
  } else if (writing && e->outcome != NO_ACCESS &&
             (e->outcome != UNKNOWN || sheaf_utf8_valid(b->request->refs[index]))) {
    bal_output_record(&b->output, index, NULL, 0, SHEAF_RESULT_STATIC);
  } else {
    refuse_element(b, index, e);
  }
}

typedef void (*answer_fn)(batch *b, uint32_t index, const element *e);

static answer_fn answer_to(sheaf_id verb) {
  if (verb == SHEAF_VERB_RESOLVE) return resolve;
  if (verb == SHEAF_VERB_EXISTS) return exists;
  return verb == SHEAF_VERB_TRAITS ? traits : NULL;
}

static void answer_few(batch *b, answer_fn answer, few f) {
  for (element *e = f.elements; f.from < f.end && bal_output_open(&b->output); f.from++, e++) {
    find(b, e);
    if (e->ref.state == BAL_REF_FINE || e->ref.state == BAL_REF_UNKNOWN_NAME) answer(b, f.from, e);
    else if (e->ref.state == BAL_REF_NO_MEMORY) b->output.status = SHEAF_OUT_OF_MEMORY;
    else refuse_reference(b, f.from, e->ref.state);
  }
}

static bool serves(const bal_manager *manager, sheaf_id verb) {
  for (uint32_t i = 0; i < manager->description.verb_count; i++)
    if (manager->verbs[i].verb == verb) return true;
  return false;
}

/* SHEAF_OK, or why the batch is refused as a whole. */
static sheaf_status prepare(batch *b, const bal_manager *manager, const sheaf_request *request,
                            sheaf_sink *sink) {
  if (!serves(manager, request->verb))
    return sheaf_emit_failure(sink, SHEAF_UNSUPPORTED,
                              sheaf_cstr("the library's capabilities leave this verb out"), 0);
  if (request->access >= SHEAF_ACCESS_COUNT)
    return sheaf_emit_failure(sink, SHEAF_UNSUPPORTED,
                              sheaf_cstr("a mode of access that is not known here"), 0);
  b->manager = manager;
  b->request = request;
  /* Whether an entity exists is a question of reading it. */
  b->access = request->verb == SHEAF_VERB_EXISTS ? SHEAF_ACCESS_READ : request->access;
  if (!bal_selection_init(&b->selection, &manager->library, &manager->scheme, request))
    return SHEAF_OUT_OF_MEMORY;
  bal_output_init(&b->output, sink, request->call, bal_selection_largest(&b->selection));
  if (manager->latency_ns == 0) return SHEAF_OK;
  return request->call->wait(request->call, manager->latency_ns);
}

sheaf_status bal_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  batch b;
  sheaf_status status = prepare(&b, self, request, sink);
  if (status != SHEAF_OK) return status;
  answer_fn answer = answer_to(request->verb);
  uint32_t count = request->count / FEW + (request->count % FEW != 0);
  for (uint32_t i = 0; i < count + STAGES && bal_output_open(&b.output); i++) {
    if (i - 3 < count) answer_few(&b, answer, few_of(&b, i - 3));
    if (i < count) fetch_texts(&b, few_of(&b, i));
    if (i - 2 < count) fetch_entities(&b, few_of(&b, i - 2));
    if (i - 1 < count) take_apart(&b, few_of(&b, i - 1));
  }
  bal_output_flush(&b.output);
  return b.output.status;
}
