/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host in C that asks a manager in Python: `c_host PYTHON FOLDER`, the interpreter and where the
 * module in_python is. Reads `CASE CALLS` a line, asks that often about a batch of 100, and writes the
 * nanoseconds that it took: see work.py.
 */
#define _POSIX_C_SOURCE 200809L
#include <sheaf/sheaf.h>

#include <stdlib.h>
#include <time.h>

enum { BATCH = 100, ENTITIES = 10000 };

static char texts[BATCH][32];
static sheaf_str refs[BATCH];
static uint64_t bytes_seen;

static void must(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "c_host: %s\n", what);
  exit(2);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint32_t take(void *ctx, uint32_t index, const sheaf_result *record) SHEAF_NOEXCEPT {
  (void)ctx, (void)index;
  must(record->property_count == 1, "a record without its property");
  bytes_seen += sheaf_value_str(&record->properties[0].value).size;
  return SHEAF_CONTINUE;
}

static sheaf_manager *open_manager(sheaf_library *library, const char *python, const char *folder) {
  sheaf_error error = {0};
  const sheaf_setting settings[] = {{SHEAF_STR("python"), sheaf_string(sheaf_cstr(python))},
                                    {SHEAF_STR("path"), sheaf_string(sheaf_cstr(folder))},
                                    {SHEAF_STR("module"), sheaf_string(sheaf_cstr("in_python"))}};
  sheaf_manager *manager = sheaf_manager_open(library, "python", settings, 3, &error);
  must(manager != NULL, error.message);
  return manager;
}

static void ask(sheaf_manager *manager, const sheaf_request *request) {
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_error error = {0};
  callbacks.success = take;
  (void)sheaf_resolve(manager, request, &callbacks, &summary, &error);
  must(summary.succeeded == BATCH, error.message[0] ? error.message : "not all were found");
}

int main(int argc, char **argv) {
  long calls;
  must(argc == 3, "c_host PYTHON FOLDER");
  for (uint32_t i = 0; i < BATCH; i++) {
    int size = snprintf(texts[i], sizeof texts[i], "bal:///asset/%05u", i * 7919u % ENTITIES);
    refs[i] = sheaf_strn(texts[i], (size_t)size);
  }
  sheaf_library *library = sheaf_library_new(NULL, NULL);
  sheaf_manager *manager = open_manager(library, argv[1], argv[2]);
  sheaf_id trait = sheaf_intern_one(library, "named");
  sheaf_request request = sheaf_request_for(refs, BATCH);
  request.flags = 0;
  request.traits = &trait;
  request.trait_count = 1;
  while (scanf("%*s %ld", &calls) == 1) {
    int64_t start = now_ns();
    for (long i = 0; i < calls; i++) ask(manager, &request);
    printf("%lld\n", (long long)(now_ns() - start));
    fflush(stdout);
  }
  return sheaf_library_free(library) != SHEAF_OK || bytes_seen == 1;
}
