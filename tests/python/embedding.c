/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host in C that has a Python of its own, as applications with scripts do.
 *   embedding HOW LIBPYTHON NAME=VALUE... REFERENCE
 * HOW: "local", it runs, and nobody else sees its symbols; "global"; "asleep": it is loaded and not
 * started. NAME=VALUE are settings of the manager `python`. Prints what the reference's record holds.
 */
#include <dlfcn.h>
#include <locale.h>
#include <signal.h>
#include <sheaf/sheaf.h>
#include <stdio.h>
#include <stdlib.h>

static void *function(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found) fprintf(stderr, "%s\n", dlerror()), exit(1);
  return found;
}

static void start_python(const char *how, const char *path) {
  void *library = dlopen(path, RTLD_NOW | (strcmp(how, "local") == 0 ? RTLD_LOCAL : RTLD_GLOBAL));
  void (*initialize)(int);
  void *(*save_thread)(void);
  if (!library) fprintf(stderr, "%s\n", dlerror()), exit(1);
  if (strcmp(how, "asleep") == 0) return;
  void *found = function(library, "Py_InitializeEx");
  memcpy(&initialize, &found, sizeof found);
  found = function(library, "PyEval_SaveThread");
  memcpy(&save_thread, &found, sizeof found);
  initialize(0);
  save_thread();
}

static uint32_t read_settings(char **arguments, sheaf_setting *settings) {
  uint32_t count = 0;
  for (char *equals; (equals = strchr(arguments[count], '=')) != NULL; count++)
    settings[count] =
        (sheaf_setting){sheaf_strn(arguments[count], (size_t)(equals - arguments[count])),
                        sheaf_string(sheaf_cstr(equals + 1))};
  return count;
}

static void print(const sheaf_library *library, const sheaf_result *record) {
  for (uint32_t i = 0; i < record->property_count; i++) {
    const sheaf_property *p = &record->properties[i];
    sheaf_str key = sheaf_name(library, p->key), text = sheaf_value_str(&p->value);
    printf("%.*s=%.*s\n", (int)key.size, key.data, (int)text.size, text.size ? text.data : "");
  }
}

int main(int argc, char **argv) {
  sheaf_error error = {0};
  sheaf_setting settings[8];
  if (argc < 5) return 2;
  (void)setlocale(LC_CTYPE, "C");
  start_python(argv[1], argv[2]);
  uint32_t count = read_settings(argv + 3, settings);
  sheaf_library *library = sheaf_library_new(NULL, &error);
  sheaf_manager *manager = sheaf_manager_open(library, "python", settings, count, &error);
  sheaf_batch *batch =
      manager ? sheaf_resolve_one(manager, sheaf_cstr(argv[3 + count]), &error) : NULL;
  if (!batch) return fprintf(stderr, "%s\n", error.message), 1;
  print(library, sheaf_batch_at(batch, 0));
  struct sigaction interrupt;
  (void)sigaction(SIGINT, NULL, &interrupt);
  printf("locale=%s\nctrl-c=%s\n", setlocale(LC_CTYPE, NULL),
         interrupt.sa_handler == SIG_DFL ? "the host's" : "taken");
  sheaf_batch_free(batch);
  return sheaf_library_free(library) != SHEAF_OK;
}
