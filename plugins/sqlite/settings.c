/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <sheaf/utf8.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH, TABLE, REFERENCE, COLUMNS, PREFIX, BUSY_TIMEOUT };

/* A day: more is a slip of the pen. */
enum { LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000 };

const sheaf_setting_info sq_setting_infos[SQ_SETTING_COUNT] = {
    {"path", NULL, "The database, a file. It is only ever read.", SHEAF_KIND_STRING,
     SHEAF_SETTING_REQUIRED},
    {"table", NULL,
     "The table or view that holds the entities, a row each. Without it the database must be one "
     "that `sheaf import` wrote.",
     SHEAF_KIND_STRING, 0},
    {"reference", NULL,
     "The column of `table` that holds the entity reference. It should have an index.",
     SHEAF_KIND_STRING, 0},
    {"columns", NULL,
     "Which columns of `table` are which properties: COLUMN=TRAIT/KEY, separated by commas, as in "
     "`name=named/name, is_tame=animal/tame as bool`. ` as KIND` (bool, int64, double, string, "
     "bytes) refuses values of other kinds. Odd names stand in double quotes. NULL: the entity has "
     "no such property.",
     SHEAF_KIND_STRING, 0},
    {"prefix", "", "What references have before the text that the column `reference` holds.",
     SHEAF_KIND_STRING, 0},
    {"busy_timeout_ms", "1000",
     "How many milliseconds a batch waits for a program that has locked the database.",
     SHEAF_KIND_INT64, 0}};

static const sheaf_value *value_at(const sheaf_value *values, uint32_t count, uint32_t i,
                                   sheaf_kind kind) {
  return i < count && values[i].kind == kind ? &values[i] : NULL;
}

/* NULL if it is not set, or empty. */
static const char *text_at(const sheaf_value *values, uint32_t count, uint32_t i) {
  sheaf_str text = sheaf_value_str(value_at(values, count, i, SHEAF_KIND_STRING));
  return text.size ? text.data : NULL;
}

static bool fail(sheaf_error *error, const char *what) {
  (void)sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s", what);
  return false;
}

/* Absolute, so that SQLite opens the same file whatever the working folder has become, and never
 * takes the text for a URI or for one of its special names. */
static char *absolute_path(const char *path, sheaf_error *error) {
  char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
  if (*path != '/' && !folder) {
    (void)sheaf_error_set(error, errno == ENOMEM ? SHEAF_OUT_OF_MEMORY : SHEAF_IO_ERROR,
                          "path is relative, and the working folder is not known (%s); set an "
                          "absolute path",
                          strerror(errno));
    return NULL;
  }
  size_t size = strlen(path) + (folder ? strlen(folder) + 1 : 0) + 1;
  char *whole = malloc(size);
  if (whole) (void)snprintf(whole, size, "%s%s%s", folder ? folder : "", folder ? "/" : "", path);
  else (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  free(folder);
  return whole;
}

static bool read_mapping(sq_settings *settings, const char *columns, sheaf_error *error) {
  if (!settings->table) {
    if (settings->reference || columns || settings->prefix.size)
      return fail(error,
                  "reference, columns and prefix belong to a table: set table too, or none of "
                  "them for a database that `sheaf import` wrote");
    return true;
  }
  if (!settings->reference)
    return fail(error,
                "table is set and reference is not: name the column that holds the references");
  if (!columns)
    return fail(error,
                "table is set and columns is not: say which columns are which properties, as "
                "in 'name=named/name, age=animal/age'");
  return sq_mapping_parse(&settings->mapping, columns, error);
}

bool sq_settings_read(sq_settings *settings, const sheaf_value *values, uint32_t count,
                      sheaf_error *error) {
  const sheaf_value *timeout = value_at(values, count, BUSY_TIMEOUT, SHEAF_KIND_INT64);
  const char *path = text_at(values, count, PATH);
  *settings =
      (sq_settings){.table = text_at(values, count, TABLE),
                    .reference = text_at(values, count, REFERENCE),
                    .prefix = sheaf_value_str(value_at(values, count, PREFIX, SHEAF_KIND_STRING)),
                    .busy_timeout_ms = timeout ? timeout->u.integer : 1000};
  if (!path) return fail(error, "path is empty: set it to the file that is the database");
  if (settings->busy_timeout_ms < 0 || settings->busy_timeout_ms > LONGEST_TIMEOUT_MS)
    return fail(error, "busy_timeout_ms must be from 0 to 86400000 (a day)");
  if (!read_mapping(settings, text_at(values, count, COLUMNS), error)) return false;
  settings->path = absolute_path(path, error);
  return settings->path != NULL;
}

void sq_settings_free(sq_settings *settings) {
  free(settings->path);
  sq_mapping_free(&settings->mapping);
}
