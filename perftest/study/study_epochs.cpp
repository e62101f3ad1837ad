// SPDX-License-Identifier: Apache-2.0
//
// DR009's own statistic, for comparison with its tables: every case is timed once an epoch, one call
// of one batch, and what is told of two cases is the mean of the epochs' ratios, with its standard
// deviation. That mean is above one both ways round where times scatter, so that nothing is judged by
// it; the ratio of the medians stands beside it.
//
//     study_epochs [--epochs=5000] [--batches=1,100]        JSON on standard output
#include <chrono>
#include <cmath>
#include <cstdio>

#include "options.hpp"
#include "scene.hpp"

namespace {

using Times = std::map<std::string, std::vector<double>>;

double once(const study::Case &c, const study::Batch &batch) {
  const auto from = std::chrono::steady_clock::now();
  const study::Sums sums = c.ask(batch);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
  // So that the sums are not thought useless.
  return sums.bytes ? took.count() : 0;
}

Times run(const std::vector<study::Case> &cases, std::uint32_t count, std::size_t epochs) {
  const study::Batches batches(count);
  const std::size_t warm_up = epochs / 5;
  Times times;
  // Each case is as often the first, which finds its references cold.
  for (std::size_t e = 0; e < warm_up + epochs; e++)
    for (std::size_t i = 0; i < cases.size(); i++) {
      const study::Case &c = cases[(e + i) % cases.size()];
      const double took = once(c, batches[e % batches.size()]);
      if (e >= warm_up) times[c.name].push_back(took);
    }
  return times;
}

double mean(const std::vector<double> &values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double deviation(const std::vector<double> &values) {
  const double middle = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> divide(const std::vector<double> &a, const std::vector<double> &b) {
  std::vector<double> ratios(a.size());
  for (std::size_t i = 0; i < a.size(); i++) ratios[i] = a[i] / b[i];
  return ratios;
}

void print(const char *before, std::uint32_t batch, const std::string &record, const Times &times,
           const char *numerator, const char *denominator) {
  const auto &a = times.at("lookup/dr009_" + (numerator + ("_" + record)));
  const auto &b = times.at("lookup/dr009_" + (denominator + ("_" + record)));
  const std::vector<double> ratios = divide(a, b);
  std::printf("%s\n {\"batch\": %u, \"record\": \"%s\", \"numerator\": \"%s\", \"denominator\": "
              "\"%s\", \"mean\": %.4f, \"std_dev\": %.4f, \"mean_of_inverse\": %.4f, "
              "\"ratio_of_medians\": %.4f}",
              before, batch, record.c_str(), numerator, denominator, mean(ratios),
              deviation(ratios), mean(divide(b, a)), median(a) / median(b));
}

} // namespace

int main(int argc, char **argv) {
  const std::size_t epochs = std::stoul(perftest::take_option(&argc, argv, "--epochs", "5000"));
  const auto batches =
      perftest::read_numbers(perftest::take_option(&argc, argv, "--batches", "1,100"));
  if (argc > 1 || epochs < 10) {
    std::fprintf(stderr, "usage: study_epochs [--epochs=5000] [--batches=1,100]\n");
    return 2;
  }
  static const char *const pairs[][2] = {{"vector", "callback"},
                                         {"vector", "callbackToVector"},
                                         {"callbackFnPtr", "callback"},
                                         {"callbackLargeCapture", "callback"}};
  const std::vector<study::Case> cases = study::cases();
  study::check(cases);
  const char *before = "[";
  for (const std::string record : {"traits", "record"}) {
    // As in the decision, the cases of one record have the epoch to themselves.
    std::vector<study::Case> some;
    for (const study::Case &c : cases)
      if (c.name.find("lookup/dr009_") == 0 && c.name.find("_" + record) != std::string::npos)
        some.push_back(c);
    for (const std::uint32_t batch : batches) {
      const Times times = run(some, batch, epochs);
      for (const auto &pair : pairs) {
        print(before, batch, record, times, pair[0], pair[1]);
        before = ",";
      }
    }
  }
  std::printf("]\n");
  return 0;
}
