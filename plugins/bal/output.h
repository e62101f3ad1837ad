/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a batch on their way to the sink, a group at a time. What a group points to,
 * beside the library, lies in two buffers that are made when first needed and used again for each
 * group: nothing is allocated for an element.
 */
#ifndef BAL_OUTPUT_H
#define BAL_OUTPUT_H

#include "../common/message.h"

#define BAL_GROUP 32u
#define BAL_OUTPUT_TEXT ((size_t)BAL_GROUP * PLUGIN_MESSAGE_SIZE)

typedef struct bal_output {
  sheaf_sink *sink;
  const sheaf_call *call;
  bool stopped;        /* the sink wants no more */
  sheaf_status status; /* of the batch: SHEAF_OK, or why it cannot go on */

  uint32_t count;
  sheaf_result results[BAL_GROUP];

  size_t largest_need; /* the most properties that one result may take */
  sheaf_property *properties;
  size_t property_count, property_capacity;
  char *text; /* BAL_OUTPUT_TEXT bytes, or NULL so far */
  size_t text_size;
} bal_output;

void bal_output_init(bal_output *output, sheaf_sink *sink, const sheaf_call *call,
                     size_t largest_need);

/* Sends what there is. */
void bal_output_flush(bal_output *output);

/* True as long as there is a point in going on. */
static inline bool bal_output_open(const bal_output *output) {
  return !output->stopped && output->status == SHEAF_OK;
}

/* Makes room for what the next element points to: `properties` of them (at most largest_need) at
 * `output->properties + output->property_count`, and `text` bytes (at most BAL_OUTPUT_TEXT)
 * likewise. What has been gathered may be sent for it. Whoever uses the room moves the counts on.
 * False: there is no point in going on. */
bool bal_output_reserve(bal_output *output, size_t properties, size_t text);

static inline void bal_output_add(bal_output *output, const sheaf_result *result) {
  output->results[output->count++] = *result;
  if (output->count == BAL_GROUP) bal_output_flush(output);
}

static inline void bal_output_record(bal_output *output, uint32_t index,
                                     const sheaf_property *properties, uint32_t count,
                                     uint32_t flags) {
  sheaf_result result = {index, SHEAF_OK, count ? properties : NULL, count, flags, {NULL, 0}};
  bal_output_add(output, &result);
}

/* Begins a message, which bal_output_error ends. False: there is no point in going on. */
bool bal_output_message(bal_output *output, plugin_message *message);
void bal_output_error(bal_output *output, uint32_t index, sheaf_status status,
                      const plugin_message *message);

#endif /* BAL_OUTPUT_H */
