/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of stages over several managers: more fakes in the library of a staged one. */
#ifndef SHEAF_STAGE_SEVERAL_H
#define SHEAF_STAGE_SEVERAL_H

#include "stage/testing.h"

#define SEVERAL_MOST 4u

/* The managers that a stage is put over; the first is staged.below. */
typedef struct several {
  staged s;
  fake more[SEVERAL_MOST];
  sheaf_factory factories[SEVERAL_MOST];
  sheaf_manager *children[SEVERAL_MOST];
  uint32_t count;
} several;

static inline void several_open(several *v, uint32_t count, const fake_batch *batches) {
  memset(v, 0, sizeof *v);
  v->count = count;
  staged_open(&v->s, batches[0]);
  v->children[0] = v->s.top;
  for (uint32_t i = 1; i < count; i++) {
    fake *f = &v->more[i];
    sheaf_factory *factory = &v->factories[i];
    f->batch = batches[i];
    f->library = v->s.below.library;
    *factory = (sheaf_factory){
        .struct_size = sizeof *factory, .id = "fake", .data = f, .create = fake_create};
    f->manager = v->children[i] =
        sheaf_manager_create(f->library, factory, factory, 0, NULL, &v->s.error);
    assert_non_null(f->manager);
  }
}

/* Puts a stage over all of them; NULL on failure. */
static inline sheaf_manager *several_put(several *v, const char *stage,
                                         const sheaf_setting *settings, uint32_t count) {
  sheaf_stage_options options = SHEAF_STAGE_OPTIONS_INIT;
  options.settings = settings;
  options.setting_count = count;
  options.children = v->children;
  options.child_count = v->count;
  sheaf_manager *top = sheaf_stage_open(v->s.below.library, stage, &options, &v->s.error);
  if (top) v->s.top = top;
  return top;
}

/* Each was destroyed once. */
static inline void several_close(several *v) {
  staged_close(&v->s);
  for (uint32_t i = 1; i < v->count; i++) assert_int_equal(v->more[i].destroyed, 1);
}

#endif
