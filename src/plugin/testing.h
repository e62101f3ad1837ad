/* SPDX-License-Identifier: Apache-2.0 */
/* For this module's tests: a folder for files, a log that is kept, a small manager. */
#ifndef SHEAF_PLUGIN_TESTING_H
#define SHEAF_PLUGIN_TESTING_H

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <sheaf/sheaf.h>

/* A test's own folder and log. */
typedef struct scene {
  char root[64];   /* a real path */
  char log[32768]; /* lines of the library's log */
} scene;

/* A path below the test's folder, valid for the next 63 calls. */
static inline const char *scene_path(const scene *s, const char *name) {
  static char paths[64][1024];
  static unsigned next;
  char *path = paths[next++ % 64];
  snprintf(path, sizeof paths[0], "%s/%s", s->root, name);
  return path;
}

static inline const char *scene_write_bytes(const scene *s, const char *name, const void *bytes,
                                            size_t size) {
  const char *path = scene_path(s, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
  return path;
}

static inline const char *scene_write(const scene *s, const char *name, const char *text) {
  return scene_write_bytes(s, name, text, strlen(text));
}

static inline const char *scene_folder(const scene *s, const char *name) {
  const char *path = scene_path(s, name);
  assert_int_equal(mkdir(path, 0755), 0);
  return path;
}

static inline void scene_link(const scene *s, const char *target, const char *name) {
  assert_int_equal(symlink(target, scene_path(s, name)), 0);
}

/* A manifest that is right, of a plugin whose library is an empty file beside it. */
static inline const char *scene_plugin(const scene *s, const char *folder, const char *file,
                                       const char *id) {
  char name[512], text[1024];
  snprintf(name, sizeof name, "%s/%s.so", folder, file);
  scene_write(s, name, "");
  snprintf(name, sizeof name, "%s/%s.sheaf.json", folder, file);
  snprintf(text, sizeof text,
           "{\"sheaf_manifest\": 1, \"id\": \"%s\", \"name\": \"The %s\", \"version\": \"1.2\", "
           "\"abi\": {\"major\": 1, \"minor\": 0, \"min_minor\": 0}, \"library\": \"%s.so\"}",
           id, id, file);
  return scene_write(s, name, text);
}

static inline void scene_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  scene *s = ctx;
  size_t used = strlen(s->log);
  (void)source;
  snprintf(s->log + used, sizeof s->log - used, "%u %.*s\n", level, (int)message.size,
           message.data);
}

/* A library that looks for plugins in `paths` first. */
static inline sheaf_library *scene_library(scene *s, const char *const *paths, uint32_t count) {
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  sheaf_error error = {0};
  options.log = scene_log;
  options.log_ctx = s;
  options.plugin_paths = paths;
  options.plugin_path_count = count;
  sheaf_library *library = sheaf_library_new(&options, &error);
  assert_non_null(library);
  return library;
}

static inline int scene_setup(void **state) {
  scene *s = calloc(1, sizeof *s);
  char name[] = "/tmp/sheaf-test-XXXXXX";
  assert_non_null(s);
  assert_non_null(mkdtemp(name));
  snprintf(s->root, sizeof s->root, "%s", name);
  setenv("HOME", s->root, 1);
  unsetenv("XDG_DATA_HOME");
  unsetenv("SHEAF_PLUGIN_PATH");
  unsetenv("SHEAF_CONFIG");
  unsetenv("SHEAF_LOG");
  *state = s;
  return 0;
}

static inline int scene_remove(const char *path, const struct stat *st, int type,
                               struct FTW *where) {
  (void)st, (void)where;
  if (type == FTW_DNR) chmod(path, 0755);
  return remove(path);
}

static inline int scene_teardown(void **state) {
  scene *s = *state;
  nftw(s->root, scene_remove, 16, FTW_DEPTH | FTW_PHYS);
  free(s);
  return 0;
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

/* Fails with both texts unless `text` has `part` in it. */
#define assert_has(text, part)                                                                     \
  do {                                                                                             \
    if (!strstr(text, part)) fail_msg("no \"%s\" in: %s", part, text);                             \
  } while (0)
#define assert_has_not(text, part)                                                                 \
  do {                                                                                             \
    if (strstr(text, part)) fail_msg("there is \"%s\" in: %s", part, text);                        \
  } while (0)

/* A manager that serves resolve and answers nothing. */
static inline const sheaf_description *small_describe(void *self) {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
  static const sheaf_description description = {sizeof description, 0, verbs, NULL, 1, 0};
  (void)self;
  return &description;
}

static inline sheaf_status small_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self, (void)request, (void)sink;
  return SHEAF_OK;
}

static inline sheaf_status small_create(const sheaf_factory *factory, const sheaf_host *host,
                                        const sheaf_value *settings, uint32_t count,
                                        sheaf_interface *out, sheaf_error *error) {
  static const sheaf_manager_table table = {sizeof table, 0,   small_describe, small_batch, NULL,
                                            NULL,         NULL};
  (void)factory, (void)host, (void)settings, (void)count, (void)error;
  out->table = &table;
  out->self = NULL;
  return SHEAF_OK;
}

#endif
