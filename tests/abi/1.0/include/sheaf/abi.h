/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/abi.h: the contract between Sheaf and a manager plugin.
 *
 * This header is all that a plugin needs. It declares types and inline helpers only: a plugin
 * links to nothing of Sheaf's, and a host and a plugin built years apart meet through it.
 *
 * ONE SHAPE. An indexed batch of entity references goes in (sheaf_request); for each index exactly
 * one result, success or error, comes out (sheaf_sink). Everything here serves that. Indices are
 * independent of each other, for every verb and for good: a stage between host and manager may split,
 * reorder and merge batches. What must happen together goes into one index.
 *
 * HOW THE CONTRACT GROWS
 *   - Frozen value types (sheaf_str, sheaf_value, sheaf_property, sheaf_result, ...) never change
 *     and travel in arrays. A new shape is a new type.
 *   - Extensible types begin with `uint32_t struct_size, flags`, grow only at their end, have no
 *     padding, and are never embedded by value in one another. Whoever fills one sets struct_size
 *     to the size that it knows. A field beyond struct_size is zero, and zero always means the old
 *     behaviour.
 *   - What lies beyond the reader's own idea of a type: in a request, a call, a context or options
 *     it must be zero, else the answer is SHEAF_UNSUPPORTED; in a table, a descriptor, a host or a
 *     sink it is not looked at.
 *   - The core applies this on both sides, so that authors need not: it copies what it is given
 *     into structures of its own, and hands a manager only what the minor that it was written for
 *     knows. A manager asks SHEAF_HAS() before it reads a field that is newer than the
 *     abi_minor_min of its plugin record; constants of names newer than that it interns by text.
 *   - Flags: the low half of a flags word may be ignored when unknown, the high half must be
 *     understood. Of 32-bit words these are 16 bits each; of a value's 16-bit word, 8 bits each. An
 *     unknown one that must be understood makes a request SHEAF_UNSUPPORTED, a result or value that
 *     element SHEAF_UNSUPPORTED, a verb not offered, a plugin, factory or description refused. Who
 *     passes a result on and changes nothing but its index keeps its flags; who changes or copies
 *     anything of it clears those that it does not know, and SHEAF_RESULT_STATIC with them.
 *   - Enumerations travel as uint32_t. A reader treats a status that it does not know by its class;
 *     a manager refuses a mode of access that it does not know.
 *   - What would break an old binary gets a new major, and with it a new entry point.
 *
 * THREADS. Each function says where it may be called:
 *   [any-thread]  from any thread, at any time, several at once.
 *   [in-call]     on the thread that `batch` was called on, before `batch` returns.
 *   [serialized]  never twice at once for one manager.
 * Nobody calls out (to a sink, a manager, a host's callback, a log) holding a lock of its own. No
 * exception and no longjmp may cross any function declared here.
 *
 * TEXT is UTF-8. sheaf_str is not NUL-terminated. `const char *` appears only in descriptors and
 * ids: NUL-terminated, static.
 *
 * A false pointer or length is undefined behaviour, and loading a plugin is running its code.
 *
 * Everything is since 1.0 unless it says otherwise.
 */
#ifndef SHEAF_ABI_H
#define SHEAF_ABI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if UINTPTR_MAX != UINT64_MAX
#error "sheaf: 64-bit targets only"
#endif

#if defined(__cplusplus) && __cplusplus < 201703L
#error "sheaf: C11 or C++17 at least"
#endif

#ifdef __cplusplus
#define SHEAF_NOEXCEPT noexcept
#define SHEAF_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#define SHEAF_ASSERT_OFFSET(type, field, at) static_assert(offsetof(type, field) == (at), #field)
extern "C" {
#else
#define SHEAF_NOEXCEPT
#define SHEAF_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define SHEAF_ASSERT_OFFSET(type, field, at) _Static_assert(offsetof(type, field) == (at), #field)
#endif

/* The version of this contract. The major is also in the name of the plugin's entry point. */
#define SHEAF_ABI_MAJOR 1
#define SHEAF_ABI_MINOR 0

/* True if the extensible structure `p` (of `type`) is long enough to hold `field`. */
#define SHEAF_HAS(type, p, field)                                                                  \
  ((p)->struct_size >= offsetof(type, field) + sizeof(((type *)NULL)->field))

/* ------------------------------------------------------------------------------- status codes */

/*
 * What became of an element, a batch or a lifecycle call. The class of a code is code / 100:
 * 0 success, 1 the entity or its reference, 2 the call was ended from outside, 3 the manager,
 * 4 the caller, 5 the system, 6 the plugin. A code that the reader does not know is to be treated
 * as the first of its class, a class that it does not know as 3.
 *
 * This table is the only one: the enumeration, the names (as in JSON output), the messages and
 * the bindings' constants come from it. Numbers are never reused.
 *
 * The first eight errors are OpenAssetIO's batch element errors.
 */
#define SHEAF_STATUS_MAP(XX)                                                                       \
  XX(OK, 0, ok, "success")                                                                         \
  XX(UNKNOWN_ERROR, 100, unknown_error, "the manager gave no reason")                              \
  XX(INVALID_ENTITY_REFERENCE, 101, invalid_entity_reference,                                      \
     "not an entity reference that this manager recognises")                                       \
  XX(MALFORMED_ENTITY_REFERENCE, 102, malformed_entity_reference,                                  \
     "the entity reference has the wrong form")                                                    \
  XX(ENTITY_ACCESS_ERROR, 103, entity_access_error,                                                \
     "the entity does not allow this mode of access")                                              \
  XX(ENTITY_RESOLUTION_ERROR, 104, entity_resolution_error,                                        \
     "the entity does not exist or could not be resolved")                                         \
  XX(INVALID_PREFLIGHT_HINT, 105, invalid_preflight_hint, "the preflight hint is not valid")       \
  XX(INVALID_TRAIT_SET, 106, invalid_trait_set, "the trait set does not fit the entity")           \
  XX(AUTH_ERROR, 107, auth_error, "permission was denied")                                         \
  XX(ENDED, 200, ended, "the call was ended from outside")                                         \
  XX(STOPPED, 201, stopped, "the host stopped the batch")                                          \
  XX(CANCELLED, 202, cancelled, "the call was cancelled")                                          \
  XX(DEADLINE, 203, deadline, "the deadline passed")                                               \
  XX(MANAGER_FAILURE, 300, manager_failure, "the manager failed")                                  \
  XX(NO_RESULT, 301, no_result, "the manager returned without a result for this index")            \
  XX(UNSUPPORTED, 302, unsupported, "not supported")                                               \
  XX(UNAVAILABLE, 303, unavailable, "what the manager relies on cannot be reached")                \
  XX(OVERLOADED, 304, overloaded, "too many calls at once")                                        \
  XX(INVALID_ARGUMENT, 400, invalid_argument, "an argument is not valid")                          \
  XX(NOT_FOUND, 401, not_found, "not found")                                                       \
  XX(CLOSED, 402, closed, "the manager is closed")                                                 \
  XX(BUSY, 403, busy, "in use by a call that has not returned")                                    \
  XX(LIMIT, 404, limit, "a limit was reached")                                                     \
  XX(INVALID_CONFIG, 405, invalid_config, "the configuration is not valid")                        \
  XX(SYSTEM_ERROR, 500, system_error, "the system failed")                                         \
  XX(OUT_OF_MEMORY, 501, out_of_memory, "out of memory")                                           \
  XX(IO_ERROR, 502, io_error, "input or output failed")                                            \
  XX(PLUGIN_ERROR, 600, plugin_error, "the plugin cannot be used")                                 \
  XX(INVALID_MANIFEST, 601, invalid_manifest, "the plugin's manifest is not valid")                \
  XX(LOAD_FAILED, 602, load_failed, "the plugin's library could not be loaded")                    \
  XX(VERSION_MISMATCH, 603, version_mismatch, "host and plugin speak different versions")          \
  XX(INVALID_PLUGIN, 604, invalid_plugin, "the plugin's tables are not valid")

typedef uint32_t sheaf_status;

#define SHEAF_STATUS_CLASS(status) ((status) / 100u)

/* True of SHEAF_OK, the only success so far. */
#define SHEAF_IS_OK(status) (SHEAF_STATUS_CLASS(status) == 0)

enum {
#define SHEAF_STATUS_ENUM(upper, code, lower, message) SHEAF_##upper = (code),
  SHEAF_STATUS_MAP(SHEAF_STATUS_ENUM)
#undef SHEAF_STATUS_ENUM
      SHEAF_STATUS_NEVER_USED = 0x7fffffff
};

/* ------------------------------------------------------------------------------------ strings */

/* UTF-8 bytes with a length, not NUL-terminated, which may hold NULs. `data` may be NULL only if
 * `size` is 0. Frozen. */
typedef struct sheaf_str {
  const char *data;
  size_t size;
} sheaf_str;

/* A static initialiser for a sheaf_str from a string literal. */
#define SHEAF_STR(literal) {"" literal, sizeof(literal) - 1}

/* A view of NUL-terminated text, which must outlive it. NULL gives the empty string. */
static inline sheaf_str sheaf_cstr(const char *text) {
  sheaf_str s = {text, text ? strlen(text) : 0};
  return s;
}

/* A view of `size` bytes at `data`, which must outlive it. */
static inline sheaf_str sheaf_strn(const char *data, size_t size) {
  sheaf_str s = {data, size};
  return s;
}

static inline bool sheaf_str_equal(sheaf_str a, sheaf_str b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool sheaf_str_starts_with(sheaf_str text, sheaf_str prefix) {
  return text.size >= prefix.size &&
         (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

/* -------------------------------------------------------------------------------------- names */

/*
 * An interned name of a trait, a property key or a verb. 0 is none. Ids belong to one library
 * instance (one `host` table): they are not to be stored or sent elsewhere. Names are vocabulary,
 * not data: a library takes 65,536 of them by default. A mapping keyed by data is a list of pairs.
 */
typedef uint32_t sheaf_id;

/*
 * Names that have the same id in every library. Ids below 256 are reserved for this table, which
 * only grows. A constant that is newer than a plugin's abi_minor_min is not for it to use: to an
 * older core that number means nothing. Its name can be interned in any.
 *   sheaf.resolve/1  the traits asked for and their properties; a trait that the entity lacks is
 *                    left out and is no error
 *   sheaf.exists/1   one property, trait sheaf.entity, key exists, a bool
 *   sheaf.traits/1   the entity's trait set: for each trait one property with key 0 and no value
 *   sheaf.error      the trait of properties that an error carries: retry_after_ms (int64: ask
 *                    again no sooner), source (string: who failed)
 */
#define SHEAF_NAME_MAP(XX)                                                                         \
  XX(VERB_RESOLVE, 1, "sheaf.resolve/1")                                                           \
  XX(VERB_EXISTS, 2, "sheaf.exists/1")                                                             \
  XX(VERB_TRAITS, 3, "sheaf.traits/1")                                                             \
  XX(TRAIT_ENTITY, 32, "sheaf.entity")                                                             \
  XX(TRAIT_ERROR, 33, "sheaf.error")                                                               \
  XX(KEY_EXISTS, 64, "exists")                                                                     \
  XX(KEY_RETRY_AFTER_MS, 65, "retry_after_ms")                                                     \
  XX(KEY_SOURCE, 66, "source")

enum {
#define SHEAF_NAME_ENUM(upper, id, text) SHEAF_##upper = (id),
  SHEAF_NAME_MAP(SHEAF_NAME_ENUM)
#undef SHEAF_NAME_ENUM
      SHEAF_FIRST_FREE_ID = 256
};

/* ------------------------------------------------------------------------------------- values */

/*
 * The kinds of a value. The two low bits are its storage class, so that a core can copy a kind that
 * is younger than itself: 0 inline (16 bytes, copied as they are), 1 bytes at `data`, 2 a list at
 * `items`, 3 reserved and refused. Copied bytes begin at a multiple of 8.
 */
typedef uint16_t sheaf_kind;

enum {
  SHEAF_KIND_NONE = 0,    /* absent */
  SHEAF_KIND_BOOL = 4,    /* `integer`, 0 or 1 */
  SHEAF_KIND_INT64 = 8,   /* `integer` */
  SHEAF_KIND_DOUBLE = 12, /* `real` */
  SHEAF_KIND_STRING = 5,  /* `length` bytes of UTF-8 at `data`, not NUL-terminated */
  SHEAF_KIND_BYTES = 9,   /* `length` bytes at `data` */
  SHEAF_KIND_LIST = 6     /* `length` values at `items`, of any kinds */
};

enum { SHEAF_STORAGE_INLINE = 0, SHEAF_STORAGE_BYTES = 1, SHEAF_STORAGE_LIST = 2 };

#define SHEAF_STORAGE(kind) ((kind) & 3u)

/* Limits beyond which a core refuses to copy a value: the element becomes a manager failure. Later
 * cores allow at least as much. */
#define SHEAF_MAX_VALUE_BYTES (1u << 30)
#define SHEAF_MAX_LIST_DEPTH 16

/* sheaf_value.flags. STATIC: `data` or `items`, and all that is reachable from it, is valid until
 * the manager is destroyed, so that a collector need not copy it. */
enum { SHEAF_VALUE_STATIC = 1 };

/* One value. Read `kind` first. Frozen. */
typedef struct sheaf_value {
  sheaf_kind kind;
  uint16_t flags;
  uint32_t length; /* bytes or items; 0 for inline kinds */
  union {
    int64_t integer;
    double real;
    const char *data;
    const struct sheaf_value *items;
  } u;
} sheaf_value;

static inline sheaf_value sheaf_value_make(sheaf_kind kind, size_t length) {
  sheaf_value v;
  v.kind = kind;
  v.flags = 0;
  /* A length that does not fit saturates, which is over the limit, which is refused. */
  v.length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
  v.u.integer = 0;
  return v;
}

static inline sheaf_value sheaf_none(void) { return sheaf_value_make(SHEAF_KIND_NONE, 0); }

static inline sheaf_value sheaf_bool(bool b) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_BOOL, 0);
  v.u.integer = b ? 1 : 0;
  return v;
}

static inline sheaf_value sheaf_int64(int64_t i) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_INT64, 0);
  v.u.integer = i;
  return v;
}

static inline sheaf_value sheaf_double(double d) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_DOUBLE, 0);
  v.u.real = d;
  return v;
}

