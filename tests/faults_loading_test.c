/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins that cannot be had: whatever is wrong, nothing crashes, nothing leaks, and the message
 * names the file or the manager, what is wrong and what to do.
 */
#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct refusal {
  const char *fault; /* the plugin's id and its folder */
  sheaf_status status;
  const char *words[4]; /* all in the message */
} refusal;

static const refusal refusals[] = {
    {"no_entry", SHEAF_LOAD_FAILED, {"no_entry.so", "sheaf_plugin_v1", "exported"}},
    {"wrong_major", SHEAF_VERSION_MISMATCH, {"wrong_major.so", "sheaf_plugin_v2", "update"}},
    {"unresolved",
     SHEAF_LOAD_FAILED,
     {"unresolved.so", "sheaf_test_function_that_is_nowhere", "link"}},
    {"not_elf", SHEAF_LOAD_FAILED, {"not_elf.so", "shared object", "build"}},
    {"entry_null", SHEAF_INVALID_PLUGIN, {"entry_null.so", "NULL", "record"}},
    {"short_plugin", SHEAF_INVALID_PLUGIN, {"short_plugin.so", "sheaf_plugin", "size"}},
    {"plugin_flag", SHEAF_VERSION_MISMATCH, {"plugin_flag.so", "flag", "newer libsheaf"}},
    {"abi_too_new", SHEAF_VERSION_MISMATCH, {"abi_too_new.so", "1.98", "update libsheaf"}},
    {"abi_inverted", SHEAF_INVALID_PLUGIN, {"abi_inverted.so", "oldest"}},
    {"no_factories", SHEAF_INVALID_PLUGIN, {"no_factories.so", "factor"}},
    {"null_factories", SHEAF_INVALID_PLUGIN, {"null_factories.so", "NULL"}},
    {"null_factory", SHEAF_INVALID_PLUGIN, {"null_factory.so", "NULL"}},
    {"short_factory", SHEAF_INVALID_PLUGIN, {"short_factory.so", "sheaf_factory", "size"}},
    {"factory_flag", SHEAF_VERSION_MISMATCH, {"factory_flag.so", "flag"}},
    {"null_id", SHEAF_INVALID_PLUGIN, {"null_id.so", "id", "NULL"}},
    {"bad_id", SHEAF_INVALID_PLUGIN, {"bad_id.so", "Bad Id!", "a-z"}},
    {"other_id", 0, {"other_id", "somebody"}},
    {"null_create", SHEAF_INVALID_PLUGIN, {"null_create.so", "create"}},
    {"null_settings", SHEAF_INVALID_PLUGIN, {"null_settings.so", "settings", "NULL"}},
    {"setting_unnamed", SHEAF_INVALID_PLUGIN, {"setting_unnamed.so", "name"}},
    {"setting_kind", SHEAF_INVALID_PLUGIN, {"setting_kind.so", "colour", "int64"}},
    {"setting_default", SHEAF_INVALID_PLUGIN, {"setting_default.so", "colour", "blue"}},
    {"setting_required", SHEAF_INVALID_ARGUMENT, {"setting_required", "colour"}},
    {"create_fails", SHEAF_UNAVAILABLE, {"create_fails", "licence server", "wake it"}},
    {"create_silent", SHEAF_UNAVAILABLE, {"create_silent", "cannot be reached"}},
    {"create_bad_message", SHEAF_UNAVAILABLE, {"create_bad_message"}},
    {"create_null", SHEAF_INVALID_PLUGIN, {"create_null", "table"}},
    {"short_table", SHEAF_INVALID_PLUGIN, {"short_table", "sheaf_manager_table", "size"}},
    {"table_flag", SHEAF_INVALID_PLUGIN, {"table_flag", "flag"}},
    {"null_describe", SHEAF_INVALID_PLUGIN, {"null_describe", "describe", "NULL"}},
    {"null_batch", SHEAF_INVALID_PLUGIN, {"null_batch", "batch", "NULL"}},
    {"describe_fails", SHEAF_INVALID_PLUGIN, {"describe_fails", "describe", "NULL"}},
    {"describe_null_verbs", SHEAF_INVALID_PLUGIN, {"describe_null_verbs", "verbs"}},
    {"describe_no_verbs", SHEAF_INVALID_PLUGIN, {"describe_no_verbs", "verbs"}},
    {"describe_null_prefixes", SHEAF_INVALID_PLUGIN, {"describe_null_prefixes", "prefixes"}},
    {"describe_flag", SHEAF_INVALID_PLUGIN, {"describe_flag", "flag"}},
    {"short_description", SHEAF_INVALID_PLUGIN, {"short_description", "sheaf_description", "size"}},
};

