/* SPDX-License-Identifier: Apache-2.0 */
/* Which command it is. */
#include <getopt.h>

#include "cli/cli.h"
#include "cli/signals.h"

typedef struct command {
  const char *name;
  int (*run)(int argc, char **argv);
} command;

static const command commands[] = {{"managers", cli_managers}, {"stages", cli_list_stages},
                                   {"resolve", cli_resolve},   {"exists", cli_exists},
                                   {"traits", cli_traits},     {"check", sheaf_cli_check},
                                   {"import", cli_import}};

static const char help[] =
    "usage: sheaf COMMAND [OPTION]...\n"
    "\n"
    "Resolves entity references, a batch at a time, through manager plugins.\n"
    "\n"
    "  managers   which managers there are, and what one takes and can do\n"
    "  stages     which stages can be put on a manager, and their settings\n"
    "  resolve    the traits of entities, and their properties\n"
    "  exists     whether entities exist\n"
    "  traits     which traits entities have\n"
    "  check      whether a manager plugin keeps the rules\n"
    "  import     a JSON library into an SQLite database\n"
    "  help       this text; 'sheaf help COMMAND' for that of a command\n"
    "\n"
    "  -h, --help     this text\n"
    "  -V, --version  the version of Sheaf and of its plugin ABI\n"
    "\n"
    "A configuration file, sheaf.json in the working folder or what $SHEAF_CONFIG names, gives\n"
    "the manager and its settings, so that 'sheaf resolve REF' is enough:\n"
    "  {\"manager\": \"bal\", \"settings\": {\"library_path\": \"${config_dir}/library.json\"}}\n";

static const command *find(const char *name) {
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  }
  return NULL;
}

static int unknown(const char *name) {
  return cli_usage("there is no %s '%s'; see 'sheaf help'", *name == '-' ? "option" : "command",
                   name);
}

static int run_help(int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "help") == 0) return cli_print(help);
  const command *c = find(argv[1]);
  if (!c) return unknown(argv[1]);
  char option[] = "--help";
  char *arguments[] = {argv[1], option, NULL};
  return c->run(2, arguments);
}

static int run_version(void) {
  char text[128];
  snprintf(text, sizeof text, "sheaf %s (plugin ABI %d.%d)\n", sheaf_version(), SHEAF_ABI_MAJOR,
           SHEAF_ABI_MINOR);
  return cli_print(text);
}

static int run(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  if (argc < 2) {
    fputs(help, stderr);
    return CLI_USAGE;
  }
  if (strcmp(name, "help") == 0) return run_help(argc - 1, argv + 1);
  if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) return cli_print(help);
  if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) return run_version();
  const command *c = find(name);
  return c ? c->run(argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv) {
  cli_signals_prepare();
  opterr = 0; /* messages are ours: cli_bad_option */
  return cli_signals_end(run(argc, argv));
}