/* The value borrows the bytes. */
static inline sheaf_value sheaf_string(sheaf_str s) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_STRING, s.size);
  v.u.data = s.data;
  return v;
}

/* The value borrows the bytes. */
static inline sheaf_value sheaf_bytes(const void *data, size_t size) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_BYTES, size);
  v.u.data = (const char *)data;
  return v;
}

/* The value borrows the items. */
static inline sheaf_value sheaf_list(const sheaf_value *items, size_t count) {
  sheaf_value v = sheaf_value_make(SHEAF_KIND_LIST, count);
  v.u.items = items;
  return v;
}

/* The bytes of a string or bytes value; the empty string for any other kind. */
static inline sheaf_str sheaf_value_str(const sheaf_value *v) {
  if (!v || SHEAF_STORAGE(v->kind) != SHEAF_STORAGE_BYTES) return sheaf_strn(NULL, 0);
  return sheaf_strn(v->u.data, v->length);
}

/* ------------------------------------------------------------------------ properties, results */

/* One property of one trait. Key 0 with a value of kind none: the trait is present and has no
 * properties. Frozen. */
typedef struct sheaf_property {
  sheaf_id trait;
  sheaf_id key;
  sheaf_value value;
} sheaf_property;

/* Properties without an index: an input of a verb that writes, a locale. Frozen. */
typedef struct sheaf_record {
  const sheaf_property *properties; /* NULL only if property_count is 0 */
  uint32_t property_count;
  uint32_t flags; /* 0 */
} sheaf_record;

