/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command writes as JSON lines, of any results and any references: one line each, valid
 * UTF-8, which cJSON reads as an object that tells the index and the status. And its plain values.
 */
#include <cjson/cJSON.h>

#include "cli/format.h"
#include "fuzz_values.h"

enum { MOST = 8 };

static struct {
  fuzz_input in;
  sheaf_id ids[5];
  fuzz_bodies bodies; /* lives on: static results may point into it */
} now;

static sheaf_status batch_of_values(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  now.bodies.value_count = now.bodies.property_count = 0;
  for (uint32_t i = 0; i < request->count; i++) {
    sheaf_result result = fuzz_result(&now.in, &now.bodies, i, now.ids);
    (void)sink->results(sink, &result, 1);
  }
  return SHEAF_OK;
}

static void check_line(const char *line, size_t size, uint32_t index, const sheaf_result *result) {
  const char *end = NULL;
  ALWAYS(sheaf_utf8_valid(sheaf_strn(line, size)));
  cJSON *tree = cJSON_ParseWithLengthOpts(line, size, &end, false);
  ALWAYS(tree && end == line + size);
  ALWAYS(cJSON_IsObject(tree));
  ALWAYS(cJSON_GetObjectItemCaseSensitive(tree, "index")->valuedouble == 7 + index);
  ALWAYS(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(tree, "ref")));
  const cJSON *status = cJSON_GetObjectItemCaseSensitive(tree, "status");
  ALWAYS(strcmp(status->valuestring, sheaf_status_name(result->status)) == 0);
  cJSON_Delete(tree);
}

static void check_lines(cli_buffer *out, const sheaf_batch *batch) {
  const char *at = out->data, *end = at ? at + out->size : at;
  for (uint32_t i = 0; i < sheaf_batch_count(batch); i++) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    ALWAYS(line_end);
    check_line(at, (size_t)(line_end - at), i, sheaf_batch_at(batch, i));
    at = line_end + 1;
  }
  ALWAYS(at == end);
}

static void put_plain_values(const sheaf_batch *batch) {
  cli_buffer out = CLI_BUFFER_MEMORY;
  for (uint32_t i = 0; i < sheaf_batch_count(batch); i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    for (uint32_t k = 0; k < r->property_count; k++) cli_put_value(&out, &r->properties[k].value);
  }
  ALWAYS(!out.error);
  cli_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const sheaf_id verbs[] = {SHEAF_VERB_RESOLVE, SHEAF_VERB_EXISTS, SHEAF_VERB_TRAITS};
  static fuzz_manager plain;
  static sheaf_library *library;
  static sheaf_manager *manager;
  if (!manager) {
    library = fuzz_library();
    manager = fuzz_open(library, &plain, 0, batch_of_values);
    static const char *const names[] = {"t", "\"\\\n\x7f", "k", "\xe2\x82\xac"};
    for (int i = 0; i < 4; i++) now.ids[i + 1] = sheaf_intern_one(library, names[i]);
  }
  now.in = (fuzz_input){data, data + size};
  uint8_t how = fuzz_byte(&now.in);
  sheaf_str refs[MOST];
  uint32_t count = how & 7;
  for (uint32_t i = 0; i < count; i++) refs[i] = fuzz_text(&now.in);
  sheaf_request request = sheaf_request_for(refs, count);
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
  ALWAYS(batch);
  cli_printer printer = {.format = &cli_format_jsonl,
                         .library = library,
                         .verb = verbs[how / 8 % 3],
                         .out = CLI_BUFFER_MEMORY};
  cli_rows rows = {.first = 7, .refs = refs, .batch = batch, .count = count};
  printer.format->begin(&printer);
  printer.format->rows(&printer, &rows);
  ALWAYS(!printer.out.error);
  check_lines(&printer.out, batch);
  put_plain_values(batch);
  cli_buffer_free(&printer.out);
  sheaf_batch_free(batch);
  return 0;
}
