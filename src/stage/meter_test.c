/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include <cJSON.h>

#include <sheaf/meter.h>

#include "stage/histogram.h"
#include "stage/testing.h"

static staged S;

static void buckets_hold_what_they_say(void **state) {
  (void)state;
  uint64_t before = 0;
  for (uint32_t i = 0; i < SHEAF_HISTOGRAM_BUCKETS; i++) {
    uint64_t top = sheaf_histogram_top(i);
    assert_int_equal(sheaf_histogram_bucket(top), i);
    assert_int_equal(sheaf_histogram_bucket(top + 1), i + 1 < SHEAF_HISTOGRAM_BUCKETS ? i + 1 : i);
    if (i > 0) assert_true(top > before && top - before <= before / 8 + 1);
    before = top;
  }
  assert_int_equal(sheaf_histogram_bucket(UINT64_MAX), SHEAF_HISTOGRAM_BUCKETS - 1);
}

static void quantiles_are_right_to_an_eighth(void **state) {
  static sheaf_histogram h;
  (void)state;
  sheaf_histogram_sum sum = {0};
  sheaf_histogram_read(&sum, &h);
  assert_int_equal(sheaf_histogram_quantile(&sum, 0.5), 0);
  for (uint64_t v = 1; v <= 10000; v++) sheaf_histogram_add(&h, v);
  sheaf_histogram_read(&sum, &h);
  assert_int_equal(sum.count, 10000);
  assert_int_equal(sum.least, 1);
  assert_int_equal(sum.most, 10000);
  assert_int_equal(sum.sum, 50005000);
  static const double parts[] = {0.0001, 0.5, 0.9, 0.99, 0.999, 1};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    double exact = parts[i] * 10000, told = (double)sheaf_histogram_quantile(&sum, parts[i]);
    assert_true(told >= exact && told <= exact * 1.125 + 1);
  }
}

/* Every third fails, with one of two statuses. */
static sheaf_status thirds(void *self, const sheaf_request *request, sheaf_sink *sink) {
  (void)self;
  for (uint32_t i = 0; i < request->count; i++) {
    if (i % 3 == 2) sheaf_emit_error(sink, i, i % 2 ? SHEAF_AUTH_ERROR : 3999, sheaf_cstr(""));
    else sheaf_emit_success(sink, i, NULL, 0, 0);
  }
  return SHEAF_OK;
}

static void it_counts(void **state) {
  sheaf_interface meter;
  sheaf_meter_snapshot snapshot = {.struct_size = sizeof snapshot};
  sheaf_meter_error errors[4];
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, thirds);
  staged_put(&S, "meter", NULL);
  staged_put(&S, "dedupe", NULL); /* passes what it does not know on to the meter */
  assert_int_equal(sheaf_manager_get_extension(S.top, SHEAF_METER_EXTENSION, &meter), SHEAF_OK);
  const sheaf_meter_table *table = meter.table;
  assert_int_equal(table->snapshot(meter.self, &snapshot), SHEAF_OK);
  assert_int_equal(snapshot.batches + snapshot.latency_ns.most + snapshot.size.p50, 0);
  static char text[300][8];
  sheaf_str refs[300];
  for (uint32_t i = 0; i < 300; i++) {
    snprintf(text[i], sizeof text[i], "%u", i);
    refs[i] = sheaf_cstr(text[i]);
  }
  assert_int_equal(staged_ask(&S, refs, 300), SHEAF_OK);
  assert_int_equal(staged_ask(&S, refs, 12), SHEAF_OK);
  assert_int_equal(table->snapshot(meter.self, &snapshot), SHEAF_OK);
  assert_int_equal(snapshot.batches, 2);
  assert_int_equal(snapshot.in_flight, 0);
  assert_int_equal(snapshot.succeeded, 208);
  assert_int_equal(snapshot.failed, 104);
  assert_int_equal(snapshot.size.count, 2);
  assert_int_equal(snapshot.size.sum, 312);
  assert_int_equal(snapshot.size.least, 12);
  assert_int_equal(snapshot.size.most, 300);
  assert_true(snapshot.latency_ns.least > 0 &&
              snapshot.latency_ns.p999 <= snapshot.latency_ns.most);
  assert_int_equal(table->errors(meter.self, errors, 4), 2);
  assert_int_equal(errors[0].status, SHEAF_AUTH_ERROR);
  assert_int_equal(errors[0].count, 52);
  assert_int_equal(errors[1].status, SHEAF_MANAGER_FAILURE); /* of a class that nobody knows */
  assert_int_equal(errors[1].count, 52);
  assert_int_equal(table->errors(meter.self, NULL, 0), 2);
  snapshot.struct_size = 8;
  assert_int_equal(table->snapshot(meter.self, &snapshot), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_manager_get_extension(S.top, "vendor.thing/1", &meter), SHEAF_UNSUPPORTED);
  staged_close(&S);
}

static void append(void *ctx, sheaf_str text) {
  char *all = ctx;
  strncat(all, text.data, text.size);
}

static void assert_line(const char *text, const char *line) {
  if (!strstr(text, line)) fail_msg("'%s' is not in\n%s", line, text);
}

