/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/config_read.h"

#include <math.h>

#include "plugin/json.h"
#include "plugin/words.h"

/* From here on a double holds not every integer: 2^53. */
#define FIRST_INEXACT 9007199254740992.0

static const sheaf_json_rules config_rules = {SHEAF_CONFIG_MAX_BYTES, SHEAF_CONFIG_MAX_DEPTH,
                                              SHEAF_INVALID_CONFIG, "a configuration"};

/* What a configuration is being read into, and from where. */
typedef struct reader {
  sheaf_config *config;
  const char *folder; /* absolute, without a slash at its end unless it is the root */
  sheaf_error *error;
} reader;

static sheaf_status invalid(reader *r, const char *where, const char *what) {
  return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG, "%s %s", where, what);
}

/* ------------------------------------------------------------------------------------ strings */

/* How many bytes of `from` the next piece takes, and what stands for it; 0: an error is set. */
static size_t next_piece(reader *r, const char *where, const char *from, sheaf_str *piece) {
  static const char variable[] = "${config_dir}";
  if (from[0] != '$') {
    *piece = sheaf_strn(from, strcspn(from, "$"));
    return piece->size;
  }
  *piece = sheaf_strn(from, 1);
  if (from[1] == '$') return 2;
  *piece = sheaf_cstr(r->folder);
  if (strncmp(from, variable, sizeof variable - 1) == 0) return sizeof variable - 1;
  size_t length = from[1] == '{' ? strcspn(from, "}") : 1;
  const char *what = from[1] != '{'         ? "has a dollar sign by itself"
                     : from[length] == '\0' ? "has a \"${\" without its \"}\""
                                            : "has an unknown variable";
  sheaf_quoted quoted = sheaf_quote(sheaf_strn(from, length + (from[length] == '}')));
  sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                  "%s %s, %s: ${config_dir} is the only one, and $$ stands for a dollar sign",
                  where, what, quoted.text);
  return 0;
}

/* `text` with its variables expanded; NULL: an error is set, or out of memory. */
static const char *expand(reader *r, const char *where, const char *text) {
  sheaf_hold *hold = &r->config->hold;
  size_t size = 0, used;
  sheaf_str piece;
  for (const char *at = text; *at; at += used) {
    used = next_piece(r, where, at, &piece);
    if (used == 0) return NULL;
    size += piece.size;
  }
  char *expanded = sheaf_hold_alloc(hold, size + 1);
  char *to = expanded;
  for (const char *at = text; expanded && *at; at += used) {
    used = next_piece(r, where, at, &piece);
    memcpy(to, piece.data, piece.size);
    to += piece.size;
  }
  return expanded;
}

/* The string of a node, expanded. SHEAF_OK with `out` NULL: out of memory. */
static sheaf_status read_string(reader *r, const char *where, const cJSON *node, const char **out) {
  if (!cJSON_IsString(node))
    return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG, "%s must be a string, and this is %s",
                           where, sheaf_json_kind(node));
  if (!node->valuestring[0]) return invalid(r, where, "is empty: fill it in, or leave it out");
  r->error->status = SHEAF_OK;
  *out = expand(r, where, node->valuestring);
  return r->error->status;
}

/* A relative path is relative to the file's folder. */
static void make_absolute(reader *r, const char **path) {
  if (!*path || (*path)[0] == '/') return;
  *path = sheaf_hold_printf(&r->config->hold, "%s%s%s", r->folder, r->folder[1] ? "/" : "", *path);
}

static sheaf_status read_path(reader *r, const char *where, const cJSON *node, const char **out) {
  sheaf_status status = read_string(r, where, node, out);
  if (!status) make_absolute(r, out);
  return status;
}

/* ----------------------------------------------------------------------------------- settings */

/* cJSON keeps doubles: what may have been rounded on the way is refused. */
static sheaf_status read_number(reader *r, const char *where, double n, sheaf_value *out) {
  if (!isfinite(n))
    return invalid(r, where, "is a number too large for a double: it must be below 1.8e308");
  if (n != floor(n)) {
    *out = sheaf_double(n);
    return SHEAF_OK;
  }
  if (fabs(n) >= FIRST_INEXACT)
    return invalid(r, where,
                   "is a number of 2^53 or more, which would lose digits: write it as a "
                   "string, \"9007199254740993\", and it is read exactly");
  *out = sheaf_int64((int64_t)n);
  return SHEAF_OK;
}

static sheaf_status read_value(reader *r, const char *where, const cJSON *node, sheaf_value *out) {
  if (cJSON_IsBool(node)) {
    *out = sheaf_bool(cJSON_IsTrue(node));
    return SHEAF_OK;
  }
  if (cJSON_IsNumber(node)) return read_number(r, where, node->valuedouble, out);
  if (!cJSON_IsString(node))
    return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                           "%s must be a string, a number, true or false, and this is %s", where,
                           sheaf_json_kind(node));
  r->error->status = SHEAF_OK;
  const char *text = expand(r, where, node->valuestring);
  *out = sheaf_string(sheaf_cstr(text));
  return r->error->status;
}

