/* SPDX-License-Identifier: Apache-2.0 */
/* What messages are made of: quoted foreign text, the nearest name, the file in front. */
#ifndef SHEAF_PLUGIN_WORDS_H
#define SHEAF_PLUGIN_WORDS_H

#include <sheaf/abi.h>

/* Foreign text, made fit for a message. */
typedef struct sheaf_quoted {
  char text[104];
} sheaf_quoted;

/* `text` in double quotes, cut after 80 bytes ("..." says so); whatever is not printable, or not
 * UTF-8, becomes '?'. */
sheaf_quoted sheaf_quote(sheaf_str text);

/* What is said of an unknown name, right behind it. */
typedef struct sheaf_hint {
  char text[96];
} sheaf_hint;

/* ` (did you mean "x"?)`, with the name among `names` that `wanted` was most likely meant to be; empty
 * if none is near. */
sheaf_hint sheaf_did_you_mean(sheaf_str wanted, const char *const *names, size_t count);

/* Puts a file in front of the message: "file: message", or "file:3:14: message" where the message
 * begins with such a place. A path too long for a message loses its beginning. */
void sheaf_error_in_file(sheaf_error *error, const char *path);

/* An id as manifests and factories have it: [a-z0-9._-], 1 to 64 characters. */
bool sheaf_is_id(const char *id);

#endif
