/* SPDX-License-Identifier: Apache-2.0 */
/* A manager's record (mapping of trait -> mapping of key -> value) as properties: as much of it as
 * was asked for. */
#include "serve.h"

#include <sheaf/utf8.h>

/* Puts in front of `why` where it was. */
static bool in_place(serve_work *work, PyObject *trait, PyObject *key) {
  char what[1024];
  const sheaf_str why = sheaf_utf8_cut(sheaf_cstr(work->why.message), sizeof what - 1);
  memcpy(what, why.data, why.size);
  what[why.size] = '\0';
  PyObject *where = key ? PyUnicode_FromFormat("trait %R, key %R", trait, key)
                        : PyUnicode_FromFormat("trait %R", trait);
  const sheaf_str words = sheaf_utf8_cut(serve_words(work, where), 500);
  sheaf_status status = work->why.status;
  (void)sheaf_error_set(&work->why, status, "%.*s: %s", (int)words.size,
                        words.data ? words.data : "", what);
  PyErr_Clear();
  Py_XDECREF(where);
  return false;
}

/* A mapping as an exact dict: new. NULL, with `why` filled, if it is none. Then nothing of the
 * manager's runs while it is read, but for values that are not of Python's own types. */
static PyObject *as_dict(serve_work *work, PyObject *mapping, const char *what) {
  if (PyDict_CheckExact(mapping)) {
    Py_INCREF(mapping);
    return mapping;
  }
  char type[SERVE_TYPE_NAME];
  PyObject *dict = PyDict_New();
  if (dict && PyObject_HasAttrString((PyObject *)Py_TYPE(mapping), "keys") &&
      PyDict_Update(dict, mapping) == 0)
    return dict;
  Py_XDECREF(dict);
  PyErr_Clear();
  (void)sheaf_error_set(&work->why, SHEAF_MANAGER_FAILURE, "%s, not a %s", what,
                        serve_type_name(mapping, type));
  return NULL;
}

static PyObject *as_record(serve_work *work, PyObject *record) {
  return as_dict(work, record,
                 "a record is a mapping of traits to mappings of keys to values, None (there is no "
                 "such entity) or an exception");
}

static PyObject *as_properties(serve_work *work, PyObject *trait, PyObject *properties) {
  if (properties == Py_None) return PyDict_New(); /* without memory, a trait with no properties */
  PyObject *dict = as_dict(work, properties, "the properties are a mapping of keys to values");
  if (!dict) (void)in_place(work, trait, NULL);
  return dict;
}

/* ------------------------------------------------------------------------------- a whole trait */

static bool add_property(serve_turn *turn, sheaf_id trait_id, PyObject *trait, PyObject *key,
                         PyObject *object) {
  serve_work *work = turn->work;
  sheaf_value value;
  sheaf_id key_id = serve_names_id(&turn->manager->names, key, &work->why);
  if (key_id == 0) return in_place(work, trait, NULL);
  if (!serve_value(work, object, &value)) return in_place(work, trait, key);
  return serve_row_add(work, trait_id, key_id, value);
}

/* PyDict_Next lends; what is not of Python's own types may run Python while it is read. */
static bool add_properties(serve_turn *turn, sheaf_id trait_id, PyObject *trait, PyObject *dict) {
  Py_ssize_t at = 0;
  PyObject *key, *object;
  bool added = true;
  while (added && PyDict_Next(dict, &at, &key, &object)) {
    if (object == Py_None) continue; /* absent */
    Py_INCREF(key), Py_INCREF(object);
    added = add_property(turn, trait_id, trait, key, object);
    Py_DECREF(key), Py_DECREF(object);
  }
  return added;
}

static bool add_trait(serve_turn *turn, sheaf_id trait_id, PyObject *trait, PyObject *properties) {
  serve_work *work = turn->work;
  uint32_t before = work->row_count;
  PyObject *dict = as_properties(work, trait, properties);
  bool added = dict && add_properties(turn, trait_id, trait, dict);
  Py_XDECREF(dict);
  if (!added || work->row_count > before) return added;
  return serve_row_add(work, trait_id, 0, sheaf_none());
}

static bool add_all(serve_turn *turn, PyObject *record) {
  Py_ssize_t at = 0;
  PyObject *trait, *properties;
  bool added = true;
  while (added && PyDict_Next(record, &at, &trait, &properties)) {
    Py_INCREF(trait), Py_INCREF(properties);
    sheaf_id id = serve_names_id(&turn->manager->names, trait, &turn->work->why);
    added = id != 0 && add_trait(turn, id, trait, properties);
    Py_DECREF(trait), Py_DECREF(properties);
  }
  return added;
}

