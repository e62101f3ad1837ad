/* SPDX-License-Identifier: Apache-2.0 */
/* The command: its options, and one step after the other. */
#include "cli/import.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "cli/signals.h"

enum { OPTION_FROM = CLI_OPTION_OWN, OPTION_TO, OPTION_FORCE };

static const char help[] =
    "usage: sheaf import --from LIBRARY.json --to DATABASE [OPTION]...\n"
    "\n"
    "Writes what the manager 'bal' answers about a JSON library into an SQLite database, from "
    "which\n"
    "the manager 'sqlite' answers the same: for reading, of each entity `x` that has n versions "
    "the\n"
    "references x, and x?v=1 to x?v=n. Variables are expanded now, once and for all.\n"
    "\n"
    "  --from FILE           the library\n"
    "  --to FILE             the database. It is made under another name beside it, and gets its "
    "own\n"
    "                        when it is whole: until then, and if the import is interrupted, an "
    "old\n"
    "                        one stays as it is. Who has that open notices the new one\n"
    "  --force               replace FILE even if it is no database that an import "
    "made\n" CLI_COMMON_HELP "\n"
    "Then: sheaf resolve --manager sqlite --setting path=DATABASE REF...\n"
    "For people, and other programs, the database has a view of one row a property:\n"
    "  sqlite3 DATABASE \"SELECT * FROM sheaf_property WHERE ref = 'bal:///cat'\"\n"
    "\n"
    "Exit status: 0 the database is there, 2 the command line, a setting or the configuration "
    "file\n"
    "is wrong, 3 the manager failed, or input or output did, 130 interrupted.\n";

typedef struct options {
  cli_common common;
  const char *from, *to;
  bool force, help;
} options;

/* What is under way. */
typedef struct import {
  const options *options;
  cli_interrupt interrupt;
  cli_session session;
  import_names names;
  import_refs refs;
  import_target target;
  import_store store;
  import_progress progress;
  import_counts counts;
  cli_buffer json, key;
} import;

/* ------------------------------------------------------------------------------------- the options */

static bool is_same_file(const char *one, const char *other) {
  struct stat a, b;
  return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int take_option(options *o, int option, char **argv) {
  switch (option) {
  case OPTION_FROM:
    o->from = optarg;
    return CLI_OK;
  case OPTION_TO:
    o->to = optarg;
    return CLI_OK;
  case OPTION_FORCE:
    o->force = true;
    return CLI_OK;
  case 'h':
    o->help = true;
    return CLI_OK;
  default: {
    int status = cli_common_take(&o->common, option, optarg);
    return status == -1 ? cli_bad_option(option, argv, "import") : status;
  }
  }
}

static int parse(options *o, int argc, char **argv) {
  static const struct option longs[] = {{"from", required_argument, NULL, OPTION_FROM},
                                        {"to", required_argument, NULL, OPTION_TO},
                                        {"force", no_argument, NULL, OPTION_FORCE},
                                        CLI_COMMON_OPTIONS,
                                        {NULL, 0, NULL, 0}};
  int option;
  while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
    int status = take_option(o, option, argv);
    if (status != CLI_OK) return status;
    if (o->help) return CLI_OK;
  }
  if (optind < argc)
    return cli_usage("import: '%s' is too much: it takes --from and --to; see 'sheaf help import'",
                     argv[optind]);
  if (!o->from || !*o->from) return cli_usage("import: --from LIBRARY.json is missing");
  if (!o->to || !*o->to) return cli_usage("import: --to DATABASE is missing");
  if (is_same_file(o->from, o->to))
    return cli_usage("import: --from and --to are the same file, '%s', which would be lost", o->to);
  o->common.manager = "bal";
  return CLI_OK;
}

/* --------------------------------------------------------------------------------------- the steps */

