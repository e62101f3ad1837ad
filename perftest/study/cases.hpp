// SPDX-License-Identifier: Apache-2.0
// The inside of scene.hpp: where the cases come from.
#ifndef PERFTEST_STUDY_CASES_HPP
#define PERFTEST_STUDY_CASES_HPP

#include "scene.hpp"

namespace study {

using Add = std::function<void(const std::string &name, Ask ask)>;

void add_floor_case(bool lookup, const Add &add);
void add_sheaf_cases(bool lookup, const Add &add);
void add_dr009_cases(bool lookup, const Add &add);

// Says what is wrong, and ends the process.
[[noreturn]] void die(const std::string &what);

// The object of that name that a shared object beside the program exports. Never NULL.
const void *load(const std::string &library, const char *symbol);

} // namespace study

#endif