/* ------------------------------------------------------------------------- what was asked for */

/* What a dict has under a name: new. NULL if it has nothing, or, with `failed`, for `why`. */
static PyObject *look_up(serve_turn *turn, PyObject *dict, sheaf_id id, bool *failed) {
  PyObject *name = serve_names_text(&turn->manager->names, id);
  PyObject *found = name ? PyDict_GetItemWithError(dict, name) : NULL;
  Py_XINCREF(found);
  if (!found && PyErr_Occurred()) {
    PyErr_Clear();
    (void)sheaf_error_set(&turn->work->why, SHEAF_MANAGER_FAILURE,
                          "a record's names cannot be compared");
    *failed = true;
  }
  return found;
}

static bool add_asked_trait(serve_turn *turn, PyObject *record, sheaf_id id) {
  bool failed = false;
  PyObject *properties = look_up(turn, record, id, &failed);
  if (!properties) return !failed;
  PyObject *trait = serve_names_text(&turn->manager->names, id); /* there already */
  bool added = add_trait(turn, id, trait, properties);
  Py_DECREF(properties);
  return added;
}

/* The value of one property, of kind none if the entity has no such one. `properties` is the trait's
 * dict. */
static bool asked_value(serve_turn *turn, PyObject *properties, const sheaf_slot *slot,
                        sheaf_value *value) {
  bool failed = false;
  PyObject *object = look_up(turn, properties, slot->key, &failed);
  *value = sheaf_none();
  if (!object) return !failed;
  bool taken = object == Py_None || serve_value(turn->work, object, value);
  if (!taken)
    (void)in_place(turn->work, serve_names_text(&turn->manager->names, slot->trait),
                   serve_names_text(&turn->manager->names, slot->key));
  Py_DECREF(object);
  return taken;
}

static bool is_asked_whole(const sheaf_request *request, sheaf_id trait) {
  for (uint32_t t = 0; t < request->trait_count; t++)
    if (request->traits[t] == trait) return true;
  return false;
}

/* Slots from `first` on that are of the same trait, in slot order: all of them, absent ones too, if
 * slots are all that was asked for. Gives how many. 0: failed. */
static uint32_t add_slots_of(serve_turn *turn, PyObject *record, uint32_t first) {
  const sheaf_request *request = turn->request;
  const sheaf_slot *slots = request->slots;
  bool failed = false, in_order = request->trait_count == 0;
  uint32_t end = first;
  PyObject *found = look_up(turn, record, slots[first].trait, &failed), *properties = NULL;
  if (found) {
    properties = as_properties(turn->work,
                               serve_names_text(&turn->manager->names, slots[first].trait), found);
    failed = !properties;
  }
  for (; !failed && end < request->slot_count && slots[end].trait == slots[first].trait; end++) {
    sheaf_value value = sheaf_none();
    failed = properties && !asked_value(turn, properties, &slots[end], &value);
    if (!failed && (in_order || value.kind != SHEAF_KIND_NONE))
      failed = !serve_row_add(turn->work, slots[end].trait, slots[end].key, value);
  }
  Py_XDECREF(found);
  Py_XDECREF(properties);
  return failed ? 0 : end - first;
}

static bool add_asked(serve_turn *turn, PyObject *record) {
  const sheaf_request *request = turn->request;
  for (uint32_t t = 0; t < request->trait_count; t++)
    if (!add_asked_trait(turn, record, request->traits[t])) return false;
  for (uint32_t s = 0, taken; s < request->slot_count; s += taken) {
    taken = 1;
    if (is_asked_whole(request, request->slots[s].trait)) continue;
    taken = add_slots_of(turn, record, s);
    if (taken == 0) return false;
  }
  return true;
}

uint32_t serve_flatten_flags(const sheaf_request *request) {
  bool only_slots = request->slot_count > 0 && request->trait_count == 0 &&
                    !(request->flags & SHEAF_REQUEST_ALL_TRAITS);
  return only_slots ? SHEAF_RESULT_IN_SLOT_ORDER : 0;
}

bool serve_flatten(serve_turn *turn, PyObject *record) {
  turn->work->row_count = 0;
  PyObject *dict = as_record(turn->work, record);
  if (!dict) return false;
  bool all = turn->request->flags & SHEAF_REQUEST_ALL_TRAITS;
  bool flattened = all ? add_all(turn, dict) : add_asked(turn, dict);
  Py_DECREF(dict);
  return flattened;
}
