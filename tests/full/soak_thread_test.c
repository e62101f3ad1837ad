/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A soak: eight threads, several managers, random faults. Calls of every form, stopped, cancelled,
 * late, one inside another; managers closed and opened again under them; batches that are freed on
 * other threads; threads and libraries that come and go. Looks after: exactly one right result an
 * index, every manager destroyed once, no thread stuck (a watchdog prints all stacks), memory that
 * does not grow.
 *
 *   soak_thread_test           two seconds: part of `make test`
 *   soak_thread_test --full    SHEAF_SOAK_SECONDS, by default 600, under sanitizers 120
 * SHEAF_TEST_SEED=n chooses what happens; in which order the threads do it is the machine's.
 */
#define _GNU_SOURCE /* execinfo.h */
#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "soak_manager.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1, FULL_S = 120, STUCK_MS = 120000 };
#else
enum { SANITIZED = 0, FULL_S = 600, STUCK_MS = 30000 };
#endif

enum { THREADS = 8, SLOTS = 6, KEPT = 16, MOST = 200, EPOCH_MS = 200, REOPENINGS = 200 };

static const char *const slot_ids[SLOTS] = {"chaos", "chaos-serialized", "bal",
                                            "chaos", "chaos-serialized", "bal"};
static const char bal_json[] =
    "{\"entities\":{\"a\":{\"versions\":[{\"traits\":{\"t\":{\"k\":\"value\"}}}]}}}";

/* A library and what is open in it; renewed every EPOCH_MS. */
static struct {
  sheaf_library *library;
  _Atomic(sheaf_manager *) managers[SLOTS];
  _Atomic(sheaf_batch *) kept[KEPT]; /* for whichever thread to free */
  atomic_int reopenings;
  atomic_bool over;
} epoch;

/* One thread's. */
typedef struct soaker {
  pthread_t thread;
  soak_random random;
  pthread_mutex_t lock; /* of `cancel`, which any thread may throw */
  sheaf_cancel *cancel;
  atomic_long done; /* calls; the watchdog looks */
} soaker;

static soaker soakers[THREADS];
static _Thread_local soaker *here;
static sheaf_str chaos_refs[MOST], bal_refs[MOST];

/* -------------------------------------------------------------------------------------- a host */

typedef struct heard {
  soak_plan plan;
  pthread_mutex_t lock; /* for parallel results */
  pthread_t thread;
  bool is_bal, parallel;
  uint32_t count, total, errors, stop_at;
  uint8_t times[MOST];
} heard;

static void check_record(const heard *h, uint32_t index, const sheaf_result *r) {
  if (h->is_bal) {
    MUST(r->property_count >= 1);
    return;
  }
  const sheaf_value *v = sheaf_result_find(r, SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE);
  MUST(v && v->kind == SHEAF_KIND_INT64);
  MUST(v->u.integer == soak_value(&h->plan, index));
  const sheaf_value *list = sheaf_result_find(r, SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS);
  char text[48];
  int size = snprintf(text, sizeof text, "answer %u", index);
  MUST(list && list->length == 2 && list->u.items[0].u.integer == v->u.integer);
  MUST(sheaf_str_equal(sheaf_value_str(&list->u.items[1]), sheaf_strn(text, (size_t)size)));
}

static uint32_t hear(void *ctx, uint32_t index, const sheaf_result *r) {
  heard *h = ctx;
  MUST(index < h->count && r->index == index);
  if (SHEAF_IS_OK(r->status)) check_record(h, index, r);
  else MUST(r->message.size > 0);
  pthread_mutex_lock(&h->lock);
  MUST(++h->times[index] == 1);
  uint32_t nth = ++h->total;
  if (!SHEAF_IS_OK(r->status)) h->errors++;
  pthread_mutex_unlock(&h->lock);
  bool on_its_thread = pthread_equal(h->thread, pthread_self());
  MUST(on_its_thread || h->parallel);
  /* Hosts ask again from inside their callbacks. */
  if (on_its_thread && h->plan.depth < SOAK_DEEPEST && soak_one_in(&here->random, 400)) {
    sheaf_manager *other = atomic_load(&epoch.managers[soak_below(&here->random, SLOTS)]);
    soak_ask(other, &here->random, h->plan.depth + 1);
  }
  return nth == h->stop_at ? SHEAF_STOP : SHEAF_CONTINUE;
}

