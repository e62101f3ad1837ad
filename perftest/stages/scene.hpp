// SPDX-License-Identifier: Apache-2.0
//
// What stages are measured on: references, managers that answer them, and a host that reads the answers.
#ifndef PERFTEST_STAGES_SCENE_HPP
#define PERFTEST_STAGES_SCENE_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

namespace stages {

constexpr std::uint32_t kRefs = 10000;

// Says what is wrong, and ends the process.
[[noreturn]] void die(const std::string &what, const std::string &why);

// kRefs references of the study's database, of which so many are distinct: strings of their own on the
// heap, neighbours in `refs` none in memory.
struct Refs {
  explicit Refs(std::uint32_t distinct);
  std::vector<std::string> texts;
  std::vector<sheaf_str> refs;
};

// A manager by its id:
//   memory  answers with the reference itself, sixteen at once; so cheap that what is added shows
//   once    the same, of which the verb is neither pure nor idempotent: no stage may keep or repeat it
//   map     finds a URL in the study's hash table of kRefs, of which there is one for all
sheaf_manager *open(const char *id);

// Closes it, and all that it wraps.
void close(sheaf_manager *manager);

// Asks for kRefs references in batches of `batch`, and adds up the values' lengths and a byte of each.
// Ends the process unless all are found. `ns`, if not NULL, receives the processor time of a reference.
std::uint64_t ask(sheaf_manager *manager, const Refs &refs, std::uint32_t batch,
                  double *ns = nullptr);

} // namespace stages

#endif
