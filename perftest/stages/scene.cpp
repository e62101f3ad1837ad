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

template <std::uint32_t flags> const sheaf_description *describe(void *) noexcept {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, flags}};
  static const sheaf_description description = {sizeof description, 0, verbs, nullptr, 1, 0};
  return &description;
}

template <std::uint32_t flags>
sheaf_status create(const sheaf_factory *, const sheaf_host *, const sheaf_value *, std::uint32_t,
                    sheaf_interface *out, sheaf_error *) noexcept {
  static const sheaf_manager_table table = {
      sizeof table, 0, describe<flags>, memory_batch, nullptr, nullptr, nullptr};
  *out = {&table, nullptr};
  return SHEAF_OK;
}

sheaf_library *make_library() {
  static sheaf_factory memory = {}, once = {};
  static const sheaf_factory *const factories[] = {&memory, &once};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 2, 0};
  static const char *const paths[] = {STAGES_STUDY_DIR};
  memory.struct_size = once.struct_size = sizeof(sheaf_factory);
  memory.id = "memory";
  memory.create = create<SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT>;
  once.id = "once";
  once.create = create<0>;
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.plugin_paths = paths;
  options.plugin_path_count = 1;
  sheaf_error error = {};
  sheaf_library *made = sheaf_library_new(&options, &error);
  if (!made || sheaf_register(made, &plugin, &error)) die("library", error.message);
  names = {sheaf_intern_one(made, STUDY_TRAIT), sheaf_intern_one(made, STUDY_KEY)};
  return made;
}

} // namespace

sheaf_manager *open(const char *id) {
  static sheaf_library *const library = make_library();
  const sheaf_setting entities = {SHEAF_STR("entities"), sheaf_int64(kRefs)};
  sheaf_error error = {};
  sheaf_manager *manager =
      sheaf_manager_open(library, id, &entities, id == std::string("study") ? 1 : 0, &error);
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
