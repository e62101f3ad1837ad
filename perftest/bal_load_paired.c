/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a library of 100,000 entities with the bal manager (the file read, checked, parsed,
 * indexed) against cJSON's bare parse of the same text, which lies in memory already: no look at
 * the tree, and its deletion not counted. Both in turn, in rounds; the median of the rounds' ratios
 * is what counts.
 *
 *     perftest/bal_load_paired [FOLDER [ROUNDS]]
 *
 * Exit status 1: opening costs more than 1.4 times the parse.
 */
#define _GNU_SOURCE
#include <sheaf/sheaf.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <time.h>

enum { ENTITIES = 100000, MOST_ROUNDS = 101 };
#define WANTED 1.4

static void must(bool ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "bal_load_paired: %s\n", what);
  exit(2);
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void write_library(const char *path) {
  FILE *out = fopen(path, "w");
  must(out != NULL, "cannot write the library");
  fputs("{\"entities\":{", out);
  for (uint32_t i = 0; i < ENTITIES; i++)
    fprintf(out,
            "%s\"asset/%08x\":{\"versions\":[{\"traits\":{\"named\":{\"name\":\"Asset %u\"},"
            "\"located\":{\"url\":\"file:///mnt/projects/show/asset/%u.usd\"}}}]}",
            i ? "," : "", i * 2654435761u, i, i);
  fputs("}}\n", out);
  must(fclose(out) == 0, "cannot write the library");
}

static char *read_text(const char *path, size_t *size) {
  FILE *in = fopen(path, "r");
  must(in && fseek(in, 0, SEEK_END) == 0, "cannot read the library");
  *size = (size_t)ftell(in);
  char *text = malloc(*size + 1);
  rewind(in);
  must(text && fread(text, 1, *size, in) == *size, "cannot read the library");
  text[*size] = '\0';
  fclose(in);
  return text;
}

/* cJSON_Delete leaves millions of small pieces, which the next large malloc joins up: a debt of the
 * parse's, to be paid before anything is timed. */
static void settle(void) {
  void *volatile large = malloc((size_t)1 << 20); /* volatile: or the compiler leaves both out */
  free(large);
}

static double parse(const char *text, size_t size, double *deletion) {
  settle();
  double start = now_ns();
  cJSON *tree = cJSON_ParseWithLength(text, size + 1);
  double parsed = now_ns();
  must(tree != NULL, "cJSON does not take the library");
  cJSON_Delete(tree);
  *deletion = now_ns() - parsed;
  return parsed - start;
}

static double load(sheaf_library *library, const char *path) {
  sheaf_error error;
  sheaf_setting setting = {SHEAF_STR("library_path"), sheaf_string(sheaf_cstr(path))};
  settle();
  double start = now_ns();
  sheaf_manager *manager = sheaf_manager_open(library, "bal", &setting, 1, &error);
  double took = now_ns() - start;
  must(manager != NULL, error.message);
  must(sheaf_manager_close(manager) == SHEAF_OK, "cannot close");
  return took;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *list, uint32_t count) {
  qsort(list, count, sizeof *list, compare);
  return list[count / 2];
}

int main(int argc, char **argv) {
  char path[4200];
  uint32_t rounds = argc > 2 ? (uint32_t)atoi(argv[2]) : 7;
  must(rounds >= 5 && rounds <= MOST_ROUNDS, "5 to 101 rounds");
  snprintf(path, sizeof path, "%.4000s/bal_load.json", argc > 1 ? argv[1] : "/tmp");
  write_library(path);
  size_t size;
  char *text = read_text(path, &size);
  sheaf_library *library = sheaf_library_new(NULL, NULL);
  must(library != NULL, "no library");

  double loads[MOST_ROUNDS], parses[MOST_ROUNDS], deletions[MOST_ROUNDS], ratios[MOST_ROUNDS];
  for (uint32_t i = 0; i < rounds; i++) {
    if (i % 2) loads[i] = load(library, path);
    parses[i] = parse(text, size, &deletions[i]);
    if (i % 2 == 0) loads[i] = load(library, path);
    ratios[i] = loads[i] / parses[i];
  }
  double ratio = median(ratios, rounds);
  printf("%d entities, %.1f MB: bal %.0f ns an entity, cJSON's parse %.0f (its deletion %.0f)\n",
         ENTITIES, (double)size / 1e6, median(loads, rounds) / ENTITIES,
         median(parses, rounds) / ENTITIES, median(deletions, rounds) / ENTITIES);
  printf("opening costs %.2f times the bare parse (%.2f to %.2f; wanted: at most %.1f)\n", ratio,
         ratios[0], ratios[rounds - 1], WANTED);
  free(text);
  (void)remove(path);
  must(sheaf_library_free(library) == SHEAF_OK, "cannot free the library");
  return ratio <= WANTED ? 0 : 1;
}
