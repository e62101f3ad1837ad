/* SPDX-License-Identifier: Apache-2.0 */
/* The manager under check, as a check's own process sees it, and batches put to it. */
#ifndef SHEAF_CLI_CHECK_SUBJECT_H
#define SHEAF_CLI_CHECK_SUBJECT_H

#include "cli/check_probe.h"

struct check_subject {
  const check_options *options;
  sheaf_library *finder; /* finds and loads the plugin */
  const sheaf_factory *factory;
  sheaf_library *library; /* has the probe registered, under the manager's own id */
  check_probe probe;
  sheaf_manager *manager;
  sheaf_slot slots[PROBE_SEEN]; /* what shapes with traits or slots ask for */
  uint32_t slot_count;          /* 0: not looked for yet */
};

/* A way of asking. */
typedef struct check_shape {
  const char *name;
  sheaf_id verb;
  uint32_t flags;
  bool traits, slots; /* ask for some */
} check_shape;

/* Each of the next two does what the one before does, too, and notes what fails: false then. */
bool check_find(check_subject *subject, check_verdict *verdict);
bool check_open(check_subject *subject, check_verdict *verdict);

/* The i-th shape that the manager serves; NULL after the last. */
const check_shape *check_served_shape(const check_subject *subject, uint32_t i);

/* `count` references, those of --ref over and over, or else ones that do not exist. Never freed. */
const sheaf_str *check_refs(const check_subject *subject, uint32_t count);
const sheaf_str *check_unknown_refs(const check_subject *subject, uint32_t count);

/* Asks, on this thread. With a run of one's own, made by probe_run_new, its wishes are heeded. */
void check_ask(check_subject *subject, const check_shape *shape, const sheaf_str *refs,
               sheaf_cancel *cancel, probe_run *run);
probe_run *check_ask_simply(check_subject *subject, const check_shape *shape, uint32_t count);

/* Each notes what a run, which has ended, shows. */
void check_judge_once(const probe_run *run, check_verdict *verdict);
void check_judge_range(probe_run *run, check_verdict *verdict);
void check_judge_thread(probe_run *run, check_verdict *verdict);
void check_judge_late(probe_run *run, check_verdict *verdict);
void check_judge_content(probe_run *run, check_verdict *verdict);
/* All of them but the late ones. */
void check_judge_all(probe_run *run, check_verdict *verdict);

/* Sleeps. */
void check_sleep_ms(long ms);

#endif
