/* SPDX-License-Identifier: Apache-2.0 */
#include "mapping.h"

#include <stdlib.h>

/* Reading the text. Parts are copied to `out`, each with a NUL behind it. */
typedef struct parser {
  const char *start, *at;
  char *out;
  sheaf_error *error;
} parser;

static bool fail(parser *p, const char *what) {
  (void)sheaf_error_set(p->error, SHEAF_INVALID_ARGUMENT,
                        "columns: %s at character %zu of '%s'; the form is COLUMN=TRAIT/KEY, "
                        "separated by commas, each with or without ' as KIND'",
                        what, (size_t)(p->at - p->start) + 1, p->start);
  return false;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void skip_blanks(parser *p) {
  while (is_blank(*p->at)) p->at++;
}

static bool quoted(parser *p) {
  const char *opening = p->at++;
  for (; *p->at; p->at++) {
    if (*p->at == '"' && *++p->at != '"') {
      *p->out++ = '\0';
      return true;
    }
    *p->out++ = *p->at;
  }
  p->at = opening;
  return fail(p, "a quote that is not closed");
}

/* Where an unquoted part ends that began at `at`. */
static const char *end_of_plain(const char *at, char end) {
  const char *last = NULL;
  for (; *at && *at != ',' && *at != '=' && *at != '"' && !is_blank(*at); at++)
    if (end == '/' && *at == '/') last = at;
  return last ? last : at;
}

/* One part, and the character that must follow it (0: none must). */
static bool part(parser *p, const char **out, char end, const char *missing) {
  skip_blanks(p);
  *out = p->out;
  if (*p->at == '"') {
    if (!quoted(p)) return false;
  } else {
    const char *stop = end_of_plain(p->at, end);
    memcpy(p->out, p->at, (size_t)(stop - p->at));
    p->out += stop - p->at;
    *p->out++ = '\0';
    p->at = stop;
  }
  if (**out == '\0') return fail(p, "an empty name");
  skip_blanks(p);
  if (end && *p->at++ != end) {
    p->at--;
    return fail(p, missing);
  }
  return true;
}

static bool read_kind(parser *p, uint32_t *kind) {
  static const struct {
    const char *name;
    uint32_t kind;
  } kinds[] = {{"bool", SHEAF_KIND_BOOL},
               {"int64", SHEAF_KIND_INT64},
               {"double", SHEAF_KIND_DOUBLE},
               {"string", SHEAF_KIND_STRING},
               {"bytes", SHEAF_KIND_BYTES}};
  const char *name = p->out;
  const char *at = p->at;
  *kind = SHEAF_KIND_NONE;
  if (strncmp(p->at, "as", 2) != 0 || !is_blank(p->at[2])) return true;
  p->at += 2;
  if (!part(p, &name, 0, "")) return false;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, name) != 0) continue;
    *kind = kinds[i].kind;
    return true;
  }
  p->at = at;
  return fail(p, "a kind that is none of bool, int64, double, string, bytes");
}

static bool read_column(parser *p, sq_column *column) {
  if (!part(p, &column->column, '=', "a column without '='")) return false;
  if (!part(p, &column->trait, '/', "a trait without '/' and key")) return false;
  if (!part(p, &column->key, 0, "")) return false;
  if (!read_kind(p, &column->kind)) return false;
  skip_blanks(p);
  return *p->at == ',' || *p->at == '\0' || fail(p, "something that does not belong there");
}

/* Puts a column behind the last one of its trait. False: that property is there already. */
static bool add(sq_mapping *mapping, const sq_column *column) {
  uint32_t at = mapping->count;
  for (uint32_t i = 0; i < mapping->count; i++) {
    if (strcmp(mapping->columns[i].trait, column->trait) != 0) continue;
    if (strcmp(mapping->columns[i].key, column->key) == 0) return false;
    at = i + 1;
  }
  memmove(mapping->columns + at + 1, mapping->columns + at,
          (mapping->count - at) * sizeof *mapping->columns);
  mapping->columns[at] = *column;
  mapping->count++;
  return true;
}

static bool read_all(parser *p, sq_mapping *mapping) {
  for (;; p->at++) {
    sq_column column;
    const char *start = p->at;
    if (!read_column(p, &column)) return false;
    if (!add(mapping, &column)) {
      p->at = start;
      return fail(p, "a property that another column is already");
    }
    if (*p->at == '\0') return true;
  }
}

bool sq_mapping_parse(sq_mapping *mapping, const char *text, sheaf_error *error) {
  size_t most = 1;
  for (const char *at = text; *at; at++) most += *at == ',';
  *mapping = (sq_mapping){.columns = calloc(most, sizeof *mapping->columns),
                          .text = malloc(2 * strlen(text) + 4 * most)};
  parser p = {text, text, mapping->text, error};
  if (mapping->columns && mapping->text) return read_all(&p, mapping);
  (void)sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
  return false;
}

void sq_mapping_free(sq_mapping *mapping) {
  free(mapping->columns);
  free(mapping->text);
  *mapping = (sq_mapping){0};
}
