/* SPDX-License-Identifier: Apache-2.0 */
/* Interned names: text to id under a lock, id to text without one. */
#ifndef SHEAF_CORE_NAMES_H
#define SHEAF_CORE_NAMES_H

#include <pthread.h>
#include <stdatomic.h>

#include <sheaf/abi.h>

#define SHEAF_MAX_NAME_BYTES 1024

typedef struct sheaf_interned sheaf_interned;

typedef struct sheaf_names {
  pthread_mutex_t lock;
  void *by_text;                     /* a tsearch tree of sheaf_interned */
  _Atomic(sheaf_interned **) *pages; /* by id, a page at a time, so that none ever moves */
  _Atomic uint32_t end;              /* ids below it may be read */
  uint32_t max_names;
  uint64_t max_bytes;
  uint64_t bytes;
} sheaf_names;

/* Starts with the names of SHEAF_NAME_MAP. Zero limits stand for the defaults. False: no memory. */
bool sheaf_names_init(sheaf_names *names, uint32_t max_names, uint64_t max_bytes);
void sheaf_names_destroy(sheaf_names *names);

/* As sheaf_host.intern. */
sheaf_status sheaf_names_intern(sheaf_names *names, const sheaf_str *texts, uint32_t count,
                                sheaf_id *ids, sheaf_error *error);

/* 0 if the text has no id. */
sheaf_id sheaf_names_lookup(sheaf_names *names, sheaf_str text);

/* Empty if there is no such id. Takes no lock. */
sheaf_str sheaf_names_text(const sheaf_names *names, sheaf_id id);

#endif
