/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "plugin/manifest.h"

#include "plugin/testing.h"

#define ABI "\"abi\":{\"major\":1,\"minor\":0,\"min_minor\":0}"
#define RIGHT                                                                                      \
  "{\"sheaf_manifest\":1,\"id\":\"bal\",\"name\":\"Basic\",\"version\":\"0.1.0\"," ABI             \
  ",\"library\":\"bal.so\"}"

typedef struct outcome {
  sheaf_hold hold;
  sheaf_manifest manifest;
  sheaf_status status;
  sheaf_error error;
} outcome;

static outcome *read_file(const char *path) {
  static outcome o;
  sheaf_hold_free(&o.hold);
  memset(&o, 0, sizeof o);
  o.status = sheaf_manifest_read(path, &o.hold, &o.manifest, &o.error);
  return &o;
}

static outcome *read_text(const scene *s, const char *text) {
  return read_file(scene_write(s, "m.sheaf.json", text));
}

static int free_last(void **state) {
  sheaf_hold_free(&read_file("/none")->hold);
  return scene_teardown(state);
}

static void assert_refused(const scene *s, const char *text, const char *message) {
  outcome *o = read_text(s, text);
  if (o->status != SHEAF_INVALID_MANIFEST || !strstr(o->error.message, message))
    fail_msg("%u for %s: %s", o->status, text, o->error.message);
  assert_int_equal(o->error.status, SHEAF_INVALID_MANIFEST);
  assert_null(o->manifest.library);
}

static void a_right_one_is_read(void **state) {
  scene *s = *state;
  scene_write(s, "bal.so", "");
  outcome *o = read_text(s, RIGHT);
  assert_int_equal(o->status, SHEAF_OK);
  assert_string_equal(o->manifest.id, "bal");
  assert_string_equal(o->manifest.name, "Basic");
  assert_string_equal(o->manifest.version, "0.1.0");
  assert_string_equal(o->manifest.library, scene_path(s, "bal.so"));
  assert_int_equal(o->manifest.abi.major, 1);
}

static void unknown_members_are_let_be(void **state) {
  scene *s = *state;
  scene_write(s, "bal.so", "");
  outcome *o = read_text(s, "{\"sheaf_manifest\":1,\"new\":[{\"x\":1}],\"id\":\"bal\","
                            "\"version\":\"0\",\"abi\":{\"major\":1,\"minor\":0,\"min_minor\":0,"
                            "\"patch\":7},\"library\":\"bal.so\"}");
  assert_int_equal(o->status, SHEAF_OK);
  assert_null(o->manifest.name);
}

static void cut_at_every_byte(void **state) {
  scene *s = *state;
  scene_write(s, "bal.so", "");
  for (size_t size = 0; size < strlen(RIGHT); size++) {
    outcome *o = read_file(scene_write_bytes(s, "m.sheaf.json", RIGHT, size));
    assert_int_equal(o->status, SHEAF_INVALID_MANIFEST);
    assert_true(strncmp(o->error.message, "1:", 2) == 0);
  }
}

static void too_large(void **state) {
  scene *s = *state;
  char *text = malloc(SHEAF_MANIFEST_MAX_BYTES + 2);
  memset(text, ' ', SHEAF_MANIFEST_MAX_BYTES + 1);
  memcpy(text, RIGHT, strlen(RIGHT));
  text[SHEAF_MANIFEST_MAX_BYTES + 1] = '\0';
  scene_write(s, "bal.so", "");
  assert_refused(s, text, "too large: a manifest has at most 65536 bytes");
  text[SHEAF_MANIFEST_MAX_BYTES] = '\0';
  assert_int_equal(read_text(s, text)->status, SHEAF_OK);
  free(text);
}

static void too_deep(void **state) {
  char text[256] = "{\"sheaf_manifest\":1,\"x\":";
  for (int i = 0; i < 16; i++) strcat(text, "[");
  assert_refused(*state, text, "nested too deep: at most 16 levels");
}

