// SPDX-License-Identifier: Apache-2.0
// Sheaf's four ways to ask, and the floor that they stand on.
#include "cases.hpp"
#include "floor.h"

namespace study {
namespace {

struct Names {
  sheaf_id trait, key;
};

struct Host {
  Sums sums;
  Names names;
};

// What every host here does with the properties of a reference, the floor's and Sheaf's alike.
__attribute__((always_inline)) inline void take_url(Host *host, const sheaf_property *properties,
                                                    std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; i++) {
    const sheaf_property &p = properties[i];
    if (p.trait != host->names.trait || p.key != host->names.key) continue;
    host->sums.take(p.value.u.data, p.value.length);
    return;
  }
}

// -------------------------------------------------------------------------------------- the floor

void floor_success(void *ctx, std::uint32_t, const sheaf_property *properties,
                   std::uint32_t count) noexcept {
  take_url(static_cast<Host *>(ctx), properties, count);
}

void floor_error(void *ctx, std::uint32_t, std::uint32_t code, sheaf_str message) noexcept {
  static_cast<Host *>(ctx)->sums.fail(code, message.size);
}

// ------------------------------------------------------------------------------------------ Sheaf

inline void take(Host *host, const sheaf_result *record) {
  take_url(host, record->properties, record->property_count);
}

void fail(Host *host, const sheaf_result *error) {
  host->sums.fail(error->status, error->message.size);
}

std::uint32_t on_success(void *ctx, std::uint32_t, const sheaf_result *record) noexcept {
  take(static_cast<Host *>(ctx), record);
  return SHEAF_CONTINUE;
}

std::uint32_t on_error(void *ctx, std::uint32_t, const sheaf_result *error) noexcept {
  fail(static_cast<Host *>(ctx), error);
  return SHEAF_CONTINUE;
}

void take_either(Host *host, const sheaf_result *result) {
  if (SHEAF_IS_OK(result->status)) take(host, result);
  else fail(host, result);
}

struct Manager {
  sheaf_manager *manager;
  Names names;
};

sheaf_library *the_library() {
  static sheaf_library *const library = [] {
    const char *const paths[] = {STUDY_PLUGIN_DIR};
    sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
    options.plugin_paths = paths;
    options.plugin_path_count = 1;
    sheaf_library *made = sheaf_library_new(&options, nullptr);
    return made ? made : (die("no library"), nullptr);
  }();
  return library;
}

Manager open(bool copied, bool lookup) {
  const sheaf_setting settings[] = {{SHEAF_STR("entities"), sheaf_int64(kEntities)},
                                    {SHEAF_STR("copied"), sheaf_bool(copied)},
                                    {SHEAF_STR("lookup"), sheaf_bool(lookup)}};
  sheaf_error error = {};
  sheaf_manager *manager = sheaf_manager_open(the_library(), "study", settings, 3, &error);
  if (!manager) die(error.message);
  return {
      manager,
      {sheaf_intern_one(the_library(), STUDY_TRAIT), sheaf_intern_one(the_library(), STUDY_KEY)}};
}

sheaf_request request_for(const Batch &batch, const Names &names) {
  sheaf_request request = sheaf_request_for(batch.refs, batch.count);
  request.flags = 0;
  request.traits = &names.trait;
  request.trait_count = 1;
  return request;
}

Sums by_callback(const Manager &m, const Batch &batch) {
  Host host = {{}, m.names};
  const sheaf_request request = request_for(batch, m.names);
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, &host, on_success, on_error};
  if (sheaf_resolve(m.manager, &request, &callbacks, nullptr, nullptr)) die("sheaf_resolve");
  return host.sums;
}

Sums by_array(const Manager &m, const Batch &batch) {
  Host host = {{}, m.names};
  const sheaf_request request = request_for(batch, m.names);
  sheaf_batch *results = sheaf_resolve_batch(m.manager, &request, nullptr);
  if (!results || sheaf_batch_status(results)) die("sheaf_resolve_batch");
  const sheaf_result *all = sheaf_batch_at(results, 0);
  for (std::uint32_t i = 0; i < batch.count; i++) take_either(&host, &all[i]);
  sheaf_batch_free(results);
  return host.sums;
}

Sums by_iterator(const Manager &m, const Batch &batch) {
  Host host = {{}, m.names};
  const sheaf_request request = request_for(batch, m.names);
  sheaf_iterator *it = sheaf_resolve_iterator(m.manager, &request, nullptr, nullptr);
  const sheaf_result *result = nullptr;
  if (!it) die("sheaf_resolve_iterator");
  while (sheaf_iterator_next(it, &result, nullptr) == SHEAF_OK && result)
    take_either(&host, result);
  sheaf_iterator_free(it);
  return host.sums;
}

Sums by_columns(const Manager &m, const Batch &batch) {
  Sums sums;
  sheaf_request request = sheaf_request_for(batch.refs, batch.count);
  const sheaf_slot slot = {m.names.trait, m.names.key};
  request.flags = 0;
  request.slots = &slot;
  request.slot_count = 1;
  sheaf_columns *columns = sheaf_resolve_columns(m.manager, &request, nullptr);
  if (!columns || sheaf_columns_batch_status(columns)) die("sheaf_resolve_columns");
  const sheaf_column *urls = sheaf_columns_at(columns, 0);
  const sheaf_column *messages = sheaf_columns_messages(columns);
  const std::uint32_t *statuses = sheaf_columns_statuses(columns);
  for (std::uint32_t i = 0; i < batch.count; i++) {
    if (statuses[i] == SHEAF_OK) {
      const sheaf_str url = sheaf_cell_str(sheaf_column_cell(urls, i));
      sums.take(url.data, url.size);
    } else {
      sums.fail(statuses[i], sheaf_cell_str(sheaf_column_cell(messages, i)).size);
    }
  }
  sheaf_columns_free(columns);
  return sums;
}

} // namespace

void add_floor_case(bool lookup, const Add &add) {
  const auto *functions = static_cast<const floor_functions *>(load("floor.so", "floor_table"));
  const Names names = {1, 2};
  void *manager = functions->open(kEntities, lookup, names.trait, names.key);
  if (!manager) die("out of memory");
  const auto resolve = functions->resolve;
  add("floor", [=](const Batch &batch) {
    Host host = {{}, names};
    resolve(manager, batch.refs, batch.count, names.trait, &host, floor_success, floor_error);
    return host.sums;
  });
}

void add_sheaf_cases(bool lookup, const Add &add) {
  for (const bool copied : {false, true}) {
    const Manager m = open(copied, lookup);
    const std::string values = copied ? "_copied" : "_static";
    add("sheaf_callback" + values, [=](const Batch &batch) { return by_callback(m, batch); });
    add("sheaf_array" + values, [=](const Batch &batch) { return by_array(m, batch); });
    add("sheaf_iterator" + values, [=](const Batch &batch) { return by_iterator(m, batch); });
    add("sheaf_columns" + values, [=](const Batch &batch) { return by_columns(m, batch); });
  }
}

} // namespace study