static bool is_utf8_text(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  while (*c) {
    int more = *c < 0x80 ? 0 : *c >= 0xc2 && *c < 0xe0 ? 1 : *c >= 0xe0 && *c < 0xf0 ? 2 : 3;
    if ((*c >= 0x80 && *c < 0xc2) || *c > 0xf4) return false;
    for (c++; more > 0; more--, c++) {
      if ((*c & 0xc0u) != 0x80u) return false;
    }
  }
  return true;
}

static void assert_refused(const refusal *r, const char *what) {
  char folder[512];
  kept_log log;
  sheaf_error error = {0};
  log_reset(&log);
  snprintf(folder, sizeof folder, "%s/tests/faulty/%s", SHEAF_TEST_BUILD_DIR, r->fault);
  sheaf_library *library = library_with(&log, folder);
  sheaf_manager *manager = sheaf_manager_open(library, what, NULL, 0, &error);
  if (manager) fail_msg("%s: was opened", what);
  if (error.status == SHEAF_OK) fail_msg("%s: no status: %s", what, error.message);
  if (r->status && error.status != r->status) {
    fail_msg("%s: %s, wanted %s: %s", what, sheaf_status_name(error.status),
             sheaf_status_name(r->status), error.message);
  }
  for (int i = 0; i < 4 && r->words[i]; i++) {
    if (!strstr(error.message, r->words[i])) {
      fail_msg("%s: '%s' is not in: %s", what, r->words[i], error.message);
    }
  }
  if (!is_utf8_text(error.message)) fail_msg("%s: the message is not UTF-8", what);
  /* It can be asked again, and says the same. */
  assert_null(sheaf_manager_open(library, what, NULL, 0, NULL));
  free_library(library);
}

static void test_refusal(void **state) {
  const refusal *r = *state;
  char manifest[512];
  snprintf(manifest, sizeof manifest, "%s/tests/faulty/%s/%s.sheaf.json", SHEAF_TEST_BUILD_DIR,
           r->fault, r->fault);
  assert_refused(r, r->fault);
  assert_refused(r, manifest);
}

/* One bad plugin never hides a good one. */
static void test_the_rest_is_found(void **state) {
  (void)state;
  kept_log log;
  log_reset(&log);
  const char *folders[] = {
      SHEAF_TEST_BUILD_DIR "/tests/faulty/not_elf", SHEAF_TEST_BUILD_DIR "/tests/faulty/nowhere",
      SHEAF_TEST_BUILD_DIR "/tests/faulty/no_entry", SHEAF_TEST_BUILD_DIR "/tests/faulty/none"};
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.log = log_keep;
  options.log_ctx = &log;
  options.plugin_paths = folders;
  options.plugin_path_count = 4;
  sheaf_library *library = sheaf_library_new(&options, NULL);
  assert_non_null(library);
  open_manager(library, "none");
  free_library(library);
}

/* The message at default verbosity says which files were looked at and why each was refused. */
static void test_not_found(void **state) {
  (void)state;
  kept_log log;
  sheaf_error error = {0};
  log_reset(&log);
  sheaf_library *library = library_with(&log, SHEAF_TEST_BUILD_DIR "/tests/faulty/none");
  assert_null(sheaf_manager_open(library, "nobody", NULL, 0, &error));
  assert_int_equal(error.status, SHEAF_NOT_FOUND);
  assert_non_null(strstr(error.message, "nobody"));
  assert_non_null(strstr(error.message, "tests/faulty/none"));
  free_library(library);
}

/* ------------------------------------------------------------------------------------ manifests */

typedef struct bad_manifest {
  const char *name;
  const char *text; /* NULL: made by test_manifest */
  const char *words[2];
} bad_manifest;

#define MANIFEST(version, id, library)                                                             \
  "{\"sheaf_manifest\": " version ", \"id\": " id ", \"name\": \"N\", \"version\": \"1\", "        \
  "\"abi\": {\"major\": 1, \"minor\": 0, \"min_minor\": 0}, \"library\": " library "}"

