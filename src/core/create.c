/* SPDX-License-Identifier: Apache-2.0 */
/* Making a manager: what the plugin hands over is copied, checked and completed here, once. */
#include <stdlib.h>

#include <sheaf/status.h>
#include <sheaf/utf8.h>

#include "core/extensible.h"
#include "core/library.h"
#include "core/log.h"
#include "core/manager.h"

#define KNOWN_DESCRIPTION_FLAGS ((uint32_t)SHEAF_MANAGER_SERIALIZED)

/* What managers of this minor, and of younger ones, get: all that there is. */
static const sheaf_abi_sizes current = {sizeof(sheaf_host), sizeof(sheaf_request),
                                        sizeof(sheaf_call), sizeof(sheaf_sink),
                                        SHEAF_KNOWN_REQUEST_FLAGS};

/* What those of older minors get. A minor's row is written with the minor, in numbers, and stays. */
static const sheaf_abi_sizes by_minor[] = {
    {56, 80, 80, 16, 0}, /* 1.0 */
};

_Static_assert(sizeof by_minor / sizeof by_minor[0] >= SHEAF_ABI_MINOR,
               "a row for each older minor");
#if SHEAF_ABI_MINOR == 0
_Static_assert(sizeof(sheaf_host) == 56 && sizeof(sheaf_request) == 80 &&
                   sizeof(sheaf_call) == 80 && sizeof(sheaf_sink) == 16,
               "the row of 1.0");
#endif

static sheaf_abi_sizes sizes_at(uint32_t minor) {
  const uint32_t newest = SHEAF_ABI_MINOR;
  return minor < newest ? by_minor[minor] : current;
}

/* ------------------------------------------------------------------- the host that it is given */

static const sheaf_manager *manager_of(const sheaf_host *host) {
  return (const sheaf_manager *)((const char *)host - offsetof(sheaf_manager, host));
}

static sheaf_status host_intern(const sheaf_host *host, const sheaf_str *names, uint32_t count,
                                sheaf_id *ids, sheaf_error *error) {
  return sheaf_intern(manager_of(host)->library, names, count, ids, error);
}

static sheaf_str host_name(const sheaf_host *host, sheaf_id id) {
  return sheaf_name(manager_of(host)->library, id);
}

static void host_log(const sheaf_host *host, uint32_t level, sheaf_str message) {
  const sheaf_manager *m = manager_of(host);
  sheaf_log(m->library, level, sheaf_manager_id(m), message);
}

static sheaf_status host_get_extension(const sheaf_host *host, const char *id,
                                       sheaf_interface *out) {
  (void)host, (void)id, (void)out;
  return SHEAF_UNSUPPORTED;
}

static void init_host(sheaf_manager *m) {
  m->host = (sheaf_host){m->sizes.host,           0,           SHEAF_ABI_MINOR, 0,
                         m->library->application, host_intern, host_name,       host_log,
                         host_get_extension};
}

/* ------------------------------------------------------------------ stubs for what it left out */

static sheaf_status no_flush(void *self, const sheaf_call *call, sheaf_error *error) {
  (void)self, (void)call, (void)error;
  return SHEAF_OK;
}

static sheaf_status no_extension(void *self, const char *id, sheaf_interface *out) {
  (void)self, (void)id, (void)out;
  return SHEAF_UNSUPPORTED;
}

static void no_destroy(void *self) { (void)self; }

/* ------------------------------------------------------------------------------- the manager */

static sheaf_status invalid(const sheaf_manager *m, sheaf_error *error, const char *what) {
  return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                         "%s '%s': %s: the plugin needs mending, or rebuilding against this "
                         "version's sheaf/abi.h",
                         SHEAF_MANAGER_NOUN(m), sheaf_manager_id(m), what);
}

static sheaf_status copy_table(sheaf_manager *m, const void *table, sheaf_error *error) {
  sheaf_error why = {0};
  if (sheaf_copy_table(&m->table, sizeof m->table, table, SHEAF_SIZE_AT_BIRTH(m->table), 0,
                       "sheaf_manager_table", &why))
    return invalid(m, error, why.message);
  if (!m->table.flush) m->table.flush = no_flush;
  if (!m->table.get_extension) m->table.get_extension = no_extension;
  if (!m->table.destroy) m->table.destroy = no_destroy;
  return SHEAF_OK;
}

