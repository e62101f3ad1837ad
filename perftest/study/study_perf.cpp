// SPDX-License-Identifier: Apache-2.0
//
// The study: each case at each size of batch, one benchmark each.
//
//     study_perf [--heap=default|raised] [--batches=1,10,100,10000] [Google Benchmark's options]
//
// A round is a process: `make perf` starts it again and again, in turn with --heap=raised, so that no
// case has its luck with where things lie in memory for good. Time is per batch; items per second are
// elements.
#include <benchmark/benchmark.h>

#include "options.hpp"
#include "scene.hpp"

namespace {

void run(benchmark::State &state, const study::Case &c, std::uint32_t count) {
  // Made when first needed, and kept: all cases are asked the same.
  static std::map<std::uint32_t, study::Batches> made;
  const study::Batches &batches = made.try_emplace(count, count).first->second;
  std::size_t next = 0;
  for (auto _ : state) {
    const study::Sums sums = c.ask(batches[next]);
    benchmark::DoNotOptimize(sums);
    if (++next == batches.size()) next = 0;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

} // namespace

int main(int argc, char **argv) {
  if (perftest::take_option(&argc, argv, "--heap", "default") == "raised")
    study::raise_trim_threshold();
  const auto batches =
      perftest::read_numbers(perftest::take_option(&argc, argv, "--batches", "1,10,100,10000"));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::vector<study::Case> cases = study::cases();
  study::check(cases);
  for (const std::uint32_t count : batches)
    for (const study::Case &c : cases)
      benchmark::RegisterBenchmark((c.name + "/" + std::to_string(count)).c_str(),
                                   [&c, count](benchmark::State &state) { run(state, c, count); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
