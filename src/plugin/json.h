/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small JSON files that people write: manifests and configurations. cJSON builds the tree, but is
 * lenient, recurses a thousand deep and does not say where it failed; a strict scan goes before it.
 */
#ifndef SHEAF_PLUGIN_JSON_H
#define SHEAF_PLUGIN_JSON_H

#include <cjson/cJSON.h>
#include <sheaf/abi.h>

/* What a file may be, and what its defects are called. */
typedef struct sheaf_json_rules {
  size_t max_bytes;
  unsigned max_depth;
  sheaf_status invalid; /* the status of a file that is read but not right */
  const char *what;     /* "a manifest" */
} sheaf_json_rules;

/*
 * Reads a regular file that holds one JSON object, and parses it. SHEAF_IO_ERROR,
 * SHEAF_OUT_OF_MEMORY or rules->invalid, with a message that does not name the file yet
 * (sheaf_error_in_file). The tree is freed with cJSON_Delete.
 */
sheaf_status sheaf_json_read(const char *path, const sheaf_json_rules *rules, cJSON **tree,
                             sheaf_error *error);

/*
 * The scan: strict JSON in UTF-8, one value, nothing nested deeper than `max_depth`, no number that
 * cJSON could not hold, no NUL in a string (cJSON's strings would end there). On failure the
 * message begins with "line:column: ", both from 1, columns in characters.
 */
sheaf_status sheaf_json_scan(const char *text, size_t size, const sheaf_json_rules *rules,
                             sheaf_error *error);

/* A name that the object holds twice; NULL if there is none, or out of memory (`failed` is set). */
const char *sheaf_json_duplicate(const cJSON *object, bool *failed);

/* What sort of thing a node is, for a message: "a string", "an object". */
const char *sheaf_json_kind(const cJSON *node);

#endif