static void judge(const heard *h, sheaf_status status, const sheaf_summary *summary) {
  bool stopped = h->stop_at && h->total >= h->stop_at;
  MUST(stopped ? status == SHEAF_STOPPED : h->total == h->count);
  MUST(!stopped || h->parallel || h->total == h->stop_at);
  MUST(summary->succeeded + summary->failed == h->total);
  MUST(summary->failed == h->errors);
}

/* What the call is to be: cancelled or late, perhaps. The thread's own switch serves all its calls
 * until it has been thrown. */
static void choose_ending(sheaf_call *call, soak_random *random) {
  uint32_t what = soak_below(random, 8);
  if (what == 0) call->deadline_ns = sheaf_deadline_in(soak_below(random, 2000000));
  if (what < 3) call->cancel = here->cancel;
}

static void renew_cancel(soaker *s) {
  if (!sheaf_cancel_is_set(s->cancel)) return;
  pthread_mutex_lock(&s->lock);
  sheaf_cancel_free(s->cancel);
  s->cancel = sheaf_cancel_new();
  pthread_mutex_unlock(&s->lock);
  MUST(s->cancel);
}

static sheaf_request make_request(heard *h, sheaf_manager *manager, soak_random *random,
                                  unsigned depth, sheaf_context *context, sheaf_call *call) {
  memset(h, 0, sizeof *h);
  pthread_mutex_init(&h->lock, NULL);
  h->thread = pthread_self();
  h->is_bal = strcmp(sheaf_manager_factory(manager)->id, "bal") == 0;
  h->count = soak_one_in(random, 8) ? soak_below(random, 3) : soak_below(random, MOST);
  h->plan.random.state = soak_next(random);
  h->plan.nonce = (uint32_t)soak_next(random) >> 1;
  h->plan.depth = depth;
  /* From inside a batch of one that is not serialized itself: two such would wait for each other. */
  bool serialized = sheaf_manager_description(manager)->flags & SHEAF_MANAGER_SERIALIZED;
  if (!serialized && depth < SOAK_DEEPEST)
    h->plan.other = atomic_load(&epoch.managers[soak_below(random, SLOTS)]);
  *context = (sheaf_context)SHEAF_CONTEXT_INIT;
  *call = (sheaf_call)SHEAF_CALL_INIT;
  context->opaque = &h->plan;
  call->context = context;
  choose_ending(call, random);
  sheaf_request request = sheaf_request_for(h->is_bal ? bal_refs : chaos_refs, h->count);
  request.call = call;
  return request;
}

static void done_with(heard *h) {
  while (h->plan.worker_count > 0) pthread_join(h->plan.workers[--h->plan.worker_count], NULL);
  pthread_mutex_destroy(&h->lock);
  atomic_fetch_add(&here->done, 1);
}

void soak_ask(sheaf_manager *manager, soak_random *random, unsigned depth) {
  heard h;
  sheaf_context context;
  sheaf_call call;
  sheaf_summary summary = SHEAF_SUMMARY_INIT;
  sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
  sheaf_request request = make_request(&h, manager, random, depth, &context, &call);
  if (soak_one_in(random, 4)) h.stop_at = 1 + soak_below(random, MOST);
  h.parallel = soak_one_in(random, 3);
  callbacks.flags = h.parallel ? SHEAF_PARALLEL_RESULTS : 0;
  callbacks.ctx = &h;
  callbacks.success = hear;
  callbacks.error = hear;
  sheaf_status status = sheaf_resolve(manager, &request, &callbacks, &summary, NULL);
  done_with(&h);
  judge(&h, status, &summary);
}

/* --------------------------------------------------------------------------- what a thread does */

/* Reads it once more, though its manager may be closed by now. */
static void free_batch(sheaf_batch *batch) {
  uint32_t failed = 0;
  for (uint32_t i = 0; batch && i < sheaf_batch_count(batch); i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    MUST(r->index == i);
    failed += !SHEAF_IS_OK(r->status);
    for (uint32_t k = 0; k < r->property_count; k++) MUST(r->properties[k].value.kind < 16);
  }
  if (batch) MUST(sheaf_batch_failed(batch) == failed);
  sheaf_batch_free(batch);
}