/* A place that a host wants filled: one property of one trait. Neither is 0. Frozen. */
typedef struct sheaf_slot {
  sheaf_id trait;
  sheaf_id key;
} sheaf_slot;

/* sheaf_result.flags */
enum {
  /* All that the result points to, the property array and the message included, is valid until
   * the manager that was called is destroyed. A stage that may free it earlier clears the flag. */
  SHEAF_RESULT_STATIC = 1,
  /* The request had slots and nothing else (no traits, not SHEAF_REQUEST_ALL_TRAITS),
   * property_count equals slot_count, and entry i answers slot i: its trait and key, and a value of
   * kind none where the entity has no such property. */
  SHEAF_RESULT_IN_SLOT_ORDER = 2,
  /* An error: asking again may help. */
  SHEAF_RESULT_RETRYABLE = 4
};

/* sheaf_result.index of a failure that stands for every index not yet answered: each gets its
 * status, flags, message and properties. Only with an error status, and last, when no other thread
 * answers any more. The core expands it: no sink but the core's and no host ever sees it. */
#define SHEAF_REST 0x80000000u

/*
 * What became of one reference: a record (status SHEAF_OK) or an error. An error may carry
 * properties too, see sheaf.error. Without SHEAF_RESULT_STATIC, all that it points to may die when
 * the function that it was passed to returns: keeping is copying. Frozen.
 */