static sheaf_status check_duplicates(reader *r, const cJSON *object, const char *where) {
  bool failed = false;
  const char *name = sheaf_json_duplicate(object, &failed);
  if (failed) return sheaf_error_set(r->error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (!name) return SHEAF_OK;
  return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                         "the member %s%s is there twice: remove one",
                         sheaf_quote(sheaf_cstr(name)).text, where);
}

/* One setting, at the end of a list that has room. `where` is what the message calls it. */
static sheaf_status read_setting(reader *r, const char *where, const cJSON *node,
                                 sheaf_setting *settings, uint32_t *count) {
  if (cJSON_IsNull(node)) return SHEAF_OK; /* as if it were not there */
  sheaf_setting *setting = &settings[(*count)++];
  setting->name = sheaf_cstr(sheaf_hold_copy(&r->config->hold, node->string));
  return read_value(r, where, node, &setting->value);
}

static sheaf_status read_settings(reader *r, const cJSON *object, sheaf_config_stack *stack) {
  if (!cJSON_IsObject(object))
    return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                           "\"settings\" must be an object, and this is %s",
                           sheaf_json_kind(object));
  sheaf_status status = check_duplicates(r, object, " of \"settings\"");
  size_t count = (size_t)cJSON_GetArraySize(object);
  stack->settings = sheaf_hold_alloc(&r->config->hold, count * sizeof *stack->settings);
  const cJSON *node;
  cJSON_ArrayForEach(node, object) {
    char where[128];
    if (status || r->config->hold.failed) break;
    snprintf(where, sizeof where, "the setting %s", sheaf_quote(sheaf_cstr(node->string)).text);
    status = read_setting(r, where, node, stack->settings, &stack->setting_count);
  }
  return status;
}

static sheaf_status read_plugin_paths(reader *r, const cJSON *array) {
  sheaf_config *config = r->config;
  if (!cJSON_IsArray(array))
    return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                           "\"plugin_paths\" must be an array of strings, and this is %s",
                           sheaf_json_kind(array));
  size_t count = (size_t)cJSON_GetArraySize(array);
  config->plugin_paths = sheaf_hold_alloc(&config->hold, count * sizeof *config->plugin_paths);
  sheaf_status status = SHEAF_OK;
  const cJSON *node;
  cJSON_ArrayForEach(node, array) {
    char where[64];
    if (status || config->hold.failed) break;
    snprintf(where, sizeof where, "\"plugin_paths\"[%u]", config->plugin_path_count);
    status = read_path(r, where, node, &config->plugin_paths[config->plugin_path_count]);
    config->plugin_path_count++;
  }
  return status;
}

/* An id as it is; a path, which has a slash (perhaps the folder's own), as plugin paths are read. */
static sheaf_status read_manager(reader *r, const cJSON *node, const char **manager) {
  sheaf_status status = read_string(r, "\"manager\"", node, manager);
  if (!status && *manager && strchr(*manager, '/')) make_absolute(r, manager);
  return status;
}

/* ------------------------------------------------------------------------------------ stages */

static sheaf_status read_stages(reader *r, const char *where, const cJSON *array,
                                sheaf_config_stack *stack);

static sheaf_status expected(reader *r, const char *where, const char *what, const cJSON *found) {
  return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG, "%s must be %s, and this is %s", where,
                         what, sheaf_json_kind(found));
}

/* One of a stage's further managers: {"manager": ..., "settings": ..., "stages": ...}. */
static sheaf_status read_other(reader *r, const char *where, const cJSON *object,
                               sheaf_config_stack *stack) {
  if (!cJSON_IsObject(object))
    return expected(r, where, "an object with \"manager\", \"settings\" and \"stages\"", object);
  sheaf_status status = check_duplicates(r, object, " of one of \"managers\"");
  const cJSON *node;
  cJSON_ArrayForEach(node, object) {
    if (status || r->config->hold.failed) return status;
    if (strcmp(node->string, "manager") == 0) status = read_manager(r, node, &stack->manager);
    else if (strcmp(node->string, "settings") == 0) status = read_settings(r, node, stack);
    else if (strcmp(node->string, "stages") == 0) status = read_stages(r, where, node, stack);
    else
      status =
          sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                          "%s has an unknown member %s: there are \"manager\", \"settings\" and "
                          "\"stages\"",
                          where, sheaf_quote(sheaf_cstr(node->string)).text);
  }
  if (!status && !stack->manager && !r->config->hold.failed)
    return invalid(r, where, "names no \"manager\"");
  return status;
}

