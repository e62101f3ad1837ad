/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/buffer.h"
#include "cli/log.h"

static bool is_dash(const char *path) { return path && strcmp(path, "-") == 0; }

int cli_measure_check(const cli_measure_options *options) {
  const char *metrics = options->metrics, *trace = options->trace;
  if (is_dash(trace))
    return cli_usage("--trace '-': a trace wants a file of its own: --trace trace.json");
  if (metrics && !*metrics) return cli_usage("--metrics '' is not the name of a file");
  if (trace && !*trace) return cli_usage("--trace '' is not the name of a file");
  if (metrics && trace && strcmp(metrics, trace) == 0)
    return cli_usage("--metrics and --trace name the same file '%s': give each its own", trace);
  return CLI_OK;
}

static void metrics_failed(cli_measure *measure, int why) {
  cli_error("--metrics '%s' cannot be written: %s", measure->options->metrics, strerror(why));
  measure->failed = true;
}

/* Before anything is asked, so that who mistyped a path need not wait to be told. What is there stays until
 * there is something to put in its place. */
static void open_metrics(cli_measure *measure) {
  const char *path = measure->options->metrics;
  if (!path) return;
  measure->metrics_fd =
      is_dash(path) ? STDERR_FILENO : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (measure->metrics_fd < 0) metrics_failed(measure, errno);
}

/* A meter on top of the stack; with a trace, or NULL. */
static sheaf_status put_meter(cli_session *session, const char *trace) {
  const sheaf_setting setting = {SHEAF_STR("trace"), sheaf_string(sheaf_cstr(trace ? trace : ""))};
  sheaf_error error = {0};
  cli_log_hold();
  sheaf_manager *top =
      sheaf_stage_over(session->manager, "meter", trace ? &setting : NULL, trace ? 1 : 0, &error);
  cli_log_release(error.message);
  if (top) session->manager = top;
  else if (trace) cli_error("--trace: %s", error.message);
  else cli_error("%s", error.message);
  return top ? SHEAF_OK : error.status;
}

void cli_measure_start(cli_measure *measure, const cli_measure_options *options,
                       cli_session *session) {
  *measure = (cli_measure){.options = options, .metrics_fd = -1};
  open_metrics(measure);
  if (options->trace) {
    measure->is_on = put_meter(session, options->trace) == SHEAF_OK;
    measure->failed |= !measure->is_on;
  }
  if (measure->metrics_fd >= 0 && !measure->is_on) {
    measure->is_on = put_meter(session, NULL) == SHEAF_OK;
    measure->failed |= !measure->is_on;
  }
}

static void put(void *ctx, sheaf_str text) { cli_put_str(ctx, text); }

static void write_metrics(cli_measure *measure, const cli_session *session) {
  cli_buffer text = CLI_BUFFER_MEMORY;
  if (sheaf_meter_prometheus(session->manager, put, &text) == SHEAF_OUT_OF_MEMORY)
    text.error = ENOMEM;
  bool is_file = measure->metrics_fd != STDERR_FILENO;
  if (is_file && !text.error && ftruncate(measure->metrics_fd, 0) != 0 && errno != EINVAL)
    text.error = errno; /* EINVAL: a pipe or a terminal, which have no length */
  text.fd = measure->metrics_fd;
  cli_flush(&text);
  if (is_file && close(measure->metrics_fd) != 0 && !text.error) text.error = errno;
  if (text.error) metrics_failed(measure, text.error);
  cli_buffer_free(&text);
  measure->metrics_fd = -1;
}

/* Whether the meter could not write all of its trace, which it has logged. */
static bool is_untraced(const cli_session *session) {
  sheaf_stage_counter counters[8];
  uint32_t count = sheaf_stage_counters(session->manager, counters, 8);
  for (uint32_t i = 0; i < count && i < 8; i++)
    if (strcmp(counters[i].name, "untraced") == 0) return counters[i].value > 0;
  return false;
}

int cli_measure_finish(cli_measure *measure, cli_session *session, int status) {
  if (measure->is_on && measure->metrics_fd >= 0) write_metrics(measure, session);
  if (measure->is_on && is_untraced(session)) measure->failed = true;
  bool went_well = status == CLI_OK || status == CLI_SOME_FAILED;
  return measure->failed && went_well ? CLI_FAILED : status;
}