typedef struct sheaf_result {
  uint32_t index; /* into sheaf_request.refs */
  sheaf_status status;
  const sheaf_property *properties; /* NULL only if property_count is 0 */
  uint32_t property_count;
  uint32_t flags;
  sheaf_str message; /* of an error; may be empty */
} sheaf_result;

/* The value of (trait, key) in a result; NULL if the entity has none. Borrowed, as long-lived as the
 * result. [any-thread] */
static inline const sheaf_value *sheaf_result_find(const sheaf_result *result, sheaf_id trait,
                                                   sheaf_id key) {
  for (uint32_t i = 0; result && i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (p->trait == trait && p->key == key && p->value.kind != SHEAF_KIND_NONE) return &p->value;
  }
  return NULL;
}

/* Whether a result has the trait, with properties or without. [any-thread] */
static inline bool sheaf_result_has_trait(const sheaf_result *result, sheaf_id trait) {
  for (uint32_t i = 0; result && i < result->property_count; i++) {
    const sheaf_property *p = &result->properties[i];
    if (p->trait == trait && (p->key == 0 || p->value.kind != SHEAF_KIND_NONE)) return true;
  }
  return false;
}

/* -------------------------------------------------------------------------------------- errors */

/* Why a lifecycle call failed. Allocated by the caller; the message is inline, NUL-terminated
 * UTF-8, cut to fit. Every function that takes one also takes NULL. After a success it means
 * nothing: look at what the function returned. Frozen. */
typedef struct sheaf_error {
  sheaf_status status;
  uint32_t flags;
  char message[2040];
} sheaf_error;

/* Fills `error` (unless it is NULL) and returns `status`, so that `return sheaf_error_set(...)`
 * reports and fails in one line. [any-thread] */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4), unused))
#endif
static sheaf_status
sheaf_error_set(sheaf_error *error, sheaf_status status, const char *format, ...) {
  if (!error) return status;
  error->status = status;
  error->flags = 0;
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  if (written < 0) error->message[0] = '\0';
  if (written < (int)sizeof error->message) return status;
  /* Cut by vsnprintf, perhaps within a character: then its beginning goes too. */
  size_t end = sizeof error->message - 1, lead = end;
  while (lead > 0 && end - lead < 3 && ((unsigned char)error->message[lead - 1] & 0xc0u) == 0x80u)
    lead--;
  unsigned char first = lead > 0 ? (unsigned char)error->message[lead - 1] : 0;
  size_t needs = first >= 0xf0u ? 4 : first >= 0xe0u ? 3 : first >= 0xc0u ? 2 : 1;
  if (needs > end - lead + 1) error->message[lead - 1] = '\0';
  return status;
}

/* ------------------------------------------------------------------------------------- the call */

/* The mode of access that the host wants, as OpenAssetIO names them. 0 is the default. */
#define SHEAF_ACCESS_MAP(XX)                                                                       \
  XX(READ, 0, "read")                                                                              \
  XX(WRITE, 1, "write")                                                                            \
  XX(CREATE_RELATED, 2, "createRelated")                                                           \
  XX(REQUIRED, 3, "required")                                                                      \
  XX(MANAGER_DRIVEN, 4, "managerDriven")

typedef uint32_t sheaf_access;

enum {
#define SHEAF_ACCESS_ENUM(upper, number, text) SHEAF_ACCESS_##upper = (number),
  SHEAF_ACCESS_MAP(SHEAF_ACCESS_ENUM)
#undef SHEAF_ACCESS_ENUM
      SHEAF_ACCESS_COUNT = 5 /* of this header: no part of the contract */
};

/*
 * On whose behalf, and in what surroundings, references are asked for. Extensible.
 * Two calls may share work (one batch, one cache entry) only if their access modes are equal, and
 * share_key, authority and state are equal byte for byte, and the locales hold equal properties in
 * the same order; and never if a context has a field or a flag that the sharer does not know.
 * `opaque` is the host's own and no part of that: a merged call has none.
 */
typedef struct sheaf_context {
  uint32_t struct_size;
  uint32_t flags;
  sheaf_str share_key;        /* what else must be equal for two calls to share an answer */
  sheaf_str authority;        /* who asks: a user, a tenant, a token's name; empty: the process */
  sheaf_str state;            /* the manager's own state token, as it gave it; empty: none */
  const sheaf_record *locale; /* traits of the asking place (OpenAssetIO's locale); NULL: none */
  void *opaque;               /* the host's; passed through untouched; may be NULL */
} sheaf_context;

