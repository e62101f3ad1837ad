/* SPDX-License-Identifier: Apache-2.0 */
/* Chains as they are written: "by(scheme) | size(100)". */
#include "plugin/words.h"
#include "stage/chain.h"

#define MAX_ARGUMENTS 4u

typedef struct reader {
  const char *text, *at;
  sheaf_error *error;
} reader;

static void skip_blanks(reader *r) { r->at += strspn(r->at, " \t\n"); }

static sheaf_status refuse(const reader *r, const char *what) {
  return sheaf_error_set(r->error, SHEAF_INVALID_ARGUMENT,
                         "setting \"batchers\", at character %zu: %s",
                         (size_t)(r->at - r->text) + 1, what);
}

static sheaf_str read_name(reader *r) {
  sheaf_str name = {r->at, strspn(r->at, "abcdefghijklmnopqrstuvwxyz0123456789._-")};
  r->at += name.size;
  return name;
}

/* An argument up to the next comma or parenthesis, or in double quotes. */
static sheaf_status read_argument(reader *r, sheaf_str *out) {
  skip_blanks(r);
  if (*r->at == '"') {
    const char *end = strchr(r->at + 1, '"');
    if (!end) return refuse(r, "a double quote has no second one");
    *out = sheaf_strn(r->at + 1, (size_t)(end - r->at - 1));
    r->at = end + 1;
    skip_blanks(r);
    return SHEAF_OK;
  }
  size_t size = strcspn(r->at, ",)");
  const char *begin = r->at;
  r->at += size;
  while (size > 0 && strchr(" \t\n", begin[size - 1])) size--;
  *out = sheaf_strn(begin, size);
  return SHEAF_OK;
}

static sheaf_status read_arguments(reader *r, sheaf_str *arguments, uint32_t *count) {
  *count = 0;
  skip_blanks(r);
  if (*r->at != '(') return SHEAF_OK;
  do {
    if (*count == MAX_ARGUMENTS) return refuse(r, "there are too many arguments");
    r->at++;
    sheaf_status status = read_argument(r, &arguments[*count]);
    if (status) return status;
    ++*count;
  } while (*r->at == ',');
  if (*r->at != ')') return refuse(r, "a parenthesis is not closed");
  r->at++;
  return SHEAF_OK;
}

static const sheaf_batcher *find_own(const sheaf_batchers *chain, sheaf_str name) {
  for (uint32_t i = 0; i < chain->own_count; i++)
    if (sheaf_str_equal(name, sheaf_cstr(chain->own[i].name))) return &chain->own[i];
  return NULL;
}

static sheaf_status run_own(const sheaf_step_run *run, sheaf_error *error) {
  const sheaf_batcher *own = run->step->own;
  return sheaf_own_status(own->batch(own->ctx, run->request, run->in, run->out, error));
}

static sheaf_status unknown(const reader *r, const sheaf_batchers *chain, sheaf_str name) {
  char list[400] = "", words[600];
  for (uint32_t i = 0; i < sheaf_builtin_count + chain->own_count; i++) {
    size_t at = strlen(list);
    snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "",
             i < sheaf_builtin_count ? sheaf_builtin_names[i]
                                     : chain->own[i - sheaf_builtin_count].name);
  }
  snprintf(words, sizeof words, "there is no batcher %s; there are %s", sheaf_quote(name).text,
           list);
  return refuse(r, words);
}

/* by(name), where the name is none of the built-in keys. */
static bool is_by_own(const sheaf_batchers *chain, sheaf_str name, const sheaf_str *arguments,
                      uint32_t count, sheaf_step *step) {
  if (count != 1 || !sheaf_str_equal(name, sheaf_cstr("by"))) return false;
  step->own = find_own(chain, arguments[0]);
  step->run = sheaf_builtin_by_own;
  return step->own && step->own->key;
}

static sheaf_status read_step(reader *r, sheaf_batchers *chain, sheaf_step *step) {
  sheaf_str arguments[MAX_ARGUMENTS];
  uint32_t count;
  bool known;
  skip_blanks(r);
  reader begin = *r;
  sheaf_str name = read_name(r);
  if (!name.size) return refuse(r, "the name of a batcher should be here");
  sheaf_status status = read_arguments(r, arguments, &count);
  if (status) return status;
  step->text = sheaf_hold_printf(&chain->hold, "%.*s", (int)(r->at - begin.at), begin.at);
  if (!step->text) return sheaf_error_set(r->error, SHEAF_OUT_OF_MEMORY, "out of memory");
  if (is_by_own(chain, name, arguments, count, step)) return SHEAF_OK;
  const char *problem = sheaf_builtin_find(name, arguments, count, step, &known);
  if (problem) return refuse(&begin, problem);
  if (known) return SHEAF_OK;
  step->own = find_own(chain, name);
  step->run = run_own;
  if (!step->own) return unknown(&begin, chain, name);
  if (!step->own->batch) return refuse(&begin, "a batcher with a key is written by(name)");
  return count ? refuse(&begin, "a batcher of the host's takes no arguments") : SHEAF_OK;
}

sheaf_status sheaf_chain_parse(sheaf_batchers *chain, const char *text, sheaf_error *error) {
  reader r = {text, text, error};
  skip_blanks(&r);
  while (*r.at) {
    sheaf_step *steps =
        sheaf_hold_grow(&chain->hold, chain->steps, chain->step_count, sizeof *steps);
    if (!steps) return sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory");
    chain->steps = steps;
    memset(&steps[chain->step_count], 0, sizeof *steps);
    sheaf_status status = read_step(&r, chain, &steps[chain->step_count]);
    if (status) return status;
    chain->step_count++;
    skip_blanks(&r);
    if (*r.at && *r.at != '|') return refuse(&r, "batchers are separated by |");
    if (*r.at) r.at++, skip_blanks(&r);
    else break;
    if (!*r.at) return refuse(&r, "the name of a batcher should be here");
  }
  return SHEAF_OK;
}
