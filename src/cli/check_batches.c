/* SPDX-License-Identifier: Apache-2.0 */
/* The checks on what comes for a batch. */
#include <stdlib.h>

#include "cli/check_subject.h"

enum { ORDINARY = 250 }; /* references in a batch of no particular size */

typedef void judge_fn(probe_run *run, check_verdict *verdict);

/* Puts a batch to the manager in each way that it serves, and judges them when all are done. */
static void judge_shapes(check_subject *subject, check_verdict *verdict, uint32_t count,
                         long wait_ms, judge_fn *judge) {
  enum { MOST = 8 };
  probe_run *runs[MOST];
  uint32_t n = 0;
  if (!check_open(subject, verdict)) return;
  for (const check_shape *s; n < MOST && (s = check_served_shape(subject, n)) != NULL; n++) {
    runs[n] = check_ask_simply(subject, s, count);
  }
  if (n == 0) check_note(verdict, CHECK_SKIPPED, "the manager serves no verb that is known here");
  if (wait_ms > 0) check_sleep_ms(wait_ms);
  for (uint32_t i = 0; i < n; i++) judge(runs[i], verdict);
}

static void judge_once(probe_run *run, check_verdict *verdict) { check_judge_once(run, verdict); }

static void check_once(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, ORDINARY, 0, judge_once);
}

static void check_range(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, ORDINARY, 0, check_judge_range);
}

static void check_thread(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, ORDINARY, 0, check_judge_thread);
}

static void check_late(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, ORDINARY, 250, check_judge_late);
}

static uint32_t resolved; /* in this process */

static void judge_content(probe_run *run, check_verdict *verdict) {
  if (run->request.verb != SHEAF_VERB_EXISTS) resolved += run->successes;
  check_judge_content(run, verdict);
}

static void check_content(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, ORDINARY, 0, judge_content);
  if (resolved == 0) {
    check_note(verdict, CHECK_SKIPPED,
               "no reference was resolved: give --ref with ones that exist");
  }
}

static void check_empty(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, 0, 0, check_judge_all);
}

static void check_one(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, 1, 0, check_judge_all);
}

static void check_many(check_subject *subject, check_verdict *verdict) {
  judge_shapes(subject, verdict, 10000, 0, check_judge_all);
}

/* -------------------------------------------------------------------- references of other sorts */

/* A made-up reference has an error of its own sort: the entity's, not the manager's. */
static void judge_unknown(const check_shape *shape, probe_run *run, check_verdict *verdict) {
  check_judge_all(run, verdict);
  for (uint32_t i = 0; i < run->count; i++) {
    sheaf_status status = run->statuses[i];
    if (status != SHEAF_OK && status / 100 != 1 && run->status == SHEAF_OK) {
      check_note(verdict, CHECK_FAILED,
                 "%s: a reference that does not exist got %s: answer entity_resolution_error, or "
                 "invalid_entity_reference",
                 shape->name, sheaf_status_name(status));
      return;
    }
  }
  if (shape->verb == SHEAF_VERB_EXISTS ? run->existing > 0 : run->successes > 0) {
    check_note(verdict, CHECK_WARNED,
               "%s: a reference that this check made up is said to exist: is every one meant to?",
               shape->name);
  }
}

static void check_unknown(check_subject *subject, check_verdict *verdict) {
  if (!check_open(subject, verdict)) return;
  const sheaf_str *refs = check_unknown_refs(subject, 3);
  const check_shape *shape;
  for (uint32_t i = 0; (shape = check_served_shape(subject, i)) != NULL; i++) {
    probe_run *run = probe_run_new(shape->name, 3, subject->library);
    check_ask(subject, shape, refs, NULL, run);
    judge_unknown(shape, run, verdict);
  }
}

/* A reference is any bytes: empty, with a NUL, not UTF-8, a million of them. */
static void check_odd(check_subject *subject, check_verdict *verdict) {
  enum { LONG = 1 << 20 };
  if (!check_open(subject, verdict)) return;
  char *text = malloc(LONG);
  if (!text) return;
  memset(text, 'a', LONG);
  const sheaf_description *d = sheaf_manager_description(subject->manager);
  if (d->prefix_count > 0 && d->prefixes[0].size < LONG) {
    memcpy(text, d->prefixes[0].data, d->prefixes[0].size);
  }
  const sheaf_str refs[] = {sheaf_strn(NULL, 0),
                            sheaf_strn("", 0),
                            sheaf_strn("a\0b", 3),
                            sheaf_strn("\xff\xfe\xc0\x80", 4),
                            sheaf_strn(text, LONG),
                            sheaf_cstr("%s%n%s"),
                            sheaf_cstr("../../../etc/passwd")};
  const check_shape *shape;
  for (uint32_t i = 0; (shape = check_served_shape(subject, i)) != NULL; i++) {
    probe_run *run = probe_run_new(shape->name, sizeof refs / sizeof *refs, subject->library);
    check_ask(subject, shape, refs, NULL, run);
    check_judge_all(run, verdict);
  }
  free(text);
}

const check check_batches[] = {
    {"every index once", check_once, false},
    {"in range", check_range, false},
    {"on the calling thread", check_thread, false},
    {"before return", check_late, false},
    {"well-formed results", check_content, false},
    {"empty batch", check_empty, false},
    {"batch of one", check_one, false},
    {"batch of 10,000", check_many, false},
    {"unknown reference", check_unknown, false},
    {"odd references", check_odd, false},
    {NULL, NULL, false},
};