/* A host's switch that ends calls from outside. Made and owned by the core (sheaf/cancel.h). */
typedef struct sheaf_cancel sheaf_cancel;

typedef struct sheaf_call sheaf_call;

/*
 * The circumstances of one batch. A host that fills one (or passes NULL for none) leaves the
 * functions NULL; the core hands each manager a call of its own with all of them set. They take the
 * very pointer that was handed in: a copy of a call is none. It is valid until `batch` has returned
 * and every hold has been released; touched later, it is recognised for a while, as long as nothing
 * else has taken its place, and what was asked of it is refused and logged. Extensible.
 *
 * A manager that is itself a host may give its own call to what it asks: cancel, deadline and
 * context are taken, the functions are not.
 *
 * A manager with threads of its own: in `batch`, `hold` the call once for each piece of work, queue
 * the pieces, return. Each worker posts its results and then releases its hold. The core delivers
 * what is posted, and comes back to the host when the last hold is gone.
 */
struct sheaf_call {
  uint32_t struct_size;
  uint32_t flags;
  int64_t deadline_ns;          /* CLOCK_MONOTONIC, nanoseconds; 0: none; never negative */
  const sheaf_context *context; /* NULL: an empty one */
  sheaf_cancel *cancel;         /* NULL: cannot be cancelled. Managers use poll and wait. */

  /* `size` bytes, 16-byte aligned, uninitialised, valid as long as the call is. NULL: out of
   * memory. Never freed by the manager. [in-call] */
  void *(*scratch)(const sheaf_call *call, size_t size)SHEAF_NOEXCEPT;

  /* Should the manager go on? SHEAF_OK; or why not (SHEAF_CANCELLED, SHEAF_DEADLINE, SHEAF_STOPPED,
   * SHEAF_OUT_OF_MEMORY of the core's own; SHEAF_CLOSED: too late to ask): then it returns as soon
   * as it can, and the core answers for what is missing. Cheap; but on the call's own thread it may
   * let the host look for Ctrl-C and the like, so hold no lock of your own there, as with the sink.
   * [any-thread] as long as the call is valid. */
  sheaf_status (*poll)(const sheaf_call *call) SHEAF_NOEXCEPT;

  /* Sleeps until `timeout_ns` have passed (negative: no limit), or results that were posted have
   * been delivered, or there is reason to end; at once if there is already. Answers as poll;
   * SHEAF_INVALID_ARGUMENT on any other thread than its own. [in-call] */
  sheaf_status (*wait)(const sheaf_call *call, int64_t timeout_ns) SHEAF_NOEXCEPT;

  /* Hands in results from a manager's own thread: at any time between `hold` and `release`, or
   * while `batch` is known not to have returned. They are copied, and go to the sink on the calling
   * thread: in `wait`, or once `batch` has returned. SHEAF_OK, or SHEAF_STOPPED, SHEAF_CANCELLED,
   * SHEAF_DEADLINE (no more is wanted), SHEAF_OUT_OF_MEMORY, SHEAF_CLOSED (too late). [any-thread] */
  sheaf_status (*post)(const sheaf_call *call, const sheaf_result *results,
                       uint32_t count) SHEAF_NOEXCEPT;

  /* Keeps the call, its request and its scratch alive, and the host waiting, beyond the return of
   * `batch`, until it has been released as often as held. [in-call] */
  void (*hold)(const sheaf_call *call) SHEAF_NOEXCEPT;

  /* Lets go of one hold: the last thing that a worker does with a call. [any-thread] */
  void (*release)(const sheaf_call *call) SHEAF_NOEXCEPT;
};

/* ---------------------------------------------------------------------------------- the request */

/* sheaf_request.flags */
enum {
  /* All traits of each entity are wanted; then there are no traits and no slots. Without it, zero
   * traits and zero slots ask for none. */
  SHEAF_REQUEST_ALL_TRAITS = 1
};

/*
 * A batch: what is asked of which references. All that it points to lives until `batch` returns.
 * Extensible.
 */
typedef struct sheaf_request {
  uint32_t struct_size;
  uint32_t flags;
  sheaf_id verb; /* see SHEAF_NAME_MAP; the core passes only verbs that `describe` listed */
  sheaf_access access;
  const sheaf_str *refs; /* `count` of them, any bytes; empty ones for verbs without references */
  const sheaf_context *const *contexts; /* NULL, or one an index; a NULL entry: the call's */
  const sheaf_record *inputs; /* NULL, or one an index, for verbs that take more than a reference */
  const sheaf_id *traits;     /* `trait_count` of them, none 0 */
  const sheaf_slot *slots;    /* `slot_count` of them: single properties wanted, beside `traits` */
  uint32_t count;             /* less than SHEAF_REST */
  uint32_t trait_count;
  uint32_t slot_count;
  uint32_t reserved; /* 0 */
  /* Never NULL for a manager. A stage passes on the call that it was given, unless it merges
   * several: a newer core finds in it what an older stage could not copy. */
  const sheaf_call *call;
} sheaf_request;

/* Whether a property is asked for: all traits are, or its trait is, or this very property. Key 0: the
 * trait alone, which no slot asks for. [any-thread] */
