/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* RTLD_NODELETE */
#include "plugin/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>

#include "plugin/words.h"

/* Majors that are looked for when this core's entry is not there. */
#define HIGHEST_MAJOR 16u

/* What to do about a dlopen that failed; told from the dynamic linker's words, which are all that
 * there is. */
static const char *remedy_for(const char *text) {
  static const struct {
    const char *words, *remedy;
  } table[] = {
      {"undefined symbol",
       "something that it needs is not in any library that it is linked to: "
       "link the plugin with all that it uses (-Wl,-z,defs tells at its build)"},
      {"invalid ELF header", "this is not a shared object: build the plugin again, or correct the "
                             "path"},
      {"file too short", "this is not a shared object, or not all of it: build or copy it again"},
      {"wrong ELF class", "it was built for another machine: build it for this one"},
      {"cannot open shared object file", "a library that it depends on is missing: install it (ldd "
                                         "lists what the plugin needs)"},
      {"version `", "a library that it depends on is older than the one it was built with: build "
                    "the plugin on this system, or update that library"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strstr(text, table[i].words)) return table[i].remedy;
  }
  return "build the plugin for this system again";
}

/* Looked at before dlopen, which would wait at a named pipe. */
static sheaf_status check_file(const char *real, sheaf_error *error) {
  struct stat st;
  if (stat(real, &st) != 0)
    return sheaf_error_set(error, SHEAF_LOAD_FAILED, "cannot be read: %s: correct the path",
                           strerror(errno));
  if (!S_ISREG(st.st_mode))
    return sheaf_error_set(error, SHEAF_LOAD_FAILED,
                           "not a regular file: name the shared object of a plugin");
  return SHEAF_OK;
}

/* The dynamic linker's message without the path in front, which ours has already. */
static const char *without_path(const char *text, const char *path) {
  size_t length = strlen(path);
  if (strncmp(text, path, length) != 0 || text[length] != ':') return text;
  text += length + 1;
  return text + strspn(text, " ");
}

static sheaf_status open_object(const char *real, void **handle, sheaf_error *error) {
  sheaf_status status = check_file(real, error);
  if (status) return status;
  errno = 0;
  *handle = dlopen(real, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (*handle) return SHEAF_OK;
  /* Its words for a lack of memory are those for a file that is not there. */
  bool no_memory = errno == ENOMEM;
  const char *text = dlerror();
  if (no_memory) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory to load it");
  if (!text) text = "the dynamic linker gave no reason";
  return sheaf_error_set(error, SHEAF_LOAD_FAILED, "%.1200s: %s", without_path(text, real),
                         remedy_for(text));
}

/* Why there is no entry of our major. */
static sheaf_status no_entry(void *handle, sheaf_error *error) {
  for (unsigned major = 0; major <= HIGHEST_MAJOR; major++) {
    char name[32];
    snprintf(name, sizeof name, "sheaf_plugin_v%u", major);
    if (major == SHEAF_ABI_MAJOR || !dlsym(handle, name)) continue;
    return sheaf_error_set(error, SHEAF_VERSION_MISMATCH,
                           "it has the entry %s and not " SHEAF_PLUGIN_ENTRY_NAME
                           ": the plugin was built for ABI major %u and this libsheaf has ABI "
                           "%d.%d: %s",
                           name, major, SHEAF_ABI_MAJOR, SHEAF_ABI_MINOR,
                           major > SHEAF_ABI_MAJOR
                               ? "update libsheaf, or use an older build of the plugin"
                               : "update the plugin");
  }
  return sheaf_error_set(error, SHEAF_LOAD_FAILED,
                         "it has no entry " SHEAF_PLUGIN_ENTRY_NAME
                         ": this is not a Sheaf plugin, or its entry is not exported (define it "
                         "with SHEAF_PLUGIN_EXPORT)");
}

static sheaf_status read_record(void *handle, const char *real, sheaf_module **out,
                                sheaf_error *error) {
  void *symbol = dlsym(handle, SHEAF_PLUGIN_ENTRY_NAME);
  if (!symbol) return no_entry(handle, error);
  sheaf_plugin_entry entry;
  memcpy(&entry, &symbol, sizeof entry); /* C has no cast from an object to a function */
  const sheaf_plugin *plugin = entry();
  if (!plugin)
    return sheaf_error_set(error, SHEAF_INVALID_PLUGIN,
                           SHEAF_PLUGIN_ENTRY_NAME " returned NULL: it must return the plugin's "
                                                   "record");
  return sheaf_module_new(plugin, real, &sheaf_core_abi, out, error);
}

sheaf_status sheaf_module_load(const char *real, sheaf_module **out, sheaf_error *error) {
  void *handle = NULL;
  *out = NULL;
  sheaf_status status = open_object(real, &handle, error);
  /* The handle is dropped, never closed: unloading code whose threads or thread-local destructors
   * are still about is a crash. */
  if (!status) status = read_record(handle, real, out, error);
  if (status) sheaf_error_in_file(error, real);
  return status;
}
