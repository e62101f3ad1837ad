/* SPDX-License-Identifier: Apache-2.0 */
/* The list of managers. */
#include "cli/json.h"
#include "cli/managers.h"
#include "cli/text.h"

/* A table of four columns; only the last is of any length. */
typedef struct widths {
  size_t of[3];
} widths;

static void widen(widths *w, size_t column, const char *text) {
  size_t width = cli_text_width(sheaf_cstr(text), 64);
  if (width > w->of[column]) w->of[column] = width;
}

static void put_row(cli_buffer *out, const widths *w, const char *const cells[4]) {
  for (size_t i = 0; i < 3; i++) {
    cli_put_column(out, sheaf_cstr(cells[i]), w->of[i], CLI_ANY_WIDTH, CLI_CUT_TAIL);
  }
  cli_put_cell(out, sheaf_cstr(cells[3]), CLI_ANY_WIDTH, CLI_CUT_TAIL);
  cli_put_char(out, '\n');
}

static const char *or_dash(const char *text) { return text && *text ? text : "-"; }

/* The cells of a manager that is available. */
static void cells_of(const sheaf_plugin_info *info, const char *cells[4]) {
  cells[0] = or_dash(info->id);
  cells[1] = or_dash(info->version);
  cells[2] = cli_origin_name(info->origin);
  cells[3] = or_dash(info->library ? info->library : info->manifest);
}

static uint32_t put_available(cli_buffer *out, const sheaf_plugin_list *list) {
  static const char *const header[4] = {"ID", "VERSION", "FOUND BY", "WHERE"};
  widths w = {{0}};
  uint32_t found = 0;
  for (size_t i = 0; i < 3; i++) widen(&w, i, header[i]);
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (info->state != SHEAF_PLUGIN_AVAILABLE) continue;
    const char *cells[4];
    cells_of(info, cells);
    for (size_t k = 0; k < 3; k++) widen(&w, k, cells[k]);
    found++;
  }
  if (found == 0) return 0;
  put_row(out, &w, header);
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    const char *cells[4];
    cells_of(info, cells);
    if (info->state == SHEAF_PLUGIN_AVAILABLE) put_row(out, &w, cells);
  }
  return found;
}

static void put_others(cli_buffer *out, const sheaf_plugin_list *list, uint32_t state,
                       const char *title) {
  bool is_first = true;
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    const sheaf_plugin_info *info = sheaf_plugin_list_at(list, i);
    if (info->state != state) continue;
    if (is_first) cli_put_text(out, title);
    is_first = false;
    const char *where = info->manifest ? info->manifest : or_dash(info->library);
    cli_put_text(out, "  ");
    cli_put_cell(out, sheaf_cstr(info->id), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    cli_put_text(out, info->id ? "  " : "");
    cli_put_cell(out, sheaf_cstr(where), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    cli_put_text(out, "\n    ");
    cli_put_cell(out, sheaf_cstr(or_dash(info->reason)), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    cli_put_char(out, '\n');
  }
}

static void put_places(cli_buffer *out, const sheaf_plugin_list *list) {
  widths w = {{0}};
  for (uint32_t i = 0; i < sheaf_plugin_list_place_count(list); i++) {
    widen(&w, 0, cli_origin_name(sheaf_plugin_list_place_at(list, i)->origin));
  }
  cli_put_text(out, "\nPlaces searched, in this order:\n");
  for (uint32_t i = 0; i < sheaf_plugin_list_place_count(list); i++) {
    const sheaf_search_place *place = sheaf_plugin_list_place_at(list, i);
    cli_put_text(out, "  ");
    cli_put_column(out, sheaf_cstr(cli_origin_name(place->origin)), w.of[0], CLI_ANY_WIDTH,
                   CLI_CUT_TAIL);
    cli_put_cell(out, sheaf_cstr(place->path), CLI_ANY_WIDTH, CLI_CUT_TAIL);
    if (place->reason) {
      cli_put_text(out, ": ");
      cli_put_cell(out, sheaf_cstr(place->reason), CLI_ANY_WIDTH, CLI_CUT_TAIL);
      cli_put_char(out, '\n');
    } else {
      cli_put_format(out, ": %u plugin%s\n", place->plugin_count,
                     place->plugin_count == 1 ? "" : "s");
    }
  }
}

void cli_managers_table(cli_buffer *out, const sheaf_plugin_list *list, bool with_places) {
  cli_text_prepare();
  uint32_t found = put_available(out, list);
  if (found == 0) cli_put_text(out, "No manager was found.\n");
  put_others(out, list, SHEAF_PLUGIN_SHADOWED, "\nShadowed:\n");
  put_others(out, list, SHEAF_PLUGIN_REFUSED, "\nRefused:\n");
  if (with_places || found == 0) put_places(out, list);
  if (found == 0) {
    cli_put_text(out,
                 "\nAdd a folder with --plugin-path DIR, $SHEAF_PLUGIN_PATH, or \"plugin_paths\" "
                 "in a configuration file.\n");
  }
}

static void put_info_json(cli_buffer *out, const sheaf_plugin_info *info) {
  static const char *const states[] = {"available", "shadowed", "refused"};
  cli_put_text(out, "{\"id\":");
  cli_json_cstr(out, info->id);
  cli_json_member(out, "name");
  cli_json_cstr(out, info->name);
  cli_json_member(out, "version");
  cli_json_cstr(out, info->version);
  cli_json_member(out, "state");
  cli_json_cstr(out, info->state < 3 ? states[info->state] : "unknown");
  cli_json_member(out, "origin");
  cli_json_cstr(out, cli_origin_name(info->origin));
  cli_json_member(out, "manifest");
  cli_json_cstr(out, info->manifest);
  cli_json_member(out, "library");
  cli_json_cstr(out, info->library);
  cli_json_member(out, "reason");
  cli_json_cstr(out, info->reason);
  cli_put_char(out, '}');
}

static void put_place_json(cli_buffer *out, const sheaf_search_place *place) {
  cli_put_text(out, "{\"path\":");
  cli_json_cstr(out, place->path);
  cli_json_member(out, "origin");
  cli_json_cstr(out, cli_origin_name(place->origin));
  cli_json_member(out, "plugins");
  cli_put_format(out, "%u", place->plugin_count);
  cli_json_member(out, "reason");
  cli_json_cstr(out, place->reason);
  cli_put_char(out, '}');
}

void cli_managers_json(cli_buffer *out, const sheaf_plugin_list *list) {
  cli_put_text(out, "{\"managers\":[");
  for (uint32_t i = 0; i < sheaf_plugin_list_count(list); i++) {
    if (i > 0) cli_put_char(out, ',');
    put_info_json(out, sheaf_plugin_list_at(list, i));
  }
  cli_put_text(out, "],\"places\":[");
  for (uint32_t i = 0; i < sheaf_plugin_list_place_count(list); i++) {
    if (i > 0) cli_put_char(out, ',');
    put_place_json(out, sheaf_plugin_list_place_at(list, i));
  }
  cli_put_text(out, "]}\n");
}
