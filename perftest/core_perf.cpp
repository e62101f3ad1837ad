// SPDX-License-Identifier: Apache-2.0
//
// What the core adds: the same questions to the same manager, through sheaf_resolve and by a call of
// the manager's own table with a sink that does nothing but call the host back, in turn, so that
// neighbours see the same machine. Each benchmark reports the medians of both and the median of the
// differences of neighbours, `adds_ns`: in nanoseconds a batch for batches of one, else a reference.
// The manager answers from one array, one result at a time or sixteen at once.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

namespace {

constexpr uint32_t kMost = 10000;

[[noreturn]] void die(const char *what, const sheaf_error &error) {
  std::fprintf(stderr, "core_perf: %s: %s\n", what, error.message);
  std::exit(1);
}

// ------------------------------------------------------------------------------------ the manager

sheaf_property properties[kMost];
uint32_t group_size = 1;

sheaf_result answer(uint32_t index) {
  return {index, SHEAF_OK, &properties[index], 1, SHEAF_RESULT_STATIC, {nullptr, 0}};
}

sheaf_status memory_batch(void *, const sheaf_request *request, sheaf_sink *sink) noexcept {
  sheaf_result group[16];
  for (uint32_t i = 0; i < request->count;) {
    uint32_t n = 0;
    while (n < group_size && i < request->count) group[n++] = answer(i++);
    if (sink->results(sink, group, n) == SHEAF_STOP) return SHEAF_STOPPED;
  }
  return SHEAF_OK;
}

const sheaf_description *memory_describe(void *) noexcept {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
  static const sheaf_description description = {
      sizeof description, SHEAF_MANAGER_NONBLOCKING, verbs, nullptr, 1, 0};
  return &description;
}

const sheaf_manager_table table = {sizeof table, 0,       memory_describe, memory_batch,
                                   nullptr,      nullptr, nullptr};

sheaf_status memory_create(const sheaf_factory *, const sheaf_host *, const sheaf_value *, uint32_t,
                           sheaf_interface *out, sheaf_error *) noexcept {
  *out = {&table, nullptr};
  return SHEAF_OK;
}

sheaf_manager *open_memory() {
  static sheaf_factory factory = {};
  static const sheaf_factory *const factories[] = {&factory};
  static const sheaf_plugin plugin = {sizeof plugin, 0, 0, 0, factories, 1, 0};
  factory.struct_size = sizeof factory;
  factory.id = "memory";
  factory.create = memory_create;
  for (uint32_t i = 0; i < kMost; i++) properties[i] = {300, 301, sheaf_int64(i)};
  sheaf_error error = {};
  sheaf_library *library = sheaf_library_new(nullptr, &error);
  if (!library || sheaf_register(library, &plugin, &error)) die("library", error);
  sheaf_manager *manager = sheaf_manager_open(library, "memory", nullptr, 0, &error);
  if (!manager) die("memory", error);
  return manager;
}

// ----------------------------------------------------------------------------------- two ways to ask

// Each to a place of its own: a sum would be waited for from one to the next, and hide what is
// measured.
uint32_t read_record(void *ctx, uint32_t index, const sheaf_result *record) noexcept {
  static_cast<int64_t *>(ctx)[index] = record->properties[0].value.u.integer;
  return SHEAF_CONTINUE;
}

struct DirectSink {
  sheaf_sink sink;
  sheaf_success_fn success;
  void *ctx;
};

uint32_t direct_results(sheaf_sink *sink, const sheaf_result *results, uint32_t count) noexcept {
  const DirectSink *direct = reinterpret_cast<DirectSink *>(sink);
  for (uint32_t i = 0; i < count; i++)
    if (direct->success(direct->ctx, results[i].index, &results[i]) != SHEAF_CONTINUE)
      return SHEAF_STOP;
  return SHEAF_CONTINUE;
}

struct Question {
  sheaf_manager *manager;
  sheaf_call call; // with a switch, or none
  std::vector<sheaf_str> refs;
  uint32_t rounds; // batches that are timed as one
};

void through_sheaf(const Question &q, int64_t *values) {
  sheaf_request request = sheaf_request_for(q.refs.data(), static_cast<uint32_t>(q.refs.size()));
  if (q.call.cancel) request.call = &q.call;
  const sheaf_callbacks callbacks = {sizeof callbacks, 0, values, read_record, nullptr};
  if (sheaf_resolve(q.manager, &request, &callbacks, nullptr, nullptr)) std::abort();
}

void directly(const Question &q, int64_t *values) {
  // So that the compiler does not know whom it calls, as with any plugin.
  static sheaf_status (*volatile batch)(void *, const sheaf_request *, sheaf_sink *) = table.batch;
  static sheaf_success_fn volatile success = read_record;
  sheaf_request request = sheaf_request_for(q.refs.data(), static_cast<uint32_t>(q.refs.size()));
  DirectSink sink = {{sizeof(sheaf_sink), 0, direct_results}, success, values};
  if (batch(nullptr, &request, &sink.sink)) std::abort();
}

// Nanoseconds a reference.
double time(const Question &q, void (*ask)(const Question &, int64_t *)) {
  static int64_t values[kMost];
  const auto from = std::chrono::steady_clock::now();
  for (uint32_t i = 0; i < q.rounds; i++) ask(q, values);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
  benchmark::DoNotOptimize(values);
  return took.count() / (static_cast<double>(q.rounds) * static_cast<double>(q.refs.size()));
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void pairs(benchmark::State &state, Question q, uint32_t at_once) {
  std::vector<double> direct, sheaf, differences;
  group_size = at_once;
  for (int i = 0; i < 20; i++) time(q, directly), time(q, through_sheaf);
  for (auto _ : state) {
    direct.push_back(time(q, directly));
    sheaf.push_back(time(q, through_sheaf));
    differences.push_back(sheaf.back() - direct.back());
  }
  state.counters["direct_ns"] = median(direct);
  state.counters["sheaf_ns"] = median(sheaf);
  state.counters["adds_ns"] = median(differences);
}

bool never(void *) noexcept { return false; }

void add(const char *name, uint32_t count, uint32_t at_once, sheaf_cancel *cancel = nullptr) {
  static sheaf_manager *const manager = open_memory();
  Question q = {manager, SHEAF_CALL_INIT, std::vector<sheaf_str>(count), kMost / count};
  q.call.cancel = cancel;
  benchmark::RegisterBenchmark(name, [=](benchmark::State &s) {
    pairs(s, q, at_once);
  })->Iterations(1001);
}

[[maybe_unused]] const bool registered = [] {
  sheaf_cancel *plain = sheaf_cancel_new();
  sheaf_cancel *asking = sheaf_cancel_new_asking(never, nullptr, 100000000);
  add("batch_of_one", 1, 1);
  add("batch_of_one/asking_switch", 1, 1, asking);
  add("batch_of_100/one_result_at_a_time", 100, 1);
  add("batch_of_100/sixteen_results_at_once", 100, 16);
  add("batch_of_10000/one_result_at_a_time", kMost, 1);
  add("batch_of_10000/one_result_at_a_time/plain_switch", kMost, 1, plain);
  add("batch_of_10000/one_result_at_a_time/asking_switch", kMost, 1, asking);
  add("batch_of_10000/sixteen_results_at_once", kMost, 16);
  add("batch_of_10000/sixteen_results_at_once/asking_switch", kMost, 16, asking);
  return true;
}();

} // namespace
