// SPDX-License-Identifier: Apache-2.0
//
// What a stage adds: 10,000 references asked of a manager with nothing on it, and with a stage on it,
// in turn, so that neighbours see the same machine.
//
//     stage_perf [--data=FOLDER] [--pairs=401] [Google Benchmark's options]
//
// Each benchmark counts without_ns and with_ns, the medians of both in nanoseconds of processor time a
// reference, adds_ns, the median of the differences of neighbours, and the size of its batches. FOLDER is
// for a configuration file: stacks are opened by one, as a host opens them.
//
//   idle/...   a stage that has nothing to do for what is asked; idle/none is an empty list of stages
//   ...        a stage at work
#include <benchmark/benchmark.h>

#include <algorithm>
#include <fstream>

#include "options.hpp"
#include "scene.hpp"

namespace {

using stages::ask;
using stages::die;
using stages::kRefs;

struct Case {
  const char *name;
  const char *manager; // see scene.hpp
  const char *stages;  // as a configuration has them
  std::uint32_t distinct = kRefs, batch = kRefs;
  bool anew = false; // the stack is opened anew for each time it is asked, off the clock
  const char *counter = nullptr; // of the topmost stage, which counts each reference
};

const Case cases[] = {
    {"idle/none", "memory", "[]"},
    {"idle/none", "memory", "[]", kRefs, 1},
    {"idle/batch", "memory", R"(["batch"])"},
    {"idle/cache", "once", R"(["cache"])"},
    {"idle/circuit", "memory", R"(["circuit"])"},
    {"idle/dedupe", "once", R"(["dedupe"])"},
    {"idle/fallback", "memory", R"([{"stage": "fallback", "managers": [{"manager": "memory"}]}])"},
    {"idle/limit", "memory", R"([{"stage": "limit", "in_flight": 4}])"},
    {"idle/linger", "memory", R"(["linger"])"},
    {"idle/meter", "memory", R"(["meter"])"},
    {"idle/parallel", "memory", R"([{"stage": "parallel", "min_size": 1000000}])"},
    {"idle/retry", "memory", R"(["retry"])"},
    {"idle/route", "memory",
     R"([{"stage": "route", "routes": "asset:// *", "managers": [{"manager": "memory"}]}])"},
    {"idle/timeout", "memory", R"([{"stage": "timeout", "ms": 60000}])"},
    {"batch/size_1000", "memory", R"=([{"stage": "batch", "batchers": "size(1000)"}])="},
    {"batch/by_scheme", "memory", R"=([{"stage": "batch", "batchers": "by(scheme)"}])="},
    {"batch/sort", "memory", R"([{"stage": "batch", "batchers": "sort"}])"},
    {"dedupe/distinct", "memory", R"(["dedupe"])"},
    {"dedupe/half", "memory", R"(["dedupe"])", kRefs / 2},
    {"cache/turnover", "map", R"([{"stage": "cache", "max_entries": 9000}])"},
    {"cache/hits", "map", R"(["cache", "batch"])", kRefs, kRefs, false, "hits"},
    {"cache/cold", "map", R"(["cache", "batch"])", kRefs, kRefs, true, "misses"},
    {"meter_meter", "memory", R"(["meter", "meter"])"},
};

// A stack as a configuration says, opened as often as need be.
class Stack {
public:
  Stack(const Case &c, const std::string &folder) : case_(c) {
    const std::string path = folder + "/stage_perf.json";
    std::ofstream(path) << R"({"stages": )" << c.stages << "}\n";
    sheaf_error error = {};
    config_ = sheaf_config_load(path.c_str(), &error);
    if (!config_) die(c.name, error.message);
    open();
  }
  ~Stack() {
    stages::close(top_);
    sheaf_config_free(config_);
  }
  Stack(const Stack &) = delete;
  Stack &operator=(const Stack &) = delete;

  // For each time that it is asked.
  sheaf_manager *next() {
    if (case_.anew) {
      stages::close(top_);
      open();
    }
    return top_;
  }

  std::uint64_t counted() const {
    sheaf_stage_counter counters[16];
    const std::uint32_t count = std::min(sheaf_stage_counters(top_, counters, 16), 16u);
    for (std::uint32_t i = 0; i < count; i++)
      if (case_.counter == std::string(counters[i].name)) return counters[i].value;
    die(case_.name, "there is no such counter");
  }

private:
  void open() {
    sheaf_error error = {};
    top_ = sheaf_stage_configure(stages::open(case_.manager), config_, &error);
    if (!top_) die(case_.name, error.message);
  }

  const Case &case_;
  sheaf_config *config_ = nullptr;
  sheaf_manager *top_ = nullptr;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// Both must answer the same, and the stage must do what the case says it does.
void check(sheaf_manager *bare, Stack *stack, const stages::Refs &refs, const Case &c) {
  const std::uint64_t wanted = ask(bare, refs, c.batch);
  for (int i = 0; i < 3; i++) {
    sheaf_manager *top = stack->next();
    const std::uint64_t before = c.counter ? stack->counted() : 0;
    if (ask(top, refs, c.batch) != wanted) die(c.name, "answers otherwise than its manager");
    if (i > 0 && c.counter && stack->counted() - before != kRefs)
      die(c.name, "does something else");
  }
}

void pairs(benchmark::State &state, const Case &c, const std::string &folder) {
  sheaf_manager *bare = stages::open(c.manager);
  Stack stack(c, folder);
  const stages::Refs refs(c.distinct);
  std::vector<double> without, with, differences;
  check(bare, &stack, refs, c);
  for (auto _ : state) {
    double bare_ns, top_ns;
    sheaf_manager *top = stack.next();
    ask(bare, refs, c.batch, &bare_ns);
    ask(top, refs, c.batch, &top_ns);
    without.push_back(bare_ns);
    with.push_back(top_ns);
    differences.push_back(top_ns - bare_ns);
  }
  state.counters["without_ns"] = median(without);
  state.counters["with_ns"] = median(with);
  state.counters["adds_ns"] = median(differences);
  state.counters["batch"] = c.batch;
  stages::close(bare);
}

} // namespace

int main(int argc, char **argv) {
  const std::string folder = perftest::take_option(&argc, argv, "--data", ".");
  const int count = std::stoi(perftest::take_option(&argc, argv, "--pairs", "401"));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const Case &c : cases)
    benchmark::RegisterBenchmark(c.name, [&](benchmark::State &s) {
      pairs(s, c, folder);
    })->Iterations(count);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