static inline bool sheaf_request_wants(const sheaf_request *request, sheaf_id trait, sheaf_id key) {
  if (request->flags & SHEAF_REQUEST_ALL_TRAITS) return true;
  for (uint32_t t = 0; t < request->trait_count; t++)
    if (request->traits[t] == trait) return true;
  for (uint32_t s = 0; s < request->slot_count; s++)
    if (request->slots[s].trait == trait && request->slots[s].key == key) return true;
  return false;
}

/* -------------------------------------------------------------------------------------- the sink */

/* What the receiver of results says. */
enum { SHEAF_CONTINUE = 0, SHEAF_STOP = 1 };

typedef struct sheaf_sink sheaf_sink;

/* sheaf_sink.flags, and those of the host's callbacks: results are taken on any thread and from
 * several at once, until `batch` returns. A manager may ignore it. */
enum { SHEAF_PARALLEL_RESULTS = 1 };

/*
 * Where a manager's results go. Extensible.
 *
 * Each index of the batch gets exactly one result before `batch` returns, in any order, in as many
 * calls of `results` as the manager likes (sixteen or more at once is cheapest). The core stands
 * behind this: a second result for an index, or one out of range, is dropped and logged with the
 * manager's name; an index without a result gets SHEAF_NO_RESULT; a result from a thread that may
 * not give any, or after `batch` returned, is refused and logged.
 */
struct sheaf_sink {
  uint32_t struct_size;
  uint32_t flags;

  /* Takes `count` >= 1 results; what they point to must live until it returns. SHEAF_CONTINUE, or
   * SHEAF_STOP: nothing more is wanted, return from `batch`. [in-call], and [any-thread] until
   * `batch` returns if the flags have SHEAF_PARALLEL_RESULTS. */
  uint32_t (*results)(sheaf_sink *sink, const sheaf_result *results, uint32_t count) SHEAF_NOEXCEPT;
};

/* Sends one record. `flags`: SHEAF_RESULT_STATIC (which covers the property array too, so never with
 * one on the stack), SHEAF_RESULT_IN_SLOT_ORDER, or 0. */
static inline uint32_t sheaf_emit_success(sheaf_sink *sink, uint32_t index,
                                          const sheaf_property *properties, uint32_t property_count,
                                          uint32_t flags) {
  sheaf_result result = {index, SHEAF_OK, properties, property_count, flags, {NULL, 0}};
  return sink->results(sink, &result, 1);
}

/* Sends one error. An empty message stands for the status's own. */
static inline uint32_t sheaf_emit_error(sheaf_sink *sink, uint32_t index, sheaf_status status,
                                        sheaf_str message) {
  sheaf_result result = {index, status, NULL, 0, 0, message};
  return sink->results(sink, &result, 1);
}

/* Fails every index not yet answered, and returns `status`, so that `return sheaf_emit_failure(..)`
 * ends a batch whose back end is gone. `flags`: SHEAF_RESULT_RETRYABLE, or 0. */
static inline sheaf_status sheaf_emit_failure(sheaf_sink *sink, sheaf_status status,
                                              sheaf_str message, uint32_t flags) {
  sheaf_result result = {SHEAF_REST, status, NULL, 0, flags, message};
  (void)sink->results(sink, &result, 1);
  return status;
}

/* ----------------------------------------------------------------------------------- the manager */

/* An interface of some other object: functions of `table` take `self`. Frozen. */
typedef struct sheaf_interface {
  const void *table; /* begins with uint32_t struct_size, flags */
  void *self;
} sheaf_interface;

/* sheaf_verb_info.flags. PURE: the same question has the same answer for a while, so it may be
 * deduplicated, cached and shared. The same: verb, access, request flags, reference, input, traits
 * and slots are equal, and the contexts may share (sheaf_context). IDEMPOTENT: asking twice does no
 * harm, so it may be retried. A stage promises of its child's verbs only flags that it knows. */
enum { SHEAF_VERB_PURE = 1, SHEAF_VERB_IDEMPOTENT = 2 };

/* A verb that a manager serves. Frozen. */
typedef struct sheaf_verb_info {
  sheaf_id verb;
  uint32_t flags;
} sheaf_verb_info;

/* sheaf_description.flags */
enum {
  /* The manager answers from memory: its `batch` does no input or output, never sleeps (it calls
   * neither call->wait nor call->hold) and never waits for another thread but to take memory. So a
   * host may ask it while it holds a lock of its own, such as an interpreter's. A stage says so only
   * if that is true of itself and of all that it asks. May be ignored. */
  SHEAF_MANAGER_NONBLOCKING = 1,
  /* `batch` and `flush` must not be called twice at once. The core then lets in one call at a time,
   * first come first served (a caller's wait ends with its cancel or deadline), and delivers the
   * results to the host after it has let go: so the sink says SHEAF_STOP only for cancel and
   * deadline. A manager that asks itself from inside its own batch gets SHEAF_BUSY. Two serialized
   * managers that ask each other from inside their batches wait for each other for good: do not.
   * Callers wait for each other, so the core takes NONBLOCKING away from such a manager. */
  SHEAF_MANAGER_SERIALIZED = 1 << 16
};

/* What a manager says of itself. Its own, like the arrays: they live until it is destroyed.
 * Extensible. */
typedef struct sheaf_description {
  uint32_t struct_size;
  uint32_t flags;
  const sheaf_verb_info *verbs; /* the core answers all others SHEAF_UNSUPPORTED by itself */
  const sheaf_str *prefixes;    /* its references begin with one of these; informative */
  uint32_t verb_count;
  uint32_t prefix_count;
} sheaf_description;

