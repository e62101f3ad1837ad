/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* realpath */
#include "plugin/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plugin/json.h"
#include "plugin/words.h"

#define MAX_TEXT 1024 /* of a name or a version */

static const sheaf_json_rules manifest_rules = {SHEAF_MANIFEST_MAX_BYTES, SHEAF_MANIFEST_MAX_DEPTH,
                                                SHEAF_INVALID_MANIFEST, "a manifest"};

bool sheaf_is_manifest_name(const char *name) {
  const size_t suffix = sizeof SHEAF_MANIFEST_SUFFIX - 1;
  size_t length = strlen(name);
  return length > suffix && strcmp(name + length - suffix, SHEAF_MANIFEST_SUFFIX) == 0;
}

/* A member; NULL and a failure if it is missing and required. */
static const cJSON *member(const cJSON *object, const char *name, bool required,
                           sheaf_error *error) {
  const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!node && required)
    sheaf_error_set(error, SHEAF_INVALID_MANIFEST, "the member \"%s\" is missing: add it", name);
  return node;
}

static sheaf_status wrong_kind(const cJSON *node, const char *name, const char *wanted,
                               sheaf_error *error) {
  return sheaf_error_set(error, SHEAF_INVALID_MANIFEST, "\"%s\" must be %s, and this is %s", name,
                         wanted, sheaf_json_kind(node));
}

static sheaf_status read_text(const cJSON *object, const char *name, bool required,
                              const char **out, sheaf_error *error) {
  const cJSON *node = member(object, name, required, error);
  if (!node) return required ? SHEAF_INVALID_MANIFEST : SHEAF_OK;
  if (!cJSON_IsString(node)) return wrong_kind(node, name, "a string", error);
  size_t length = strlen(node->valuestring);
  if (length == 0 || length > MAX_TEXT)
    return sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                           "\"%s\" has %zu bytes: it must have 1 to %d", name, length, MAX_TEXT);
  *out = node->valuestring;
  return SHEAF_OK;
}

static sheaf_status read_number(const cJSON *object, const char *name, uint32_t *out,
                                sheaf_error *error) {
  const cJSON *node = member(object, name, true, error);
  if (!node) return SHEAF_INVALID_MANIFEST;
  if (!cJSON_IsNumber(node)) return wrong_kind(node, name, "a whole number", error);
  double n = node->valuedouble;
  if (!(n >= 0 && n <= UINT32_MAX) || n != (double)(uint32_t)n)
    return sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                           "\"%s\" is %.17g: it must be a whole number, 0 to %u", name, n,
                           UINT32_MAX);
  *out = (uint32_t)n;
  return SHEAF_OK;
}

/* First of all: a manifest of another version may mean anything by its other members. */
static sheaf_status check_version(const cJSON *tree, sheaf_error *error) {
  uint32_t version = 0;
  sheaf_status status = read_number(tree, "sheaf_manifest", &version, error);
  if (status || version == SHEAF_MANIFEST_VERSION) return status;
  return sheaf_error_set(
      error, SHEAF_INVALID_MANIFEST, "manifest version %u: this libsheaf reads version %d; %s",
      version, SHEAF_MANIFEST_VERSION,
      version > SHEAF_MANIFEST_VERSION ? "update libsheaf, or get a manifest of that version"
                                       : "write \"sheaf_manifest\": 1");
}

static sheaf_status check_duplicates(const cJSON *object, const char *where, sheaf_error *error) {
  bool failed = false;
  const char *name = sheaf_json_duplicate(object, &failed);
  if (failed) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (!name) return SHEAF_OK;
  return sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                         "the member %s%s is there twice: remove one",
                         sheaf_quote(sheaf_cstr(name)).text, where);
}

static sheaf_status read_abi(const cJSON *tree, sheaf_abi_range *abi, sheaf_error *error) {
  const cJSON *node = member(tree, "abi", true, error);
  if (!node) return SHEAF_INVALID_MANIFEST;
  if (!cJSON_IsObject(node)) return wrong_kind(node, "abi", "an object", error);
  sheaf_status status = check_duplicates(node, " of \"abi\"", error);
  if (!status) status = read_number(node, "major", &abi->major, error);
  if (!status) status = read_number(node, "minor", &abi->minor, error);
  if (!status) status = read_number(node, "min_minor", &abi->min_minor, error);
  return status;
}

