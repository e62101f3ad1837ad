/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that ask about references. */
#include "cli/query.h"

#define QUERY_HELP(formats)                                                                        \
  "  --manager ID          the manager to ask; without it the configuration "                      \
  "file's\n" CLI_COMMON_HELP                                                                       \
  "  --access MODE         read (the default), write, createRelated, required or\n"                \
  "                        managerDriven\n"                                                        \
  "  --format FORMAT       table (the default on a terminal), jsonl (the default elsewhere),\n"    \
  "                        " formats "\n"                                                          \
  "  --batch-size N        ask about N references at a time, 1000 by default; no more than\n"      \
  "                        that are in memory at once\n"                                           \
  "  --timeout-ms N        give up on a batch that takes longer\n"                                 \
  "  --stage ID            put a stage on the manager; repeatable, the first is outermost.\n"      \
  "                        'sheaf stages' lists them\n"                                            \
  "  --stage-setting NAME=VALUE  a setting of the stage given before\n" CLI_MEASURE_HELP           \
  "  --stop-on-error       end at the first reference that fails, and print none behind it\n"      \
  "\n"                                                                                             \
  "References are read from standard input, one a line, where '-' stands for them or where\n"      \
  "none are given; an empty line is an empty reference. '--' ends the options. Output is in\n"     \
  "input order, and written out after every batch.\n"

#define EXIT_HELP                                                                                  \
  "\n"                                                                                             \
  "Exit status: 0 all references were answered, 1 some failed, 2 the command line, a setting\n"    \
  "or the configuration file is wrong, 3 the manager or a batch failed, or input or output\n"      \
  "did, 130 interrupted.\n"

static const char resolve_help[] =
    "usage: sheaf resolve [OPTION]... [REF... | -]\n"
    "\n"
    "Asks a manager for the traits of entities, and their properties.\n"
    "\n"
    "  --trait TRAIT         only this trait, where the entity has it; repeatable. Without it\n"
    "                        all traits\n"
    "  --property TRAIT/KEY  only this property; repeatable. csv and table then have a column\n"
    "                        for each; the key is what stands behind the last slash\n" QUERY_HELP(
        "csv, or arrow: an Arrow IPC stream of the properties") "\n"
                                                                "jsonl, an object a reference:\n"
                                                                "  "
                                                                "{\"index\":0,\"ref\":\"bal:///"
                                                                "cat\",\"status\":\"ok\","
                                                                "\"traits\":{\"named\":{\"name\":"
                                                                "\"Martin\"}}}\n"
                                                                "  "
                                                                "{\"index\":1,\"ref\":\"bal:///"
                                                                "dgo\",\"status\":\"entity_"
                                                                "resolution_error\",\"message\":\"."
                                                                "..\"}\n"
                                                                "Bytes are in base64, NaN and "
                                                                "infinities null, U+FFFD stands "
                                                                "for what is not UTF-8.\n"
                                                                "csv, a row a property: "
                                                                "index,ref,status,trait,key,value,"
                                                                "message\n"
                                                                "csv with --property, a row a "
                                                                "reference: "
                                                                "index,ref,status,TRAIT/"
                                                                "KEY...,message\n"
                                                                "arrow, likewise: index (uint64), "
                                                                "ref (utf8), TRAIT/KEY... (as the "
                                                                "first batch has them; utf8\n"
                                                                "where it has none; a dense union "
                                                                "where it has several kinds), "
                                                                "status (uint32: the number of\n"
                                                                "the status), message (utf8). A "
                                                                "later value that does not fit "
                                                                "ends it with exit status "
                                                                "3.\n" EXIT_HELP;

static const char exists_help[] =
    "usage: sheaf exists [OPTION]... [REF... | -]\n"
    "\n"
    "Asks a manager whether entities exist. One that does not is an answer, and no failure.\n"
    "\n" QUERY_HELP(
        "or csv") "\n"
                  "jsonl: {\"index\":0,\"ref\":\"bal:///cat\",\"status\":\"ok\",\"exists\":true}\n"
                  "csv:   index,ref,status,exists,message\n" EXIT_HELP;

static const char traits_help[] =
    "usage: sheaf traits [OPTION]... [REF... | -]\n"
    "\n"
    "Asks a manager which traits entities have.\n"
    "\n" QUERY_HELP("or csv") "\n"
                              "jsonl: "
                              "{\"index\":0,\"ref\":\"bal:///"
                              "cat\",\"status\":\"ok\",\"traits\":[\"animal\",\"named\"]}\n"
                              "csv, a row a trait: index,ref,status,trait,message\n" EXIT_HELP;

static int run(const cli_query_command *command, int argc, char **argv) {
  cli_query_options options = {0};
  int status = cli_query_parse(&options, command, argc, argv);
  if (status == CLI_OK) {
    status = options.help ? cli_print(command->help) : cli_query_run(&options, command);
  }
  cli_query_options_free(&options);
  return status;
}

int cli_resolve(int argc, char **argv) {
  static const cli_query_command command = {"resolve", SHEAF_VERB_RESOLVE, resolve_help};
  return run(&command, argc, argv);
}

int cli_exists(int argc, char **argv) {
  static const cli_query_command command = {"exists", SHEAF_VERB_EXISTS, exists_help};
  return run(&command, argc, argv);
}

int cli_traits(int argc, char **argv) {
  static const cli_query_command command = {"traits", SHEAF_VERB_TRAITS, traits_help};
  return run(&command, argc, argv);
}
