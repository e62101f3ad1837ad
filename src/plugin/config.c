/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* secure_getenv */
#include <sheaf/config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "plugin/config_read.h"
#include "plugin/words.h"

/* The file to read, and where it was named; NULL: none. */
static const char *choose(const char *path, const char **named_by) {
  *named_by = "";
  if (path) return path;
  path = secure_getenv("SHEAF_CONFIG");
  if (path && path[0]) {
    *named_by = " ($SHEAF_CONFIG names it)";
    return path;
  }
  /* A configuration names code to load: a process with raised privileges takes none from whichever
   * folder it was started in. */
  bool raised = getuid() != geteuid() || getgid() != getegid();
  return !raised && access("sheaf.json", F_OK) == 0 ? "sheaf.json" : NULL;
}

/* The absolute path of a file, its folder's links resolved, its own not: what it names is relative
 * to where the file is seen. NULL: errno says why. */
static const char *absolute(sheaf_hold *hold, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *folder = slash ? sheaf_hold_printf(hold, "%.*s", (int)(slash - path) + 1, path) : ".";
  char *real = folder ? realpath(folder, NULL) : NULL;
  if (!real && errno == ENOMEM) hold->failed = true;
  if (!real) return NULL;
  bool root = strcmp(real, "/") == 0;
  const char *whole = sheaf_hold_printf(hold, "%s/%s", root ? "" : real, slash ? slash + 1 : path);
  free(real);
  return whole;
}

static sheaf_status load(sheaf_config *config, const char *path, const char *named_by,
                         sheaf_error *error) {
  const char *whole = absolute(&config->hold, path);
  sheaf_status status = SHEAF_OK;
  if (!whole && !config->hold.failed)
    status = sheaf_error_set(error, SHEAF_IO_ERROR, "cannot be read: %s", strerror(errno));
  else if (whole) status = sheaf_config_read(config, whole, error);
  if (config->hold.failed) status = sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  config->path = whole;
  if (status == SHEAF_IO_ERROR) {
    char why[512];
    snprintf(why, sizeof why, "%.511s", error->message);
    sheaf_error_set(error, status, "%s%s: correct the path", why, named_by);
  }
  if (status) sheaf_error_in_file(error, whole ? whole : path);
  return status;
}

sheaf_config *sheaf_config_load(const char *path, sheaf_error *error) {
  sheaf_error unused;
  if (!error) error = &unused;
  sheaf_config *config = calloc(1, sizeof *config);
  if (!config) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a configuration");
    return NULL;
  }
  const char *named_by;
  path = choose(path, &named_by);
  if (!path || load(config, path, named_by, error) == SHEAF_OK) return config;
  sheaf_config_free(config);
  return NULL;
}

void sheaf_config_free(sheaf_config *config) {
  if (!config) return;
  sheaf_hold_free(&config->hold);
  free(config);
}

const char *sheaf_config_path(const sheaf_config *config) { return config ? config->path : NULL; }

const char *sheaf_config_manager(const sheaf_config *config) {
  return config ? config->top.manager : NULL;
}

const sheaf_setting *sheaf_config_settings(const sheaf_config *config, uint32_t *count) {
  if (count) *count = config ? config->top.setting_count : 0;
  return config ? config->top.settings : NULL;
}

const char *const *sheaf_config_plugin_paths(const sheaf_config *config, uint32_t *count) {
  if (count) *count = config ? config->plugin_path_count : 0;
  return config ? config->plugin_paths : NULL;
}