static void other_versions(void **state) {
  assert_refused(*state, "{\"sheaf_manifest\":2}",
                 "manifest version 2: this libsheaf reads version 1; update libsheaf");
  assert_refused(*state, "{\"sheaf_manifest\":0}", "write \"sheaf_manifest\": 1");
  assert_refused(*state, "{\"sheaf_manifest\":\"1\"}",
                 "must be a whole number, and this is a string");
  assert_refused(*state, "{\"sheaf_manifest\":1.5}", "is 1.5: it must be a whole number");
  assert_refused(*state, "{\"sheaf_manifest\":1e300}",
                 "it must be a whole number, 0 to 4294967295");
  assert_refused(*state, "{\"sheaf_manifest\":-1}", "it must be a whole number");
  assert_refused(*state, "{}", "the member \"sheaf_manifest\" is missing: add it");
}

static void wrong_members(void **state) {
  scene *s = *state;
#define BEGIN "{\"sheaf_manifest\":1,"
#define NAMED BEGIN "\"id\":\"a\",\"version\":\"1\","
  assert_refused(s, BEGIN "\"id\":7}", "\"id\" must be a string, and this is a number");
  assert_refused(s, BEGIN "\"id\":\"\"}", "\"id\" has 0 bytes");
  assert_refused(s, BEGIN "\"id\":\"A b\"}", "\"id\" is \"A b\": an id has 1 to 64 characters");
  assert_refused(s, BEGIN "\"id\":\"a\\u0000b\"}", "\\u0000");
  assert_refused(s, BEGIN "\"id\":\"a\",\"id\":\"b\"}", "the member \"id\" is there twice");
  assert_refused(s, BEGIN "\"id\":\"a\"}", "the member \"version\" is missing");
  assert_refused(s, BEGIN "\"id\":\"a\",\"version\":null}", "\"version\" must be a string");
  assert_refused(s, BEGIN "\"id\":\"a\",\"version\":\"1\",\"name\":[]}",
                 "\"name\" must be a string");
  assert_refused(s, NAMED "\"x\":1}", "the member \"abi\" is missing");
  assert_refused(s, NAMED "\"abi\":1}", "\"abi\" must be an object");
  assert_refused(s, NAMED "\"abi\":{\"major\":1}}", "the member \"minor\" is missing");
  assert_refused(s, NAMED "\"abi\":{\"major\":true}}", "\"major\" must be a whole number");
  assert_refused(s, NAMED "\"abi\":{\"major\":1,\"major\":1}}",
                 "\"major\" of \"abi\" is there twice");
  assert_refused(s, NAMED ABI "}", "the member \"library\" is missing");
  assert_refused(s, NAMED ABI ",\"library\":{}}", "\"library\" must be a string");
  assert_refused(s, "[]", "must be an object");
  /* What is known by then is there for the listing. */
  outcome *o = read_text(s, NAMED ABI "}");
  assert_string_equal(o->manifest.id, "a");
  assert_string_equal(o->manifest.version, "1");
}

static void assert_library_refused(const scene *s, const char *library, const char *message) {
  char text[512];
  snprintf(text, sizeof text, NAMED ABI ",\"library\":\"%s\"}", library);
  assert_refused(s, text, message);
}

static void paths_may_not_leave(void **state) {
  scene *s = *state;
  const char *relative = "it must be relative to the manifest's folder, without \"..\"";
  scene_folder(s, "sub");
  scene_write(s, "bal.so", "");
  assert_library_refused(s, "/bin/true", relative);
  assert_library_refused(s, "../bal.so", relative);
  assert_library_refused(s, "..", relative);
  assert_library_refused(s, "sub/..", relative);
  assert_library_refused(s, "sub/../bal.so", relative);
  assert_library_refused(s, "none.so",
                         "its library \"none.so\": No such file or directory: put it");
  assert_library_refused(s, "sub", "its library \"sub\" is not a regular file");
  assert_library_refused(s, "bal.so/x", "Not a directory");
}