static sheaf_status read_others(reader *r, const char *where, const cJSON *array,
                                sheaf_config_stage *stage) {
  if (!cJSON_IsArray(array)) return expected(r, where, "an array of objects", array);
  size_t count = (size_t)cJSON_GetArraySize(array);
  stage->managers = sheaf_hold_alloc(&r->config->hold, count * sizeof *stage->managers);
  sheaf_status status = SHEAF_OK;
  const cJSON *node;
  cJSON_ArrayForEach(node, array) {
    char here[256];
    if (status || r->config->hold.failed) break;
    snprintf(here, sizeof here, "%.200s[%u]", where, stage->manager_count);
    status = read_other(r, here, node, &stage->managers[stage->manager_count++]);
  }
  return status;
}

/* A stage: its id, or an object with its id, its settings as they are called, and "managers". */
static sheaf_status read_stage(reader *r, const char *where, const cJSON *node,
                               sheaf_config_stage *stage) {
  if (cJSON_IsString(node)) return read_string(r, where, node, &stage->stage);
  if (!cJSON_IsObject(node)) return expected(r, where, "a stage's id or an object", node);
  sheaf_status status = check_duplicates(r, node, " of a stage");
  size_t count = (size_t)cJSON_GetArraySize(node);
  stage->settings = sheaf_hold_alloc(&r->config->hold, count * sizeof *stage->settings);
  const cJSON *member;
  cJSON_ArrayForEach(member, node) {
    char here[256];
    if (status || r->config->hold.failed) return status;
    snprintf(here, sizeof here, "%.150s.%s", where, sheaf_quote(sheaf_cstr(member->string)).text);
    if (strcmp(member->string, "stage") == 0) status = read_string(r, here, member, &stage->stage);
    else if (strcmp(member->string, "managers") == 0) status = read_others(r, here, member, stage);
    else status = read_setting(r, here, member, stage->settings, &stage->setting_count);
  }
  if (!status && !stage->stage && !r->config->hold.failed)
    return invalid(r, where, "has no \"stage\", the id of one");
  return status;
}

static sheaf_status read_stages(reader *r, const char *where, const cJSON *array,
                                sheaf_config_stack *stack) {
  char here[256];
  snprintf(here, sizeof here, "%.200s%s\"stages\"", where, where[0] ? "." : "");
  if (!cJSON_IsArray(array)) return expected(r, here, "an array", array);
  size_t count = (size_t)cJSON_GetArraySize(array);
  stack->stages = sheaf_hold_alloc(&r->config->hold, count * sizeof *stack->stages);
  sheaf_status status = SHEAF_OK;
  const cJSON *node;
  cJSON_ArrayForEach(node, array) {
    if (status || r->config->hold.failed) break;
    snprintf(here, sizeof here, "%.200s%s\"stages\"[%u]", where, where[0] ? "." : "",
             stack->stage_count);
    status = read_stage(r, here, node, &stack->stages[stack->stage_count++]);
  }
  return status;
}

/* ---------------------------------------------------------------------------------- the whole */

static sheaf_status read_member(reader *r, const cJSON *node) {
  static const char *const known[] = {"manager", "settings", "stages", "plugin_paths"};
  sheaf_config_stack *top = &r->config->top;
  if (strcmp(node->string, "manager") == 0) return read_manager(r, node, &top->manager);
  if (strcmp(node->string, "settings") == 0) return read_settings(r, node, top);
  if (strcmp(node->string, "stages") == 0) return read_stages(r, "", node, top);
  if (strcmp(node->string, "plugin_paths") == 0) return read_plugin_paths(r, node);
  sheaf_str name = sheaf_cstr(node->string);
  return sheaf_error_set(r->error, SHEAF_INVALID_CONFIG,
                         "unknown member %s%s; a configuration has \"manager\", \"settings\", "
                         "\"stages\" and \"plugin_paths\"",
                         sheaf_quote(name).text, sheaf_did_you_mean(name, known, 4).text);
}

sheaf_status sheaf_config_read(sheaf_config *config, const char *path, sheaf_error *error) {
  cJSON *tree = NULL;
  reader r = {config, NULL, error};
  sheaf_status status = sheaf_json_read(path, &config_rules, &tree, error);
  if (status) return status;
  int length = (int)(strrchr(path, '/') - path);
  r.folder = sheaf_hold_printf(&config->hold, "%.*s", length ? length : 1, path);
  if (r.folder) status = check_duplicates(&r, tree, "");
  const cJSON *node;
  cJSON_ArrayForEach(node, tree) {
    if (status || config->hold.failed) break;
    status = read_member(&r, node);
  }
  cJSON_Delete(tree);
  return status;
}
