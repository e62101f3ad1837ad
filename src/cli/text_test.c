/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <setjmp.h>

#include <cmocka.h>

static cli_buffer out = CLI_BUFFER_MEMORY;

/* A cell as it is shown, and its width. */
static const char *cell(const char *text, size_t width, cli_cut cut, size_t *used) {
  out.size = 0;
  *used = cli_put_cell(&out, sheaf_cstr(text), width, cut);
  cli_put_char(&out, '\0');
  return out.data;
}

static void cells_are_cut(void **state) {
  static const struct {
    const char *text, *head, *tail; /* with the tail cut, with the head cut */
    size_t width, used;
  } cases[] = {
      {"abcdef", "abcdef", "abcdef", 6, 6},
      {"abcdef", "abcd…", "…cdef", 5, 5},
      {"abcdef", "…", "…", 1, 1},
      {"abcdef", "", "", 0, 0},
      {"猫猫猫", "猫猫…", "…猫猫", 5, 5},
      {"猫猫猫", "猫…", "…猫", 4, 3}, /* half a wide character is none */
      {"ae\u0301bcd", "ae\u0301b…", "…bcd", 4, 4},
      {"a\nb", "a\\nb", "a\\nb", 4, 4},
      {"a\nbc", "a\\n…", "…bc", 4, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t used;
    assert_string_equal(cell(cases[i].text, cases[i].width, CLI_CUT_TAIL, &used), cases[i].head);
    if (cases[i].used) assert_int_equal(used, cases[i].used);
    assert_string_equal(cell(cases[i].text, cases[i].width, CLI_CUT_HEAD, &used), cases[i].tail);
    if (cases[i].used) assert_int_equal(used, cases[i].used);
  }
}

/* Any bytes, cut anywhere, from either end: never wider than asked, and as wide as is said. */
static void no_cell_is_wider_than_asked(void **state) {
  static const char text[] = "a\xff猫\0\x1b[1mé\u0301\u202e👩‍🚀\xe2\x82z";
  (void)state;
  for (size_t from = 0; from < sizeof text; from++) {
    for (size_t width = 0; width < 40; width++) {
      sheaf_str part = sheaf_strn(text + from, sizeof text - from);
      for (int cut = CLI_CUT_TAIL; cut <= CLI_CUT_HEAD; cut++) {
        out.size = 0;
        size_t used = cli_put_cell(&out, part, width, (cli_cut)cut);
        assert_true(used <= width);
        assert_int_equal(cli_text_width(cli_buffer_str(&out), CLI_ANY_WIDTH - 1), used);
        assert_true(sheaf_utf8_valid(cli_buffer_str(&out)));
      }
    }
  }
}

static void what_is_not_utf8_is_replaced(void **state) {
  (void)state;
  out.size = 0;
  cli_put_utf8(&out, sheaf_cstr("\x80"
                                "a\xe2\x82"
                                "b\xed\xa0\x80\xff"));
  cli_put_char(&out, '\0');
  assert_string_equal(out.data, "\ufffda\ufffdb\ufffd\ufffd\ufffd\ufffd");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_are_cut),
      cmocka_unit_test(no_cell_is_wider_than_asked),
      cmocka_unit_test(what_is_not_utf8_is_replaced),
  };
  cli_text_prepare();
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  cli_buffer_free(&out);
  return failed;
}
