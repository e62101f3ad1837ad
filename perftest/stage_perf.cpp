// SPDX-License-Identifier: Apache-2.0
//
// What a stage adds: 10,000 references asked of a manager that answers from memory, in groups of
// sixteen, with nothing on it and with a stage on it, in turn. Each benchmark reports the medians of
// both in nanoseconds a reference, and the median of the differences of neighbours: `adds_ns`.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

namespace {

constexpr uint32_t kRefs = 10000;

[[noreturn]] void die(const char *what, const sheaf_error &error) {
  std::fprintf(stderr, "stage_perf: %s: %s\n", what, error.message);
  std::exit(1);
}

// ------------------------------------------------------------------ a manager that answers from memory

sheaf_status memory_batch(void *, const sheaf_request *request, sheaf_sink *sink) noexcept {
  sheaf_result group[16];
  sheaf_property properties[16];
  for (uint32_t i = 0; i < request->count;) {
    uint32_t n = 0;
    for (; n < 16 && i < request->count; n++, i++) {
      properties[n] = {300, 301, sheaf_string(request->refs[i])};
      group[n] = {i, SHEAF_OK, &properties[n], 1, 0, {nullptr, 0}};
    }
    if (sink->results(sink, group, n) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

const sheaf_description *memory_describe(void *) noexcept {
  static const sheaf_verb_info verbs[] = {
      {SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT}};
  static const sheaf_description description = {sizeof description, 0, verbs, nullptr, 1, 0};
  return &description;
}

sheaf_status memory_create(const sheaf_factory *, const sheaf_host *, const sheaf_value *, uint32_t,
                           sheaf_interface *out, sheaf_error *) noexcept {
  static const sheaf_manager_table table = {sizeof table, 0,       memory_describe, memory_batch,
                                            nullptr,      nullptr, nullptr};
  *out = {&table, nullptr};
  return SHEAF_OK;
}

sheaf_library *library() {
  static sheaf_factory factory = {};
  static const sheaf_factory *const factories[] = {&factory};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 1, 0};
  static sheaf_library *made = nullptr;
  sheaf_error error = {};
  if (made) return made;
  factory.struct_size = sizeof factory;
  factory.id = "memory";
  factory.create = memory_create;
  made = sheaf_library_new(nullptr, &error);
  if (!made || sheaf_register(made, &plugin, &error)) die("library", error);
  return made;
}

sheaf_manager *open_memory() {
  sheaf_error error = {};
  sheaf_manager *manager = sheaf_manager_open(library(), "memory", nullptr, 0, &error);
  if (!manager) die("memory", error);
  return manager;
}

// ------------------------------------------------------------------------------------- asking

struct Refs {
  std::vector<std::string> texts;
  std::vector<sheaf_str> refs;

  explicit Refs(uint32_t distinct) {
    for (uint32_t i = 0; i < kRefs; i++)
      texts.push_back("memory:///asset/" + std::to_string(i * 7919 % kRefs % distinct));
    for (const std::string &text : texts) refs.push_back({text.data(), text.size()});
  }
};

uint32_t read_record(void *ctx, uint32_t, const sheaf_result *record) noexcept {
  *static_cast<uint64_t *>(ctx) += record->properties[0].value.length;
  return SHEAF_CONTINUE;
}

// Nanoseconds a reference.
double ask(sheaf_manager *manager, const Refs &refs) {
  uint64_t bytes = 0;
  sheaf_error error = {};
  sheaf_request request = sheaf_request_for(refs.refs.data(), kRefs);
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, &bytes, read_record, nullptr};
  const auto from = std::chrono::steady_clock::now();
  const sheaf_status status = sheaf_resolve(manager, &request, &callbacks, nullptr, &error);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
  if (status) die("resolve", error);
  benchmark::DoNotOptimize(bytes);
  return took.count() / kRefs;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// ------------------------------------------------------------------------------------- the stages

// Outermost first; nullptr ends it.
struct Stack {
  const char *name;
  uint32_t distinct;
  struct {
    const char *stage, *setting, *value;
  } stages[8];
};

const Stack stacks[] = {
    {"none", kRefs, {}},
    {"batch", kRefs, {{"batch", nullptr, nullptr}}},
    {"batch/size_1000", kRefs, {{"batch", "batchers", "size(1000)"}}},
    {"batch/by_scheme_size_1000", kRefs, {{"batch", "batchers", "by(scheme) | size(1000)"}}},
    {"batch/sort", kRefs, {{"batch", "batchers", "sort"}}},
    {"cache/hits", kRefs, {{"cache", nullptr, nullptr}}},
    {"cache/misses", kRefs, {{"cache", "max_entries", "1"}}},
    {"cache/turnover", kRefs, {{"cache", "max_entries", "9000"}}},
    {"circuit", kRefs, {{"circuit", nullptr, nullptr}}},
    {"limit", kRefs, {{"limit", "in_flight", "4"}}},
    {"linger", kRefs, {{"linger", nullptr, nullptr}}},
    {"parallel", kRefs, {{"parallel", "min_size", "1000000"}}},
    {"retry", kRefs, {{"retry", nullptr, nullptr}}},
    {"timeout", kRefs, {{"timeout", "ms", "60000"}}},
    {"dedupe/distinct", kRefs, {{"dedupe", nullptr, nullptr}}},
    {"dedupe/half", kRefs / 2, {{"dedupe", nullptr, nullptr}}},
    {"meter", kRefs, {{"meter", nullptr, nullptr}}},
    {"meter_meter", kRefs, {{"meter", nullptr, nullptr}, {"meter", nullptr, nullptr}}},
};

sheaf_manager *open(const Stack &stack) {
  sheaf_manager *top = open_memory();
  sheaf_error error = {};
  size_t count = 0;
  while (stack.stages[count].stage) count++;
  for (size_t i = count; top && i-- > 0;) {
    const auto &s = stack.stages[i];
    const sheaf_setting setting = {sheaf_cstr(s.setting), sheaf_string(sheaf_cstr(s.value))};
    top = sheaf_stage_over(top, s.stage, &setting, s.setting ? 1 : 0, &error);
  }
  if (!top) die(stack.name, error);
  return top;
}

void pairs(benchmark::State &state, const Stack &stack) {
  sheaf_manager *bare = open_memory(), *top = open(stack);
  const Refs refs(stack.distinct);
  std::vector<double> without, with, differences;
  for (int i = 0; i < 5; i++) ask(bare, refs), ask(top, refs);
  for (auto _ : state) {
    without.push_back(ask(bare, refs));
    with.push_back(ask(top, refs));
    differences.push_back(with.back() - without.back());
  }
  state.counters["without_ns"] = median(without);
  state.counters["with_ns"] = median(with);
  state.counters["adds_ns"] = median(differences);
  sheaf_manager_close(bare);
  sheaf_manager_close(top);
}

[[maybe_unused]] const bool registered = [] {
  for (const Stack &stack : stacks)
    benchmark::RegisterBenchmark(stack.name, [&stack](benchmark::State &s) { pairs(s, stack); })
        ->Iterations(401);
  return true;
}();

}  // namespace
