/* SPDX-License-Identifier: Apache-2.0 */
/* The size rule, on a structure that exists at two minors. */
#include "core/extensible.h"

#include "core/testing.h"

typedef struct v0 {
  uint32_t struct_size, flags;
  uint64_t a;
} v0;

typedef struct v1 {
  uint32_t struct_size, flags;
  uint64_t a, b;
} v1;

static void a_shorter_source_is_zero_beyond_its_end(void **state) {
  const v0 old = {sizeof old, 0, 7};
  v1 out;
  (void)state;
  memset(&out, 0xff, sizeof out);
  assert_int_equal(sheaf_copy_struct(&out, sizeof out, &old, sizeof old, 0, "v", NULL), SHEAF_OK);
  assert_int_equal(out.struct_size, sizeof out);
  assert_int_equal(out.a, 7);
  assert_int_equal(out.b, 0);
}

static void a_longer_source_must_be_zero_beyond_ours(void **state) {
  v1 newer = {sizeof newer, 0, 7, 0};
  sheaf_error error = {0};
  v0 out;
  (void)state;
  assert_int_equal(sheaf_copy_struct(&out, sizeof out, &newer, sizeof out, 0, "v", &error),
                   SHEAF_OK);
  assert_int_equal(out.struct_size, sizeof out);
  newer.b = 1;
  assert_int_equal(sheaf_copy_struct(&out, sizeof out, &newer, sizeof out, 0, "v", &error),
                   SHEAF_UNSUPPORTED);
  assert_non_null(strstr(error.message, "byte 16"));
  assert_int_equal(sheaf_copy_table(&out, sizeof out, &newer, sizeof out, 0, "v", &error),
                   SHEAF_OK);
}

static void impossible_sizes_are_refused(void **state) {
  static const uint32_t sizes[] = {0, 8, sizeof(v0) - 1, 65537, UINT32_MAX};
  sheaf_error error = {0};
  v0 out;
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const v0 bad = {sizes[i], 0, 7};
    assert_int_equal(sheaf_copy_struct(&out, sizeof out, &bad, sizeof out, 0, "the_type", &error),
                     SHEAF_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "the_type.struct_size"));
  }
  assert_int_equal(sheaf_copy_struct(&out, sizeof out, NULL, sizeof out, 0, "v", &error),
                   SHEAF_INVALID_ARGUMENT);
}

static void flags_must_be_understood_or_not(void **state) {
  v0 v = {sizeof v, 0x8001, 0}, out;
  sheaf_error error = {0};
  (void)state;
  assert_int_equal(SHEAF_TAKE_STRUCT(&out, &v, 0, "v", &error), SHEAF_OK);
  v.flags = 1u << 16;
  assert_int_equal(SHEAF_TAKE_STRUCT(&out, &v, 0, "v", &error), SHEAF_UNSUPPORTED);
  assert_non_null(strstr(error.message, "0x10000"));
  assert_int_equal(SHEAF_TAKE_STRUCT(&out, &v, 1u << 16, "v", &error), SHEAF_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_shorter_source_is_zero_beyond_its_end),
                                     cmocka_unit_test(a_longer_source_must_be_zero_beyond_ours),
                                     cmocka_unit_test(impossible_sizes_are_refused),
                                     cmocka_unit_test(flags_must_be_understood_or_not)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
