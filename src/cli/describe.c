/* SPDX-License-Identifier: Apache-2.0 */
/* One manager in full. */
#include "cli/json.h"
#include "cli/managers.h"
#include "cli/text.h"

static void put_cstr(cli_buffer *out, const char *text) {
  cli_put_cell(out, sheaf_cstr(text), CLI_ANY_WIDTH, CLI_CUT_TAIL);
}

/* `label  text`, unless there is no text. */
static void put_line(cli_buffer *out, const char *label, const char *text) {
  if (!text || !*text) return;
  cli_put_column(out, sheaf_cstr(label), 12, CLI_ANY_WIDTH, CLI_CUT_TAIL);
  put_cstr(out, text);
  cli_put_char(out, '\n');
}

static const char *default_of(const sheaf_setting_info *setting) {
  return setting->flags & SHEAF_SETTING_SECRET ? NULL : setting->default_value;
}

static void put_setting(cli_buffer *out, const sheaf_setting_info *setting) {
  cli_put_text(out, "  ");
  put_cstr(out, setting->name);
  cli_put_text(out, " (");
  cli_put_text(out, sheaf_kind_name(setting->kind));
  if (setting->flags & SHEAF_SETTING_REQUIRED) cli_put_text(out, ", required");
  if (setting->flags & SHEAF_SETTING_SECRET) cli_put_text(out, ", secret");
  if (default_of(setting)) {
    cli_put_text(out, *default_of(setting) ? ", default " : ", default \"\"");
    put_cstr(out, default_of(setting));
  }
  cli_put_text(out, ")\n");
  if (!setting->doc) return;
  cli_put_text(out, "      ");
  put_cstr(out, setting->doc);
  cli_put_char(out, '\n');
}

static void put_settings(cli_buffer *out, const sheaf_factory *factory) {
  if (factory->setting_count == 0) {
    cli_put_text(out, "\nIt takes no settings.\n");
    return;
  }
  cli_put_text(out, "\nSettings (--setting NAME=VALUE):\n");
  for (uint32_t i = 0; i < factory->setting_count; i++) put_setting(out, &factory->settings[i]);
}

static void put_verbs(cli_buffer *out, const cli_manager_view *view) {
  const sheaf_description *description = view->description;
  cli_put_text(out, "\nVerbs:\n");
  for (uint32_t i = 0; i < description->verb_count; i++) {
    const sheaf_verb_info *verb = &description->verbs[i];
    cli_put_text(out, "  ");
    sheaf_str name = sheaf_name(view->library, verb->verb);
    cli_put_column(out, name, 18, CLI_ANY_WIDTH, CLI_CUT_TAIL);
    bool is_pure = verb->flags & SHEAF_VERB_PURE, repeats = verb->flags & SHEAF_VERB_IDEMPOTENT;
    cli_put_text(out, is_pure ? "pure" : "not pure");
    cli_put_text(out, repeats ? ", idempotent\n" : ", not idempotent\n");
  }
  cli_put_text(out, "\nReferences begin with:");
  for (uint32_t i = 0; i < description->prefix_count; i++) {
    cli_put_text(out, i > 0 ? ", " : " ");
    cli_put_cell(out, description->prefixes[i], CLI_ANY_WIDTH, CLI_CUT_TAIL);
  }
  if (description->prefix_count == 0) cli_put_text(out, " (it does not say)");
  bool serialized = description->flags & SHEAF_MANAGER_SERIALIZED;
  bool nonblocking = description->flags & SHEAF_MANAGER_NONBLOCKING;
  cli_put_text(out, "\nCalls: ");
  cli_put_text(out, serialized ? "one at a time (serialized)" : "any number at once");
  cli_put_text(out, nonblocking ? ", answered from memory (nonblocking)\n" : "\n");
}

