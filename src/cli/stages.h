/* SPDX-License-Identifier: Apache-2.0 */
/* The stages that are put on a manager: the configuration's, and those of --stage. */
#ifndef SHEAF_CLI_STAGES_H
#define SHEAF_CLI_STAGES_H

#include "cli/common.h"

/* A stage of the command line; its id and the texts are views of argv. */
typedef struct cli_stage {
  const char *id;
  sheaf_setting *settings;
  uint32_t setting_count;
} cli_stage;

/* Those given, outermost first. Zeroed at first; freed with cli_stages_free. */
typedef struct cli_stages {
  cli_stage *list;
  uint32_t count;
} cli_stages;

/* --stage ID. CLI_OK, or a status after saying what is wrong. */
int cli_stages_take(cli_stages *stages, const char *id);

/* --stage-setting NAME=VALUE, of the stage given last. */
int cli_stages_take_setting(cli_stages *stages, const char *argument);

/* Puts the configuration's stages on the session's manager, if they are meant for it, and those of the
 * command line on top. CLI_OK, or a status after saying why not. */
int cli_stages_put(cli_session *session, const cli_stages *stages);

void cli_stages_free(cli_stages *stages);

#endif
