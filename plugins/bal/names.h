/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of traits and properties while a library is loaded. Each gets a number of the loader's
 * own, from 1, by which what is known of it is found; the host is asked for its id when it is first
 * met. A library has few of them, however many entities it has.
 */
#ifndef BAL_NAMES_H
#define BAL_NAMES_H

#include "arena.h"

#include <sheaf/index.h>

/* Where a name was last met: what finds duplicate members of one object without a search. And what
 * came behind it then: entities are alike. */
typedef struct bal_met {
  uint32_t as_trait, trait_at; /* the serial of the object, and the first row of the trait */
  uint32_t as_key, key_at;     /* the serial of the object, and the row of the property */
  uint32_t next;               /* the number of the name that was asked for after it, or 0 */
  sheaf_id id;                 /* the host's; 0 until it was asked */
} bal_met;

typedef struct bal_names {
  sheaf_index index;
  bal_arena texts;
  sheaf_str *list; /* list[n - 1] is the name of number n */
  bal_met *met;    /* likewise */
  uint32_t count, capacity;
  uint32_t last; /* the number that was asked for last, or 0 */
} bal_names;

void bal_names_init(bal_names *names);
void bal_names_free(bal_names *names);

/* The number of a name; 0: out of memory. */
uint32_t bal_names_number(bal_names *names, sheaf_str name);

/* The same, if it is the name that was last asked for after the last one; else 0. `name` has a NUL
 * behind it and none within. */
uint32_t bal_names_guess(bal_names *names, const char *name);

/* The host's id of the name of a number. 0: `error` is filled. */
sheaf_id bal_names_id(bal_names *names, uint32_t number, const sheaf_host *host,
                      sheaf_error *error);

#endif /* BAL_NAMES_H */
