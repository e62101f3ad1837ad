/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is allocated for an element. malloc and its kin are this executable's own here, for all
 * that is loaded into it, and count what the test's thread asks for.
 *
 * After a warm-up a batch of 10,000 through callbacks allocates nothing at all, in order or not,
 * records or errors; a serialised manager's results are kept meanwhile, which costs a number of
 * allocations that grows with their bytes, not with their count.
 */
#include <errno.h>

#include "harness.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define COUNTS_NOTHING 1 /* their malloc is not to be replaced, and allocates as it likes */
#else
#define COUNTS_NOTHING 0
#endif

/* The core's pool has what it wants after a dozen batches. */
enum { COUNT = 10000, WARM_UP = 20, ROUNDS = 5 };

/* --------------------------------------------------------------------------- counting allocator */

/* volatile: a compiler knows what malloc does, and thinks that nobody looks. */
static _Thread_local volatile bool counting;
static _Thread_local volatile uint32_t allocations;

#if !COUNTS_NOTHING

#define EXPORT __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static inline void count_one(void) {
  if (counting) allocations++;
}

EXPORT void *malloc(size_t size) {
  count_one();
  return __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size) {
  count_one();
  return __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size) {
  count_one();
  return __libc_realloc(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
  count_one();
  return __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **memory, size_t alignment, size_t size) {
  count_one();
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

EXPORT void free(void *memory) { __libc_free(memory); }

#endif

/* ---------------------------------------------------------------------------------- the manager */

enum { IN_ORDER, BACKWARDS, SCATTERED, FAILS, GROUPS };

static int way; /* how the next batch is answered */

static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
static const sheaf_description plain = {sizeof plain, 0, verbs, NULL, 1, 0};
static const sheaf_description serialized = {
    sizeof serialized, SHEAF_MANAGER_SERIALIZED, verbs, NULL, 1, 0};

static const sheaf_description *own_describe(void *self) { return self; }

static uint32_t place(uint32_t i, uint32_t count) {
  switch (way) {
  case BACKWARDS:
    return count - 1 - i;
  case SCATTERED:
    return (uint32_t)((uint64_t)i * 7919 % count); /* a prime that divides no count */
  default:
    return i;
  }
}

static sheaf_result own_result(uint32_t index, const sheaf_property *properties) {
  sheaf_result r = {index, SHEAF_OK, properties, 2, 0, {NULL, 0}};
  if (way == FAILS) r = (sheaf_result){index, SHEAF_UNKNOWN_ERROR, NULL, 0, 0, SHEAF_STR("no")};
  return r;
}

static sheaf_status own_batch(void *self, const sheaf_request *request, sheaf_sink *sink) {
  enum { GROUP = 16 };
  sheaf_result group[GROUP];
  sheaf_property p[2] = {{SHEAF_TRAIT_ENTITY, SHEAF_KEY_SOURCE, sheaf_string(sheaf_cstr("here"))},
                         {SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS, sheaf_bool(true)}};
  uint32_t held = 0, at_once = way == GROUPS ? GROUP : 1;
  (void)self;
  for (uint32_t i = 0; i < request->count; i++) {
    group[held++] = own_result(place(i, request->count), p);
    if (held < at_once && i + 1 < request->count) continue;
    if (sink->results(sink, group, held) == SHEAF_STOP) return SHEAF_STOPPED;
    held = 0;
  }
  return SHEAF_OK;
}

static const sheaf_manager_table table = {
    .struct_size = sizeof table, .describe = own_describe, .batch = own_batch};

static sheaf_status own_create(const sheaf_factory *factory, const sheaf_host *host,
                               const sheaf_value *settings, uint32_t setting_count,
                               sheaf_interface *out, sheaf_error *error) {
  (void)host, (void)settings, (void)setting_count, (void)error;
  *out = (sheaf_interface){&table, factory->data};
  return SHEAF_OK;
}

/* ------------------------------------------------------------------------------------- the host */

static uint32_t count_callback(void *ctx, uint32_t index, const sheaf_result *result) {
  (void)index, (void)result;
  ++*(uint32_t *)ctx;
  return SHEAF_CONTINUE;
}

/* The most that a batch allocated once warm. */
static uint32_t allocations_of(sheaf_manager *manager, const sheaf_request *request) {
  uint32_t most = 0;
  for (int round = 0; round < WARM_UP + ROUNDS; round++) {
    uint32_t heard = 0;
    sheaf_callbacks callbacks = SHEAF_CALLBACKS_INIT;
    callbacks.ctx = &heard;
    callbacks.success = count_callback;
    callbacks.error = count_callback;
    allocations = 0;
    counting = true;
    sheaf_status status = sheaf_resolve(manager, request, &callbacks, NULL, NULL);
    counting = false;
    assert_int_equal(status, SHEAF_OK);
    assert_int_equal(heard, request->count);
    if (round >= WARM_UP && allocations > most) most = allocations;
  }
  return most;
}

static void assert_allocations(sheaf_manager *manager, const sheaf_request *request,
                               const char *what, uint32_t limit) {
  uint32_t most = allocations_of(manager, request);
  if (most > limit) {
    fail_msg("%s: a batch of %u made %u allocations, more than %u", what, request->count, most,
             limit);
  }
}

/* The counter counts: else all that follows proves nothing. */
static void test_counter(void **state) {
  (void)state;
  allocations = 0;
  counting = true;
  void *volatile a = malloc(10);
  void *volatile b = calloc(2, 10);
  void *volatile c = aligned_alloc(64, 128);
  counting = false;
  free(a);
  free(b);
  free(c);
  assert_int_equal(allocations, 3);
}

static void test_own_manager(void **state) {
  static const char *const ways[] = {"in order", "backwards", "scattered", "failures", "groups"};
  (void)state;
  static kept_log log;
  local_plugin local;
  log_reset(&log);
  sheaf_library *library = library_with(&log, NULL);
  local_register(library, &local, "own", own_create, (void *)(uintptr_t)&plain);
  sheaf_manager *manager = open_manager(library, "own");
  sheaf_str *refs = make_refs(COUNT);
  for (way = IN_ORDER; way <= GROUPS; way++) {
    for (uint32_t count = 1; count <= COUNT; count *= 10) {
      sheaf_request request = sheaf_request_for(refs, count);
      assert_allocations(manager, &request, ways[way], 0);
    }
  }
  free(refs);
  free_library(library);
}

static void test_serialized_manager(void **state) {
  enum { CHUNKS = 64 }; /* for a megabyte or two of copies */
  (void)state;
  static kept_log log;
  local_plugin local;
  log_reset(&log);
  sheaf_library *library = library_with(&log, NULL);
  local_register(library, &local, "own", own_create, (void *)(uintptr_t)&serialized);
  sheaf_manager *manager = open_manager(library, "own");
  sheaf_str *refs = make_refs(COUNT);
  sheaf_request request = sheaf_request_for(refs, COUNT);
  way = SCATTERED;
  assert_allocations(manager, &request, "serialised", CHUNKS);
  free(refs);
  free_library(library);
}

/* A batch that is kept: itself and one arena, which is as large as the last one's was. */
static void test_collected(void **state) {
  enum { CHUNKS = 64 };
  (void)state;
  static kept_log log;
  local_plugin local;
  log_reset(&log);
  sheaf_library *library = library_with(&log, NULL);
  local_register(library, &local, "own", own_create, (void *)(uintptr_t)&plain);
  sheaf_manager *manager = open_manager(library, "own");
  sheaf_str *refs = make_refs(COUNT);
  sheaf_request request = sheaf_request_for(refs, COUNT);
  way = IN_ORDER;
  for (int round = 0; round < 3; round++) {
    allocations = 0;
    counting = true;
    sheaf_batch *batch = sheaf_resolve_batch(manager, &request, NULL);
    counting = false;
    assert_non_null(batch);
    sheaf_batch_free(batch);
    if (allocations > (round ? 2 : CHUNKS))
      fail_msg("a kept batch made %u allocations in round %d", allocations, round);
  }
  free(refs);
  free_library(library);
}

/* --------------------------------------------------------------------------------- real plugins */

/* All that there is to ask, over references some of which exist. */
static void assert_plugin(sheaf_library *library, sheaf_manager *manager, const char *const *known,
                          uint32_t known_count, sheaf_slot slot) {
  sheaf_str *refs = make_refs(COUNT);
  for (uint32_t i = 0; i < COUNT; i++) {
    if (i % 4) refs[i] = sheaf_cstr(known[i % known_count]);
  }
  const sheaf_factory *factory = sheaf_manager_factory(manager);
  sheaf_request request = sheaf_request_for(refs, COUNT);
  (void)library;
  assert_allocations(manager, &request, factory->id, 0);
  request.flags = 0;
  assert_allocations(manager, &request, factory->id, 0);
  request.traits = &slot.trait;
  request.trait_count = 1;
  assert_allocations(manager, &request, factory->id, 0);
  request.trait_count = 0;
  request.slots = &slot;
  request.slot_count = 1;
  assert_allocations(manager, &request, factory->id, 0);
  free(refs);
}

static void test_template(void **state) {
  static const char *const known[] = {"template:///apple", "template:///fig", "template:///quince"};
  (void)state;
  static kept_log log;
  log_reset(&log);
  sheaf_library *library = library_with(&log, SHEAF_TEST_PLUGIN_DIR);
  sheaf_manager *manager = open_manager(library, "template");
  sheaf_slot slot = {sheaf_intern_one(library, "priced"), sheaf_intern_one(library, "amount")};
  assert_plugin(library, manager, known, 3, slot);
  free_library(library);
}

static const char bal_library[] =
    "{\"entities\": {"
    "\"cat\": {\"versions\": [{\"traits\": {\"named\": {\"name\": \"Martin\", \"age\": 3}}}]},"
    "\"dog\": {\"versions\": [{\"traits\": {\"named\": {\"name\": \"$who\"}, \"pet\": {}}},"
    "                         {\"traits\": {\"named\": {\"name\": \"Rex\"}}}]},"
    "\"owl\": {\"versions\": [{\"traits\": {\"located\": {\"url\": \"file:///a/../b\"}}}]}},"
    "\"variables\": {\"who\": \"Fido\"}}";

static void test_bal(void **state) {
  static const char *const known[] = {"bal:///cat", "bal:///dog", "bal:///dog?v=1", "bal:///owl",
                                      "bal:///nobody"};
  (void)state;
  static kept_log log;
  sheaf_error error = {0};
  log_reset(&log);
  FILE *built = fopen(SHEAF_TEST_PLUGIN_DIR "/bal.so", "rb");
  if (!built) skip();
  fclose(built);
  sheaf_library *library = library_with(&log, SHEAF_TEST_PLUGIN_DIR);
  sheaf_setting setting = {SHEAF_STR("library_json"), sheaf_string(sheaf_cstr(bal_library))};
  sheaf_manager *manager = sheaf_manager_open(library, "bal", &setting, 1, &error);
  if (!manager) fail_msg("bal: %s", error.message);
  sheaf_slot slot = {sheaf_intern_one(library, "named"), sheaf_intern_one(library, "name")};
  assert_plugin(library, manager, known, 5, slot);
  free_library(library);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counter),
      cmocka_unit_test(test_own_manager),
      cmocka_unit_test(test_serialized_manager),
      cmocka_unit_test(test_collected),
      cmocka_unit_test(test_template),
      cmocka_unit_test(test_bal),
  };
  if (COUNTS_NOTHING) {
    puts("skipped: allocations are a sanitizer's own here");
    return 0;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