/*
 * A manager's functions. A static const; the core copies it. Required: describe, batch. Extensible.
 */
typedef struct sheaf_manager_table {
  uint32_t struct_size;
  uint32_t flags;

  /* The description. Called once, after create, on the same thread. NULL refuses the manager,
   * which is then destroyed. */
  const sheaf_description *(*describe)(void *self)SHEAF_NOEXCEPT;

  /* Answers a batch through `sink`, see sheaf_sink. `count` may be 0. SHEAF_OK, or the status that
   * every unanswered index is to get (sheaf_emit_failure gives it words). After the sink or the
   * call has said that it should end, what it returns does not matter. A status of class 4, or one
   * of class 2 without cause, becomes SHEAF_MANAGER_FAILURE. [any-thread], or [serialized] if
   * `describe` said SHEAF_MANAGER_SERIALIZED. */
  sheaf_status (*batch)(void *self, const sheaf_request *request, sheaf_sink *sink) SHEAF_NOEXCEPT;

  /* Lets go of what is held back (a half-full batch), within the call's deadline. A result that was
   * sent is final: flushing cannot fail it any more. NULL: nothing is ever held back. As `batch`
   * for threads. */
  sheaf_status (*flush)(void *self, const sheaf_call *call, sheaf_error *error) SHEAF_NOEXCEPT;

  /* An interface by its id ("vendor.thing/1"): fills `out` and answers SHEAF_OK, or
   * SHEAF_UNSUPPORTED. NULL: none. It lives until the manager is destroyed. A stage passes an id
   * that it does not know on to its only child; with several it answers SHEAF_UNSUPPORTED, and so
   * it does for ids that begin with "sheaf.path.", which are other ways to ask for a batch and must
   * not go round it. Whatever changes entities is a verb, never an extension. Calls through an
   * interface are not counted: who closes the manager sees to it that none is under way.
   * [any-thread] */
  sheaf_status (*get_extension)(void *self, const char *id, sheaf_interface *out) SHEAF_NOEXCEPT;

  /* Frees `self`. Called once for each success of create, also if describe refused, when no other
   * call is under way and no collected batch of its is left. NULL: nothing to free. [any-thread],
   * never inside a call of this manager. */
  void (*destroy)(void *self) SHEAF_NOEXCEPT;
} sheaf_manager_table;

/* -------------------------------------------------------------------------------------- the host */

#define SHEAF_LOG_LEVEL_MAP(XX)                                                                    \
  XX(DEBUG, 10, "debug")                                                                           \
  XX(INFO, 20, "info")                                                                             \
  XX(WARNING, 30, "warning")                                                                       \
  XX(ERROR, 40, "error")

enum {
#define SHEAF_LOG_ENUM(upper, number, text) SHEAF_LOG_##upper = (number),
  SHEAF_LOG_LEVEL_MAP(SHEAF_LOG_ENUM)
#undef SHEAF_LOG_ENUM
      SHEAF_LOG_NONE = 255 /* above all: nothing is logged */
};

typedef struct sheaf_host sheaf_host;

/*
 * What the core offers to a manager: given to `create`, valid until `destroy` returns. Extensible.
 */
struct sheaf_host {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t abi_minor;      /* of the core */
  uint32_t reserved;       /* 0 */
  const char *application; /* the host application's name, as it gave it; "" if it did not */

  /* Ids for `count` names (1 to 1,024 bytes of UTF-8 each, without NUL). On failure
   * (SHEAF_LIMIT, SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY) `error` names the offender and
   * every id is 0. The same name always has the same id. [any-thread] */
  sheaf_status (*intern)(const sheaf_host *host, const sheaf_str *names, uint32_t count,
                         sheaf_id *ids, sheaf_error *error) SHEAF_NOEXCEPT;

  /* The name of an id; empty for 0 and for an id that the library never gave. Lives as long as the
   * library. [any-thread] */
  sheaf_str (*name)(const sheaf_host *host, sheaf_id id) SHEAF_NOEXCEPT;

  /* Writes to the host's log, under the manager's name. [any-thread] */
  void (*log)(const sheaf_host *host, uint32_t level, sheaf_str message) SHEAF_NOEXCEPT;

  /* An interface of the core's by its id: SHEAF_OK, or SHEAF_UNSUPPORTED. [any-thread] */
  sheaf_status (*get_extension)(const sheaf_host *host, const char *id,
                                sheaf_interface *out) SHEAF_NOEXCEPT;
};

/* ------------------------------------------------------------------------------------ the plugin */

/* sheaf_setting_info.flags. REQUIRED: create is not called without it. SECRET: its value is never
 * printed or logged by the core. */
enum { SHEAF_SETTING_REQUIRED = 1, SHEAF_SETTING_SECRET = 2 };

/* A setting that a factory takes. Frozen. */
typedef struct sheaf_setting_info {
  const char *name;          /* "library_path" */
  const char *default_value; /* as text, read as `kind` says; NULL: none */
  const char *doc;           /* one or two sentences */
  uint32_t kind;             /* a sheaf_kind: bool, int64, double or string */
  uint32_t flags;
} sheaf_setting_info;

typedef struct sheaf_factory sheaf_factory;

/* What makes managers of one sort. All that it points to lives as long as it. Extensible. */
struct sheaf_factory {
  uint32_t struct_size;
  uint32_t flags;
  const char *id;           /* what hosts ask for: "bal"; [a-z0-9._-], 1 to 64 characters */
  const char *display_name; /* NULL: the id */
  const char *version;      /* of this manager, for people; NULL: unknown */
  const char *description;  /* a sentence; NULL: none */
  const sheaf_setting_info *settings;
  uint32_t setting_count;
  uint32_t reserved; /* 0 */
  void *data;        /* the factory's own; the core never looks */