/* The library is that of --from, whatever else is set. */
static int set_library(import *i) {
  cli_session *session = &i->session;
  sheaf_setting *all =
      realloc(session->settings, (session->setting_count + (size_t)1) * sizeof *all);
  uint32_t kept = 0;
  if (!all) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  for (uint32_t k = 0; k < session->setting_count; k++)
    if (!sheaf_str_equal(all[k].name, sheaf_cstr("library_json")) &&
        !sheaf_str_equal(all[k].name, sheaf_cstr("library_path")))
      all[kept++] = all[k];
  all[kept++] =
      (sheaf_setting){sheaf_cstr("library_path"), sheaf_string(sheaf_cstr(i->options->from))};
  session->settings = all;
  session->setting_count = kept;
  return CLI_OK;
}

static int open_manager(import *i) {
  int status = cli_session_open(&i->session, &i->options->common);
  if (status == CLI_OK) status = set_library(i);
  return status == CLI_OK ? cli_session_open_manager(&i->session) : status;
}

static sheaf_str prefix_of(const import *i) {
  const sheaf_description *description = sheaf_manager_description(i->session.manager);
  return description->prefix_count ? description->prefixes[0] : sheaf_strn(NULL, 0);
}

/* The names first: what reading them takes is free again when the manager reads the library. */
static int find_references(import *i) {
  int status = CLI_OK;
  bool has_names = import_names_read(&i->names, i->options->from, &status);
  if (status == CLI_OK) status = open_manager(i);
  if (status != CLI_OK) return status;
  if (!has_names) {
    cli_error("import: cannot read '%s'", i->options->from);
    return CLI_FAILED;
  }
  return import_refs_make(&i->refs, &i->names, prefix_of(i));
}

static int write_database(import *i) {
  int status = import_target_open(&i->target, i->options->to, i->options->force);
  if (status == CLI_OK) status = import_store_open(&i->store, i->session.library, &i->target);
  if (status != CLI_OK) return status;
  import_progress_start(&i->progress, i->refs.count);
  cli_interrupt_working(&i->interrupt);
  status = import_ask(i->session.manager, &i->refs, i->interrupt.cancel, &i->store, &i->progress,
                      &i->counts);
  if (status == CLI_OK)
    status = import_store_finish(&i->store, prefix_of(i), i->options->from, i->counts.imported);
  import_progress_end(&i->progress);
  if (status == CLI_OK && cli_interrupted(&i->interrupt)) status = CLI_INTERRUPTED;
  return status == CLI_OK ? import_target_finish(&i->target) : status;
}

static int report(const import *i) {
  char text[256];
  if (i->counts.refused)
    cli_error("import: %llu of the references have no answer and were left out, the first %s",
              (unsigned long long)i->counts.refused, i->counts.first_refused);
  (void)snprintf(text, sizeof text, "imported %llu references of %lu entities\n",
                 (unsigned long long)i->counts.imported, (unsigned long)i->names.count);
  return cli_print(text);
}

static void close_all(import *i) {
  import_progress_end(&i->progress);
  import_store_free(&i->store);
  import_target_close(&i->target);
  import_refs_free(&i->refs);
  import_names_free(&i->names);
  cli_interrupt_end(&i->interrupt);
  cli_session_close(&i->session);
  cli_buffer_free(&i->json);
  cli_buffer_free(&i->key);
}

static int run(const options *o) {
import i = {.options = o, .target = {NULL, NULL, - 1 }, .json = CLI_BUFFER_MEMORY, .key = CLI_BUFFER_MEMORY };
  i.store.json = &i.json;
  i.store.key = &i.key;
  int status = cli_interrupt_start(&i.interrupt);
  if (status == CLI_OK) status = find_references(&i);
  if (status == CLI_OK) status = write_database(&i);
  if (status == CLI_OK) status = report(&i);
  close_all(&i);
  return status;
}

int cli_import(int argc, char **argv) {
  options o = {0};
  int status = parse(&o, argc, argv);
  if (status == CLI_OK) status = o.help ? cli_print(help) : run(&o);
  cli_common_free(&o.common);
  return status;
}
