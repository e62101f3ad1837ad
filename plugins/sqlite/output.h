/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The results of a batch on their way to the sink, a group at a time. What a group points to lies in
 * a store that the connection keeps: it grows to what the largest group so far took, and nothing is
 * allocated for an element.
 */
#ifndef SQ_OUTPUT_H
#define SQ_OUTPUT_H

#include "../common/message.h"

#define SQ_GROUP 32u

/* Memory for what results point to. Zeroed at first. */
typedef struct sq_store {
  char *text;
  sheaf_property *properties;
  size_t text_size, text_capacity;
  size_t property_count, property_capacity;
} sq_store;

/* Lets go of memory that only an unusually large group took. */
void sq_store_trim(sq_store *store);
void sq_store_free(sq_store *store);

typedef struct sq_output {
  sheaf_sink *sink;
  sq_store *store;
  bool stopped; /* the sink wants no more */
  uint32_t count;
  sheaf_result results[SQ_GROUP];
} sq_output;

void sq_output_init(sq_output *output, sheaf_sink *sink, sq_store *store);

/* Sends what there is. What it pointed to stays until sq_output_reserve. */
void sq_output_send(sq_output *output);

/* Makes room in the store for `properties` and for `text` bytes, for which what has been gathered may
 * be sent: nothing else may point into the store. Who uses the room moves the store's counts on.
 * False: out of memory. */
bool sq_output_reserve(sq_output *output, size_t properties, size_t text);

void sq_output_add(sq_output *output, const sheaf_result *result);

/* Adds an error whose message was put into the room that the store had for it. */
void sq_output_error(sq_output *output, uint32_t index, sheaf_status status,
                     plugin_message message);

#endif /* SQ_OUTPUT_H */
