// SPDX-License-Identifier: Apache-2.0
#ifndef PERFTEST_OPTIONS_HPP
#define PERFTEST_OPTIONS_HPP

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace perftest {

// Takes `name=value` out of the arguments; the value, or `fallback` if it is not among them.
inline std::string take_option(int *argc, char **argv, const char *name, const char *fallback) {
  const std::size_t size = std::strlen(name);
  for (int i = 1; i < *argc; i++) {
    if (std::strncmp(argv[i], name, size) != 0 || argv[i][size] != '=') continue;
    const std::string value = argv[i] + size + 1;
    std::copy(argv + i + 1, argv + *argc, argv + i);
    --*argc;
    return value;
  }
  return fallback;
}

// "1,10,100". What is no number ends the process.
inline std::vector<std::uint32_t> read_numbers(const std::string &list) {
  std::vector<std::uint32_t> numbers;
  std::stringstream in(list);
  for (std::string item; std::getline(in, item, ',');)
    numbers.push_back(static_cast<std::uint32_t>(std::stoul(item)));
  return numbers;
}

} // namespace perftest

#endif