  /* Makes a manager. settings[i] is the value of factory->settings[i], of that kind: the host's, or
   * the default, or of kind none. They live until the manager is destroyed (or create has failed);
   * a string holds no NUL and is followed by one that its length does not count. `factory` is the plugin's own
   * record, never a copy. Fills `out` with a sheaf_manager_table and its self, and answers
   * SHEAF_OK; or fills `error` and answers its status. [any-thread] */
  sheaf_status (*create)(const sheaf_factory *factory, const sheaf_host *host,
                         const sheaf_value *settings, uint32_t setting_count, sheaf_interface *out,
                         sheaf_error *error) SHEAF_NOEXCEPT;
};

/*
 * A plugin: its range of versions and its factories. The core, of minor C, and the plugin meet if
 * abi_minor_min <= C and abi_minor is not older than the oldest that the core can live with.
 * Extensible.
 */
typedef struct sheaf_plugin {
  uint32_t struct_size;
  uint32_t flags;
  uint32_t abi_minor;     /* the minor that the source was written for: a number, 0, and never
                             SHEAF_ABI_MINOR, which would change its meaning with each rebuild */
  uint32_t abi_minor_min; /* the oldest core that it can live with */
  const sheaf_factory *const *factories;
  uint32_t factory_count;
  uint32_t reserved; /* 0 */
} sheaf_plugin;

/* The one symbol that a plugin exports; does no work, and always returns the same static record.
 * [any-thread] */
typedef const sheaf_plugin *(*sheaf_plugin_entry)(void)SHEAF_NOEXCEPT;

#define SHEAF_PLUGIN_ENTRY_NAME "sheaf_plugin_v1"

#if defined(__GNUC__)
#define SHEAF_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define SHEAF_PLUGIN_EXPORT
#endif

SHEAF_PLUGIN_EXPORT const sheaf_plugin *sheaf_plugin_v1(void) SHEAF_NOEXCEPT;

/* Defines that function and its record, once in a plugin: SHEAF_PLUGIN(0, 0, &factory). The numbers
 * are abi_minor and abi_minor_min; then come the addresses of its factories, one or more. */
#define SHEAF_PLUGIN(minor, minor_min, ...)                                                        \
  const sheaf_plugin *sheaf_plugin_v1(void) SHEAF_NOEXCEPT {                                       \
    static const sheaf_factory *const factories[] = {__VA_ARGS__};                                 \
    static const sheaf_plugin plugin = {sizeof(sheaf_plugin),                                      \
                                        0,                                                         \
                                        minor,                                                     \
                                        minor_min,                                                 \
                                        factories,                                                 \
                                        sizeof factories / sizeof factories[0],                    \
                                        0};                                                        \
    return &plugin;                                                                                \
  }

/* ------------------------------------------------------------------------------- the shape, held */

SHEAF_ASSERT_SIZE(sheaf_str, 16);
SHEAF_ASSERT_SIZE(sheaf_value, 16);
SHEAF_ASSERT_OFFSET(sheaf_value, length, 4);
SHEAF_ASSERT_OFFSET(sheaf_value, u, 8);
SHEAF_ASSERT_SIZE(sheaf_property, 24);
SHEAF_ASSERT_OFFSET(sheaf_property, value, 8);
SHEAF_ASSERT_SIZE(sheaf_record, 16);
SHEAF_ASSERT_SIZE(sheaf_slot, 8);
SHEAF_ASSERT_SIZE(sheaf_result, 40);
SHEAF_ASSERT_OFFSET(sheaf_result, properties, 8);
SHEAF_ASSERT_OFFSET(sheaf_result, property_count, 16);
SHEAF_ASSERT_OFFSET(sheaf_result, message, 24);
SHEAF_ASSERT_SIZE(sheaf_error, 2048);
SHEAF_ASSERT_SIZE(sheaf_interface, 16);
SHEAF_ASSERT_SIZE(sheaf_verb_info, 8);
SHEAF_ASSERT_SIZE(sheaf_setting_info, 32);

SHEAF_ASSERT_SIZE(sheaf_context, 72);
SHEAF_ASSERT_OFFSET(sheaf_context, locale, 56);
SHEAF_ASSERT_SIZE(sheaf_call, 80);
SHEAF_ASSERT_OFFSET(sheaf_call, scratch, 32);
SHEAF_ASSERT_SIZE(sheaf_request, 80);
SHEAF_ASSERT_OFFSET(sheaf_request, refs, 16);
SHEAF_ASSERT_OFFSET(sheaf_request, count, 56);
SHEAF_ASSERT_OFFSET(sheaf_request, call, 72);
SHEAF_ASSERT_SIZE(sheaf_sink, 16);
SHEAF_ASSERT_SIZE(sheaf_description, 32);
SHEAF_ASSERT_SIZE(sheaf_manager_table, 48);
SHEAF_ASSERT_OFFSET(sheaf_manager_table, batch, 16);
SHEAF_ASSERT_SIZE(sheaf_host, 56);
SHEAF_ASSERT_SIZE(sheaf_factory, 72);
SHEAF_ASSERT_OFFSET(sheaf_factory, create, 64);
SHEAF_ASSERT_SIZE(sheaf_plugin, 32);

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_ABI_H */