/* Whether a verb can be offered; says so in the log if not. */
static bool is_offered(const sheaf_manager *m, const sheaf_verb_info *info) {
  if (sheaf_name(m->library, info->verb).size == 0)
    sheaf_logf(m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
               "describes a verb with the id %u, which this library never gave: it is not offered",
               info->verb);
  else if (info->flags & SHEAF_MUST_UNDERSTAND)
    sheaf_logf(m->library, SHEAF_LOG_WARNING, sheaf_manager_id(m),
               "describes a verb with flags 0x%x, which must be understood and are not known: it "
               "is not offered",
               info->flags);
  else return true;
  return false;
}

/* What follows takes exactly the room that it needs: a handle stays as long as its library, closed too,
 * and there are hosts that open and close all day. */
static size_t room_for(size_t size) { return size ? (size + 15u) & ~(size_t)15u : 16u; }

/* Text in the manager's arena, a NUL behind it. */
static bool keep_text(sheaf_manager *m, const char **data, size_t size) {
  char *copy = sheaf_arena_alloc(&m->arena, size + 1);
  if (!copy) return false;
  if (size) memcpy(copy, *data, size);
  copy[size] = '\0';
  *data = copy;
  return true;
}

/* The description's arrays too are ours: it may be read when the manager is gone. Of the verbs only
 * those that are offered stay. */
static bool keep_description(sheaf_manager *m) {
  sheaf_description *d = &m->description;
  size_t verbs = d->verb_count * sizeof *d->verbs, prefixes = d->prefix_count * sizeof *d->prefixes;
  size_t room = room_for(verbs) + room_for(prefixes);
  for (uint32_t i = 0; i < d->prefix_count; i++) room += room_for(d->prefixes[i].size + 1);
  if (!sheaf_arena_reserve(&m->arena, room)) return false;
  sheaf_verb_info *v = sheaf_arena_alloc(&m->arena, verbs);
  sheaf_str *p = sheaf_arena_alloc(&m->arena, prefixes);
  if (!v || !p) return false;
  uint32_t offered = 0;
  for (uint32_t i = 0; i < d->verb_count; i++) {
    if (!is_offered(m, &d->verbs[i])) continue;
    v[offered++] = d->verbs[i];
    if (d->verbs[i].verb < 64) m->verbs |= (uint64_t)1 << d->verbs[i].verb;
  }
  d->verb_count = offered;
  if (prefixes) memcpy(p, d->prefixes, prefixes);
  d->verbs = v;
  d->prefixes = p;
  for (uint32_t i = 0; i < d->prefix_count; i++)
    if (!keep_text(m, &p[i].data, p[i].size)) return false;
  return true;
}

/* The settings, as the manager is to keep them: strings end in a NUL. */
static sheaf_value *keep_settings(sheaf_manager *m, const sheaf_value *settings) {
  size_t size = m->factory->setting_count * sizeof *settings, room = room_for(size);
  for (uint32_t i = 0; i < m->factory->setting_count; i++)
    if (settings[i].kind == SHEAF_KIND_STRING) room += room_for((size_t)settings[i].length + 1);
  if (!sheaf_arena_reserve(&m->arena, room)) return NULL;
  sheaf_value *copy = sheaf_arena_alloc(&m->arena, size);
  if (copy && size) memcpy(copy, settings, size);
  for (uint32_t i = 0; copy && i < m->factory->setting_count; i++) {
    if (copy[i].kind == SHEAF_KIND_STRING && !keep_text(m, &copy[i].u.data, copy[i].length))
      return NULL;
  }
  return copy;
}

