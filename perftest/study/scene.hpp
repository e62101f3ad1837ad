// SPDX-License-Identifier: Apache-2.0
//
// The host of the study: its references, its managers, and the ways to ask them, each a Case. What is
// done with an answer is the same everywhere: the URL is found in it by trait and key, its length and
// one of its bytes are added up; of an error, the code and the length of its message.
#ifndef PERFTEST_STUDY_SCENE_HPP
#define PERFTEST_STUDY_SCENE_HPP

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

#include "dr009.hpp"

namespace study {

constexpr std::uint32_t kEntities = 10000;

// A batch as each side wants it: `strings` own the text that `refs` are views of.
struct Batch {
  const std::vector<dr009::EntityReference> *strings;
  const sheaf_str *refs;
  std::uint32_t count;
};

// Batches of one size: references drawn at random, one in ten unknown, 10,000 in all or one batch if
// that is more. Each reference is a string of its own on the heap, and neighbours in a batch are none
// in memory.
class Batches {
public:
  explicit Batches(std::uint32_t batch);
  Batch operator[](std::size_t i) const {
    return {&strings_[i], refs_.data() + i * batch_, batch_};
  }
  std::size_t size() const { return strings_.size(); }

private:
  std::uint32_t batch_;
  std::vector<std::vector<dr009::EntityReference>> strings_;
  std::vector<sheaf_str> refs_;
};

// What the host has seen.
struct Sums {
  std::uint64_t bytes = 0, errors = 0;
  void take(const char *data, std::size_t size) {
    bytes += size + static_cast<unsigned char>(data[size / 2]);
  }
  void fail(std::uint32_t code, std::size_t message_size) {
    errors += code;
    bytes += message_size;
  }
  bool operator==(const Sums &other) const {
    return bytes == other.bytes && errors == other.errors;
  }
};

using Ask = std::function<Sums(const Batch &)>;

struct Case {
  std::string name; // "lookup/sheaf_callback_static"; see perftest/README.md
  Ask ask;
};

// Opens all managers and lists the cases. Exits the process, and says why, if something is not to be
// had: a benchmark that goes on without its peer would compare with nothing.
std::vector<Case> cases();

// Asks every case the same and exits the process if one answers differently.
void check(const std::vector<Case> &cases);

// Sets malloc up; before anything is allocated. Raised: memory that was freed stays with the process,
// where by default glibc gives the top of the heap and each large block back, and takes page faults to
// get them again.
void raise_trim_threshold();

} // namespace study

#endif
