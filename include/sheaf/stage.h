/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/stage.h: stages, which shape batches between a host and a manager.
 *
 * A stage is a manager that wraps a manager: it takes the same requests and gives the same results, so
 * stages go on top of each other in any order, and a host asks the topmost as it would ask the
 * manager. docs/stages.md says which there are and when to use which.
 *
 *     const sheaf_setting settings[] = {{SHEAF_STR("batchers"), sheaf_string(sheaf_cstr("size(1000)"))}};
 *     manager = sheaf_stage_over(manager, "batch", settings, 1, &error);
 *     manager = sheaf_stage_over(manager, "dedupe", NULL, 0, &error);
 *
 * A stage owns what it wraps. Closing the topmost closes the whole stack, and the wrapped managers
 * last; their handles stay valid, may be asked, and cannot be closed by themselves (SHEAF_BUSY).
 */
#ifndef SHEAF_STAGE_H
#define SHEAF_STAGE_H

#include <sheaf/batchers.h>
#include <sheaf/manager.h>
#include <sheaf/resolve.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a stage is opened with. All that it points to is copied, but for what says otherwise.
 * Extensible. */
typedef struct sheaf_stage_options {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  const sheaf_setting *settings;
  sheaf_manager *const *children;       /* what it wraps, of the same library */
  const sheaf_batcher *const *batchers; /* the host's own, for stages that take some */
  uint32_t setting_count;
  uint32_t child_count;
  uint32_t batcher_count;
  uint32_t reserved; /* 0 */
} sheaf_stage_options;

#define SHEAF_STAGE_OPTIONS_INIT {sizeof(sheaf_stage_options), 0, 0, 0, 0, 0, 0, 0, 0}

/*
 * Opens a stage over its children and takes them over. `stage`: the id of one that sheaf_stage_at
 * lists. NULL on failure, with `error` filled, and the children are as they were:
 *   SHEAF_NOT_FOUND         there is no such stage
 *   SHEAF_INVALID_ARGUMENT  a setting that it does not take, of the wrong kind or out of range; too
 *                           few or too many children, or one of another library or given twice
 *   SHEAF_BUSY              a child belongs to a stage already
 *   SHEAF_CLOSED            a child is closed
 *   SHEAF_OUT_OF_MEMORY, SHEAF_LIMIT
 * [any-thread]
 */
SHEAF_API sheaf_manager *sheaf_stage_open(sheaf_library *library, const char *stage,
                                          const sheaf_stage_options *options,
                                          sheaf_error *error) SHEAF_NOEXCEPT;

/* The same for a stage over one manager. */
static inline sheaf_manager *sheaf_stage_over(sheaf_manager *child, const char *stage,
                                              const sheaf_setting *settings, uint32_t count,
                                              sheaf_error *error) {
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  options.settings = settings;
  options.setting_count = count;
  options.children = &child;
  options.child_count = 1;
  return sheaf_stage_open(sheaf_manager_library(child), stage, &options, error);
}

/*
 * Puts the stages that a configuration names on a manager, which they take over; where it names further
 * managers for a stage, these are opened. The topmost; the manager itself if there are no stages. NULL on
 * failure, with `error` saying where in the configuration and what would be right; then the manager has
 * been closed. [any-thread]
 */
SHEAF_API sheaf_manager *sheaf_stage_configure(sheaf_manager *manager, const sheaf_config *config,
                                               sheaf_error *error) SHEAF_NOEXCEPT;

/* A stage that there is. Static. Extensible. */
typedef struct sheaf_stage_info {
  uint32_t struct_size;
  uint32_t flags;
  const sheaf_factory *factory; /* its id, its description and the settings that it takes; its
                                   `create` is not for hosts */
  uint32_t least_children;
  uint32_t most_children; /* UINT32_MAX: any number */
} sheaf_stage_info;

/* The stages that there are, by id; NULL beyond the last. [any-thread] */
SHEAF_API const sheaf_stage_info *sheaf_stage_at(uint32_t i) SHEAF_NOEXCEPT;

/* The stage of that id; NULL if there is none. [any-thread] */
SHEAF_API const sheaf_stage_info *sheaf_stage_find(const char *id) SHEAF_NOEXCEPT;

/* Something that a stage has counted since it was opened. The strings are static. Frozen. */
typedef struct sheaf_stage_counter {
  const char *name; /* "hits" */
  const char *doc;
  uint64_t value;
} sheaf_stage_counter;

/* What a stage has counted, at most `room` of it, into `out`. How many counters it has; 0 for a
 * manager that is no stage, or that is destroyed. [any-thread] */
SHEAF_API uint32_t sheaf_stage_counters(sheaf_manager *stage, sheaf_stage_counter *out,
                                        uint32_t room) SHEAF_NOEXCEPT;

/* The i-th manager that a stage wraps; NULL beyond the last, and for a manager that is no stage. Valid
 * until the library is freed. [any-thread] */
SHEAF_API sheaf_manager *sheaf_stage_child(sheaf_manager *stage, uint32_t i) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_STAGE_H */