static void collect(sheaf_manager *manager, soak_random *random) {
  heard h;
  sheaf_context context;
  sheaf_call call;
  sheaf_error error;
  sheaf_request request = make_request(&h, manager, random, 0, &context, &call);
  sheaf_batch *batch = sheaf_resolve_batch(manager, &request, &error);
  if (!batch) fprintf(stderr, "%s\n", error.message);
  MUST(batch && sheaf_batch_count(batch) == h.count);
  for (uint32_t i = 0; i < h.count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    if (SHEAF_IS_OK(r->status)) check_record(&h, i, r);
  }
  done_with(&h);
  free_batch(atomic_exchange(&epoch.kept[soak_below(random, KEPT)], batch));
}

static void reopen(uint32_t slot) {
  if (atomic_fetch_add(&epoch.reopenings, 1) >= REOPENINGS) return; /* handles live as long as it */
  sheaf_setting setting = {SHEAF_STR("library_json"), sheaf_string(sheaf_cstr(bal_json))};
  bool is_bal = strcmp(slot_ids[slot], "bal") == 0;
  sheaf_error error = {0};
  sheaf_manager *made = sheaf_manager_open(epoch.library, slot_ids[slot], &setting, is_bal, &error);
  if (!made) fprintf(stderr, "%s\n", error.message);
  MUST(made);
  sheaf_manager *old = atomic_exchange(&epoch.managers[slot], made);
  if (old) MUST(sheaf_manager_close(old) == SHEAF_OK);
  if (old) MUST(sheaf_manager_close(old) == SHEAF_CLOSED);
}

static void cancel_somebody(soak_random *random) {
  soaker *other = &soakers[soak_below(random, THREADS)];
  pthread_mutex_lock(&other->lock);
  sheaf_cancel_set(other->cancel);
  pthread_mutex_unlock(&other->lock);
}

static void flush(sheaf_manager *manager) {
  sheaf_interface nothing;
  sheaf_status status = sheaf_manager_flush(manager, NULL, NULL);
  MUST(status == SHEAF_OK || status == SHEAF_CLOSED);
  status = sheaf_manager_get_extension(manager, "none/1", &nothing);
  MUST(status == SHEAF_UNSUPPORTED || status == SHEAF_CLOSED);
}

static void *soak(void *soaker_) {
  soaker *s = here = soaker_;
  while (!atomic_load(&epoch.over)) {
    uint32_t slot = soak_below(&s->random, SLOTS);
    sheaf_manager *manager = atomic_load(&epoch.managers[slot]);
    switch (soak_below(&s->random, 40)) {
    case 0:
      reopen(slot);
      break;
    case 1:
    case 2:
      cancel_somebody(&s->random);
      break;
    case 3:
      flush(manager);
      break;
    case 4:
      MUST(sheaf_intern_one(epoch.library, "a name") != 0);
      break;
    default:
      if (soak_one_in(&s->random, 3)) collect(manager, &s->random);
      else soak_ask(manager, &s->random, 0);
    }
    renew_cancel(s);
    atomic_fetch_add(&s->done, 1);
  }
  return NULL;
}

/* ------------------------------------------------------------------------------------- watching */

static void print_stack(int signal_) {
  void *frames[64];
  static const char line[] = "-- a thread\n";
  (void)signal_;
  (void)!write(2, line, sizeof line - 1);
  backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
}

static void give_up(int stuck) {
  fprintf(stderr, "thread %d has done nothing for %d s; all stacks:\n", stuck, STUCK_MS / 1000);
  for (int i = 0; i < THREADS; i++) {
    pthread_kill(soakers[i].thread, SIGUSR1);
    sleep_ms(200);
  }
  abort();
}

/* Looks on until the epoch is to end, or a thread is stuck. */
static void watch(int64_t until_ms) {
  long last[THREADS];
  int64_t since[THREADS];
  for (int i = 0; i < THREADS; i++) last[i] = -1, since[i] = now_ms();
  while (now_ms() < until_ms) {
    sleep_ms(20);
    for (int i = 0; i < THREADS; i++) {
      long done = atomic_load(&soakers[i].done);
      if (done != last[i]) since[i] = now_ms();
      else if (now_ms() - since[i] > STUCK_MS) give_up(i);
      last[i] = done;
    }
  }
}

