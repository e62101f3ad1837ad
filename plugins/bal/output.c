/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

enum { LEAST_PROPERTIES = 512 };

void bal_output_init(bal_output *output, sheaf_sink *sink, const sheaf_call *call,
                     size_t largest_need) {
  /* Not the results: they are written before they are read. */
  memset(output, 0, offsetof(bal_output, results));
  output->sink = sink;
  output->call = call;
  output->largest_need = largest_need;
  output->properties = NULL;
  output->text = NULL;
  output->property_count = output->property_capacity = 0;
  output->text_size = 0;
}

void bal_output_flush(bal_output *output) {
  if (output->count && !output->stopped &&
      output->sink->results(output->sink, output->results, output->count) == SHEAF_STOP)
    output->stopped = true;
  output->count = 0;
  output->property_count = 0;
  output->text_size = 0;
}

static void *scratch(bal_output *output, size_t size) {
  void *memory = output->call->scratch(output->call, size);
  if (!memory) output->status = SHEAF_OUT_OF_MEMORY;
  return memory;
}

bool bal_output_reserve(bal_output *output, size_t properties, size_t text) {
  if (properties && !output->properties) {
    size_t most = output->largest_need;
    output->property_capacity = most > LEAST_PROPERTIES ? most : LEAST_PROPERTIES;
    output->properties = scratch(output, output->property_capacity * sizeof *output->properties);
  }
  if (text && !output->text) output->text = scratch(output, BAL_OUTPUT_TEXT);
  if (properties > output->property_capacity - output->property_count ||
      text > BAL_OUTPUT_TEXT - output->text_size)
    bal_output_flush(output);
  return bal_output_open(output);
}

bool bal_output_message(bal_output *output, plugin_message *message) {
  if (!bal_output_reserve(output, 0, PLUGIN_MESSAGE_SIZE)) return false;
  *message = (plugin_message){output->text + output->text_size, 0};
  return true;
}

void bal_output_error(bal_output *output, uint32_t index, sheaf_status status,
                      const plugin_message *message) {
  sheaf_result result = {index, status, NULL, 0, 0, {message->data, message->size}};
  output->text_size += message->size;
  bal_output_add(output, &result);
}
