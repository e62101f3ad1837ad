/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole small manager, to be copied: a fruit shop whose entities stand in a table below. What is
 * yours to change: the table and find() (your back end), the names, the settings, the ids. It
 * includes sheaf/abi.h and nothing else of Sheaf's, and links to nothing of Sheaf's.
 */
#include <stdlib.h>

#include <sheaf/abi.h>

static const sheaf_str prefix = SHEAF_STR("template:///");

static const struct {
  sheaf_str ref, name;
  int64_t cents;
} fruits[] = {
    {SHEAF_STR("template:///apple"), SHEAF_STR("Apple"), 45},
    {SHEAF_STR("template:///fig"), SHEAF_STR("Fig"), 80},
    {SHEAF_STR("template:///quince"), SHEAF_STR("Quince"), 120},
};

/* The names that this manager uses, and their places in manager.ids. */
static const sheaf_str names[] = {SHEAF_STR("named"),  SHEAF_STR("name"),     SHEAF_STR("priced"),
                                  SHEAF_STR("amount"), SHEAF_STR("currency"), SHEAF_STR("edible")};
enum { NAMED, NAME, PRICED, AMOUNT, CURRENCY, EDIBLE, NAME_COUNT };
enum { FRUITS = sizeof fruits / sizeof fruits[0], PROPERTIES = 4, TRAITS = 3 };

/* All that a manager keeps is here, not in globals: a host may open it twice, with different
 * settings. Nothing changes after create, so `batch` may run on many threads at once. */
struct manager {
  int64_t delay_ms;
  sheaf_id ids[NAME_COUNT];
  sheaf_property properties[FRUITS][PROPERTIES];
  sheaf_property trait_set[TRAITS];
};

static const sheaf_setting_info settings_info[] = {
    {"currency", "EUR", "The currency that prices are given in.", SHEAF_KIND_STRING, 0},
    {"delay_ms", "0", "How long the back end pretends to take for a batch.", SHEAF_KIND_INT64, 0},
};
enum { SETTING_CURRENCY, SETTING_DELAY_MS, SETTING_COUNT };

/* ------------------------------------------------------------------------------------ answering */

/* The place of a reference in the table; FRUITS if it is not there. The bytes are not
 * NUL-terminated and may be anything. For more than a few entities see sheaf/index.h. */
static uint32_t find(sheaf_str ref) {
  uint32_t at = 0;
  while (at < FRUITS && !sheaf_str_equal(fruits[at].ref, ref)) at++;
  return at;
}

/* The properties of one entity. What was made at create lives as long as the manager, so it can be
 * passed as it is and called STATIC: nobody needs to copy it. What was put together for this
 * request lives until `results` returns, which is long enough. */
static uint32_t answer_resolve(const sheaf_request *request, uint32_t i,
                               const sheaf_property *properties, sheaf_sink *sink) {
  if (request->flags & SHEAF_REQUEST_ALL_TRAITS)
    return sheaf_emit_success(sink, i, properties, PROPERTIES, SHEAF_RESULT_STATIC);
  sheaf_property chosen[PROPERTIES];
  uint32_t count = 0;
  for (uint32_t p = 0; p < PROPERTIES; p++)
    if (sheaf_request_wants(request, properties[p].trait, properties[p].key))
      chosen[count++] = properties[p];
  return sheaf_emit_success(sink, i, chosen, count, 0);
}

/* Why a reference that is not in the table has no entity. A message says more than the status: it
 * is what a user reads. */
static uint32_t answer_missing(sheaf_str ref, uint32_t i, sheaf_sink *sink) {
  if (!sheaf_str_starts_with(ref, prefix))
    return sheaf_emit_error(sink, i, SHEAF_INVALID_ENTITY_REFERENCE,
                            sheaf_cstr("a reference of this manager begins with template:///"));
  return sheaf_emit_error(sink, i, SHEAF_ENTITY_RESOLUTION_ERROR,
                          sheaf_cstr("there is no such fruit"));
}

/* One reference, one result: that is the whole contract. Says what the sink says. */
static uint32_t answer(const struct manager *self, const sheaf_request *request, uint32_t i,
                       sheaf_sink *sink) {
  uint32_t at = find(request->refs[i]);
  if (request->verb == SHEAF_VERB_EXISTS) {
    sheaf_property exists = {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_bool(at < FRUITS)};
    return sheaf_emit_success(sink, i, &exists, 1, 0);
  }
  if (at == FRUITS) return answer_missing(request->refs[i], i, sink);
  if (request->verb == SHEAF_VERB_TRAITS)
    return sheaf_emit_success(sink, i, self->trait_set, TRAITS, SHEAF_RESULT_STATIC);
  if (request->access != SHEAF_ACCESS_READ)
    return sheaf_emit_error(sink, i, SHEAF_ENTITY_ACCESS_ERROR,
                            sheaf_cstr("this shop can only be read"));
  return answer_resolve(request, i, self->properties[at], sink);
}

