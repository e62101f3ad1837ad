/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: a manager that wraps the one under check. The core calls it as it would call that one,
 * and it passes everything on; what the manager sends comes through it, before the core tidies up.
 */
#ifndef SHEAF_CLI_CHECK_PROBE_H
#define SHEAF_CLI_CHECK_PROBE_H

#include <pthread.h>

#include "cli/check.h"

enum { PROBE_SEEN = 4 };

typedef struct probe_run probe_run;

/* The call that the manager sees; the functions go to the core's. */
typedef struct probe_call {
  sheaf_call call;
  const sheaf_call *inner;
  probe_run *run;
} probe_call;

/* One batch and all that was sent for it. Never freed: a manager may come back to it late. The
 * first part is set by whoever asks, and reaches the probe as the context's `opaque`. */
struct probe_run {
  sheaf_sink sink; /* the one that the manager sees: first, so that the one is the other */
  const char *shape;
  uint32_t count;
  bool stop_at_first; /* say stop to the first result */
  sheaf_cancel *cancel_at_first;

  probe_call call;
  sheaf_sink *inner;
  sheaf_request request; /* as the manager sees it */
  sheaf_library *library;
  pthread_t thread;
  sheaf_status status;            /* what batch returned */
  int64_t ended_ns, cancelled_ns; /* 0: not yet */
  bool called;                    /* the core reached the manager at all */

  pthread_mutex_t lock; /* guards the rest */
  bool returned;        /* batch has */
  uint32_t holds;       /* of the call */
  uint32_t overreleased;
  bool stopped;
  uint8_t *answers; /* how many each index got, up to 255 */
  sheaf_status *statuses;
  uint64_t *digests; /* of what each index was answered */
  uint32_t results, successes, existing, repeated, first_repeated, beyond, first_beyond;
  uint32_t foreign, first_foreign, late, first_late, after_stop;
  char message[200]; /* of the failure of the rest */
  char fault[300];   /* the first thing wrong with a result, besides its index */
  uint32_t fault_outcome;
  sheaf_slot seen[PROBE_SEEN]; /* properties that the manager has */
  uint32_t seen_count;
};

/* The host that the manager sees; the functions go to the core's. */
typedef struct probe_host {
  sheaf_host host; /* first, so that the one is the other */
  const sheaf_host *inner;
  pthread_mutex_t lock; /* guards the rest */
  const char *fault;    /* what is wrong with a line for the log; NULL: nothing so far */
  char sample[100];     /* how the first such line begins */
} probe_host;

typedef struct check_probe {
  const sheaf_factory *real;
  probe_host host;
  const char *create_fault; /* what is wrong with the words of a create that failed; or NULL */
  sheaf_interface manager;
  sheaf_manager_table table, wrapped;
  bool asked;          /* create was called at all: the settings were right */
  bool describes_none; /* stand in for `describe`: only create is of interest */
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin; /* to be registered */
} check_probe;

/* Makes the plugin that wraps `real`. */
void check_probe_init(check_probe *probe, const sheaf_factory *real);

/* Puts it before the core's. Returns what the manager is to be given. */
const sheaf_host *probe_host_init(probe_host *host, const sheaf_host *inner);

/* A run for `count` references. The process ends if there is no memory. */
probe_run *probe_run_new(const char *shape, uint32_t count, sheaf_library *library);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t check_now(void);

/* What is wrong with a result besides its index, in words; NULL if nothing. `outcome` receives how
 * bad it is. */
const char *check_result_fault(const sheaf_result *result, const sheaf_request *request,
                               const sheaf_library *library, uint32_t *outcome);

/* What is wrong with a text for people, in words; NULL if nothing. */
const char *check_message_fault(sheaf_str message);

/* Whether a status is one that the contract lists. */
bool check_status_known(sheaf_status status);

/* A number that is most likely another one if the answer is another one. Only for results without a
 * fault. */
uint64_t check_result_digest(const sheaf_result *result);

#endif
