// SPDX-License-Identifier: Apache-2.0
//
// Libraries of any size for the `bal` manager, written as JSON, and references to what is in them.
#ifndef PERFTEST_SCALE_LIBRARY_HPP
#define PERFTEST_SCALE_LIBRARY_HPP

#include <cstdint>
#include <string>
#include <vector>

#include <sheaf/sheaf.h>

namespace scale {

constexpr char kTrait[] = "openassetio-mediacreation:content.LocatableContent";
constexpr char kKey[] = "location";

// Says what is wrong, and ends the process.
[[noreturn]] void die(const std::string &what);

// The reference of entity `number` of a library, and what its URL is. Numbers next to each other have
// names that are not.
std::string reference(std::uint32_t number);
std::string url(std::uint32_t number);

// The path of a JSON library of so many entities in `folder`: written if it is not there.
std::string library_file(const std::string &folder, std::uint32_t entities);

// References drawn at random from a library: strings of their own on the heap, neighbours in `refs`
// none in memory.
struct References {
  References(std::string (*reference)(std::uint32_t number), std::uint32_t entities,
             std::uint32_t count);
  std::vector<std::string> strings;
  std::vector<sheaf_str> refs;
};

// A manager in a library of its own, opened by the path of its shared object or by its id in `folder`.
struct Manager {
  sheaf_library *library;
  sheaf_manager *manager;
  sheaf_id trait, key;
};
Manager open(const std::string &id, const std::string &folder,
             const std::vector<sheaf_setting> &settings);
void close(const Manager &manager);

// Asks for the URL of each, and adds up their lengths and a byte of each. Ends the process unless all
// are found.
std::uint64_t resolve(const Manager &manager, const sheaf_str *refs, std::uint32_t count);

} // namespace scale

#endif
