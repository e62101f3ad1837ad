/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a stage is written. src/stage/README.md has it in order; this is the contract.
 *
 * A stage is a type: a record of what it is called, which settings it takes, and its functions. Its
 * instances begin with a sheaf_stage, which the frame fills before `open` is called.
 */
#ifndef SHEAF_STAGE_STAGE_H
#define SHEAF_STAGE_STAGE_H

#include <stdatomic.h>

#include <sheaf/stage.h>

#include "core/relay.h"
#include "core/thread.h"

typedef struct sheaf_stage sheaf_stage;

/* sheaf_stage_type.flags. MAY_WAIT: its batch may sleep or wait for other threads, so that it is not
 * non-blocking even where what it wraps is. */
enum { SHEAF_STAGE_MAY_WAIT = 1 };

/* Something that a stage counts. */
typedef struct sheaf_stage_counter_info {
  const char *name; /* [a-z_]: "hits" */
  const char *doc;  /* a sentence */
} sheaf_stage_counter_info;

typedef struct sheaf_stage_type {
  sheaf_stage_info info;
  uint32_t flags;
  uint32_t counter_count;
  const sheaf_stage_counter_info *counters;
  uint32_t needs; /* SHEAF_VERB_PURE, SHEAF_VERB_IDEMPOTENT: verbs without are passed on; 0: none */
  size_t size;    /* of an instance, which begins with a sheaf_stage */

  /* Makes the instance, zeroed but for its frame, ready. settings[i] is the value of the type's i-th
   * setting; they live as long as the instance. On failure `error` says what would be right, and
   * `close` is called. NULL: nothing to do. */
  sheaf_status (*open)(void *self, const sheaf_value *settings, const sheaf_stage_options *options,
                       sheaf_error *error);

  /* As sheaf_manager_table.batch; the request is at full size. See sheaf_relay for what the sink may
   * rely on, and README.md for what it must do. [any-thread] */
  sheaf_status (*batch)(void *self, const sheaf_request *request, sheaf_sink *sink) SHEAF_NOEXCEPT;

  /* Lets go of what is held back. NULL: nothing ever is. The children are flushed afterwards. */
  sheaf_status (*flush)(void *self, const sheaf_call *call, sheaf_error *error) SHEAF_NOEXCEPT;

  /* Interfaces of its own. What it does not know goes to the only child. NULL: it has none. */
  sheaf_status (*get_extension)(void *self, const char *id, sheaf_interface *out) SHEAF_NOEXCEPT;

  /* Frees what `open` made, though it failed half-way. The children are still open. No call is under
   * way, and none comes. NULL: nothing to free. */
  void (*close)(void *self);
} sheaf_stage_type;

/* The frame of an instance. */
#define SHEAF_STAGE_MOST_DEEP                                                                      \
  64u /* stages on top of each other: each takes its part of a thread's stack */

struct sheaf_stage {
  const sheaf_stage_type *type;
  sheaf_library *library;
  sheaf_manager **children;      /* owned */
  uint32_t child_count;          /* 0 in `close` if the stage could not be opened */
  uint32_t depth;                /* stages on top of each other, this one included */
  sheaf_description description; /* what it promises: see describe.h */
  _Atomic uint64_t *counts;      /* one a counter of its type */
};

/* What a type's `info` has, and the constants of its factory. */
#define SHEAF_STAGE_INFO(factory, least, most)                                                     \
  {sizeof(sheaf_stage_info), 0, (factory), (least), (most)}
#define SHEAF_STAGE_FACTORY(id_, display_name_, description_, settings_, setting_count_)           \
  {.struct_size = sizeof(sheaf_factory),                                                           \
   .id = (id_),                                                                                    \
   .display_name = (display_name_),                                                                \
   .description = (description_),                                                                  \
   .settings = (settings_),                                                                        \
   .setting_count = (setting_count_),                                                              \
   .create = sheaf_stage_create}

/* The create of every stage's factory (open.c). */
sheaf_status sheaf_stage_create(const sheaf_factory *factory, const sheaf_host *host,
                                const sheaf_value *settings, uint32_t setting_count,
                                sheaf_interface *out, sheaf_error *error) SHEAF_NOEXCEPT;

/* --------------------------------------------------------------------------------- for batch */

/* Asks child i: sheaf_relay. */
static inline sheaf_status sheaf_stage_ask(const sheaf_stage *stage, uint32_t i,
                                           const sheaf_request *request, sheaf_sink *sink) {
  return sheaf_relay(stage->children[i], request, sink);
}

/* What the stage promises of a verb, which is what all children that serve it promise:
 * SHEAF_VERB_PURE, SHEAF_VERB_IDEMPOTENT; 0 also for a verb that it does not serve. */
uint32_t sheaf_stage_verb_flags(const sheaf_stage *stage, sheaf_id verb);

/* Counts. Once a batch, not once an element: threads share the place. [any-thread] */
static inline void sheaf_stage_count(const sheaf_stage *stage, uint32_t counter, uint64_t n) {
  if (n) atomic_fetch_add_explicit(&stage->counts[counter], n, memory_order_relaxed);
}

/* What a trace says of a batch that this thread asks for: why it went as it did (static text), and how
 * long it was held back. Answers what was said before, to be said again afterwards. */
typedef struct sheaf_stage_reason {
  const char *why;
  int64_t waited_ns;
} sheaf_stage_reason;

static inline sheaf_stage_reason sheaf_stage_because(sheaf_stage_reason reason) {
  sheaf_stage_reason before = {sheaf_thread_here->why, sheaf_thread_here->waited_ns};
  sheaf_thread_here->why = reason.why;
  sheaf_thread_here->waited_ns = reason.waited_ns;
  return before;
}

/* Whether the call, and every context of the request, has only what this library understands: else
 * it is passed on as it is, unshared and uncached. */
bool sheaf_stage_may_share(const sheaf_request *request);

/* Gives every index of the request the same error, and returns its status. For a request of which
 * nothing has been answered. */
sheaf_status sheaf_stage_fail(const sheaf_request *request, sheaf_sink *sink, sheaf_status status,
                              const char *message, uint32_t flags);

/* A call as another one's, to be changed (deadline, cancel, context) and asked with, on this thread or
 * another: its functions are NULL. */
sheaf_call sheaf_stage_derive(const sheaf_call *call);

/* `size` bytes for the time of the call; NULL: out of memory. */
static inline void *sheaf_stage_scratch(const sheaf_request *request, size_t size) {
  return request->call->scratch(request->call, size);
}

/* ---------------------------------------------------------------------------------- for open */

/* A whole number that must be in a range, into `out`: what is wrong and right goes into `error`. */
sheaf_status sheaf_stage_number(const sheaf_stage_type *type, const sheaf_value *settings,
                                uint32_t i, int64_t least, int64_t most, int64_t *out,
                                sheaf_error *error);

/* One of `count` words, its place into `out`. */
sheaf_status sheaf_stage_word(const sheaf_stage_type *type, const sheaf_value *settings, uint32_t i,
                              const char *const *words, uint32_t count, uint32_t *out,
                              sheaf_error *error);

#endif
