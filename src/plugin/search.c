/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* secure_getenv */
#include "plugin/search.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/library.h"
#include "plugin/beside.h"
#include "plugin/manifest.h"

static const sheaf_place *find_real(const sheaf_places *places, const char *real) {
  for (uint32_t i = 0; i < places->count; i++) {
    const sheaf_place *p = &places->items[i];
    if (p->real && strcmp(p->real, real) == 0) return p;
  }
  return NULL;
}

static sheaf_place *append(sheaf_places *places, sheaf_hold *hold, uint32_t origin,
                           const char *path) {
  sheaf_place *items = sheaf_hold_grow(hold, places->items, places->count, sizeof *items);
  if (!items || !path) return NULL;
  places->items = items;
  sheaf_place *place = &items[places->count++];
  memset(place, 0, sizeof *place);
  place->info.struct_size = sizeof place->info;
  place->info.origin = origin;
  place->info.path = path;
  return place;
}

/* Why a path that is there cannot be a place; NULL if it can. */
static const char *unfit(sheaf_place *place, const char *real) {
  struct stat st;
  if (stat(real, &st) != 0) return strerror(errno);
  if (S_ISDIR(st.st_mode)) return NULL;
  place->is_manifest = true;
  if (S_ISREG(st.st_mode) && sheaf_is_manifest_name(real)) return NULL;
  return "not a folder, nor a manifest (NAME" SHEAF_MANIFEST_SUFFIX ")";
}

static void add(sheaf_places *places, sheaf_hold *hold, uint32_t origin, const char *path) {
  char *real = realpath(path, NULL);
  int saved = errno;
  const sheaf_place *earlier = real ? find_real(places, real) : NULL;
  const char *earlier_path = earlier ? earlier->info.path : NULL;
  /* What is shown is the path as it was given, unless that depends on the working folder. */
  const char *shown = sheaf_hold_copy(hold, real && path[0] != '/' ? real : path);
  sheaf_place *place = append(places, hold, origin, shown);
  if (!real && saved == ENOMEM) hold->failed = true;
  if (place && !real) {
    if (saved == ENOENT) place->info.reason = "no such folder";
    else place->info.reason = sheaf_hold_copy(hold, strerror(saved));
  } else if (place && earlier_path) {
    place->is_repeated = true;
    place->info.reason = sheaf_hold_printf(hold, "searched already, as %s", earlier_path);
  } else if (place) {
    place->info.reason = sheaf_hold_copy(hold, unfit(place, real));
    if (!place->info.reason) place->real = sheaf_hold_copy(hold, real);
  }
  free(real);
}

/* Relative ones are refused: what is loaded must not depend on the working folder. */
static void add_environment(sheaf_places *places, sheaf_hold *hold) {
  const char *at = secure_getenv("SHEAF_PLUGIN_PATH");
  while (at) {
    size_t length = strcspn(at, ":");
    const char *entry = sheaf_hold_printf(hold, "%.*s", (int)length, at);
    if (entry && length > 0 && entry[0] == '/') {
      add(places, hold, SHEAF_ORIGIN_ENVIRONMENT, entry);
    } else if (entry && length > 0) {
      sheaf_place *place = append(places, hold, SHEAF_ORIGIN_ENVIRONMENT, entry);
      if (place)
        place->info.reason = "a relative path, and the working folder is never searched: "
                             "write the path from / on";
    }
    at = at[length] ? at + length + 1 : NULL;
  }
}

/* As the XDG base directory specification has it: a relative value counts as none. */
static void add_user(sheaf_places *places, sheaf_hold *hold) {
  const char *data = secure_getenv("XDG_DATA_HOME");
  const char *home = secure_getenv("HOME");
  const char *path = NULL;
  if (data && data[0] == '/') path = sheaf_hold_printf(hold, "%s/sheaf/plugins", data);
  else if (home && home[0] == '/')
    path = sheaf_hold_printf(hold, "%s/.local/share/sheaf/plugins", home);
  if (path) add(places, hold, SHEAF_ORIGIN_USER, path);
}

static void add_beside(sheaf_places *places, sheaf_hold *hold) {
  const char *paths[SHEAF_BESIDE_MAX];
  size_t count = sheaf_beside(hold, paths);
  for (size_t i = 0; i < count; i++) add(places, hold, SHEAF_ORIGIN_BESIDE, paths[i]);
}

void sheaf_places_find(const sheaf_library *library, sheaf_hold *hold, sheaf_places *out) {
  memset(out, 0, sizeof *out);
  for (uint32_t i = 0; i < library->plugin_path_count; i++)
    add(out, hold, SHEAF_ORIGIN_API, library->plugin_paths[i]);
  add_environment(out, hold);
  for (uint32_t i = 0; i < library->package_path_count; i++)
    add(out, hold, SHEAF_ORIGIN_PACKAGE, library->package_paths[i]);
  for (uint32_t i = 0; i < library->config_plugin_path_count; i++)
    add(out, hold, SHEAF_ORIGIN_CONFIG, library->config_plugin_paths[i]);
  add_user(out, hold);
  add(out, hold, SHEAF_ORIGIN_SYSTEM, "/usr/local/lib/sheaf/plugins");
  add(out, hold, SHEAF_ORIGIN_SYSTEM, "/usr/lib/sheaf/plugins");
  add_beside(out, hold);
}
