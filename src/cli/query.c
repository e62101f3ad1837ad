/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of references in, results out, in input order whatever order the manager answers in: each
 * batch is collected, printed and forgotten before the next is read.
 */
#include "cli/query.h"

#include <stdlib.h>

#include "cli/input.h"
#include "cli/signals.h"

/* A query under way. */
typedef struct run {
  const cli_query_options *options;
  cli_session session;
  sheaf_id *traits;
  sheaf_slot *slots;            /* of --property */
  sheaf_columns *first_columns; /* see cli_printer */
  cli_measure measure;
  cli_interrupt interrupt;
  cli_input input;
  cli_refs refs;
  cli_printer printer;
  uint64_t done; /* references before this batch */
  bool some_failed;
  bool is_over; /* stopped by --stop-on-error */
} run;

static int intern_traits(run *r) {
  const cli_query_options *options = r->options;
  if (options->trait_count == 0) return CLI_OK;
  r->traits = calloc(options->trait_count, sizeof *r->traits);
  if (!r->traits) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  for (uint32_t i = 0; i < options->trait_count; i++) {
    sheaf_str name = sheaf_cstr(options->traits[i]);
    sheaf_error error = {0};
    sheaf_status status = sheaf_intern(r->session.library, &name, 1, &r->traits[i], &error);
    if (status != SHEAF_OK) return cli_usage("--trait '%s': %s", options->traits[i], error.message);
  }
  return CLI_OK;
}

static int intern_properties(run *r) {
  const cli_query_options *options = r->options;
  if (options->property_count == 0) return CLI_OK;
  r->slots = calloc(options->property_count, sizeof *r->slots);
  if (!r->slots) {
    cli_error("out of memory");
    return CLI_FAILED;
  }
  for (uint32_t i = 0; i < options->property_count; i++) {
    const cli_property *p = &options->properties[i];
    sheaf_str names[2] = {p->trait, p->key};
    sheaf_id ids[2];
    sheaf_error error = {0};
    if (sheaf_intern(r->session.library, names, 2, ids, &error))
      return cli_usage("--property '%s': %s", p->text, error.message);
    r->slots[i] = (sheaf_slot){ids[0], ids[1]};
  }
  return CLI_OK;
}

static int open_run(run *r) {
  int status = cli_interrupt_start(&r->interrupt);
  if (status == CLI_OK) status = cli_session_open(&r->session, &r->options->common);
  if (status == CLI_OK) status = intern_traits(r);
  if (status == CLI_OK) status = intern_properties(r);
  if (status == CLI_OK) status = cli_session_open_manager(&r->session);
  if (status == CLI_OK) status = cli_stages_put(&r->session, &r->options->stages);
  if (status == CLI_OK) cli_measure_start(&r->measure, &r->options->measure, &r->session);
  return status;
}

static void close_run(run *r) {
  cli_interrupt_end(&r->interrupt);
  cli_session_close(&r->session);
  cli_input_free(&r->input);
  cli_refs_free(&r->refs);
  cli_buffer_free(&r->printer.out);
  cli_buffer_free(&r->printer.cell);
  sheaf_columns_free(r->first_columns);
  free(r->printer.layout.widths);
  free(r->traits);
  free(r->slots);
}

/* What is asked about the references at hand. */
static sheaf_request make_request(const run *r, sheaf_call *call) {
  call->cancel = r->interrupt.cancel;
  if (r->options->timeout_ns) call->deadline_ns = sheaf_deadline_in(r->options->timeout_ns);
  sheaf_request request = sheaf_request_for(r->refs.views, r->refs.count);
  request.access = r->options->access;
  request.call = call;
  if (r->traits || r->slots) request.flags = 0; /* not all of them */
  request.traits = r->traits;
  request.trait_count = r->options->trait_count;
  request.slots = r->slots;
  request.slot_count = r->options->property_count;
  return request;
}

/* The first reference that failed; count: none did. */
static uint32_t first_failure(const sheaf_batch *batch, uint32_t count) {
  uint32_t i = 0;
  while (i < count && SHEAF_IS_OK(sheaf_batch_at(batch, i)->status)) i++;
  return i;
}

/* How many rows of a batch are printed: up to the one that ends it all. */
static uint32_t count_rows(run *r, uint32_t count, uint32_t failure) {
  if (failure == count) return count;
  r->some_failed = true;
  r->is_over = r->options->stop_on_error;
  return r->is_over ? failure + 1 : count;
}

static int finish_printing(run *r) {
  if (!r->printer.out.error) r->printer.out.error = r->printer.cell.error;
  return cli_finish(&r->printer.out);
}

