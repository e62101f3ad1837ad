/* SPDX-License-Identifier: Apache-2.0 */
#include "core/columns_check.h"

#define MUST_UNDERSTAND 0xff00u /* of a value's flags */

static const char unknown_flag[] =
    "the manager's answer holds a value with a flag that this library does not know: use a newer "
    "libsheaf";

static const char *fault_of(const sheaf_value *v, unsigned depth);

static const char *fault_of_list(const sheaf_value *v, unsigned depth) {
  if (depth >= SHEAF_MAX_LIST_DEPTH) return "the manager's answer holds lists more than 16 deep";
  if (v->length > SHEAF_MAX_VALUE_BYTES / sizeof *v)
    return "the manager's answer holds a list of more than 1 GiB";
  if (v->length && !v->u.items) return "the manager's answer holds a list whose items are NULL";
  for (uint32_t i = 0; i < v->length; i++) {
    const char *fault = fault_of(&v->u.items[i], depth + 1);
    if (fault) return fault;
  }
  return NULL;
}

static const char *fault_of(const sheaf_value *v, unsigned depth) {
  if (v->flags & MUST_UNDERSTAND) return unknown_flag;
  switch (SHEAF_STORAGE(v->kind)) {
  case SHEAF_STORAGE_INLINE:
    return NULL;
  case SHEAF_STORAGE_BYTES:
    if (v->length > SHEAF_MAX_VALUE_BYTES)
      return "the manager's answer holds a value of more than 1 GiB";
    return v->length && !v->u.data ? "the manager's answer holds a value whose data is NULL" : NULL;
  case SHEAF_STORAGE_LIST:
    return fault_of_list(v, depth);
  default:
    return "the manager's answer holds a value of a kind that cannot be copied";
  }
}

const char *sheaf_value_fault(const sheaf_value *value, sheaf_status *status) {
  const char *fault = fault_of(value, 0);
  *status = fault == unknown_flag ? SHEAF_UNSUPPORTED : SHEAF_MANAGER_FAILURE;
  return fault;
}
