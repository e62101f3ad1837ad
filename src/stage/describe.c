/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/describe.h"

#include <stdlib.h>

#define KNOWN_VERB_FLAGS ((uint32_t)SHEAF_VERB_PURE | SHEAF_VERB_IDEMPOTENT)

static const sheaf_description *of_child(const sheaf_stage *stage, uint32_t i) {
  return sheaf_manager_description(stage->children[i]);
}

/* Takes a child's verb in; what was promised already is promised only if this child does so too. */
static void add_verb(sheaf_description *d, sheaf_verb_info *verbs, const sheaf_verb_info *verb) {
  uint32_t i = 0, flags = verb->flags & KNOWN_VERB_FLAGS;
  while (i < d->verb_count && verbs[i].verb != verb->verb) i++;
  if (i < d->verb_count) verbs[i].flags &= flags;
  else verbs[d->verb_count++] = (sheaf_verb_info){verb->verb, flags};
}

static void add_prefix(sheaf_description *d, sheaf_str *prefixes, sheaf_str prefix) {
  for (uint32_t i = 0; i < d->prefix_count; i++)
    if (sheaf_str_equal(prefixes[i], prefix)) return;
  prefixes[d->prefix_count++] = prefix;
}

bool sheaf_stage_describe(sheaf_stage *stage) {
  sheaf_description *d = &stage->description;
  size_t verb_count = 1, prefix_count = 1;
  uint32_t flags = stage->type->flags & SHEAF_STAGE_MAY_WAIT ? 0 : SHEAF_MANAGER_NONBLOCKING;
  for (uint32_t c = 0; c < stage->child_count; c++) {
    flags &= of_child(stage, c)->flags;
    verb_count += of_child(stage, c)->verb_count;
    prefix_count += of_child(stage, c)->prefix_count;
  }
  sheaf_verb_info *verbs = calloc(verb_count, sizeof *verbs);
  sheaf_str *prefixes = calloc(prefix_count, sizeof *prefixes);
  *d = (sheaf_description){sizeof *d, flags, verbs, prefixes, 0, 0};
  if (!verbs || !prefixes) return false;
  for (uint32_t c = 0; c < stage->child_count; c++) {
    const sheaf_description *child = of_child(stage, c);
    for (uint32_t i = 0; i < child->verb_count; i++) add_verb(d, verbs, &child->verbs[i]);
    for (uint32_t i = 0; i < child->prefix_count; i++) add_prefix(d, prefixes, child->prefixes[i]);
  }
  return true;
}

void sheaf_stage_forget(sheaf_stage *stage) {
  free((void *)(uintptr_t)stage->description.verbs);
  free((void *)(uintptr_t)stage->description.prefixes);
}

uint32_t sheaf_stage_verb_flags(const sheaf_stage *stage, sheaf_id verb) {
  const sheaf_description *d = &stage->description;
  for (uint32_t i = 0; i < d->verb_count; i++)
    if (d->verbs[i].verb == verb) return d->verbs[i].flags;
  return 0;
}
