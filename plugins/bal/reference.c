/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include "version.h"

#include <sheaf/utf8.h>

/* Characters at which the plain path of reading a name ends. */
enum { MARK = 1, DIRT = 2, PARAM = 4 };

static const unsigned char classes[256] = {
    ['?'] = MARK, ['#'] = MARK, ['\t'] = DIRT, ['\n'] = DIRT, ['\r'] = DIRT, [';'] = PARAM};

/* What follows the prefix: where the name ends, what the query is, what kinds of character the name
 * has. */
typedef struct parts {
  sheaf_str name, query;
  unsigned kinds;
} parts;

static parts split(sheaf_str rest) {
  parts p = {rest, {NULL, 0}, 0};
  size_t i = 0;
  for (; i < rest.size; i++) {
    unsigned kind = classes[(unsigned char)rest.data[i]];
    p.kinds |= kind;
    if (kind == MARK) break;
  }
  p.name.size = i;
  if (i < rest.size && rest.data[i] == '?') {
    const char *start = rest.data + i + 1;
    size_t size = rest.size - i - 1;
    const char *hash = size ? memchr(start, '#', size) : NULL;
    p.query = sheaf_strn(start, hash ? (size_t)(hash - start) : size);
  }
  return p;
}

/* Takes tabs and line ends out of a name. */
static uint32_t clean(sheaf_str *name, size_t longest, const sheaf_call *call) {
  size_t size = 0;
  for (size_t i = 0; i < name->size; i++) size += classes[(unsigned char)name->data[i]] != DIRT;
  if (size > longest) return BAL_REF_UNKNOWN_NAME;
  char *copy = call->scratch(call, size ? size : 1);
  if (!copy) return BAL_REF_NO_MEMORY;
  size = 0;
  for (size_t i = 0; i < name->size; i++)
    if (classes[(unsigned char)name->data[i]] != DIRT) copy[size++] = name->data[i];
  *name = sheaf_strn(copy, size);
  return BAL_REF_FINE;
}

/* Takes what follows the first `;` behind the last `/` off a name. */
static void drop_params(sheaf_str *name) {
  size_t slash = name->size;
  while (slash > 0 && name->data[slash - 1] != '/') slash--;
  const char *semicolon =
      slash < name->size ? memchr(name->data + slash, ';', name->size - slash) : NULL;
  if (semicolon) name->size = (size_t)(semicolon - name->data);
}

/* "v=12" and nothing else, as nearly all queries are. */
static bool plain_version(sheaf_str query, uint64_t *version) {
  uint64_t value = 0;
  if (query.size < 3 || query.size > 20 || query.data[0] != 'v' || query.data[1] != '=')
    return false;
  for (size_t i = 2; i < query.size; i++) {
    unsigned digit = (unsigned)(unsigned char)query.data[i] - '0';
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  *version = value;
  return value > 0;
}

static uint32_t read_version(sheaf_str query, uint64_t *version) {
  if (query.size == 0 || plain_version(query, version)) return BAL_REF_FINE;
  uint32_t state = bal_version_parse(query, version, NULL, NULL);
  if (state == BAL_VERSION_NOT_A_NUMBER) return BAL_REF_BAD_VERSION;
  return state == BAL_VERSION_BELOW_ONE ? BAL_REF_VERSION_BELOW_ONE : BAL_REF_FINE;
}

static uint32_t parse(const bal_scheme *scheme, sheaf_str ref, const sheaf_call *call,
                      bal_reference *out) {
  if (!sheaf_str_starts_with(ref, scheme->prefix)) return BAL_REF_NOT_OURS;
  parts p = split(sheaf_strn(ref.data + scheme->prefix.size, ref.size - scheme->prefix.size));
  /* A name that is found is UTF-8, for the library's are. */
  if ((p.kinds & MARK || p.name.size > scheme->longest_name) && !sheaf_utf8_valid(ref))
    return BAL_REF_NOT_UTF8;
  uint32_t state = BAL_REF_FINE;
  if (p.kinds & PARAM && scheme->has_params) drop_params(&p.name);
  if (p.kinds & DIRT) state = clean(&p.name, scheme->longest_name, call);
  if (state == BAL_REF_NO_MEMORY) return state;
  if (p.name.size == 0) return BAL_REF_NO_NAME;
  uint32_t version_state = read_version(p.query, &out->version);
  if (version_state != BAL_REF_FINE) return version_state;
  if (p.name.size > scheme->longest_name) return BAL_REF_UNKNOWN_NAME;
  out->name = p.name;
  return state;
}

void bal_reference_parse(const bal_scheme *scheme, sheaf_str ref, const sheaf_call *call,
                         bal_reference *out) {
  *out = (bal_reference){{NULL, 0}, 0, BAL_REF_FINE};
  out->state = parse(scheme, ref, call, out);
  if (out->state != BAL_REF_FINE) out->name = sheaf_strn(NULL, 0);
}

sheaf_str bal_reference_raw_name(const bal_scheme *scheme, sheaf_str ref) {
  return split(sheaf_strn(ref.data + scheme->prefix.size, ref.size - scheme->prefix.size)).name;
}

size_t bal_reference_version_digits(const bal_scheme *scheme, sheaf_str ref, char *out) {
  parts p = split(sheaf_strn(ref.data + scheme->prefix.size, ref.size - scheme->prefix.size));
  uint64_t version;
  size_t count = 0;
  (void)bal_version_parse(p.query, &version, out, &count);
  return count;
}

static bool is_lower(sheaf_str text, const char *lower) {
  if (text.size != strlen(lower)) return false;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != lower[i]) return false;
  }
  return true;
}

/* Those that urllib.parse knows to have parameters. */
static bool has_params(sheaf_str scheme) {
  static const char *const known[] = {"ftp",   "hdl",   "prospero", "http",  "imap",
                                      "https", "shttp", "rtsp",     "rtsps", "rtspu",
                                      "sip",   "sips",  "mms",      "sftp",  "tel"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (is_lower(scheme, known[i])) return true;
  return false;
}

bal_scheme bal_scheme_make(sheaf_str prefix, size_t longest_name) {
  sheaf_str name = {prefix.data, prefix.size - strlen(":///")};
  bal_scheme scheme = {prefix, has_params(name), longest_name, {0, 0}, {0, 0}};
  if (prefix.size > sizeof scheme.head) {
    scheme.head[0] = 1; /* under a mask of nothing */
    return scheme;
  }
  memcpy(scheme.head, prefix.data, prefix.size);
  memset(scheme.mask, 0xff, prefix.size);
  return scheme;
}
