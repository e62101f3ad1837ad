// SPDX-License-Identifier: Apache-2.0
//
// What `linger` gains: 64 threads that ask for single references of a `bal` with 1 ms of simulated
// latency, with it and without.
//
//   behind_a_limit   of one batch in flight: calls a second of the clock's, `with` and `without`
//   without_a_limit  how many batches reach the manager, `with` and `without`
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sheaf/sheaf.h>

namespace {

constexpr int kThreads = 64;

[[noreturn]] void die(const char *what, const sheaf_error &error) {
  std::fprintf(stderr, "linger_perf: %s: %s\n", what, error.message);
  std::exit(1);
}

sheaf_setting text(const char *name, const char *value) {
  return {sheaf_cstr(name), sheaf_string(sheaf_cstr(value))};
}

sheaf_manager *put(sheaf_manager *below, const char *stage, std::vector<sheaf_setting> settings) {
  sheaf_error error = {};
  sheaf_manager *top =
      sheaf_stage_over(below, stage, settings.data(), (uint32_t)settings.size(), &error);
  if (!top) die(stage, error);
  return top;
}

struct Stack {
  sheaf_library *library;
  sheaf_manager *top, *meter;

  Stack(bool linger, bool limit) {
    sheaf_error error = {};
    std::string json = "{\"managementPolicy\":{},\"entities\":{";
    for (int i = 0; i < kThreads; i++)
      json += (i ? ",\"" : "\"") + std::to_string(i) +
              "\":{\"versions\":[{\"traits\":{\"t\":{\"name\":\"some name\"}}}]}";
    json += "}}";
    const sheaf_setting settings[] = {
        {SHEAF_STR("library_json"), sheaf_string({json.data(), json.size()})},
        text("simulated_query_latency_ms", "1")};
    library = sheaf_library_new(nullptr, &error);
    if (!library) die("library", error);
    top = sheaf_manager_open(library, "bal", settings, 2, &error);
    if (!top) die("bal", error);
    meter = top = put(top, "meter", {});
    if (limit) top = put(top, "limit", {text("in_flight", "1")});
    if (linger) top = put(top, "linger", {text("max_size", "64"), text("max_wait_ms", "1")});
  }
  ~Stack() { sheaf_library_free(library); }

  uint64_t batches() const {
    sheaf_interface found;
    sheaf_meter_snapshot now = {};
    now.struct_size = sizeof now;
    if (sheaf_manager_get_extension(meter, SHEAF_METER_EXTENSION, &found)) std::exit(1);
    static_cast<const sheaf_meter_table *>(found.table)->snapshot(found.self, &now);
    return now.batches;
  }
};

void ask(sheaf_manager *manager, int thread, int times) {
  const std::string ref = "bal:///" + std::to_string(thread);
  for (int i = 0; i < times; i++) {
    sheaf_error error = {};
    sheaf_batch *batch = sheaf_resolve_one(manager, {ref.data(), ref.size()}, &error);
    if (!batch) die("resolve", error);
    sheaf_batch_free(batch);
  }
}

// Calls a second, all threads together.
double rate(const Stack &stack, int times) {
  std::vector<std::thread> threads;
  const auto from = std::chrono::steady_clock::now();
  for (int t = 0; t < kThreads; t++) threads.emplace_back(ask, stack.top, t, times);
  for (std::thread &t : threads) t.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - from;
  return kThreads * times / took.count();
}

void behind_a_limit(benchmark::State &state) {
  const Stack with(true, true), without(false, true);
  for (auto _ : state) {
    state.counters["without"] = rate(without, 2);
    state.counters["with"] = rate(with, 40);
  }
}
BENCHMARK(behind_a_limit)->Iterations(1)->Unit(benchmark::kMillisecond);

void without_a_limit(benchmark::State &state) {
  const Stack with(true, false), without(false, false);
  for (auto _ : state) {
    (void)rate(without, 40);
    (void)rate(with, 40);
  }
  state.counters["without"] = static_cast<double>(without.batches());
  state.counters["with"] = static_cast<double>(with.batches());
}
BENCHMARK(without_a_limit)->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
