// SPDX-License-Identifier: Apache-2.0
//
// What it costs to load a library, beside what the parser alone takes for the same text, and what an
// entity then takes in memory.
//
//     load_perf [--data=FOLDER] [--entities=100000] [Google Benchmark's options]
//
//   bal_open       sheaf_manager_open: the file read, checked, parsed, indexed
//   cjson_parse    cJSON_ParseWithLength of the text, which is in memory already; the tree is deleted
//                  off the clock
//   cjson_whole    the file read, parsed, and the tree deleted: what any program that loads a library
//                  with cJSON pays before it has done anything
//
// Time is the process's processor time: a file that the system has in memory already is not waited for.
// bal_open counts bytes_per_entity: what malloc has given away because of the open library.
#include <benchmark/benchmark.h>

#include <cjson/cJSON.h>
#include <malloc.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "library.hpp"
#include "options.hpp"

namespace {

double now() {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

std::string read(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// cJSON_Delete leaves millions of small pieces, which the next large malloc joins up: a debt of the
// parse's, to be paid before anything is timed. volatile: or the compiler leaves both out.
void settle() {
  void *volatile large = std::malloc(std::size_t{1} << 20);
  std::free(large);
}

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void bal_open(benchmark::State &state, const std::string &path, std::uint32_t entities) {
  const std::vector<sheaf_setting> settings = {
      {SHEAF_STR("library_path"), sheaf_string({path.data(), path.size()})}};
  for (auto _ : state) {
    settle();
    const std::size_t before = allocated();
    const double from = now();
    const scale::Manager manager = scale::open("bal", "", settings);
    state.SetIterationTime(now() - from);
    state.counters["bytes_per_entity"] =
        static_cast<double>(allocated() - before) / static_cast<double>(entities);
    scale::close(manager);
  }
}

cJSON *parse(const std::string &text) {
  cJSON *tree = cJSON_ParseWithLength(text.data(), text.size());
  if (!tree) scale::die("cJSON does not take the library");
  return tree;
}

void cjson_parse(benchmark::State &state, const std::string &path) {
  const std::string text = read(path);
  for (auto _ : state) {
    settle();
    const double from = now();
    cJSON *tree = parse(text);
    state.SetIterationTime(now() - from);
    cJSON_Delete(tree);
  }
}

void cjson_whole(benchmark::State &state, const std::string &path) {
  for (auto _ : state) {
    settle();
    const double from = now();
    cJSON_Delete(parse(read(path)));
    state.SetIterationTime(now() - from);
  }
}

} // namespace

int main(int argc, char **argv) {
  const std::string folder = perftest::take_option(&argc, argv, "--data", ".");
  const auto entities = static_cast<std::uint32_t>(
      std::stoul(perftest::take_option(&argc, argv, "--entities", "100000")));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::string path = scale::library_file(folder, entities);
  const std::string of = "/" + std::to_string(entities);
  const auto add = [&](const char *name, auto body) {
    benchmark::RegisterBenchmark((name + of).c_str(), body)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  add("bal_open", [&](benchmark::State &state) { bal_open(state, path, entities); });
  add("cjson_parse", [&](benchmark::State &state) { cjson_parse(state, path); });
  add("cjson_whole", [&](benchmark::State &state) { cjson_whole(state, path); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
