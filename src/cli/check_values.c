/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand in a result. Reads only as far as what it has seen says that it may. */
#include "cli/check_probe.h"
#include "cli/text.h"

bool check_status_known(sheaf_status status) {
  switch (status) {
#define STATUS_CASE(upper, code, lower, message) case code:
    SHEAF_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    return true;
  default:
    return false;
  }
}

static bool is_utf8(sheaf_str text) {
  for (size_t i = 0; i < text.size;) {
    uint32_t code;
    i += cli_utf8_next(text.data + i, text.size - i, &code);
    if (code == CLI_NOT_UTF8) return false;
  }
  return true;
}

static const char *bytes_fault(const sheaf_value *v, uint32_t *outcome) {
  if (v->length > SHEAF_MAX_VALUE_BYTES) return "a value is longer than 1 GiB, which is refused";
  if (v->length > 0 && !v->u.data) return "a value has a length and its data is NULL";
  if (v->kind == SHEAF_KIND_STRING && !is_utf8(sheaf_value_str(v))) {
    return "a string is not UTF-8: give it as bytes, or convert it";
  }
  if (v->kind == SHEAF_KIND_STRING || v->kind == SHEAF_KIND_BYTES) return NULL;
  *outcome = CHECK_WARNED;
  return "a value is of a kind that this version does not know";
}

static const char *value_fault(const sheaf_value *v, int depth, uint32_t *outcome);

static const char *list_fault(const sheaf_value *v, int depth, uint32_t *outcome) {
  if (depth == SHEAF_MAX_LIST_DEPTH) return "a list is nested deeper than 16, which is refused";
  if (v->length > SHEAF_MAX_VALUE_BYTES / sizeof *v) {
    return "a list has more items than any memory would hold";
  }
  if (v->length > 0 && !v->u.items) return "a list has a length and its items are NULL";
  for (uint32_t i = 0; i < v->length; i++) {
    const char *fault = value_fault(&v->u.items[i], depth + 1, outcome);
    if (fault) return fault;
  }
  return NULL;
}

static const char *value_fault(const sheaf_value *v, int depth, uint32_t *outcome) {
  *outcome = CHECK_FAILED;
  if (v->flags & 0xff00u) return "a value has a flag that must be understood and is not known";
  switch (SHEAF_STORAGE(v->kind)) {
  case SHEAF_STORAGE_BYTES:
    return bytes_fault(v, outcome);
  case SHEAF_STORAGE_LIST:
    return list_fault(v, depth, outcome);
  case SHEAF_STORAGE_INLINE:
    break;
  default:
    return "a value is of a reserved storage class: its kind's two low bits are 3";
  }
  if (v->kind == SHEAF_KIND_BOOL && (uint64_t)v->u.integer > 1) return "a bool is neither 0 nor 1";
  if (v->kind == SHEAF_KIND_NONE || v->kind == SHEAF_KIND_BOOL || v->kind == SHEAF_KIND_INT64 ||
      v->kind == SHEAF_KIND_DOUBLE) {
    return NULL;
  }
  *outcome = CHECK_WARNED;
  return "a value is of a kind that this version does not know";
}

static const char *slots_fault(const sheaf_result *result, const sheaf_request *request) {
  if (result->property_count != request->slot_count) {
    return "SHEAF_RESULT_IN_SLOT_ORDER, but there are not as many properties as slots";
  }
  for (uint32_t i = 0; i < request->slot_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (p->trait != request->slots[i].trait || p->key != request->slots[i].key) {
      return "SHEAF_RESULT_IN_SLOT_ORDER, but a property is not that of its slot";
    }
  }
  return NULL;
}

static const char *properties_fault(const sheaf_result *result, const sheaf_library *library,
                                    uint32_t *outcome) {
  if (result->property_count > 0 && !result->properties) {
    return "property_count is not 0 and properties is NULL";
  }
  for (uint32_t i = 0; i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (sheaf_name(library, p->trait).size == 0) {
      return "a property's trait is an id that was never given: use host->intern";
    }
    if (p->key != 0 && sheaf_name(library, p->key).size == 0) {
      return "a property's key is an id that was never given: use host->intern";
    }
    const char *fault = value_fault(&p->value, 0, outcome);
    if (fault) return fault;
  }
  return NULL;
}

/* What the verb says that a record has. */
static const char *verb_fault(const sheaf_result *result, const sheaf_request *request) {
  if (request->verb == SHEAF_VERB_EXISTS) {
    const sheaf_value *v = sheaf_result_find(result, SHEAF_TRAIT_ENTITY, SHEAF_KEY_EXISTS);
    if (!v || v->kind != SHEAF_KIND_BOOL) {
      return "an answer to sheaf.exists/1 has no bool sheaf.entity, exists";
    }
  }
  for (uint32_t i = 0; request->verb == SHEAF_VERB_TRAITS && i < result->property_count; i++) {
    if (result->properties[i].key != 0 || result->properties[i].value.kind != SHEAF_KIND_NONE) {
      return "an answer to sheaf.traits/1 has a property that is no bare trait (key 0, no value)";
    }
  }
  return NULL;
}

const char *check_message_fault(sheaf_str message) {
  if (message.size > 0 && !message.data) return "the message's data is NULL";
  if (message.size > SHEAF_MAX_VALUE_BYTES) return "the message is longer than 1 GiB";
  return is_utf8(message) ? NULL : "the message is not UTF-8";
}

const char *check_result_fault(const sheaf_result *result, const sheaf_request *request,
                               const sheaf_library *library, uint32_t *outcome) {
  *outcome = CHECK_FAILED;
  if (result->flags & 0xffff0000u) {
    return "the result has a flag that must be understood and is not known";
  }
  const char *fault = check_message_fault(result->message);
  if (!fault) fault = properties_fault(result, library, outcome);
  if (!fault && (result->flags & SHEAF_RESULT_IN_SLOT_ORDER)) fault = slots_fault(result, request);
  if (!fault && result->status == SHEAF_OK) fault = verb_fault(result, request);
  if (fault || check_status_known(result->status)) return fault;
  *outcome = CHECK_WARNED;
  return "the status is none that abi.h lists; hosts go by its class (code / 100) alone";
}

/* ----------------------------------------------------------------------------------- the digest */

/* FNV-1a. */
static uint64_t mix(uint64_t digest, const void *data, size_t size) {
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++) digest = (digest ^ bytes[i]) * 0x100000001b3u;
  return digest;
}

static uint64_t mix_value(uint64_t digest, const sheaf_value *v) {
  digest = mix(digest, &v->kind, sizeof v->kind);
  digest = mix(digest, &v->length, sizeof v->length);
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_BYTES) return mix(digest, v->u.data, v->length);
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_INLINE) return mix(digest, &v->u, sizeof v->u);
  for (uint32_t i = 0; i < v->length; i++) digest = mix_value(digest, &v->u.items[i]);
  return digest;
}

uint64_t check_result_digest(const sheaf_result *result) {
  uint64_t digest = mix(0xcbf29ce484222325u, &result->status, sizeof result->status);
  for (uint32_t i = 0; i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    digest = mix(digest, &p->trait, sizeof p->trait);
    digest = mix(digest, &p->key, sizeof p->key);
    digest = mix_value(digest, &p->value);
  }
  return digest;
}
