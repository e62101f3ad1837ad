// SPDX-License-Identifier: Apache-2.0
//
// How it goes on with size: nanoseconds an element for 1 to 10,000,000 references, from libraries of
// 10,000 entities and more.
//
//     scale_perf [--data=FOLDER] [--entities=10000] [--counts=1,10,...] [--source=json|generated]
//                [--pages=huge|4k] [Google Benchmark's options]
//
//   bal            the manager, through Sheaf, results by callbacks
//   bal_plain      the same, compiled so that it fetches nothing ahead
//   unordered_map  one find after another in a std::unordered_map of the same references
//   study          with --source=generated, instead of all these: the study's manager, which makes its
//                  entities up (JSON of ten millions would be gigabytes)
//   .../together   the same on one thread and on two at once, in real time
//
// FOLDER is where the JSON is kept. --pages=4k takes huge pages from the whole process. Time is per batch, items per second are elements.
#include <benchmark/benchmark.h>

#include <sys/prctl.h>

#include <functional>
#include <memory>
#include <unordered_map>

#include "library.hpp"
#include "options.hpp"
#include "study/database.h"

namespace {

// More than one batch of them, so that a small one does not find its own still warm.
constexpr std::uint32_t kLeastPool = 1000000;

using Ask =
    std::function<std::uint64_t(const scale::References &, std::size_t from, std::uint32_t count)>;

void run(benchmark::State &state, const scale::References &pool, const Ask &ask,
         std::uint32_t count) {
  const std::size_t batches = pool.refs.size() / count;
  // Threads begin at different places.
  std::size_t next = batches * static_cast<std::size_t>(state.thread_index()) /
                     static_cast<std::size_t>(state.threads());
  for (auto _ : state) {
    benchmark::DoNotOptimize(ask(pool, next * count, count));
    if (++next == batches) next = 0;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

Ask ask_manager(const scale::Manager &manager) {
  return [manager](const scale::References &pool, std::size_t from, std::uint32_t count) {
    return scale::resolve(manager, pool.refs.data() + from, count);
  };
}

Ask ask_map(std::uint32_t entities) {
  auto map = std::make_shared<std::unordered_map<std::string, std::string>>();
  map->reserve(entities);
  for (std::uint32_t i = 0; i < entities; i++) map->emplace(scale::reference(i), scale::url(i));
  return [map](const scale::References &pool, std::size_t from, std::uint32_t count) {
    std::uint64_t sum = 0;
    for (std::size_t i = from; i < from + count; i++) {
      const auto found = map->find(pool.strings[i]);
      if (found == map->end()) scale::die("the map has not all of them");
      const std::string &url = found->second;
      sum += url.size() + static_cast<unsigned char>(url[url.size() / 2]);
    }
    return sum;
  };
}

struct Case {
  std::string name;
  Ask ask;
};

std::vector<Case> json_cases(const std::string &file, std::uint32_t entities) {
  const std::vector<sheaf_setting> settings = {
      {SHEAF_STR("library_path"), sheaf_string({file.data(), file.size()})}};
  return {{"bal", ask_manager(scale::open("bal", "", settings))},
          {"bal_plain", ask_manager(scale::open(SCALE_BAL_PLAIN, "", settings))},
          {"unordered_map", ask_map(entities)}};
}

std::string study_reference(std::uint32_t number) {
  std::string text(STUDY_REF_SIZE, ' ');
  study_write_ref(text.data(), number);
  return text;
}

std::vector<Case> generated_cases(std::uint32_t entities) {
  const std::vector<sheaf_setting> settings = {{SHEAF_STR("entities"), sheaf_int64(entities)}};
  return {{"study", ask_manager(scale::open("study", SCALE_STUDY_DIR, settings))}};
}

void check(const std::vector<Case> &cases, const scale::References &pool) {
  const std::uint64_t wanted = cases[0].ask(pool, 0, 1000);
  for (const Case &c : cases)
    if (c.ask(pool, 0, 1000) != wanted) scale::die(c.name + " answers otherwise than the others");
}

void add(const Case &c, const scale::References &pool, std::uint32_t entities,
         std::uint32_t count) {
  const std::string name =
      c.name + "/entities:" + std::to_string(entities) + "/" + std::to_string(count);
  const auto body = [&c, &pool, count](benchmark::State &state) { run(state, pool, c.ask, count); };
  benchmark::RegisterBenchmark(name.c_str(), body);
  if (count == 10000)
    benchmark::RegisterBenchmark((name + "/together").c_str(), body)
        ->Threads(1)
        ->Threads(2)
        ->UseRealTime();
}

} // namespace

int main(int argc, char **argv) {
  const std::string folder = perftest::take_option(&argc, argv, "--data", ".");
  const bool huge = perftest::take_option(&argc, argv, "--pages", "huge") != "4k";
  const bool generated = perftest::take_option(&argc, argv, "--source", "json") == "generated";
  const auto entities = static_cast<std::uint32_t>(
      std::stoul(perftest::take_option(&argc, argv, "--entities", "10000")));
  const auto counts = perftest::read_numbers(
      perftest::take_option(&argc, argv, "--counts", "1,10,100,1000,10000,100000,1000000"));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (!huge && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
    scale::die("cannot do without huge pages");

  const std::uint32_t most = *std::max_element(counts.begin(), counts.end());
  const scale::References pool(generated ? study_reference : scale::reference, entities,
                               std::max(most, kLeastPool));
  const std::vector<Case> cases = generated
                                      ? generated_cases(entities)
                                      : json_cases(scale::library_file(folder, entities), entities);
  check(cases, pool);
  for (const std::uint32_t count : counts)
    for (const Case &c : cases) add(c, pool, entities, count);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
