/* SPDX-License-Identifier: Apache-2.0 */
#include <sheaf/status.h>

static const struct {
  sheaf_status status;
  const char *name, *message;
} statuses[] = {
#define ROW(upper, code, lower, message) {code, #lower, message},
    SHEAF_STATUS_MAP(ROW)
#undef ROW
};

/* The row of a status; of an unknown one the first of its class, of an unknown class a manager's
 * failure. */
static size_t row_of(sheaf_status status) {
  size_t best = 0, first = 0, failure = 0;
  for (size_t i = 1; i < sizeof statuses / sizeof statuses[0]; i++) {
    if (statuses[i].status == status) best = i;
    if (statuses[i].status == SHEAF_STATUS_CLASS(status) * 100) first = i;
    if (statuses[i].status == SHEAF_MANAGER_FAILURE) failure = i;
  }
  if (best || SHEAF_IS_OK(status)) return best;
  return first ? first : failure;
}

const char *sheaf_status_name(sheaf_status status) { return statuses[row_of(status)].name; }
const char *sheaf_status_message(sheaf_status status) { return statuses[row_of(status)].message; }

static const char *const accesses[] = {
#define ROW(upper, number, text) [number] = text,
    SHEAF_ACCESS_MAP(ROW)
#undef ROW
};

const char *sheaf_access_name(sheaf_access access) {
  return access < SHEAF_ACCESS_COUNT ? accesses[access] : "unknown";
}

bool sheaf_access_from_name(sheaf_str name, sheaf_access *access) {
  for (sheaf_access i = 0; i < SHEAF_ACCESS_COUNT; i++) {
    if (!sheaf_str_equal(name, sheaf_cstr(accesses[i]))) continue;
    if (access) *access = i;
    return true;
  }
  return false;
}

const char *sheaf_kind_name(uint32_t kind) {
  switch (kind) {
  case SHEAF_KIND_NONE:
    return "none";
  case SHEAF_KIND_BOOL:
    return "bool";
  case SHEAF_KIND_INT64:
    return "int64";
  case SHEAF_KIND_DOUBLE:
    return "double";
  case SHEAF_KIND_STRING:
    return "string";
  case SHEAF_KIND_BYTES:
    return "bytes";
  case SHEAF_KIND_LIST:
    return "list";
  default:
    return "unknown";
  }
}
