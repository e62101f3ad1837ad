/* SPDX-License-Identifier: Apache-2.0 */
/* From what a configuration says to a stack. */
#include <stdlib.h>

#include "plugin/config_read.h"
#include "plugin/words.h"
#include "stage/stage.h"

static sheaf_manager *put_stages(sheaf_manager *manager, const sheaf_config_stack *stack,
                                 const char *where, sheaf_error *error);

/* Puts the place before the message. */
static void add_place(sheaf_error *error, const char *where, uint32_t i) {
  char why[sizeof error->message];
  memcpy(why, error->message, sizeof why);
  sheaf_error_set(error, error->status, "%s\"stages\"[%u]: %s", where, i, why);
}

static void close_all(sheaf_manager *const *managers, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) (void)sheaf_manager_close(managers[i]);
}

/* Opens what a stage wraps besides what is below it, behind that in `children`. How many were opened:
 * less than there are on failure. */
static uint32_t open_others(const sheaf_config_stage *stage, const char *where, uint32_t at,
                            sheaf_manager **children, sheaf_error *error) {
  sheaf_library *library = sheaf_manager_library(children[0]);
  for (uint32_t i = 0; i < stage->manager_count; i++) {
    const sheaf_config_stack *other = &stage->managers[i];
    char here[256];
    snprintf(here, sizeof here, "%.150s\"stages\"[%u].\"managers\"[%u].", where, at, i);
    sheaf_manager *m =
        sheaf_manager_open(library, other->manager, other->settings, other->setting_count, error);
    if (!m) add_place(error, where, at);
    if (m) m = put_stages(m, other, here, error);
    if (!m) return i;
    children[i + 1] = m;
  }
  return stage->manager_count;
}

/* Puts stage i of a stack on `below`. On failure that is closed. */
static sheaf_manager *put(sheaf_manager *below, const sheaf_config_stack *stack, uint32_t i,
                          const char *where, sheaf_error *error) {
  const sheaf_config_stage *stage = &stack->stages[i];
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  sheaf_manager **children = malloc((stage->manager_count + (size_t)1) * sizeof(sheaf_manager *)),
                *top = NULL;
  if (!children) {
    sheaf_error_set(error, SHEAF_OUT_OF_MEMORY, "out of memory for a stage");
    (void)sheaf_manager_close(below);
    return NULL;
  }
  children[0] = below;
  uint32_t opened = open_others(stage, where, i, children, error);
  if (opened == stage->manager_count) {
    options.settings = stage->settings;
    options.setting_count = stage->setting_count;
    options.children = children;
    options.child_count = opened + 1;
    top = sheaf_stage_open(sheaf_manager_library(below), stage->stage, &options, error);
    if (!top) add_place(error, where, i);
  }
  if (!top) close_all(children, opened + 1);
  free(children);
  return top;
}

static sheaf_manager *put_stages(sheaf_manager *manager, const sheaf_config_stack *stack,
                                 const char *where, sheaf_error *error) {
  for (uint32_t i = stack->stage_count; manager && i-- > 0;)
    manager = put(manager, stack, i, where, error);
  return manager;
}

sheaf_manager *sheaf_stage_configure(sheaf_manager *manager, const sheaf_config *config,
                                     sheaf_error *error) {
  sheaf_error unused;
  if (!manager) {
    sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "the manager is NULL");
    return NULL;
  }
  if (!config) return manager;
  sheaf_manager *top = put_stages(manager, &config->top, "", error ? error : &unused);
  if (!top && error) sheaf_error_in_file(error, config->path);
  return top;
}
