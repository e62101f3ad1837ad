/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entity references: `<scheme>:///<name>[?v=<number>|latest]`. The name is taken byte for byte,
 * nothing in it is decoded; of a query only the last `v` counts; a fragment is passed over. Tabs
 * and line ends are no part of a reference, wherever they stand. (As Python's urlparse and parse_qs
 * read it, for the original is written in Python.)
 */
#ifndef BAL_REFERENCE_H
#define BAL_REFERENCE_H

#include <sheaf/abi.h>

/* The most digits that a version may have, leading zeros included; more are malformed. */
#define BAL_MOST_DIGITS 4300

/* The references of one manager. */
typedef struct bal_scheme {
  sheaf_str prefix;          /* "bal:///" */
  bool has_params;           /* the last part of the name ends at its first `;`, as http's does */
  size_t longest_name;       /* of an entity: a longer one need not be looked for */
  uint64_t head[2], mask[2]; /* the first sixteen bytes of the prefix, and which of them count; for
                                a longer one such as no sixteen bytes agree with */
} bal_scheme;

/* Of references that begin with `prefix`, which is borrowed: "<scheme>:///". */
bal_scheme bal_scheme_make(sheaf_str prefix, size_t longest_name);

/* What is the matter with a reference. */
enum {
  BAL_REF_FINE = 0,
  BAL_REF_UNKNOWN_NAME, /* well formed, and the name is longer than that of any entity */
  BAL_REF_NOT_OURS,
  BAL_REF_NOT_UTF8,
  BAL_REF_NO_NAME,
  BAL_REF_BAD_VERSION, /* not an integer */
  BAL_REF_VERSION_BELOW_ONE,
  BAL_REF_NO_MEMORY
};

typedef struct bal_reference {
  sheaf_str name;   /* empty unless BAL_REF_FINE */
  uint64_t version; /* 0: the newest. Of what does not fit: UINT64_MAX */
  uint32_t state;   /* BAL_REF_... */
} bal_reference;

/* Takes a reference apart. `name` points into it, or, if it held tabs or line ends, into the call's
 * scratch memory. */
void bal_reference_parse(const bal_scheme *scheme, sheaf_str ref, const sheaf_call *call,
                         bal_reference *out);

/* The name as it stands in a reference that begins with the prefix, for messages. */
sheaf_str bal_reference_raw_name(const bal_scheme *scheme, sheaf_str ref);

/* Writes the version asked for in a reference (one whose version is not 0) as digits without
 * leading zeros; `out` has room for BAL_MOST_DIGITS. Gives their number. */
size_t bal_reference_version_digits(const bal_scheme *scheme, sheaf_str ref, char *out);

#endif /* BAL_REFERENCE_H */