static sheaf_status copy_members(const cJSON *tree, sheaf_hold *hold, sheaf_manifest *out,
                                 const char **library, sheaf_error *error) {
  const char *id = NULL, *name = NULL, *version = NULL;
  sheaf_status status = check_version(tree, error);
  if (!status) status = check_duplicates(tree, "", error);
  if (!status) status = read_text(tree, "id", true, &id, error);
  if (!status && !sheaf_is_id(id))
    status = sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                             "\"id\" is %s: an id has 1 to 64 characters of a-z 0-9 . _ -",
                             sheaf_quote(sheaf_cstr(id)).text);
  if (status) return status;
  out->id = sheaf_hold_copy(hold, id);
  status = read_text(tree, "name", false, &name, error);
  if (!status) status = read_text(tree, "version", true, &version, error);
  out->name = sheaf_hold_copy(hold, name);
  out->version = sheaf_hold_copy(hold, version);
  if (!status) status = read_abi(tree, &out->abi, error);
  if (!status) status = read_text(tree, "library", true, library, error);
  return status;
}

static bool has_parent_step(const char *path) {
  for (const char *at = path; at; at = strchr(at, '/')) {
    if (*at == '/') at++;
    if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || at[2] == '\0')) return true;
  }
  return false;
}

/* The folder of a path, with its closing slash. */
static char *folder_of(sheaf_hold *hold, const char *path) {
  const char *slash = strrchr(path, '/');
  return sheaf_hold_printf(hold, "%.*s", slash ? (int)(slash - path) + 1 : 0, path);
}

/* `library` below `folder` as a real path; whatever symbolic links it goes through. */
static sheaf_status resolve_below(const char *folder, const char *library, sheaf_hold *hold,
                                  sheaf_manifest *out, sheaf_error *error) {
  const char *joined = sheaf_hold_printf(hold, "%s%s", folder, library);
  sheaf_quoted quoted = sheaf_quote(sheaf_cstr(library));
  if (!joined) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  char *real = realpath(joined, NULL);
  if (!real)
    return sheaf_error_set(error, errno == ENOMEM ? SHEAF_OUT_OF_MEMORY : SHEAF_INVALID_MANIFEST,
                           "its library %s: %s: put it beside the manifest, or correct "
                           "\"library\"",
                           quoted.text, strerror(errno));
  struct stat st;
  sheaf_status status = SHEAF_OK;
  if (strncmp(real, folder, strlen(folder)) != 0) {
    status = sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                             "its library %s is a link that leads to %s, out of the manifest's "
                             "folder: put the library itself beside the manifest",
                             quoted.text, sheaf_quote(sheaf_cstr(real)).text);
  } else if (stat(real, &st) != 0 || !S_ISREG(st.st_mode)) {
    status = sheaf_error_set(error, SHEAF_INVALID_MANIFEST, "its library %s is not a regular file",
                             quoted.text);
  } else {
    out->library = sheaf_hold_copy(hold, real);
  }
  free(real);
  return status;
}

/* The manifest's own real folder is the root: links to a whole plugin (as stow and Nix make them)
 * work, and a library elsewhere cannot be named. */
static sheaf_status find_library(const char *path, const char *library, sheaf_hold *hold,
                                 sheaf_manifest *out, sheaf_error *error) {
  if (library[0] == '/' || has_parent_step(library))
    return sheaf_error_set(error, SHEAF_INVALID_MANIFEST,
                           "\"library\" is %s: it must be relative to the manifest's folder, "
                           "without \"..\"",
                           sheaf_quote(sheaf_cstr(library)).text);
  char *real = realpath(path, NULL);
  if (!real)
    return sheaf_error_set(error, errno == ENOMEM ? SHEAF_OUT_OF_MEMORY : SHEAF_IO_ERROR,
                           "cannot be read: %s", strerror(errno));
  const char *folder = folder_of(hold, real);
  free(real);
  if (!folder) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  return resolve_below(folder, library, hold, out, error);
}

sheaf_status sheaf_manifest_read(const char *path, sheaf_hold *hold, sheaf_manifest *out,
                                 sheaf_error *error) {
  cJSON *tree = NULL;
  const char *library = NULL;
  memset(out, 0, sizeof *out);
  sheaf_status status = sheaf_json_read(path, &manifest_rules, &tree, error);
  if (!status) status = copy_members(tree, hold, out, &library, error);
  if (!status) {
    status = sheaf_negotiate(&sheaf_core_abi, &out->abi, error);
    if (status == SHEAF_INVALID_PLUGIN) status = error->status = SHEAF_INVALID_MANIFEST;
  }
  if (!status) status = find_library(path, library, hold, out, error);
  cJSON_Delete(tree);
  if (!status && hold->failed)
    status = sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  return status;
}
