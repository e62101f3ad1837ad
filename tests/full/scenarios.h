/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every_allocation_test.c does with each of its allocations failed in turn.
 *
 * TO ADD ONE: write `static void my_scenario(void)`, here or in a scenarios_*.c of its own, and put
 * it into the table in scenarios.c. It must begin and end with nothing allocated (library, files,
 * threads: all its own), take every failure as the end of what hangs on it, clean up, and report each
 * with scenario_failed. Use scenario_ask and its kin for batches: they judge that each index has one
 * result. It is run many times in one process, so keep it to a few hundred allocations; and let it ask
 * three times or more: a thread keeps flights at rest, and with its ninth question it has them all.
 */
#ifndef SHEAF_TESTS_SCENARIOS_H
#define SHEAF_TESTS_SCENARIOS_H

#include <sheaf/sheaf.h>

typedef struct scenario {
  const char *name;
  void (*run)(void);
  bool has_threads;      /* not for AddressSanitizer, which cannot start one without memory */
  void (*prepare)(void); /* before all, once, in a process of its own: makes files in
                            scenario_folder; NULL: nothing */
} scenario;

/* A folder for files; it goes when the test ends. */
enum { SCENARIO_PATH = 256 };
extern char scenario_folder[64];

extern const scenario scenarios[];
extern const unsigned scenario_count;

/* A library call failed: it must be for want of memory, in a way and in words that say so. `what` is
 * for the test's own message. */
void scenario_failed(const char *what, sheaf_status status, const sheaf_error *error);

/* The same for a single index. */
void scenario_index_failed(const char *what, sheaf_status status);

/* The status that an index may have besides, if an allocation has failed: of the error that a stage had no
 * memory to make good. SHEAF_OK: none. */
extern sheaf_status scenario_also;

/* Ends the process with words unless `holds`. */
void scenario_must(bool holds, const char *what);

/* Has an allocation failed in this run, so that failures are excused? */
bool scenario_excused(void);

/* A library whose log goes nowhere; NULL after scenario_failed. `folder` and `config` may be NULL. */
sheaf_library *scenario_library(const char *folder, const sheaf_config *config);

/* Frees it; nothing may be in use. */
void scenario_library_free(sheaf_library *library);

/* Opens a manager; NULL after scenario_failed. */
sheaf_manager *scenario_open(sheaf_library *library, const char *id, const sheaf_setting *settings,
                             uint32_t count);

/* Asks for `count` references by callbacks. Judges: each index once, and the sums. */
void scenario_ask(sheaf_manager *manager, const sheaf_str *refs, uint32_t count,
                  uint32_t callback_flags);

/* Asks, collects, reads all and frees; to resolve, and any verb. */
void scenario_collect(sheaf_manager *manager, const sheaf_str *refs, uint32_t count);
void scenario_collect_verb(sheaf_manager *manager, sheaf_id verb, const sheaf_str *refs,
                           uint32_t count);

/* Flushes. */
void scenario_flush(sheaf_manager *manager);

/* A call was refused, and is to have been with `wanted`; or it was for want of memory. */
void scenario_refused(sheaf_status wanted, const sheaf_error *error);

/* Opens the manager of scenarios_manager.h, which answers as `how` says, and has it asked. */
void scenario_with_local(uint32_t how, void (*ask)(sheaf_manager *manager));

/* Those of other files: scenarios_bulk.c, scenarios_sqlite.c. */
void scenario_columns(void);
void scenario_columns_backwards(void);
void scenario_iterator(void);
void scenario_iterator_arriving(void);
void scenario_iterator_ahead(void);
void scenario_iterator_arriving_ahead(void);
void scenario_sqlite_imported(void);
void scenario_sqlite_table_prepare(void);
void scenario_sqlite_table(void);
void scenario_sqlite_refusals(void);

/* scenarios_stages.c: each stage over a manager. */
#define SCENARIO_STAGES(X)                                                                         \
  X(batch, false)                                                                                  \
  X(batch_overlap, true)                                                                           \
  X(batch_own, false)                                                                              \
  X(cache, false)                                                                                  \
  X(circuit, false)                                                                                \
  X(dedupe, false)                                                                                 \
  X(fallback, false)                                                                               \
  X(limit, false)                                                                                  \
  X(linger, true)                                                                                  \
  X(meter, false)                                                                                  \
  X(parallel, true)                                                                                \
  X(retry, false)                                                                                  \
  X(route, false)                                                                                  \
  X(timeout, false)                                                                                \
  X(stack, false)
#define SCENARIO_DECLARE(name, has_threads) void scenario_stage_##name(void);
SCENARIO_STAGES(SCENARIO_DECLARE)
#undef SCENARIO_DECLARE
void scenario_stage_configured(void);

#endif