/* A manager with a back end asks it once here, for the whole batch, instead of once a reference. */
static sheaf_status template_batch(void *self_, const sheaf_request *request, sheaf_sink *sink) {
  const struct manager *self = self_;
  const sheaf_call *call = request->call;
  if (self->delay_ms > 0) {
    /* Never sleep(): a cancelled call wakes from this one. */
    sheaf_status status = call->wait(call, self->delay_ms * 1000000);
    if (status != SHEAF_OK) return status; /* the core answers for every index that is left */
  }
  for (uint32_t i = 0; i < request->count; i++)
    if (answer(self, request, i, sink) == SHEAF_STOP) return SHEAF_STOPPED;
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------ a manager */

static const sheaf_description *template_describe(void *self) {
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
      {SHEAF_VERB_EXISTS, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
      {SHEAF_VERB_TRAITS, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT},
  };
  static const sheaf_description description = {
      .struct_size = sizeof description,
      .verbs = verbs,
      .verb_count = sizeof verbs / sizeof verbs[0],
      .prefixes = &prefix,
      .prefix_count = 1,
  };
  (void)self;
  return &description;
}

static void template_destroy(void *self) { free(self); }

static const sheaf_manager_table table = {
    .struct_size = sizeof table,
    .describe = template_describe,
    .batch = template_batch,
    .destroy = template_destroy,
};

/* All results are made once, here: properties of one trait side by side, a trait without any as
 * key 0 and no value. */
static void prepare(struct manager *self, sheaf_str currency) {
  const sheaf_id *ids = self->ids;
  for (uint32_t i = 0; i < FRUITS; i++) {
    sheaf_property *p = self->properties[i];
    p[0] = (sheaf_property){ids[NAMED], ids[NAME], sheaf_string(fruits[i].name)};
    p[1] = (sheaf_property){ids[PRICED], ids[AMOUNT], sheaf_int64(fruits[i].cents)};
    p[2] = (sheaf_property){ids[PRICED], ids[CURRENCY], sheaf_string(currency)};
    p[3] = (sheaf_property){ids[EDIBLE], 0, sheaf_none()};
    /* These bytes outlive every batch, so a collector may keep the pointer. */
    p[0].value.flags = p[2].value.flags = SHEAF_VALUE_STATIC;
  }
  const sheaf_id traits[TRAITS] = {ids[NAMED], ids[PRICED], ids[EDIBLE]};
  for (uint32_t t = 0; t < TRAITS; t++)
    self->trait_set[t] = (sheaf_property){traits[t], 0, sheaf_none()};
}

/* The settings come in the order of settings_info, each of its kind or none, and live as long as
 * the manager. */
static sheaf_status template_create(const sheaf_factory *factory, const sheaf_host *host,
                                    const sheaf_value *settings, uint32_t setting_count,
                                    sheaf_interface *out, sheaf_error *error) {
  (void)factory, (void)setting_count;
  sheaf_str currency = sheaf_value_str(&settings[SETTING_CURRENCY]);
  int64_t delay_ms = settings[SETTING_DELAY_MS].u.integer;
  if (currency.size == 0)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "currency is empty: give a name, as EUR");
  if (delay_ms < 0 || delay_ms > 60000)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "delay_ms is %lld: give 0 to 60000",
                           (long long)delay_ms);

  struct manager *self = calloc(1, sizeof *self);
  if (!self) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "no memory for the manager");
  self->delay_ms = delay_ms;

  /* Names become numbers once, in one call; a batch then only compares numbers. */
  sheaf_status status = host->intern(host, names, NAME_COUNT, self->ids, error);
  if (status != SHEAF_OK) {
    free(self);
    return status;
  }
  prepare(self, currency);
  out->table = &table;
  out->self = self;
  return SHEAF_OK;
}

/* ----------------------------------------------------------------------------------- the plugin */

static const sheaf_factory factory = {
    .struct_size = sizeof factory,
    .id = "template", /* as in the manifest */
    .display_name = "Template",
    .version = "0.1.0",
    .description = "A fruit shop: the manager to copy when you write your own.",
    .settings = settings_info,
    .setting_count = SETTING_COUNT,
    .create = template_create,
};

/* The minor of the ABI that this source was written for: raise it when you use newer things. Then the
 * oldest that it can live with: raise it when you cannot do without them. */
SHEAF_PLUGIN(0, 0, &factory)