static sheaf_status describe(sheaf_manager *m, sheaf_error *error) {
  const sheaf_description *theirs = m->table.describe(m->self);
  sheaf_error why = {0};
  if (!theirs) return invalid(m, error, "describe returned NULL");
  if (sheaf_copy_table(&m->description, sizeof m->description, theirs,
                       SHEAF_SIZE_AT_BIRTH(m->description), KNOWN_DESCRIPTION_FLAGS,
                       "sheaf_description", &why))
    return invalid(m, error, why.message);
  const sheaf_description *d = &m->description;
  if (d->verb_count == 0 || !d->verbs) return invalid(m, error, "describe lists no verbs");
  if (d->prefix_count && !d->prefixes)
    return invalid(m, error, "describe counts prefixes and has none");
  m->serialized = (d->flags & SHEAF_MANAGER_SERIALIZED) != 0;
  if (m->serialized) m->description.flags &= ~(uint32_t)SHEAF_MANAGER_NONBLOCKING;
  return keep_description(m) ? SHEAF_OK
                             : sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
}

/* Calls the plugin's create. */
static sheaf_status instantiate(sheaf_manager *m, const sheaf_factory *original,
                                const sheaf_value *settings, sheaf_interface *made,
                                sheaf_error *error) {
  sheaf_error why = {0};
  sheaf_value *kept = keep_settings(m, settings);
  if (!kept) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for the settings");
  sheaf_status status =
      m->factory->create(original, &m->host, kept, m->factory->setting_count, made, &why);
  if (SHEAF_IS_OK(status)) return SHEAF_OK;
  why.message[sizeof why.message - 1] = '\0';
  for (size_t bad; why.message[bad = sheaf_utf8_valid_size(sheaf_cstr(why.message))];)
    why.message[bad] = '?';
  return sheaf_error_set(error, status, "%s '%s' could not be opened: %s", SHEAF_MANAGER_NOUN(m),
                         sheaf_manager_id(m),
                         why.message[0] ? why.message : sheaf_status_message(status));
}

static sheaf_status build(sheaf_manager *m, const sheaf_factory *original,
                          const sheaf_value *settings, sheaf_error *error) {
  sheaf_interface made = {NULL, NULL};
  sheaf_status status = instantiate(m, original, settings, &made, error);
  if (status) return status;
  if (!made.table) return invalid(m, error, "create said that it succeeded and gave no table");
  m->self = made.self;
  status = copy_table(m, made.table, error);
  if (status) return status; /* without a table that can be trusted it cannot be destroyed */
  if (!m->table.describe) status = invalid(m, error, "sheaf_manager_table.describe is NULL");
  else if (!m->table.batch) status = invalid(m, error, "sheaf_manager_table.batch is NULL");
  else status = describe(m, error);
  if (status) m->table.destroy(m->self);
  return status;
}

static void link_to_library(sheaf_manager *m) {
  pthread_mutex_lock(&m->library->lock);
  m->next = m->library->managers;
  m->library->managers = m;
  pthread_mutex_unlock(&m->library->lock);
}

static sheaf_manager *create(sheaf_library *library, const sheaf_factory *factory,
                             const sheaf_factory *original, uint32_t plugin_minor, bool stage,
                             const sheaf_value *settings, sheaf_error *error) {
  sheaf_manager *m = calloc(1, sizeof *m);
  if (!m || !sheaf_gate_init(&m->gate)) {
    free(m);
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a manager");
    return NULL;
  }
  m->library = library;
  m->factory = factory;
  m->stage = stage;
  m->sizes = sizes_at(plugin_minor);
  m->current = memcmp(&m->sizes, &current, sizeof current) == 0;
  init_host(m);
  if (build(m, original, settings, error)) {
    sheaf_gate_destroy(&m->gate);
    sheaf_arena_free(&m->arena);
    free(m);
    return NULL;
  }
  link_to_library(m);
  return m;
}

sheaf_manager *sheaf_manager_create(sheaf_library *library, const sheaf_factory *factory,
                                    const sheaf_factory *original, uint32_t plugin_minor,
                                    const sheaf_value *settings, sheaf_error *error) {
  return create(library, factory, original, plugin_minor, false, settings, error);
}

sheaf_manager *sheaf_manager_create_stage(sheaf_library *library, const sheaf_factory *factory,
                                          const sheaf_factory *original,
                                          const sheaf_value *settings, sheaf_error *error) {
  return create(library, factory, original, SHEAF_ABI_MINOR, true, settings, error);
}
