/* SPDX-License-Identifier: Apache-2.0 */
/* From a stage's id to an instance, and the table that the core sees. */
#include <stdlib.h>

#include "core/extensible.h"
#include "core/log.h"
#include "core/manager.h"
#include "plugin/settings.h"
#include "plugin/words.h"
#include "stage/describe.h"
#include "stage/types.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static const sheaf_stage_type *const types[] = {
#define ROW(id) &sheaf_stage_##id,
    SHEAF_STAGE_MAP(ROW)
#undef ROW
};

static const sheaf_stage_type *find(const char *id) {
  for (uint32_t i = 0; id && i < COUNT(types); i++)
    if (strcmp(types[i]->info.factory->id, id) == 0) return types[i];
  return NULL;
}

const sheaf_stage_info *sheaf_stage_at(uint32_t i) {
  return i < COUNT(types) ? &types[i]->info : NULL;
}

const sheaf_stage_info *sheaf_stage_find(const char *id) {
  const sheaf_stage_type *type = find(id);
  return type ? &type->info : NULL;
}

/* -------------------------------------------------------------------------------- the table */

static const sheaf_description *describe(void *self) { return &((sheaf_stage *)self)->description; }

static sheaf_status flush(void *self, const sheaf_call *call, sheaf_error *error) {
  const sheaf_stage *stage = self;
  sheaf_status status = SHEAF_OK;
  if (stage->type->flush) status = stage->type->flush(self, call, error);
  for (uint32_t i = 0; i < stage->child_count && !status; i++)
    status = sheaf_manager_flush(stage->children[i], call, error);
  return status;
}

static sheaf_status get_extension(void *self, const char *id, sheaf_interface *out) {
  const sheaf_stage *stage = self;
  if (stage->type->get_extension) {
    sheaf_status status = stage->type->get_extension(self, id, out);
    if (status != SHEAF_UNSUPPORTED) return status;
  }
  if (stage->child_count != 1 || strncmp(id, "sheaf.path.", 11) == 0) return SHEAF_UNSUPPORTED;
  const sheaf_manager *child = stage->children[0];
  return child->table.get_extension(child->self, id, out);
}

/* The children go last: what they answered may be about until then. */
static void destroy(void *self) {
  sheaf_stage *stage = self;
  if (stage->type->close) stage->type->close(self);
  for (uint32_t i = 0; i < stage->child_count; i++) sheaf_manager_close_owned(stage->children[i]);
  sheaf_stage_forget(stage);
  free(stage->children);
  free(stage->counts);
  free(stage);
}

/* ------------------------------------------------------------------------------- the opening */

/* What an opening hands to sheaf_stage_create, as the factory's data. */
typedef struct opening {
  const sheaf_stage_type *type;
  sheaf_library *library;
  sheaf_stage_options options;
  sheaf_manager_table table;
  sheaf_stage *made;
} opening;

/* How deep the stack is below a stage. */
static uint32_t depth_below(const opening *o) {
  uint32_t depth = 0;
  for (uint32_t i = 0; i < o->options.child_count; i++) {
    const sheaf_manager *child = o->options.children[i];
    uint32_t its = child->stage ? ((const sheaf_stage *)child->self)->depth : 0;
    if (its > depth) depth = its;
  }
  return depth;
}

static sheaf_status check_depth(const opening *o, sheaf_error *error) {
  uint32_t depth = depth_below(o);
  if (depth < SHEAF_STAGE_MOST_DEEP) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_LIMIT,
                         "stage \"%s\" would stand on %u others: no more than %u stages stand on "
                         "top of each other",
                         o->type->info.factory->id, depth, SHEAF_STAGE_MOST_DEEP);
}