static void links_may_not_leave(void **state) {
  scene *s = *state;
  const char *leads = ", out of the manifest's folder";
  scene_folder(s, "in");
  scene_folder(s, "out");
  scene_folder(s, "in2"); /* has "in" as a beginning */
  scene_write(s, "out/bal.so", "");
  scene_write(s, "in2/bal.so", "");
  scene_link(s, "../out/bal.so", "in/bal.so");
  scene_link(s, "../out", "in/sub");
  scene_link(s, "../in2/bal.so", "in/near.so");
  scene_link(s, "round.so", "in/round.so");
  static const char *const libraries[] = {"bal.so", "sub/bal.so", "near.so"};
  for (size_t i = 0; i < 3; i++) {
    char text[512];
    snprintf(text, sizeof text, NAMED ABI ",\"library\":\"%s\"}", libraries[i]);
    outcome *o = read_file(scene_write(s, "in/m.sheaf.json", text));
    assert_int_equal(o->status, SHEAF_INVALID_MANIFEST);
    assert_has(o->error.message, leads);
  }
  outcome *o = read_file(scene_write(s, "in/m.sheaf.json", NAMED ABI ",\"library\":\"round.so\"}"));
  assert_has(o->error.message, "Too many levels of symbolic links");
}

static void links_within_are_fine(void **state) {
  scene *s = *state;
  scene_folder(s, "real");
  scene_folder(s, "seen");
  scene_write(s, "real/bal-1.so", "");
  scene_link(s, "bal-1.so", "real/bal.so");
  scene_write(s, "real/bal.sheaf.json", RIGHT);
  scene_link(s, "../real/bal.sheaf.json", "seen/bal.sheaf.json");
  scene_link(s, "real", "folder");
  assert_int_equal(read_file(scene_path(s, "real/bal.sheaf.json"))->status, SHEAF_OK);
  assert_int_equal(read_file(scene_path(s, "seen/bal.sheaf.json"))->status, SHEAF_OK);
  outcome *o = read_file(scene_path(s, "folder/bal.sheaf.json"));
  assert_int_equal(o->status, SHEAF_OK);
  assert_string_equal(o->manifest.library, scene_path(s, "real/bal-1.so"));
}

static void versions_that_cannot_meet(void **state) {
  scene *s = *state;
  outcome *o = read_text(s, NAMED "\"abi\":{\"major\":2,\"minor\":3,\"min_minor\":1},"
                                  "\"library\":\"a.so\"}");
  assert_int_equal(o->status, SHEAF_VERSION_MISMATCH);
  assert_has(o->error.message, "written for ABI 2.3 and needs at least 2.1");
  assert_has(o->error.message, "this libsheaf has ABI 1.0");
  assert_has(o->error.message, "update libsheaf");
  o = read_text(s, NAMED "\"abi\":{\"major\":1,\"minor\":9,\"min_minor\":8},\"library\":\"a.so\"}");
  assert_int_equal(o->status, SHEAF_VERSION_MISMATCH);
  o = read_text(s, NAMED "\"abi\":{\"major\":0,\"minor\":9,\"min_minor\":8},\"library\":\"a.so\"}");
  assert_int_equal(o->status, SHEAF_VERSION_MISMATCH);
  assert_has(o->error.message, "update the plugin");
  assert_refused(s, NAMED "\"abi\":{\"major\":1,\"minor\":0,\"min_minor\":1},\"library\":\"a.so\"}",
                 "the oldest cannot be newer");
}

static void unreadable(void **state) {
  scene *s = *state;
  assert_int_equal(read_file(scene_path(s, "none.sheaf.json"))->status, SHEAF_IO_ERROR);
  assert_int_equal(read_file(s->root)->status, SHEAF_INVALID_MANIFEST);
}

static void names_of_manifests(void **state) {
  (void)state;
  assert_true(sheaf_is_manifest_name("bal.sheaf.json"));
  assert_false(sheaf_is_manifest_name(".sheaf.json"));
  assert_false(sheaf_is_manifest_name("sheaf.json"));
  assert_false(sheaf_is_manifest_name("bal.json"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, free_last)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_right_one_is_read),
      TEST(unknown_members_are_let_be),
      TEST(cut_at_every_byte),
      TEST(too_large),
      TEST(too_deep),
      TEST(other_versions),
      TEST(wrong_members),
      TEST(paths_may_not_leave),
      TEST(links_may_not_leave),
      TEST(links_within_are_fine),
      TEST(unreadable),
      TEST(versions_that_cannot_meet),
      cmocka_unit_test(names_of_manifests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