static const bad_manifest bad_manifests[] = {
    {"empty", "", {"broken.sheaf.json"}},
    {"truncated", "{\"sheaf_manifest\": 1, \"id\": \"brok", {"broken.sheaf.json"}},
    {"trailing", MANIFEST("1", "\"broken\"", "\"broken.so\"") " {}", {"broken.sheaf.json"}},
    {"not_an_object", "[1, 2]", {"broken.sheaf.json", "object"}},
    {"unknown_version", MANIFEST("2", "\"broken\"", "\"broken.so\""), {"broken.sheaf.json", "2"}},
    {"version_of_wrong_type",
     MANIFEST("\"1\"", "\"broken\"", "\"broken.so\""),
     {"broken.sheaf.json", "sheaf_manifest"}},
    {"id_of_wrong_type", MANIFEST("1", "7", "\"broken.so\""), {"broken.sheaf.json", "id"}},
    {"id_of_wrong_form",
     MANIFEST("1", "\"Not an id\"", "\"broken.so\""),
     {"broken.sheaf.json", "Not an id"}},
    {"library_of_wrong_type", MANIFEST("1", "\"broken\"", "[]"), {"broken.sheaf.json", "library"}},
    {"library_above",
     MANIFEST("1", "\"broken\"", "\"../none/none.so\""),
     {"broken.sheaf.json", ".."}},
    {"library_absolute",
     MANIFEST("1", "\"broken\"", "\"/lib/libc.so.6\""),
     {"broken.sheaf.json", "library"}},
    {"library_missing",
     MANIFEST("1", "\"broken\"", "\"nowhere.so\""),
     {"broken.sheaf.json", "nowhere.so"}},
    {"major_too_new",
     "{\"sheaf_manifest\": 1, \"id\": \"broken\", \"name\": \"N\", \"version\": \"1\", "
     "\"abi\": {\"major\": 2, \"minor\": 0, \"min_minor\": 0}, \"library\": \"broken.so\"}",
     {"broken.sheaf.json", "update"}},
    {"too_deep", NULL, {"broken.sheaf.json", "16"}},
    {"too_large", NULL, {"broken.sheaf.json", "large"}},
};

/* A manifest that is right but for one member, nested too deep or too long. */
static char *make_manifest(bool deep) {
  enum { LARGE = 70000, LEVELS = 40 };
  char *text = calloc(1, LARGE + 1000);
  assert_non_null(text);
  strcpy(text, "{\"sheaf_manifest\": 1, \"x\": ");
  char *end = text + strlen(text);
  if (deep) {
    memset(end, '[', LEVELS);
    memset(end + LEVELS, ']', LEVELS);
  } else {
    *end = '"';
    memset(end + 1, 'x', LARGE);
    strcat(end, "\"");
  }
  strcat(text, ", \"id\": \"broken\", \"library\": \"broken.so\"}");
  return text;
}

static void write_manifest(const bad_manifest *m, const char *folder, const char *path) {
  char *made = m->text ? NULL : make_manifest(strcmp(m->name, "too_deep") == 0);
  mkdir(folder, 0755);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(made ? made : m->text, file);
  fclose(file);
  free(made);
}

static void assert_words(const char *message, const bad_manifest *m) {
  for (int i = 0; i < 2 && m->words[i]; i++) {
    if (!strstr(message, m->words[i])) {
      fail_msg("%s: '%s' is not in: %s", m->name, m->words[i], message);
    }
  }
}

static void test_manifest(void **state) {
  const bad_manifest *m = *state;
  char folder[400], path[440];
  kept_log log;
  sheaf_error error = {0};
  snprintf(folder, sizeof folder, "%s/tests/faulty/manifest_%s", SHEAF_TEST_BUILD_DIR, m->name);
  snprintf(path, sizeof path, "%s/broken.sheaf.json", folder);
  write_manifest(m, folder, path);
  log_reset(&log);
  sheaf_library *library = library_with(&log, folder);
  assert_null(sheaf_manager_open(library, path, NULL, 0, &error));
  assert_words(error.message, m);
  memset(&error, 0, sizeof error);
  assert_null(sheaf_manager_open(library, "broken", NULL, 0, &error));
  assert_words(error.message, m);
  /* The list has a row for it that says the same. */
  sheaf_plugin_list *list = sheaf_plugin_list_new(library, &error);
  assert_non_null(list);
  bool seen = false;
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (!info->manifest || strcmp(info->manifest, path) != 0) continue;
    seen = true;
    assert_int_equal(info->state, SHEAF_PLUGIN_REFUSED);
    assert_non_null(info->reason);
  }
  assert_true(seen);
  sheaf_plugin_list_free(list);
  free_library(library);
  unlink(path);
  rmdir(folder);
}

int main(void) {
  enum {
    REFUSALS = sizeof refusals / sizeof *refusals,
    MANIFESTS = sizeof bad_manifests / sizeof *bad_manifests,
    OTHERS = 2
  };
  static struct CMUnitTest tests[REFUSALS + MANIFESTS + OTHERS] = {
      cmocka_unit_test(test_the_rest_is_found),
      cmocka_unit_test(test_not_found),
  };
  for (size_t i = 0; i < REFUSALS; i++) {
    tests[OTHERS + i] = (struct CMUnitTest){refusals[i].fault, test_refusal, NULL, NULL,
                                            (void *)(uintptr_t)&refusals[i]};
  }
  for (size_t i = 0; i < MANIFESTS; i++) {
    tests[OTHERS + REFUSALS + i] = (struct CMUnitTest){bad_manifests[i].name, test_manifest, NULL,
                                                       NULL, (void *)(uintptr_t)&bad_manifests[i]};
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