static sheaf_stage *frame(const opening *o) {
  sheaf_stage *stage = calloc(1, o->type->size);
  if (!stage) return NULL;
  size_t size = o->options.child_count * sizeof(sheaf_manager *);
  stage->type = o->type;
  stage->library = o->library;
  stage->child_count = o->options.child_count;
  stage->depth = depth_below(o) + 1;
  stage->children = malloc(size);
  stage->counts = calloc(o->type->counter_count + 1u, sizeof *stage->counts);
  if (!stage->children || !stage->counts) {
    free(stage->children);
    free(stage->counts);
    free(stage);
    return NULL;
  }
  memcpy(stage->children, o->options.children, size);
  return stage;
}

sheaf_status sheaf_stage_create(const sheaf_factory *factory, const sheaf_host *host,
                                const sheaf_value *settings, uint32_t setting_count,
                                sheaf_interface *out, sheaf_error *error) {
  opening *o = factory->data;
  (void)host, (void)setting_count;
  sheaf_stage *stage = o->made = frame(o);
  if (!stage) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  sheaf_status status = sheaf_stage_describe(stage) ? SHEAF_OK : SHEAF_OUT_OF_MEMORY;
  if (!status && o->type->open) status = o->type->open(stage, settings, &o->options, error);
  /* Its children are its own, to be closed with it, once all has gone well. */
  stage->child_count = 0;
  if (status) {
    destroy(stage);
    return status;
  }
  o->table = (sheaf_manager_table){sizeof o->table, 0,      describe, o->type->batch, flush,
                                   get_extension,   destroy};
  *out = (sheaf_interface){&o->table, stage};
  return SHEAF_OK;
}

/* A stage that can never do anything is hardly meant. */
static void warn_if_idle(const opening *o) {
  const sheaf_description *d = &o->made->description;
  uint32_t needs = o->type->needs;
  for (uint32_t i = 0; i < d->verb_count; i++)
    if ((d->verbs[i].flags & needs) == needs) return;
  const char *lacking = needs == SHEAF_VERB_PURE ? "pure: its answers may not be shared"
                                                 : "idempotent: it may not be asked again";
  sheaf_logf(o->library, SHEAF_LOG_WARNING, o->type->info.factory->id,
             "passes every batch on as it is, for no verb of what it stands on (\"%s\"%s) is said "
             "to be %s",
             sheaf_manager_id(o->options.children[0]), o->options.child_count > 1 ? ", ..." : "",
             lacking);
}

static sheaf_manager *open_with(opening *o, sheaf_error *error) {
  const sheaf_factory *factory = o->type->info.factory;
  sheaf_factory original = *factory;
  sheaf_value *values = NULL;
  original.data = o;
  if (check_depth(o, error)) return NULL;
  if (sheaf_settings_resolve("stage", factory, o->options.settings, o->options.setting_count,
                             &values, error))
    return NULL;
  sheaf_manager *m = sheaf_manager_create_stage(o->library, factory, &original, values, error);
  free(values);
  if (!m) return NULL;
  o->made->child_count = o->options.child_count;
  warn_if_idle(o);
  return m;
}

/* -------------------------------------------------------------------------------- the children */

static sheaf_status invalid(sheaf_error *error, const char *stage, const char *what) {
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "stage \"%s\" %s", stage, what);
}

static sheaf_status check_count(const sheaf_stage_info *info, uint32_t count, sheaf_error *error) {
  if (count >= info->least_children && count <= info->most_children) return SHEAF_OK;
  bool exactly = info->least_children == info->most_children;
  return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                         "stage \"%s\" wraps %s %u manager%s, and was given %u", info->factory->id,
                         exactly                        ? "exactly"
                         : count < info->least_children ? "at least"
                                                        : "at most",
                         count < info->least_children ? info->least_children : info->most_children,
                         exactly && info->least_children == 1 ? "" : "s", count);
}