void cli_describe_text(cli_buffer *out, const cli_manager_view *view) {
  const sheaf_factory *factory = view->factory;
  cli_text_prepare();
  put_line(out, "id", factory->id);
  put_line(out, "name", factory->display_name);
  put_line(out, "version", factory->version);
  put_line(out, "description", factory->description);
  if (view->info) {
    put_line(out, "manifest", view->info->manifest);
    put_line(out, "library", view->info->library);
    put_line(out, "found by", cli_origin_name(view->info->origin));
  }
  put_settings(out, factory);
  if (view->description) {
    put_verbs(out, view);
    return;
  }
  cli_put_text(out, "\nNot opened, so its verbs are not known; give its settings to see them:\n  ");
  put_cstr(out, view->why_not);
  cli_put_char(out, '\n');
}

static void put_setting_json(cli_buffer *out, const sheaf_setting_info *setting) {
  cli_put_text(out, "{\"name\":");
  cli_json_cstr(out, setting->name);
  cli_json_member(out, "kind");
  cli_json_cstr(out, sheaf_kind_name(setting->kind));
  cli_json_member(out, "default");
  cli_json_cstr(out, default_of(setting));
  cli_json_member(out, "required");
  cli_put_text(out, setting->flags & SHEAF_SETTING_REQUIRED ? "true" : "false");
  cli_json_member(out, "secret");
  cli_put_text(out, setting->flags & SHEAF_SETTING_SECRET ? "true" : "false");
  cli_json_member(out, "doc");
  cli_json_cstr(out, setting->doc);
  cli_put_char(out, '}');
}

static void put_description_json(cli_buffer *out, const cli_manager_view *view) {
  const sheaf_description *description = view->description;
  cli_json_member(out, "verbs");
  cli_put_char(out, '[');
  for (uint32_t i = 0; i < description->verb_count; i++) {
    const sheaf_verb_info *verb = &description->verbs[i];
    cli_put_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    cli_json_string(out, sheaf_name(view->library, verb->verb));
    cli_json_member(out, "pure");
    cli_put_text(out, verb->flags & SHEAF_VERB_PURE ? "true" : "false");
    cli_json_member(out, "idempotent");
    cli_put_text(out, verb->flags & SHEAF_VERB_IDEMPOTENT ? "true}" : "false}");
  }
  cli_put_text(out, "],\"prefixes\":[");
  for (uint32_t i = 0; i < description->prefix_count; i++) {
    if (i > 0) cli_put_char(out, ',');
    cli_json_string(out, description->prefixes[i]);
  }
  cli_put_text(out, "],\"serialized\":");
  cli_put_text(out, description->flags & SHEAF_MANAGER_SERIALIZED ? "true" : "false");
  cli_put_text(out, ",\"nonblocking\":");
  cli_put_text(out, description->flags & SHEAF_MANAGER_NONBLOCKING ? "true" : "false");
}

void cli_describe_json(cli_buffer *out, const cli_manager_view *view) {
  const sheaf_factory *factory = view->factory;
  cli_put_text(out, "{\"id\":");
  cli_json_cstr(out, factory->id);
  cli_json_member(out, "name");
  cli_json_cstr(out, factory->display_name);
  cli_json_member(out, "version");
  cli_json_cstr(out, factory->version);
  cli_json_member(out, "description");
  cli_json_cstr(out, factory->description);
  cli_json_member(out, "manifest");
  cli_json_cstr(out, view->info ? view->info->manifest : NULL);
  cli_json_member(out, "library");
  cli_json_cstr(out, view->info ? view->info->library : NULL);
  cli_json_member(out, "settings");
  cli_put_char(out, '[');
  for (uint32_t i = 0; i < factory->setting_count; i++) {
    if (i > 0) cli_put_char(out, ',');
    put_setting_json(out, &factory->settings[i]);
  }
  cli_put_char(out, ']');
  if (view->description) put_description_json(out, view);
  cli_json_member(out, "why_not_opened");
  cli_json_cstr(out, view->why_not);
  cli_put_text(out, "}\n");
}