static void join_all(void) {
  atomic_store(&epoch.over, true);
  for (int i = 0; i < THREADS; i++) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STUCK_MS / 1000;
    if (pthread_timedjoin_np(soakers[i].thread, NULL, &until) != 0) give_up(i);
  }
}

static long resident_kib(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  if (file) fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* --------------------------------------------------------------------------------------- epochs */

static void ignore_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level, (void)source;
  MUST(message.size > 0);
}

static void begin_epoch(void) {
  const char *folder = SHEAF_TEST_PLUGIN_DIR;
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.log = ignore_log;
  options.plugin_paths = &folder;
  options.plugin_path_count = 1;
  epoch.library = sheaf_library_new(&options, NULL);
  MUST(epoch.library);
  MUST(sheaf_register(epoch.library, soak_plugin(), NULL) == SHEAF_OK);
  atomic_store(&epoch.over, false);
  atomic_store(&epoch.reopenings, 0);
  for (uint32_t i = 0; i < SLOTS; i++) reopen(i);
}

static void end_epoch(void) {
  for (int i = 0; i < KEPT; i++) free_batch(atomic_exchange(&epoch.kept[i], NULL));
  for (int i = 0; i < SLOTS; i++) atomic_store(&epoch.managers[i], NULL);
  MUST(sheaf_library_free(epoch.library) == SHEAF_OK);
  MUST(atomic_load(&soak_created) == atomic_load(&soak_destroyed));
}

static void run_epoch(soak_random *random, int64_t until_ms) {
  begin_epoch();
  for (int i = 0; i < THREADS; i++) {
    soakers[i].random.state = soak_next(random);
    MUST(pthread_create(&soakers[i].thread, NULL, soak, &soakers[i]) == 0);
  }
  watch(until_ms);
  join_all();
  end_epoch();
}

/* Against the most that it was in the second fifth of the time: sanitizers keep freed memory. */
static void check_memory(long settled_kib, long last_kib) {
  long allowed = settled_kib + settled_kib / 4 + (SANITIZED ? 512 : 32) * 1024L;
  if (last_kib > allowed)
    fprintf(stderr, "memory grew from %ld to %ld KiB\n", settled_kib, last_kib);
  MUST(last_kib <= allowed);
}

static void soak_for(int64_t seconds) {
  const char *seed = getenv("SHEAF_TEST_SEED");
  soak_random random = {seed ? strtoull(seed, NULL, 10) : 1};
  int64_t start = now_ms(), end = start + seconds * 1000;
  long settled = 0, least_late = 0, done = 0, epochs = 0;
  for (int i = 0; i < MOST; i++) {
    chaos_refs[i] = sheaf_cstr("chaos:///x");
    bal_refs[i] = sheaf_cstr(i % 7 ? "bal:///a" : "bal:///none");
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_mutex_init(&soakers[i].lock, NULL);
    MUST((soakers[i].cancel = sheaf_cancel_new()) != NULL);
  }
  while (now_ms() < end) {
    run_epoch(&random, now_ms() + EPOCH_MS);
    epochs++;
    int64_t part = (now_ms() - start) * 5 / (seconds * 1000);
    long kib = resident_kib();
    if (part <= 1 && kib > settled) settled = kib;
    if (part >= 4 && (least_late == 0 || kib < least_late)) least_late = kib;
  }
  for (int i = 0; i < THREADS; i++) {
    done += atomic_load(&soakers[i].done);
    sheaf_cancel_free(soakers[i].cancel);
  }
  printf("%ld calls in %ld epochs, %ld managers, %ld KiB then %ld KiB\n", done, epochs,
         atomic_load(&soak_created), settled, least_late);
  check_memory(settled, least_late);
}

static int64_t soak_seconds;

static void test_soak(void **state) {
  (void)state;
  soak_for(soak_seconds);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_soak)};
  const char *wanted = getenv("SHEAF_SOAK_SECONDS");
  soak_seconds = 2;
  if (argc > 1 && strcmp(argv[1], "--full") == 0) {
    soak_seconds = wanted ? strtol(wanted, NULL, 10) : FULL_S;
    MUST(soak_seconds > 0);
  }
  signal(SIGUSR1, print_stack);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
