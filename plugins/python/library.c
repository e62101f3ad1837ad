/* SPDX-License-Identifier: Apache-2.0 */
/* libpython: the one in the process, or one to be opened. */
#define _GNU_SOURCE /* RTLD_DEFAULT, dl_iterate_phdr, dladdr */
#include "python.h"

#include <dlfcn.h>
#include <link.h>

static const struct {
  const char *name;
  size_t offset;
} functions[] = {
    {"Py_IsInitialized", offsetof(py_api, is_initialized)},
    {"Py_GetVersion", offsetof(py_api, version)},
    {"PyPreConfig_InitPythonConfig", offsetof(py_api, preconfig_init)},
    {"Py_PreInitializeFromBytesArgs", offsetof(py_api, preinitialize)},
    {"PyConfig_InitIsolatedConfig", offsetof(py_api, config_init)},
    {"PyConfig_SetBytesArgv", offsetof(py_api, config_set_argv)},
    {"Py_InitializeFromConfig", offsetof(py_api, initialize)},
    {"PyConfig_Clear", offsetof(py_api, config_clear)},
    {"PyEval_SaveThread", offsetof(py_api, save_thread)},
    {"PyGILState_Ensure", offsetof(py_api, gil_ensure)},
    {"PyGILState_Release", offsetof(py_api, gil_release)},
    {"PyImport_ImportModule", offsetof(py_api, import)},
    {"Py_BuildValue", offsetof(py_api, build)},
    {"PyObject_CallMethod", offsetof(py_api, call_method)},
    {"PyDict_GetItemString", offsetof(py_api, dict_get)},
    {"PyTuple_GetItem", offsetof(py_api, tuple_get)},
    {"PyLong_AsUnsignedLongLong", offsetof(py_api, as_number)},
    {"PyUnicode_AsUTF8AndSize", offsetof(py_api, as_utf8)},
    {"PyErr_Fetch", offsetof(py_api, error_fetch)},
    {"PyErr_Clear", offsetof(py_api, error_clear)},
    {"PyObject_Str", offsetof(py_api, to_text)},
    {"Py_DecRef", offsetof(py_api, decref)},
};

/* NULL, or the name of what is not there. */
static const char *fill(void *handle, py_api *api) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *found = dlsym(handle, functions[i].name);
    if (!found) return functions[i].name;
    memcpy((char *)api + functions[i].offset, &found, sizeof found);
  }
  return NULL;
}

/* "libpython3.11.so.1.0", not the stub "libpython3.so". */
static int find_libpython(struct dl_phdr_info *info, size_t size, void *name) {
  (void)size;
  const char *slash = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
  const char prefix[] = "/libpython3.";
  if (!slash || strncmp(slash, prefix, sizeof prefix - 1) != 0) return 0;
  char next = slash[sizeof prefix - 1];
  if (next < '0' || next > '9') return 0;
  *(const char **)name = info->dlpi_name;
  return 1;
}

static const char *file_of(const py_api *api) {
  Dl_info info;
  void *address;
  memcpy(&address, &api->is_initialized, sizeof address);
  return dladdr(address, &info) && info.dli_fname ? info.dli_fname : "?";
}

bool py_library_present(py_api *api, const char **file) {
  if (fill(RTLD_DEFAULT, api) == NULL) {
    *file = file_of(api);
    return true;
  }
  /* One that came along with a plugin of the host's, say, and that only that one sees. */
  const char *name = NULL;
  if (!dl_iterate_phdr(find_libpython, &name)) return false;
  void *handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD | RTLD_NODELETE);
  if (!handle || fill(handle, api) != NULL) return false;
  *file = file_of(api);
  return true;
}

sheaf_status py_library_open(const char *file, py_api *api, sheaf_error *error) {
  /* Global, against the rule: modules in C take Python's symbols from whatever is global. */
  void *handle = dlopen(file, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (!handle) return sheaf_error_set(error, SHEAF_LOAD_FAILED, "%s", dlerror());
  const char *missing = fill(handle, api);
  if (!missing) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_LOAD_FAILED, "%s has no %s: it is no libpython that will do",
                         file, missing);
}
