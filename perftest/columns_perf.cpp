// SPDX-License-Identifier: Apache-2.0
//
// Columns against bare callbacks that read the same slots: sheaf_resolve with a callback that looks at
// each slot's value, and sheaf_resolve_columns, in turn, over the same 10,000 references. Each
// benchmark reports the medians of both, in nanoseconds a reference, and the median of the ratios of
// neighbours: columns may take at most 1.3 times as long, with `bal`, a manager that looks something
// up, and with `memory`, which answers from one array, so that there is nothing else to be seen.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

namespace {

constexpr uint32_t kRefs = 10000;

[[noreturn]] void die(const char *what, const sheaf_error &error) {
  std::fprintf(stderr, "columns_perf: %s: %s\n", what, error.message);
  std::exit(1);
}

// ------------------------------------------------------------------ a manager that answers from memory

struct Memory {
  bool in_slot_order = true;
  sheaf_id trait = 0, name = 0, size = 0, ratio = 0;
  std::vector<std::string> names;
} memory;

sheaf_status memory_batch(void *, const sheaf_request *request, sheaf_sink *sink) noexcept {
  sheaf_result group[16];
  sheaf_property properties[16][3];
  for (uint32_t i = 0; i < request->count;) {
    uint32_t n = 0;
    for (; n < 16 && i < request->count; n++, i++) {
      sheaf_property *p = properties[n];
      p[0] = {memory.trait, memory.name,
              sheaf_string({memory.names[i].data(), memory.names[i].size()})};
      p[1] = {memory.trait, memory.size, sheaf_int64(i)};
      p[2] = {memory.trait, memory.ratio, sheaf_double(i * 0.5)};
      group[n] = {i,
                  SHEAF_OK,
                  p,
                  3,
                  memory.in_slot_order ? (uint32_t)SHEAF_RESULT_IN_SLOT_ORDER : 0u,
                  {nullptr, 0}};
    }
    if (sink->results(sink, group, n) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

const sheaf_description *memory_describe(void *) noexcept {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
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

const sheaf_plugin *memory_plugin() {
  static sheaf_factory factory = {};
  static const sheaf_factory *const factories[] = {&factory};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 1, 0};
  factory.struct_size = sizeof factory;
  factory.id = "memory";
  factory.create = memory_create;
  return &plugin;
}

// ------------------------------------------------------------------------------------- the question

struct Scene {
  sheaf_library *library;
  sheaf_manager *manager;
  std::vector<std::string> texts;
  std::vector<sheaf_str> refs;
  sheaf_slot slots[3];

  sheaf_request request() const {
    sheaf_request r = sheaf_request_for(refs.data(), kRefs);
    r.flags = 0;
    r.slots = slots;
    r.slot_count = 3;
    return r;
  }
};

std::string bal_library() {
  std::string json = "{\"managementPolicy\":{},\"entities\":{";
  for (uint32_t i = 0; i < kRefs; i++) {
    char entity[200];
    std::snprintf(
        entity, sizeof entity,
        "%s\"asset/%u\":{\"versions\":[{\"traits\":{\"t\":{\"name\":\"the name of asset %u\","
        "\"size\":%u,\"ratio\":%u.5}}}]}",
        i ? "," : "", i, i, i, i);
    json += entity;
  }
  return json + "}}";
}

Scene open(const char *id, const std::string &library_json, const char *prefix) {
  Scene s = {};
  sheaf_error error = {};
  s.library = sheaf_library_new(nullptr, &error);
  if (!s.library || sheaf_register(s.library, memory_plugin(), &error)) die("library", error);
  sheaf_setting setting = {SHEAF_STR("library_json"),
                           sheaf_string({library_json.data(), library_json.size()})};
  s.manager = sheaf_manager_open(s.library, id, &setting, library_json.empty() ? 0 : 1, &error);
  if (!s.manager) die(id, error);
  const sheaf_id t = sheaf_intern_one(s.library, "t");
  const char *const keys[] = {"name", "size", "ratio"};
  for (int i = 0; i < 3; i++) s.slots[i] = {t, sheaf_intern_one(s.library, keys[i])};
  memory.trait = t;
  memory.name = s.slots[0].key, memory.size = s.slots[1].key, memory.ratio = s.slots[2].key;
  for (uint32_t i = 0; i < kRefs; i++) s.texts.push_back(prefix + std::to_string(i * 7919 % kRefs));
  for (const std::string &text : s.texts) s.refs.push_back({text.data(), text.size()});
  if (memory.names.empty())
    for (uint32_t i = 0; i < kRefs; i++)
      memory.names.push_back("the name of asset " + std::to_string(i));
  return s;
}

// ------------------------------------------------------------------------------------- two ways to ask

struct Sums {
  const Scene *scene;
  int64_t integers = 0;
  double reals = 0;
  uint64_t bytes = 0, failed = 0;
};

inline void read(Sums *sums, const sheaf_value *v) {
  switch (v->kind) {
  case SHEAF_KIND_INT64:
    sums->integers += v->u.integer;
    break;
  case SHEAF_KIND_DOUBLE:
    sums->reals += v->u.real;
    break;
  case SHEAF_KIND_STRING:
    if (v->length)
      sums->bytes +=
          v->length + (unsigned char)v->u.data[0] + (unsigned char)v->u.data[v->length - 1];
    break;
  default:
    break;
  }
}

uint32_t read_record(void *ctx, uint32_t, const sheaf_result *record) noexcept {
  Sums *sums = static_cast<Sums *>(ctx);
  if (record->flags & SHEAF_RESULT_IN_SLOT_ORDER) {
    for (uint32_t i = 0; i < 3; i++) read(sums, &record->properties[i].value);
    return SHEAF_CONTINUE;
  }
  for (const sheaf_slot &slot : sums->scene->slots) {
    const sheaf_value *v = sheaf_result_find(record, slot.trait, slot.key);
    if (v) read(sums, v);
  }
  return SHEAF_CONTINUE;
}

uint32_t count_error(void *ctx, uint32_t, const sheaf_result *) noexcept {
  static_cast<Sums *>(ctx)->failed++;
  return SHEAF_CONTINUE;
}

void by_callbacks(const Scene &scene) {
  sheaf_error error = {};
  Sums sums = {&scene};
  const sheaf_request request = scene.request();
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, &sums, read_record, count_error};
  if (sheaf_resolve(scene.manager, &request, &callbacks, nullptr, &error) || sums.failed)
    die("callbacks", error);
  benchmark::DoNotOptimize(sums);
}

void by_columns(const Scene &scene) {
  sheaf_error error = {};
  const sheaf_request request = scene.request();
  sheaf_columns *columns = sheaf_resolve_columns(scene.manager, &request, &error);
  if (!columns || sheaf_columns_failed(columns)) die("columns", error);
  const sheaf_column *name = sheaf_columns_at(columns, 0);
  if (name->kind != SHEAF_KIND_STRING || name->null_count) die("columns: no names", error);
  benchmark::DoNotOptimize(name->values);
  sheaf_columns_free(columns);
}

double nanoseconds(void (*ask)(const Scene &), const Scene &scene) {
  const auto from = std::chrono::steady_clock::now();
  ask(scene);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
  return took.count() / kRefs;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void pairs(benchmark::State &state, const Scene &scene) {
  std::vector<double> callbacks, columns, ratios;
  for (int i = 0; i < 5; i++) by_callbacks(scene), by_columns(scene);
  for (auto _ : state) {
    callbacks.push_back(nanoseconds(by_callbacks, scene));
    columns.push_back(nanoseconds(by_columns, scene));
    ratios.push_back(columns.back() / callbacks.back());
  }
  state.counters["callbacks_ns"] = median(callbacks);
  state.counters["columns_ns"] = median(columns);
  state.counters["ratio"] = median(ratios);
}

void bal(benchmark::State &state) {
  static const Scene scene = open("bal", bal_library(), "bal:///asset/");
  pairs(state, scene);
}

void in_memory(benchmark::State &state) {
  static const Scene scene = open("memory", "", "");
  memory.in_slot_order = state.range(0) != 0;
  pairs(state, scene);
}

} // namespace

BENCHMARK(bal)->Iterations(201)->Repetitions(5)->Unit(benchmark::kMicrosecond);
BENCHMARK(in_memory)
    ->ArgName("slot_order")
    ->Arg(1)
    ->Arg(0)
    ->Iterations(201)
    ->Repetitions(5)
    ->Unit(benchmark::kMicrosecond);
