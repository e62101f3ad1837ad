/* SPDX-License-Identifier: Apache-2.0 */
/* The checks from the file to the open manager. */
#include "cli/check_subject.h"

static void check_entry(check_subject *subject, check_verdict *verdict) {
  check_find(subject, verdict);
}

/* What people read in `sheaf managers --describe`. */
static void check_settings(check_subject *subject, check_verdict *verdict) {
  if (!check_find(subject, verdict)) return;
  const sheaf_factory *f = subject->factory;
  if (!f->version || !*f->version) check_note(verdict, CHECK_WARNED, "the factory has no version");
  if (!f->description || !*f->description) {
    check_note(verdict, CHECK_WARNED, "the factory has no description: give it a sentence");
  }
  for (uint32_t i = 0; i < f->setting_count; i++) {
    const sheaf_setting_info *s = &f->settings[i];
    if (!s->doc || !*s->doc) {
      check_note(verdict, CHECK_WARNED, "setting %s has no doc: say in a sentence what it is for",
                 s->name);
    }
    if ((s->flags & SHEAF_SETTING_SECRET) && s->default_value) {
      check_note(verdict, CHECK_WARNED, "setting %s is secret and has a default for all to read",
                 s->name);
    }
  }
}

/* Create alone: `describe` is a check of its own, and a stand-in answers for it here. */
static void check_create(check_subject *subject, check_verdict *verdict) {
  subject->probe.describes_none = true;
  check_open(subject, verdict);
}

static void check_description(check_subject *subject, check_verdict *verdict) {
  if (!check_open(subject, verdict)) return;
  const sheaf_description *d = sheaf_manager_description(subject->manager);
  if (d->verb_count == 0) {
    check_note(verdict, CHECK_FAILED, "the manager serves no verb: list some in `describe`");
  }
  for (uint32_t i = 0; i < d->verb_count; i++) {
    if (sheaf_name(subject->library, d->verbs[i].verb).size == 0) {
      check_note(verdict, CHECK_FAILED,
                 "verb %u of the description is no name's id: use host->intern", i);
    }
  }
  if (d->prefix_count == 0) {
    check_note(verdict, CHECK_WARNED,
               "the description names no prefix: hosts cannot tell whose references are whose");
  }
  if (!check_served_shape(subject, 0)) {
    check_note(verdict, CHECK_WARNED,
               "the manager serves neither resolve, exists nor traits: the checks know no others");
  }
}

const check check_opening[] = {
    {"entry", check_entry, true},
    {"settings", check_settings, false},
    {"create", check_create, true},
    {"description", check_description, true},
    {NULL, NULL, false},
};
