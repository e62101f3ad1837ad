// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "study/database.h"

namespace stages {

void die(const std::string &what, const std::string &why) {
  std::fprintf(stderr, "stage_perf: %s: %s\n", what.c_str(), why.c_str());
  std::exit(2);
}

Refs::Refs(std::uint32_t distinct) {
  for (std::uint32_t i = 0; i < kRefs; i++) {
    std::string text(STUDY_REF_SIZE, ' ');
    study_write_ref(text.data(), i % distinct);
    texts.push_back(std::move(text));
  }
  std::shuffle(texts.begin(), texts.end(), std::mt19937(distinct));
  for (const std::string &text : texts) refs.push_back({text.data(), text.size()});
}

// ----------------------------------------------------------------------------------- the managers

namespace {

struct Names {
  sheaf_id trait, key;
} names;

study_database database;

sheaf_status memory_batch(void *, const sheaf_request *request, sheaf_sink *sink) noexcept {
  sheaf_result group[16];
  sheaf_property properties[16];
  for (std::uint32_t i = 0; i < request->count;) {
    std::uint32_t n = 0;
    for (; n < 16 && i < request->count; n++, i++) {
      properties[n] = {names.trait, names.key, sheaf_string(request->refs[i])};
      group[n] = {i, SHEAF_OK, &properties[n], 1, 0, {nullptr, 0}};
    }
    if (sink->results(sink, group, n) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

sheaf_result answer(std::uint32_t index, std::uint32_t entry) {
  if (entry == SHEAF_INDEX_NONE)
    return {index, SHEAF_ENTITY_RESOLUTION_ERROR, nullptr, 0, 0, SHEAF_STR(STUDY_UNKNOWN)};
  return {index, SHEAF_OK, &database.locations[entry], 1, SHEAF_RESULT_STATIC, {nullptr, 0}};
}

sheaf_status map_batch(void *, const sheaf_request *request, sheaf_sink *sink) noexcept {
  std::uint32_t entries[STUDY_GROUP];
  sheaf_result group[STUDY_GROUP];
  for (std::uint32_t from = 0, n; from < request->count; from += n) {
    n = study_next_group(&database, true, request->refs, from, request->count, entries);
    for (std::uint32_t i = 0; i < n; i++) group[i] = answer(from + i, entries[i]);
    if (sink->results(sink, group, n) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

template <std::uint32_t flags> const sheaf_description *describe(void *) noexcept {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, flags}};
  static const sheaf_description description = {sizeof description, 0, verbs, nullptr, 1, 0};
  return &description;
}

using Batch = sheaf_status (*)(void *, const sheaf_request *, sheaf_sink *) noexcept;

template <std::uint32_t flags, Batch batch>
sheaf_status create(const sheaf_factory *, const sheaf_host *, const sheaf_value *, std::uint32_t,
                    sheaf_interface *out, sheaf_error *) noexcept {
  static const sheaf_manager_table table = {sizeof table, 0,       describe<flags>, batch,
                                            nullptr,      nullptr, nullptr};
  *out = {&table, nullptr};
  return SHEAF_OK;
}

using Create = decltype(sheaf_factory::create);

sheaf_factory factory(const char *id, Create create) {
  sheaf_factory made = {};
  made.struct_size = sizeof made;
  made.id = id;
  made.create = create;
  return made;
}

sheaf_library *make_library() {
  constexpr std::uint32_t kPure = SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT;
  static const sheaf_factory memory = factory("memory", create<kPure, memory_batch>);
  static const sheaf_factory once = factory("once", create<0, memory_batch>);
  static const sheaf_factory map = factory("map", create<kPure, map_batch>);
  static const sheaf_factory *const factories[] = {&memory, &once, &map};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 3, 0};
  sheaf_error error = {};
  sheaf_library *made = sheaf_library_new(nullptr, &error);
  if (!made || sheaf_register(made, &plugin, &error)) die("library", error.message);
  names = {sheaf_intern_one(made, STUDY_TRAIT), sheaf_intern_one(made, STUDY_KEY)};
  if (!study_database_make(&database, kRefs, names.trait, names.key)) die("map", "out of memory");
  return made;
}

} // namespace

sheaf_manager *open(const char *id) {
  static sheaf_library *const library = make_library();
  sheaf_error error = {};
  sheaf_manager *manager = sheaf_manager_open(library, id, nullptr, 0, &error);
  if (!manager) die(id, error.message);
  return manager;
}

void close(sheaf_manager *manager) {
  if (sheaf_manager_close(manager)) die("close", "the manager is busy");
}

// ---------------------------------------------------------------------------------------- the host

namespace {

struct Sum {
  std::uint64_t bytes, heard;
};

std::uint32_t take(void *ctx, std::uint32_t, const sheaf_result *record) noexcept {
  auto *sum = static_cast<Sum *>(ctx);
  for (std::uint32_t i = 0; i < record->property_count; i++) {
    const sheaf_property &p = record->properties[i];
    if (p.trait != names.trait || p.key != names.key) continue;
    sum->bytes += p.value.length + static_cast<unsigned char>(p.value.u.data[p.value.length / 2]);
    sum->heard++;
    break;
  }
  return SHEAF_CONTINUE;
}

double now_ns() {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

} // namespace

std::uint64_t ask(sheaf_manager *manager, const Refs &refs, std::uint32_t batch, double *ns) {
  Sum sum = {};
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, &sum, take, nullptr};
  const double from = now_ns();
  for (std::uint32_t at = 0; at < kRefs; at += batch) {
    sheaf_error error = {};
    sheaf_request request = sheaf_request_for(refs.refs.data() + at, batch);
    request.flags = 0;
    request.traits = &names.trait;
    request.trait_count = 1;
    if (sheaf_resolve(manager, &request, &callbacks, nullptr, &error))
      die("resolve", error.message);
  }
  if (ns) *ns = (now_ns() - from) / kRefs;
  if (sum.heard != kRefs) die("resolve", "not all were found");
  return sum.bytes;
}

} // namespace stages
