/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/library.h: a library instance, which everything else belongs to: interned names, known
 * plugins, open managers, the log. A process usually has one; two do not know of each other, and
 * ids of the one mean nothing in the other.
 *
 * After a fork the child may make a library of its own. It may use one of the parent's that no other
 * thread was using at that moment; one with a
 * call in flight then, or of a process with threads inside this library, is lost to the child.
 */
#ifndef SHEAF_LIBRARY_H
#define SHEAF_LIBRARY_H

#include <sheaf/abi.h>
#include <sheaf/config.h>
#include <sheaf/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sheaf_library sheaf_library;

/* Receives a line of the log. `source` is the manager's id, or "sheaf". Called with no lock held,
 * on whichever thread has something to say, several at once; the strings die when it returns. It
 * may call any function of this library but sheaf_library_free. */
typedef void (*sheaf_log_fn)(void *ctx, uint32_t level, sheaf_str source,
                             sheaf_str message) SHEAF_NOEXCEPT;

/* sheaf_library_options.flags. STRICT: a manifest or a shared object is refused if it, or a folder
 * above it, belongs to anybody but root and the effective user, or can be written by others (but for
 * sticky folders of root's, such as /tmp). On by
 * itself in a process that runs with more rights than its user has (AT_SECURE). */
enum { SHEAF_LIBRARY_STRICT = 1 << 16 };

/* How a library is to be. Set struct_size (SHEAF_LIBRARY_OPTIONS_INIT does) and leave the rest zero
 * for the defaults. Extensible. All that it points to is copied. */
typedef struct sheaf_library_options {
  uint32_t struct_size;
  uint32_t flags;          /* SHEAF_LIBRARY_STRICT, or 0 */
  const char *application; /* the host's name, told to managers; NULL: "" */
  sheaf_log_fn log;        /* NULL: lines on standard error */
  void *log_ctx;
  uint32_t log_level; /* the least level logged; 0: that of $SHEAF_LOG (debug, info, warning, error,
                         none), else warning */
  uint32_t max_names; /* 0: 65,536 */
  uint64_t max_name_bytes; /* 0: 4 MiB */
  /* Where plugins are looked for before anywhere else: folders, or manifest files. */
  const char *const *plugin_paths;
  uint32_t plugin_path_count;
  uint32_t reserved; /* 0 */
  /* A configuration whose plugin paths join the search after $SHEAF_PLUGIN_PATH; NULL: none. Not
   * kept. */
  const sheaf_config *config;
  /* Where plugins are looked for right behind $SHEAF_PLUGIN_PATH: what packages of the host's language
   * have brought along, so that somebody who sets the variable still goes before them. */
  const char *const *package_paths;
  uint32_t package_path_count;
  uint32_t reserved_2; /* 0 */
} sheaf_library_options;

#define SHEAF_LIBRARY_OPTIONS_INIT                                                                 \
  {sizeof(sheaf_library_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* Makes a library. `options` NULL: all defaults. Nothing is searched or loaded yet. NULL on failure
 * (SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY), with `error` filled. Freed with
 * sheaf_library_free. [any-thread] */
SHEAF_API sheaf_library *sheaf_library_new(const sheaf_library_options *options,
                                           sheaf_error *error) SHEAF_NOEXCEPT;

/* Closes the managers that are still open and frees all that belongs to the library, manager
 * handles included. SHEAF_BUSY, and nothing is done, if a call is in flight, or a sheaf_batch or a
 * sheaf_iterator of one of its managers has not been freed: that is a diagnosis, not a lock, and but for sheaf_batch_free
 * no other thread may use the library meanwhile. NULL is fine. */
SHEAF_API sheaf_status sheaf_library_free(sheaf_library *library) SHEAF_NOEXCEPT;

/* Ids for `count` names, made where they are new: see sheaf_host.intern. [any-thread] */
SHEAF_API sheaf_status sheaf_intern(sheaf_library *library, const sheaf_str *names, uint32_t count,
                                    sheaf_id *ids, sheaf_error *error) SHEAF_NOEXCEPT;

/* The id of one name, made if it is new; 0 if it is not a valid name or the library is full.
 * [any-thread] */
SHEAF_API sheaf_id sheaf_intern_one(sheaf_library *library, const char *name) SHEAF_NOEXCEPT;

/* The id that a name has already; 0 if it has none. Never makes one. [any-thread] */
SHEAF_API sheaf_id sheaf_lookup(sheaf_library *library, sheaf_str name) SHEAF_NOEXCEPT;

/* The name of an id, valid until the library is freed; empty if there is none. Takes no lock.
 * [any-thread] */
SHEAF_API sheaf_str sheaf_name(const sheaf_library *library, sheaf_id id) SHEAF_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_LIBRARY_H */