static int print_batch(run *r, const sheaf_batch *batch) {
  uint32_t count = sheaf_batch_count(batch);
  cli_rows rows = {r->done, r->refs.views, batch, count, cli_interrupted(&r->interrupt)};
  uint32_t failure = sheaf_batch_failed(batch) > 0 ? first_failure(batch, count) : count;
  rows.count = count_rows(r, count, failure);
  r->printer.format->rows(&r->printer, &rows);
  return finish_printing(r);
}

static int print_columns(run *r, const sheaf_columns *columns) {
  const uint32_t *statuses = sheaf_columns_statuses(columns);
  uint32_t count = sheaf_columns_rows(columns), failure = 0;
  while (failure < count && SHEAF_IS_OK(statuses[failure])) failure++;
  cli_column_rows rows = {r->done, r->refs.views, columns, count_rows(r, count, failure),
                          cli_interrupted(&r->interrupt)};
  if (!r->printer.first_columns) r->printer.first_columns = columns;
  int result = r->printer.format->columns(&r->printer, &rows);
  return result == CLI_OK ? finish_printing(r) : result;
}

/* Says that the batch at hand failed as a whole. */
static int batch_failed(const run *r, sheaf_status status, const char *message) {
  if (!*message) message = sheaf_status_message(status);
  cli_error("the batch of %lu that begins at index %llu failed: %s", (unsigned long)r->refs.count,
            (unsigned long long)r->done, message);
  return CLI_FAILED;
}

/* Asks and prints; what was asked answers `status` as a whole. */
static int rows_of_batch(run *r, sheaf_status *status, sheaf_error *error) {
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_request request = make_request(r, &call);
  sheaf_batch *batch = sheaf_perform_batch(r->session.manager, r->printer.verb, &request, error);
  if (!batch) return batch_failed(r, error->status, error->message);
  int result = print_batch(r, batch);
  *status = sheaf_batch_status(batch);
  sheaf_batch_free(batch);
  return result;
}

static int columns_of_batch(run *r, sheaf_status *status, sheaf_error *error) {
  sheaf_call call = SHEAF_CALL_INIT;
  sheaf_request request = make_request(r, &call);
  sheaf_columns *columns =
      sheaf_perform_columns(r->session.manager, r->printer.verb, &request, error);
  if (!columns) return batch_failed(r, error->status, error->message);
  int result = print_columns(r, columns);
  *status = sheaf_columns_batch_status(columns);
  if (r->printer.first_columns == columns) r->first_columns = columns;
  else sheaf_columns_free(columns);
  return result;
}

static int one_batch(run *r) {
  sheaf_error error = {0};
  sheaf_status status = SHEAF_OK;
  int result = r->slots ? columns_of_batch(r, &status, &error) : rows_of_batch(r, &status, &error);
  if (result != CLI_OK) return result;
  if (cli_interrupted(&r->interrupt)) return CLI_INTERRUPTED;
  if (status == SHEAF_OK || status == SHEAF_STOPPED) return CLI_OK;
  return batch_failed(r, status, error.message);
}

static int all_batches(run *r) {
  r->printer.format->begin(&r->printer);
  cli_interrupt_working(&r->interrupt);
  while (!r->is_over) {
    int status = cli_input_next(&r->input, r->options->batch_size, &r->refs);
    if (status != CLI_OK) return status;
    if (r->refs.count == 0) break;
    status = one_batch(r);
    if (status != CLI_OK) return status;
    r->done += r->refs.count;
  }
  return r->some_failed ? CLI_SOME_FAILED : CLI_OK;
}

int cli_query_run(const cli_query_options *options, const cli_query_command *command) {
  run r = {.options = options, .refs = CLI_REFS_INIT};
  r.printer = (cli_printer){.format = options->format,
                            .verb = command->verb,
                            .out = CLI_BUFFER_STDOUT,
                            .cell = CLI_BUFFER_MEMORY,
                            .properties = options->properties,
                            .property_count = options->property_count};
  int status = open_run(&r);
  if (status == CLI_OK) {
    r.printer.library = r.session.library;
    cli_input_init(&r.input, options->refs, r.interrupt.wake_fd);
    status = all_batches(&r);
    if (options->format->end) options->format->end(&r.printer);
    /* What is left is the header of an input that was empty, or the end of a stream. */
    if (r.printer.out.error == 0 && finish_printing(&r) != CLI_OK) status = CLI_FAILED;
    status = cli_measure_finish(&r.measure, &r.session, status);
  }
  close_run(&r);
  return status;
}
