/* SPDX-License-Identifier: Apache-2.0 */
/* Why a manager is not to be had: collected line by line while looking for it. */
#ifndef SHEAF_PLUGIN_REPORT_H
#define SHEAF_PLUGIN_REPORT_H

#include "plugin/list.h"

/* Zeroed: empty. */
typedef struct sheaf_report {
  sheaf_hold hold;
  const char **lines;
  uint32_t count;
  sheaf_status status; /* of the first refusal that concerns the manager asked for */
} sheaf_report;

/* Notes a refusal of what was asked for. */
void sheaf_report_refusal(sheaf_report *report, const sheaf_error *error);

/* Logs what was noted, as warnings: a plugin was passed over, though another one served. */
void sheaf_report_log(const sheaf_report *report, const sheaf_library *library);

/*
 * Fills `error` (not NULL) and logs the same as warnings: what was asked for, what there is, why
 * each file was refused, which folders were searched. `list` is NULL if there was no search.
 */
void sheaf_report_fail(sheaf_report *report, const sheaf_library *library, const char *id,
                       const sheaf_plugin_list *list, sheaf_error *error);

void sheaf_report_free(sheaf_report *report);

#endif
