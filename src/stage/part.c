/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/part.h"

#define GROUP 32u

/* The same results at their places in the whole. Nothing else of them changes, so they keep their
 * flags. */
static uint32_t results(sheaf_sink *sink, const sheaf_result *given, uint32_t count) {
  const sheaf_part *part = (const sheaf_part *)sink;
  sheaf_result group[GROUP];
  uint32_t said = SHEAF_CONTINUE;
  for (uint32_t i = 0, n; i < count && said == SHEAF_CONTINUE; i += n) {
    for (n = 0; n < GROUP && i + n < count; n++) {
      group[n] = given[i + n];
      group[n].index = sheaf_part_place(part, group[n].index);
    }
    said = part->onward->results(part->onward, group, n);
  }
  return said;
}

void sheaf_part_init(sheaf_part *part, const sheaf_request *whole, sheaf_sink *onward) {
  memset(part, 0, sizeof *part);
  part->sink = (sheaf_sink){sizeof part->sink, onward->flags & SHEAF_PARALLEL_RESULTS, results};
  part->request = *whole;
  part->request.count = 0;
  part->whole = whole;
  part->onward = onward;
}

bool sheaf_part_reserve(sheaf_part *part, uint32_t count) {
  const sheaf_request *whole = part->whole;
  part->room = count;
  part->refs = sheaf_stage_scratch(whole, count * sizeof *part->refs);
  if (whole->contexts) part->contexts = sheaf_stage_scratch(whole, count * sizeof *part->contexts);
  if (whole->inputs) part->inputs = sheaf_stage_scratch(whole, count * sizeof *part->inputs);
  return part->refs && (!whole->contexts || part->contexts) && (!whole->inputs || part->inputs);
}

static bool follow_each_other(const uint32_t *indices, uint32_t count) {
  uint32_t gaps = 0;
  for (uint32_t i = 1; i < count; i++) gaps |= indices[i] ^ (indices[0] + i);
  return gaps == 0;
}

static void take_run(sheaf_part *part, uint32_t first) {
  const sheaf_request *whole = part->whole;
  part->indices = NULL;
  part->first = first;
  part->request.refs = whole->refs ? whole->refs + first : NULL;
  part->request.contexts = whole->contexts ? whole->contexts + first : NULL;
  part->request.inputs = whole->inputs ? whole->inputs + first : NULL;
}

static void gather(sheaf_part *part, const uint32_t *indices, uint32_t count) {
  const sheaf_request *whole = part->whole;
  part->indices = indices;
  for (uint32_t i = 0; i < count; i++) part->refs[i] = whole->refs[indices[i]];
  for (uint32_t i = 0; part->contexts && i < count; i++)
    part->contexts[i] = whole->contexts[indices[i]];
  for (uint32_t i = 0; part->inputs && i < count; i++) part->inputs[i] = whole->inputs[indices[i]];
  part->request.refs = part->refs;
  part->request.contexts = part->contexts;
  part->request.inputs = part->inputs;
}

void sheaf_part_take(sheaf_part *part, const uint32_t *indices, uint32_t count) {
  part->request.count = count;
  if (count == 0 || follow_each_other(indices, count)) take_run(part, count ? indices[0] : 0);
  else gather(part, indices, count);
}
