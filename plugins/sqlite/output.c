/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <stdlib.h>

enum {
  LEAST_TEXT = 32 << 10,
  LEAST_PROPERTIES = 512,
  MUCH_TEXT = 1 << 20,
  MANY_PROPERTIES = 1 << 16
};

void sq_store_trim(sq_store *store) {
  store->text_size = store->property_count = 0;
  if (store->text_capacity > MUCH_TEXT || store->property_capacity > MANY_PROPERTIES)
    sq_store_free(store);
}

void sq_store_free(sq_store *store) {
  free(store->text);
  free(store->properties);
  *store = (sq_store){0};
}

void sq_output_init(sq_output *output, sheaf_sink *sink, sq_store *store) {
  /* Not the results: they are written before they are read. */
  output->sink = sink;
  output->store = store;
  output->stopped = false;
  output->count = 0;
}

void sq_output_send(sq_output *output) {
  if (output->count && !output->stopped &&
      output->sink->results(output->sink, output->results, output->count) == SHEAF_STOP)
    output->stopped = true;
  output->count = 0;
}

/* An array that nothing points into any more, with room for `need` elements. */
static bool make_room(void *array, size_t *capacity, size_t need, size_t least, size_t size) {
  void **at = array;
  size_t wanted = need < least ? least : need;
  if (need <= *capacity) return true;
  if (wanted > SIZE_MAX / 2 / size) return false;
  void *bigger = malloc(wanted * size);
  if (!bigger) return false;
  free(*at);
  *at = bigger;
  *capacity = wanted;
  return true;
}

bool sq_output_reserve(sq_output *output, size_t properties, size_t text) {
  sq_store *store = output->store;
  if (properties <= store->property_capacity - store->property_count &&
      text <= store->text_capacity - store->text_size)
    return true;
  sq_output_send(output);
  store->property_count = store->text_size = 0;
  return make_room(&store->properties, &store->property_capacity, properties, LEAST_PROPERTIES,
                   sizeof *store->properties) &&
         make_room(&store->text, &store->text_capacity, text, LEAST_TEXT, 1);
}

void sq_output_add(sq_output *output, const sheaf_result *result) {
  output->results[output->count++] = *result;
  if (output->count == SQ_GROUP) sq_output_send(output);
}

void sq_output_error(sq_output *output, uint32_t index, sheaf_status status,
                     plugin_message message) {
  sheaf_result result = {index, status, NULL, 0, 0, {message.data, message.size}};
  output->store->text_size += message.size;
  sq_output_add(output, &result);
}
