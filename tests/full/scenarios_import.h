/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHEAF_TESTS_SCENARIOS_IMPORT_H
#define SHEAF_TESTS_SCENARIOS_IMPORT_H

/* Makes `imported.sqlite` in scenario_folder: for bal:///a, ?v=1, ?v=2, bal:///b and its ?v=1. */
void scenario_import_prepare(void);

/* To where nothing is, and over what an import has made. */
void scenario_import(void);
void scenario_import_again(void);

#endif
