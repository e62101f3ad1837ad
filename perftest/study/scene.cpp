// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"

#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "cases.hpp"

namespace study {

void raise_trim_threshold() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
}

void die(const std::string &what) {
  std::fprintf(stderr, "study: %s\n", what.c_str());
  std::exit(2);
}

Batches::Batches(std::uint32_t batch) : batch_(batch) {
  const std::uint32_t total = std::max(batch, 10000u) / batch * batch;
  std::mt19937 random(batch);
  std::vector<std::string> texts(total, std::string(STUDY_REF_SIZE, ' '));
  for (std::string &text : texts) {
    const bool unknown = random() % 10 == 0;
    study_write_ref(text.data(), unknown ? kEntities + random() % kEntities : random() % kEntities);
  }
  std::shuffle(texts.begin(), texts.end(), random);
  refs_.reserve(total);
  for (std::uint32_t from = 0; from < total; from += batch) {
    auto &strings = strings_.emplace_back();
    strings.reserve(batch);
    for (std::uint32_t i = from; i < from + batch; i++) {
      strings.push_back({std::move(texts[i])});
      refs_.push_back({strings.back().text.data(), strings.back().text.size()});
    }
  }
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const bool lookup : {true, false}) {
    const std::string mode = lookup ? "lookup/" : "delivery/";
    const auto add = [&](const std::string &name, Ask ask) {
      list.push_back({mode + name, std::move(ask)});
    };
    add_floor_case(lookup, add);
    add_sheaf_cases(lookup, add);
    add_dr009_cases(lookup, add);
  }
  return list;
}

void check(const std::vector<Case> &cases) {
  // No more than an iterator asks for at once: without looking, each of its batches is the same.
  for (const std::uint32_t count : {1u, 100u, 1000u}) {
    const Batches batches(count);
    std::map<std::string, Sums> wanted;
    for (const Case &c : cases) {
      const std::string mode = c.name.substr(0, c.name.find('/'));
      Sums sums;
      for (std::size_t i = 0; i < std::min<std::size_t>(batches.size(), 20); i++) {
        const Sums some = c.ask(batches[i]);
        sums.bytes += some.bytes;
        sums.errors += some.errors;
      }
      const auto [first, is_first] = wanted.try_emplace(mode, sums);
      if (!is_first && !(first->second == sums))
        die(c.name + " answers otherwise than the first of its kind");
      if (sums.bytes == 0) die(c.name + " answers nothing");
    }
  }
}

} // namespace study