static sheaf_status own(const opening *o, sheaf_manager *child, sheaf_error *error) {
  const char *id = o->type->info.factory->id;
  if (!child) return invalid(error, id, "was given a child that is NULL");
  if (sheaf_manager_library(child) != o->library)
    return invalid(error, id,
                   "and what it wraps must be of the same library, and a child is of another");
  sheaf_status status = sheaf_manager_own(child);
  if (status == SHEAF_BUSY)
    return sheaf_error_set(error, status,
                           "manager '%s' belongs to a stage already, or was given twice: open it "
                           "once more for a second place",
                           sheaf_manager_id(child));
  if (status)
    return sheaf_error_set(error, status, "manager '%s', which stage \"%s\" is to wrap, is closed",
                           sheaf_manager_id(child), id);
  return SHEAF_OK;
}

/* Takes the children over, all or none. */
static sheaf_status own_all(const opening *o, sheaf_error *error) {
  const sheaf_stage_options *options = &o->options;
  sheaf_status status = check_count(&o->type->info, options->child_count, error);
  if (status) return status;
  if (!options->children)
    return invalid(error, o->type->info.factory->id, "was given children that are NULL");
  uint32_t owned = 0;
  while (owned < options->child_count && !(status = own(o, options->children[owned], error)))
    owned++;
  for (; status && owned > 0; owned--) sheaf_manager_disown(options->children[owned - 1]);
  return status;
}

static void disown_all(const opening *o) {
  for (uint32_t i = 0; i < o->options.child_count; i++)
    sheaf_manager_disown(o->options.children[i]);
}

/* ------------------------------------------------------------------------------- for the host */

static sheaf_status unknown(const char *id, sheaf_error *error) {
  const char *names[COUNT(types)];
  char list[400] = "";
  for (uint32_t i = 0; i < COUNT(types); i++) {
    names[i] = types[i]->info.factory->id;
    size_t at = strlen(list);
    snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", names[i]);
  }
  sheaf_str wanted = sheaf_cstr(id);
  return sheaf_error_set(error, SHEAF_NOT_FOUND, "there is no stage %s%s; there are %s",
                         sheaf_quote(wanted).text,
                         sheaf_did_you_mean(wanted, names, COUNT(types)).text, list);
}

sheaf_manager *sheaf_stage_open(sheaf_library *library, const char *stage,
                                const sheaf_stage_options *options, sheaf_error *error) {
  opening o = {.type = find(stage), .library = library};
  if (!library || !options) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the %s NULL",
                    library ? "options are" : "library is");
    return NULL;
  }
  if (SHEAF_TAKE_STRUCT(&o.options, options, 0, "sheaf_stage_options", error)) return NULL;
  if (!o.type) {
    unknown(stage, error);
    return NULL;
  }
  if (own_all(&o, error)) return NULL;
  sheaf_manager *m = open_with(&o, error);
  if (!m) disown_all(&o);
  return m;
}

/* Its instance, held until sheaf_manager_release; NULL if it is no stage, or is gone. */
static const sheaf_stage *hold_stage(sheaf_manager *m) {
  if (!m || !m->stage) return NULL;
  if (sheaf_manager_hold(m)) return m->self;
  sheaf_manager_release(m);
  return NULL;
}

uint32_t sheaf_stage_counters(sheaf_manager *m, sheaf_stage_counter *out, uint32_t room) {
  const sheaf_stage *stage = hold_stage(m);
  if (!stage) return 0;
  uint32_t count = stage->type->counter_count;
  for (uint32_t i = 0; i < count && i < room; i++)
    out[i] = (sheaf_stage_counter){stage->type->counters[i].name, stage->type->counters[i].doc,
                                   atomic_load_explicit(&stage->counts[i], memory_order_relaxed)};
  sheaf_manager_release(m);
  return count;
}

sheaf_manager *sheaf_stage_child(sheaf_manager *m, uint32_t i) {
  const sheaf_stage *stage = hold_stage(m);
  if (!stage) return NULL;
  sheaf_manager *child = i < stage->child_count ? stage->children[i] : NULL;
  sheaf_manager_release(m);
  return child;
}
