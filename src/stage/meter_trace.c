/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of batches: an array of "complete" events. Readers get on without its end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include <sheaf/status.h>

#include "core/log.h"
#include "core/thread.h"
#include "plugin/words.h"
#include "stage/meter_stage.h"

/* The beginning, and the name that viewers give the process. */
static bool begin(FILE *trace) {
  return fprintf(
             trace,
             "[{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%ld,\"args\":{\"name\":\"sheaf\"}}",
             (long)getpid()) > 0 &&
         fflush(trace) == 0;
}

sheaf_status sheaf_meter_trace_open(sheaf_meter *m, const char *path, sheaf_error *error) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  FILE *trace = file >= 0 ? fdopen(file, "w") : NULL;
  if (trace && begin(trace)) {
    m->trace = trace;
    m->trace_path = path;
    return SHEAF_OK;
  }
  sheaf_status status = errno == ENOMEM ? SHEAF_OUT_OF_MEMORY : SHEAF_IO_ERROR;
  sheaf_error_set(error, status, "the trace %s cannot be written: %s",
                  sheaf_quote(sheaf_cstr(path)).text, strerror(errno));
  if (trace) fclose(trace);
  else if (file >= 0) close(file);
  return status;
}

static void failed(sheaf_meter *m) {
  int why = errno;
  if (atomic_exchange(&m->trace_failed, true)) return;
  sheaf_logf(m->stage.library, SHEAF_LOG_ERROR, "meter", "the trace %s cannot be written: %s",
             sheaf_quote(sheaf_cstr(m->trace_path)).text, strerror(why));
}

/* Without what a JSON reader would stumble over. */
static void plain(char *out, size_t size, sheaf_str text) {
  size_t n = 0;
  for (size_t i = 0; i < text.size && n + 1 < size; i++)
    if ((unsigned char)text.data[i] >= ' ' && !strchr("\"\\", text.data[i]))
      out[n++] = text.data[i];
  out[n] = '\0';
}

void sheaf_meter_trace(sheaf_meter *m, const sheaf_meter_event *e) {
  char verb[128];
  plain(verb, sizeof verb, sheaf_name(m->stage.library, e->verb));
  /* One call, so that events of several threads do not mingle. */
  int written =
      fprintf(m->trace,
              ",\n{\"name\":\"%s\",\"cat\":\"batch\",\"ph\":\"X\",\"pid\":%ld,\"tid\":%" PRIu64
              ",\"ts\":%" PRId64 ".%03d,\"dur\":%" PRId64 ".%03d,\"args\":{\"size\":%" PRIu32
              ",\"succeeded\":%" PRIu64 ",\"failed\":%" PRIu64
              ",\"status\":\"%s\",\"why\":\"%s\",\"waited_us\":%" PRId64 "}}",
              verb, (long)getpid(), sheaf_thread_here->number, e->begin_ns / 1000,
              (int)(e->begin_ns % 1000), (e->end_ns - e->begin_ns) / 1000,
              (int)((e->end_ns - e->begin_ns) % 1000), e->size, e->succeeded, e->failed,
              sheaf_status_name(e->status), e->why ? e->why : "came", e->waited_ns / 1000);
  if (written > 0 && fflush(m->trace) == 0) return;
  failed(m);
  sheaf_stage_count(&m->stage, SHEAF_METER_UNTRACED, 1);
}

void sheaf_meter_trace_close(sheaf_meter *m) {
  bool is_whole = fputs("\n]\n", m->trace) >= 0;
  if (fclose(m->trace) != 0 || !is_whole) failed(m);
}
