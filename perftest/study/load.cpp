// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "cases.hpp"

namespace study {

// As Sheaf's loader does it: nothing is resolved late, and nothing is ever unloaded.
const void *load(const std::string &library, const char *symbol) {
  const std::string path = std::string(STUDY_PLUGIN_DIR "/") + library;
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) die(dlerror());
  const void *found = dlsym(handle, symbol);
  if (!found) die(dlerror());
  return found;
}

} // namespace study