static void as_prometheus_text(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("0"), SHEAF_STR("1"), SHEAF_STR("2"), SHEAF_STR("0")};
  static char text[40000];
  (void)state;
  memset(&S, 0, sizeof S);
  text[0] = '\0';
  staged_open(&S, thirds);
  assert_int_equal(sheaf_meter_prometheus(S.top, append, text), SHEAF_INVALID_ARGUMENT);
  staged_put(&S, "meter", NULL);
  staged_put(&S, "dedupe", NULL);
  staged_put(&S, "meter", NULL);
  assert_int_equal(staged_ask(&S, refs, 4), SHEAF_OK);
  assert_int_equal(sheaf_meter_prometheus(S.top, append, text), SHEAF_OK);
  assert_line(text, "# HELP sheaf_dedupe_folded_total References that were not asked");
  assert_line(
      text, "# TYPE sheaf_dedupe_folded_total counter\nsheaf_dedupe_folded_total{at=\"0.0\"} 1\n");
  assert_line(text, "# TYPE sheaf_meter_in_flight gauge\nsheaf_meter_in_flight{at=\"0\"} 0\n"
                    "sheaf_meter_in_flight{at=\"0.0.0\"} 0\n");
  assert_line(text, "sheaf_meter_results_total{at=\"0\",status=\"ok\"} 3\n"
                    "sheaf_meter_results_total{at=\"0\",status=\"manager_failure\"} 1\n"
                    "sheaf_meter_results_total{at=\"0.0.0\",status=\"ok\"} 2\n");
  assert_line(text, "sheaf_meter_batch_size_bucket{at=\"0\",le=\"3\"} 0\n"
                    "sheaf_meter_batch_size_bucket{at=\"0\",le=\"7\"} 1\n");
  assert_line(text, "sheaf_meter_batch_size_bucket{at=\"0.0.0\",le=\"3\"} 1\n");
  assert_line(text,
              "sheaf_meter_batch_size_bucket{at=\"0\",le=\"+Inf\"} 1\n"
              "sheaf_meter_batch_size_sum{at=\"0\"} 4\nsheaf_meter_batch_size_count{at=\"0\"} 1\n");
  assert_line(text, "sheaf_meter_batch_seconds_count{at=\"0.0.0\"} 1\n");
  assert_int_equal(sheaf_meter_prometheus(NULL, append, text), SHEAF_INVALID_ARGUMENT);
  assert_int_equal(sheaf_manager_close(S.top), SHEAF_OK);
  assert_int_equal(sheaf_meter_prometheus(S.top, append, text), SHEAF_CLOSED);
  staged_close(&S);
}

static void it_traces(void **state) {
  static const sheaf_str refs[] = {SHEAF_STR("0"), SHEAF_STR("1"), SHEAF_STR("2")};
  char path[] = "/tmp/sheaf-trace-XXXXXX", text[4000];
  (void)state;
  int file = mkstemp(path);
  assert_true(file >= 0);
  memset(&S, 0, sizeof S);
  staged_open(&S, thirds);
  staged_put(&S, "meter", "trace", path, NULL);
  staged_put(&S, "batch", "batchers", "size(2)", NULL);
  assert_int_equal(staged_ask(&S, refs, 3), SHEAF_OK);
  assert_int_equal(staged_ask(&S, refs, 1), SHEAF_OK);
  staged_close(&S);
  ssize_t size = read(file, text, sizeof text - 1);
  assert_true(size > 0);
  text[size] = '\0';
  cJSON *trace = cJSON_Parse(text); /* the whole of it is JSON */
  assert_non_null(trace);
  assert_int_equal(cJSON_GetArraySize(trace), 4); /* the process, and three batches */
  static const struct {
    const char *why;
    int size;
  } wanted[] = {{"cut", 2}, {"cut", 1}, {"came", 1}};
  for (int i = 0; i < 3; i++) {
    const cJSON *event = cJSON_GetArrayItem(trace, i + 1);
    const cJSON *arguments = cJSON_GetObjectItem(event, "args");
    assert_string_equal(cJSON_GetObjectItem(event, "ph")->valuestring, "X");
    assert_string_equal(cJSON_GetObjectItem(event, "name")->valuestring, "sheaf.resolve/1");
    assert_true(cJSON_GetObjectItem(event, "ts")->valuedouble > 0);
    assert_true(cJSON_GetObjectItem(event, "dur")->valuedouble >= 0);
    assert_string_equal(cJSON_GetObjectItem(arguments, "why")->valuestring, wanted[i].why);
    assert_int_equal(cJSON_GetObjectItem(arguments, "size")->valueint, wanted[i].size);
    assert_string_equal(cJSON_GetObjectItem(arguments, "status")->valuestring, "ok");
  }
  cJSON_Delete(trace);
  close(file);
  unlink(path);
}

static void a_trace_that_cannot_be_written(void **state) {
  const sheaf_setting setting = staged_text("trace", "/no/such/folder/trace.json");
  (void)state;
  memset(&S, 0, sizeof S);
  staged_open(&S, thirds);
  assert_null(sheaf_stage_over(S.top, "meter", &setting, 1, &S.error));
  assert_int_equal(S.error.status, SHEAF_IO_ERROR);
  assert_non_null(
      strstr(S.error.message, "the trace \"/no/such/folder/trace.json\" cannot be written: No"));
  staged_close(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buckets_hold_what_they_say),
      cmocka_unit_test(quantiles_are_right_to_an_eighth),
      cmocka_unit_test(it_counts),
      cmocka_unit_test(as_prometheus_text),
      cmocka_unit_test(it_traces),
      cmocka_unit_test(a_trace_that_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
